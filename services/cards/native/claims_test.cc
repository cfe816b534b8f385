// Method: claims of mixed cards: every choice of cards by brute force over small hands, what a challenge comes to, and how
// often random players lie, against an exact enumeration of a small deck.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include "cards/engine.h"
#include "cards/game.h"
#include "cards/playable.h"
#include "testing/classics.h"

namespace busbar::cards {
namespace {

constexpr Card card(uint32_t rank, uint32_t suit) { return static_cast<Card>(rank * 4 + suit); }

Rules rules_of(GameProgram program) {
  const uint32_t players = program.player_count;
  const Fault fault = check_playable(program, players);
  EXPECT_FALSE(fault) << fault.text;
  return make_rules(std::move(program), players, 0);
}

GameProgram mixed(uint32_t least, uint32_t most) {
  GameProgram program = testing::cheat(3, true);
  program.phases[0].cards_min = static_cast<uint8_t>(least);
  program.phases[0].cards_max = static_cast<uint8_t>(most);
  return program;
}

struct Game {
  Rules rules;
  State state;
  std::unique_ptr<MoveList> moves = std::make_unique<MoveList>();
  Counts counts;
  Stream dice{5};

  Game(const Game& other)
      : rules(other.rules), state(other.state), moves(std::make_unique<MoveList>(*other.moves)), counts(other.counts) {}
  explicit Game(GameProgram program) : rules(rules_of(std::move(program))) {
    start_game(rules, state, dice, *moves, &counts);
  }
  void hold(uint32_t seat, const std::vector<Card>& cards) {
    Player& player = state.players[seat];
    player.hand.size = 0;
    player.held = 0;
    for (const Card of : cards) player.receive(of);
    list_moves_of(rules, state, state.seat, *moves);
  }
  void play(MoveKind kind, Card of = kNone) {
    for (uint32_t i = 0; i < moves->count; ++i) {
      if (moves->moves[i].kind != kind || (of != kNone && moves->moves[i].card != of)) continue;
      play_move(rules, state, moves->moves[i], dice, *moves, &counts);
      return;
    }
    FAIL() << "there is no move " << move_name(kind);
  }
};

using Ranks = std::multiset<uint32_t>;

/// Every claim that the lists lead to, and how often each is reached.
void reach(const Game& from, std::map<Ranks, int>& found) {
  for (uint32_t i = 0; i < from.moves->count; ++i) {
    State state = from.state;
    const auto moves = std::make_unique<MoveList>();
    Stream dice{1};
    play_move(from.rules, state, from.moves->moves[i], dice, *moves);
    if (state.mode == Mode::claim) {
      Game next = from;
      next.state = state;
      *next.moves = *moves;
      reach(next, found);
      continue;
    }
    ASSERT_EQ(state.mode, Mode::challenge);
    Ranks laid;
    for (uint32_t k = 0; k < state.claimed_count; ++k) laid.insert(rank_of(state.discard.cards[state.discard.size - 1 - k]));
    found[laid] += 1;
  }
}

TEST(MixedClaims, EveryChoiceOfRanksIsReachedInOneWay) {
  const std::vector<Card> hands[] = {{card(3, 0)},
                                     {card(3, 0), card(3, 1), card(3, 2)},
                                     {card(12, 0), card(0, 1), card(0, 2), card(5, 3)},
                                     {card(9, 0), card(2, 1), card(2, 0), card(9, 3), card(4, 2), card(12, 0), card(12, 1)}};
  for (const auto& hand : hands) {
    for (uint32_t least = 1; least <= 3; ++least) {
      for (uint32_t most = least; most <= 4; ++most) {
        Game game(mixed(least, most));
        game.hold(0, hand);
        std::map<Ranks, int> wanted, found;
        for (uint32_t chosen = 1; chosen < 1u << hand.size(); ++chosen) {
          const auto size = static_cast<uint32_t>(std::popcount(chosen));
          if (size < least || size > most) continue;
          Ranks ranks;
          for (uint32_t i = 0; i < hand.size(); ++i) {
            if ((chosen >> i & 1) != 0) ranks.insert(rank_of(hand[i]));
          }
          wanted[ranks] = 1;
        }
        reach(game, found);
        EXPECT_EQ(found, wanted) << hand.size() << " cards, " << least << " to " << most;
      }
    }
  }
}

TEST(MixedClaims, OneFalseCardMakesAClaimFalse) {
  struct Case {
    std::vector<Card> laid;  // in order of rank; aces are due
    bool honest;
  };
  const Case cases[] = {{{card(12, 0), card(12, 1)}, true},
                        {{card(4, 0), card(12, 0)}, false},
                        {{card(4, 0), card(5, 0), card(12, 0)}, false},
                        {{card(4, 0)}, false},
                        {{card(12, 0)}, true}};
  for (const auto& [laid, honest] : cases) {
    Game game(mixed(1, 4));
    std::vector<Card> hand = laid;
    hand.push_back(card(8, 3));
    game.hold(1, {card(7, 0), card(7, 1)});
    game.hold(2, {card(8, 0), card(8, 1)});
    game.hold(0, hand);
    for (const Card of : laid) {
      EXPECT_EQ(game.state.seat, 0);
      game.play(MoveKind::claim, of);
    }
    EXPECT_EQ(game.state.mode, Mode::claim);
    EXPECT_EQ(game.counts.claims, 0u) << "it is still being made";
    game.play(MoveKind::stand);
    EXPECT_EQ(game.state.seat, 1);
    EXPECT_EQ(game.counts.claims, 1u);
    EXPECT_EQ(game.counts.bluffs, honest ? 0u : 1u);

    Game accepted = game;
    accepted.play(MoveKind::accept);
    accepted.play(MoveKind::accept);
    EXPECT_EQ(accepted.counts.successful_bluffs, honest ? 0u : 1u);
    EXPECT_EQ(accepted.state.discard.size, laid.size());
    EXPECT_EQ(accepted.state.seat, 1);

    game.play(MoveKind::challenge);
    EXPECT_EQ(game.counts.catches, honest ? 0u : 1u);
    EXPECT_EQ(game.state.players[0].hand.size, honest ? 1 : hand.size());
    EXPECT_EQ(game.state.players[1].hand.size, honest ? 2 + laid.size() : 2);
    EXPECT_EQ(game.state.mode, Mode::turn);
    EXPECT_EQ(game.state.seat, 1);
  }
}

TEST(MixedClaims, TheLastCardsOfAHandWinOnlyOnceNobodyChallenged) {
  Game game(mixed(1, 4));
  game.hold(0, {card(4, 0), card(12, 0)});
  game.play(MoveKind::claim, card(4, 0));
  EXPECT_FALSE(game.state.over);
  game.play(MoveKind::claim, card(12, 0));
  EXPECT_EQ(game.state.mode, Mode::challenge) << "no card is left, so it is complete";
  EXPECT_FALSE(game.state.over);
  Game caught = game;
  caught.play(MoveKind::challenge);
  EXPECT_FALSE(caught.state.over);
  EXPECT_EQ(caught.state.players[0].hand.size, 2);
  game.play(MoveKind::accept);
  game.play(MoveKind::accept);
  EXPECT_TRUE(game.state.over);
  EXPECT_EQ(game.state.winner, 0);
}

TEST(MixedClaims, TheChosenRankHoldsForTheWholeClaim) {
  GameProgram program = mixed(1, 3);
  program.phases[0].claim.mode = ClaimRank::player_choice;
  Game game(program);
  game.hold(0, {card(2, 0), card(6, 0), card(7, 0)});
  EXPECT_EQ(game.moves->count, 3u * 13);
  for (uint32_t i = 0; i < game.moves->count; ++i) {
    const Move move = game.moves->moves[i];
    if (move.card != card(2, 0) || move.amount != 9) continue;
    play_move(game.rules, game.state, move, game.dice, *game.moves, &game.counts);
    break;
  }
  ASSERT_EQ(game.moves->count, 3u) << "two cards, or that is all";
  for (uint32_t i = 0; i < 2; ++i) EXPECT_EQ(game.moves->moves[i].amount, 9);
  EXPECT_EQ(game.moves->moves[2].kind, MoveKind::stand);
}

/// Chance that a random player's claim of two cards out of a hand of `aces` and `twos` is of aces only, aces being due:
/// the first card is of a rank drawn evenly among those that leave a second one.
double honest_chance(int aces, int twos) {
  if (aces + twos < 2) return 0;
  const bool from_twos = twos >= 1, from_aces = aces >= 2;
  if (!from_aces) return 0;
  return from_twos ? 0.5 : 1;
}

TEST(MixedClaims, RandomPlayersLieAsOftenAsAnEnumerationSays) {
  // Two ranks of four suits, four cards each, one claim of two cards by each of two players; nobody may challenge.
  GameProgram program = mixed(2, 2);
  program.player_count = 2;
  program.cards_per_player = 4;
  program.deck.ranks = {0, 12};
  program.phases[0].claim.mode = ClaimRank::fixed;
  program.phases[0].claim.fixed_rank = 12;
  program.phases[0].claim.allow_challenge = false;
  program.turns_max = 4;  // two cards each
  // Hypergeometric over the first hand; the second holds the rest.
  const double ways[] = {1, 16, 36, 16, 1};
  double expected = 0;
  for (int aces = 0; aces <= 4; ++aces)
    expected += ways[aces] / 70 * (2 - honest_chance(aces, 4 - aces) - honest_chance(4 - aces, aces));
  const Rules rules = rules_of(program);
  const auto moves = std::make_unique<MoveList>();
  constexpr int kGames = 40'000;
  Counts counts;
  Stream dice(2024);
  double sum = 0, squares = 0;
  for (int game = 0; game < kGames; ++game) {
    State state;
    const uint64_t before = counts.bluffs;
    start_game(rules, state, dice, *moves, &counts);
    while (!state.over) play_move(rules, state, moves->moves[dice.below(moves->count)], dice, *moves, &counts);
    const auto lies = static_cast<double>(counts.bluffs - before);
    sum += lies, squares += lies * lies;
  }
  ASSERT_EQ(counts.claims, 2u * kGames);
  const double mean = sum / kGames, error = std::sqrt((squares / kGames - mean * mean) / kGames);
  EXPECT_NEAR(mean, expected, 4 * error);
  EXPECT_GT(error, 0);
}

}  // namespace
}  // namespace busbar::cards
