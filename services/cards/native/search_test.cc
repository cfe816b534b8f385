// Search: against minimax where everything is seen, blind to what is not, and stronger than chance.
#include "cards/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "cards/batch.h"
#include "cards/playable.h"
#include "testing/classics.h"
#include "testing/encode_v3.h"
#include "testing/invariants.h"
#include "testing/program_bytes.h"

namespace busbar::cards {
namespace {

Rules rules_of(GameProgram program) {
  const uint32_t players = program.player_count, chips = program.starting_chips;
  const Fault fault = check_playable(program, players);
  EXPECT_FALSE(fault) << fault.text;
  return make_rules(std::move(program), players, chips);
}

/// Tricks of two suits with open hands: no chance after the deal, nothing hidden.
GameProgram open_tricks(uint32_t players, uint32_t cards) {
  GameProgram program = testing::game_of(players, cards);
  program.deck.ranks = {0, 3, 5, 8, 11};
  program.deck.suits = {1, 2};
  program.hand_visibility = Visibility::face_up;
  Phase trick = testing::phase_of(PhaseKind::trick);
  trick.trick.trump = 2;
  program.phases = {trick};
  program.wins = {testing::win_of(WinKind::most_tricks)};
  return program;
}

double value_for(const State& state, uint32_t seat) {
  if ((state.winners >> seat & 1) == 0) return 0;
  return 1.0 / size_of(state.winners);
}

/// Two players, zero sum: the best the first can reach.
double minimax(const Rules& rules, const State& state, uint32_t seat, const MoveList& moves) {
  if (state.over) return value_for(state, seat);
  double best = state.seat == seat ? -1 : 2;
  const auto next = std::make_unique<MoveList>();
  for (uint32_t i = 0; i < moves.count; ++i) {
    State after = state;
    Stream none(0);
    play_move(rules, after, moves.moves[i], none, *next);
    const double value = minimax(rules, after, seat, *next);
    best = state.seat == seat ? std::max(best, value) : std::min(best, value);
  }
  return best;
}

TEST(Search, ChoosesAsMinimaxDoesWhenEverythingIsSeen) {
  const Rules rules = rules_of(open_tricks(2, 5));
  const auto search = std::make_unique<Search>();
  const auto moves = std::make_unique<MoveList>(), next = std::make_unique<MoveList>();
  Stream dice(9);
  int decisive = 0;
  for (int round = 0; round < 120; ++round) {
    State state;
    start_game(rules, state, dice, *moves);
    // Into the game by lot, so that what is left is small.
    for (int i = 0; i < 2; ++i) play_move(rules, state, moves->moves[dice.below(moves->count)], dice, *moves);
    if (moves->count < 2) continue;
    const uint32_t seat = state.seat;
    double best = -1, worst = 2;
    std::vector<double> values;
    for (uint32_t i = 0; i < moves->count; ++i) {
      State after = state;
      play_move(rules, after, moves->moves[i], dice, *next);
      values.push_back(minimax(rules, after, seat, *next));
      best = std::max(best, values.back());
      worst = std::min(worst, values.back());
    }
    const SearchReport report = search->choose(rules, state, seat, *moves, 4000, dice);
    EXPECT_EQ(values[report.chosen], best) << "round " << round;
    decisive += best != worst;
  }
  EXPECT_GT(decisive, 10) << "in most positions any move does";
}

/// Cards of a suit on a pile that nobody sees: in most worlds that the player may be in, no card of its hand fits.
GameProgram hidden_pile() {
  GameProgram program = testing::game_of(2, 5);
  program.initial_discard_count = 1;
  program.discard_visibility = Visibility::face_down;
  Phase play = testing::phase_of(PhaseKind::play);
  play.place = static_cast<uint8_t>(Place::discard);
  play.condition = testing::add_condition(program, {{Op::matches_suit, Compare::eq, 1, 0, 1, 0}});
  program.phases = {play};
  program.wins = {testing::win_of(WinKind::empty_hand)};
  return program;
}

TEST(Search, AWorldInWhichThePlayerHasNoMoveIsPassedOver) {
  const Rules rules = rules_of(hidden_pile());
  const auto search = std::make_unique<Search>();
  const auto moves = std::make_unique<MoveList>(), there = std::make_unique<MoveList>();
  Stream dice(10);
  int chosen = 0, impossible = 0;
  for (int round = 0; round < 200; ++round) {
    State state, world;
    start_game(rules, state, dice, *moves);
    if (state.over || moves->count < 2) continue;
    sample_world(rules, state, state.seat, world, dice);
    list_moves_of(rules, world, state.seat, *there);
    impossible += there->count == 0;
    const SearchReport report = search->choose(rules, state, state.seat, *moves, 30, dice);
    EXPECT_LT(report.chosen, moves->count);
    EXPECT_EQ(report.iterations, 30u);
    chosen += 1;
  }
  EXPECT_GT(chosen, 50);
  EXPECT_GT(impossible, 5);
}

/// Exchanges cards that `observer` has never seen: between the deck and the other hands.
void exchange_unseen(State& state, uint32_t observer, Stream& dice) {
  for (uint32_t seat = 0; seat < state.player_count; ++seat) {
    if (seat == observer) continue;
    Player& other = state.players[seat];
    for (uint32_t i = 0; i < other.hand.size; ++i) {
      if (state.deck.size == 0 || (other.known[observer] & set_of(other.hand.cards[i])) != 0) continue;
      const uint32_t j = static_cast<uint32_t>(dice.below(state.deck.size));
      if ((other.lacks & set_of(state.deck.cards[j])) != 0) continue;
      std::swap(other.hand.cards[i], state.deck.cards[j]);
    }
    other.held = 0;
    for (uint32_t i = 0; i < other.hand.size; ++i) other.held |= set_of(other.hand.cards[i]);
  }
}

TEST(Search, ExchangingUnseenCardsChangesNoAnswer) {
  const auto search = std::make_unique<Search>();
  const auto moves = std::make_unique<MoveList>();
  uint32_t compared = 0;
  for (auto game : {testing::crazy_eights(3), testing::gin(), testing::poker(3), testing::go_fish(3)}) {
    game.turns_max = 150;  // playouts of whole games of gin are long
    const Rules rules = rules_of(game);
    Stream dice(12);
    for (int round = 0; round < 8; ++round) {
      State state;
      start_game(rules, state, dice, *moves);
      for (int i = 0; i < 6 && !state.over; ++i)
        play_move(rules, state, moves->moves[dice.below(moves->count)], dice, *moves);
      if (state.over || moves->count < 2) continue;
      State other = state;
      exchange_unseen(other, state.seat, dice);
      const auto others = std::make_unique<MoveList>();
      list_moves_of(rules, other, other.seat, *others);
      ASSERT_TRUE(moves->same_as(*others));
      Stream a(round), b(round);
      EXPECT_EQ(search->choose(rules, state, state.seat, *moves, 60, a).chosen,
                search->choose(rules, other, other.seat, *others, 60, b).chosen);
      EXPECT_EQ(a.next(), b.next()) << "even the dice fell alike";
      compared += 1;
    }
  }
  EXPECT_GT(compared, 20u);
}

TEST(Search, SampledWorldsAgreeWithWhatWasSeen) {
  const auto moves = std::make_unique<MoveList>();
  const auto world = std::make_unique<State>();
  for (const auto& [name, source] : testing::classics()) {
    const Rules rules = rules_of(source);
    Stream dice(3);
    for (int game = 0; game < 6; ++game) {
      State state;
      start_game(rules, state, dice, *moves);
      for (int turn = 0; turn < 80 && !state.over; ++turn) {
        play_move(rules, state, moves->moves[dice.below(moves->count)], dice, *moves);
        const uint32_t observer = static_cast<uint32_t>(dice.below(rules.player_count));
        sample_world(rules, state, observer, *world, dice);
        ASSERT_EQ(testing::broken_invariant(rules, *world), "") << name << ", game " << game << ", turn " << turn;
        const Player &self = state.players[observer], &same = world->players[observer];
        if (!rules.queue_hands) {
          ASSERT_EQ(self.hand.size, same.hand.size);
          ASSERT_TRUE(std::equal(self.hand.cards, self.hand.cards + self.hand.size, same.hand.cards)) << name;
        }
        ASSERT_EQ(world->deck.size, state.deck.size) << name;
      }
    }
  }
}

TEST(Search, BeatsRandomPlayersFromEverySeat) {
  struct Case {
    const char* name;
    GameProgram program;
    uint32_t games, iterations;
  };
  GameProgram brief = testing::hearts();
  brief.hands = {false, FirstPlayer::same, 1, 0, 0, false};
  brief.wins = {testing::win_of(WinKind::low_score, 0, WinTrigger::all_hands_empty)};
  const Case cases[] = {{"eights", testing::crazy_eights(2), 130, 200}, {"hearts", brief, 32, 100}};
  for (const Case& of : cases) {
    const auto bytes = testing::encode_v3(of.program);
    const uint32_t players = of.program.player_count;
    double won = 0, games = 0;
    for (uint32_t seat = 0; seat < players; ++seat) {
      uint8_t types[kPlayersMax] = {1, 1, 1, 1};
      types[seat] = 7;  // code 6
      Request request = testing::request_of(bytes, of.games, 50 + seat);
      request.ai_types = types;
      request.ai_types_length = players;
      request.mcts_iterations = of.iterations;
      Simulator simulator({}, 1);
      Stats stats;
      simulator.run(&request, 1, {}, &stats);
      ASSERT_FALSE(stats.fault) << stats.fault.text;
      won += stats.wins[seat];
      games += stats.total_games;
      EXPECT_GT(stats.wins[seat] * players, stats.total_games) << of.name << ", seat " << seat;
      EXPECT_GT(stats.counts.playout_moves, 0u);
    }
    const double fair = 1.0 / players, error = std::sqrt(fair * (1 - fair) / games);
    EXPECT_GT(won / games, fair + 3 * error) << of.name;
  }
}

}  // namespace
}  // namespace busbar::cards
