#include "cards/menu.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>

#include "cards/condition.h"
#include "cards/decode.h"
#include "cards/game.h"
#include "testing/program_bytes.h"
#include "testing/random_program.h"

namespace busbar::cards {
namespace {

using testing::Bytes;
using testing::compound;
using testing::condition;
using testing::ProgramBytes;

Rules rules_of(const ProgramBytes& source, uint32_t players = 0) {
  const auto bytes = source.build();
  GameProgram program;
  Fault fault = decode(bytes.data(), bytes.size(), program);
  if (players == 0) players = program.player_count;
  if (!fault) fault = check_playable(program, players);
  EXPECT_FALSE(fault) << fault.text;
  return make_rules(std::move(program), players, 0);
}

Card card(uint32_t rank, uint32_t suit) { return static_cast<Card>(rank * 4 + suit); }

void hold(State& state, uint32_t player, std::initializer_list<Card> cards) {
  state.players[player].hand.size = 0;
  state.players[player].held = 0;
  for (const Card each : cards) state.players[player].receive(each);
}

using MoveKey = std::tuple<uint8_t, uint8_t, Card>;  // phase, kind, card

std::set<MoveKey> listed(const Rules& rules, const State& state, uint32_t player) {
  Choices choices;
  list_moves(rules, state, player, choices);
  std::set<MoveKey> moves;
  for (uint32_t n = 0; n < choices.count; ++n) {
    const Move move = move_at(rules, state, player, choices, n);
    if (move.card != kNone) {
      EXPECT_EQ(state.players[player].hand.cards[move.index], move.card);
    }
    EXPECT_TRUE(
        moves
            .insert({move.kind == MoveKind::pass ? uint8_t{0} : move.phase, static_cast<uint8_t>(move.kind), move.card})
            .second)
        << "a move is listed twice";
  }
  return moves;
}

// The second generator: card by card, straight from the rules, sharing nothing with the first but the decoded program.
bool slow_holds(const GameProgram& program, uint32_t node, const State& state, uint32_t player, Card candidate,
                int plays);

uint32_t slow_child_end(const GameProgram& program, uint32_t node) { return node + program.conditions[node].span; }

bool slow_holds(const GameProgram& program, uint32_t node, const State& state, uint32_t player, Card candidate,
                int plays) {
  const Condition& c = program.conditions[node];
  const Pile& hand = state.players[player].hand;
  const auto compare = [&](int64_t left) {
    switch (c.compare) {
      case Compare::eq:
        return left == c.value;
      case Compare::ne:
        return left != c.value;
      case Compare::lt:
        return left < c.value;
      case Compare::gt:
        return left > c.value;
      case Compare::le:
        return left <= c.value;
      case Compare::ge:
        return left >= c.value;
    }
    return false;
  };
  const auto signed_answer = [&](bool yes) {
    return c.compare == Compare::eq || c.compare == Compare::ge ? yes : !yes;
  };
  const auto looked_at = [&](bool& missing) -> Card {
    missing = false;
    if (c.reference == 1 && state.discard.size > 0) return state.discard.cards[state.discard.size - 1];
    if (c.reference == 2 && state.tableau.size > 0) return state.tableau.cards[state.tableau.size - 1];
    missing = true;
    return 0;
  };
  bool missing = false;
  switch (c.op) {
    case Op::all_of:
      for (uint32_t child = node + 1; child < slow_child_end(program, node); child = slow_child_end(program, child)) {
        if (!slow_holds(program, child, state, player, candidate, plays)) return false;
      }
      return true;
    case Op::any_of:
      for (uint32_t child = node + 1; child < slow_child_end(program, node); child = slow_child_end(program, child)) {
        if (slow_holds(program, child, state, player, candidate, plays)) return true;
      }
      return false;
    case Op::hand_size:
      return compare(c.reference == 3 ? plays : hand.size);
    case Op::location_size: {
      const uint32_t next = state.direction > 0 ? (player + 1) % state.player_count
                                                : (player + state.player_count - 1) % state.player_count;
      const uint32_t sizes[] = {state.deck.size, hand.size, state.discard.size, state.tableau.size,
                                state.players[next].hand.size};
      return compare(sizes[c.reference]);
    }
    case Op::card_rank:
    case Op::card_suit: {
      Card subject = candidate;
      if (c.reference != 0) {
        subject = looked_at(missing);
        if (missing) return true;
      }
      return signed_answer((c.op == Op::card_rank ? subject / 4 : subject % 4) == c.value);
    }
    case Op::set_of:
    case Op::run_of: {
      int counts[13] = {};
      for (uint32_t i = 0; i < hand.size; ++i) counts[hand.cards[i] / 4] += 1;
      int longest = 0, run = 0, most = 0;
      for (const int count : counts) {
        run = count > 0 ? run + 1 : 0;
        longest = std::max(longest, run);
        most = std::max(most, count);
      }
      return signed_answer((c.op == Op::set_of ? most : longest) >= c.value);
    }
    case Op::matching_pair: {
      bool found = false;
      for (uint32_t i = 0; i < hand.size; ++i) {
        for (uint32_t j = i + 1; j < hand.size; ++j) {
          found |= hand.cards[i] / 4 == hand.cards[j] / 4 && (hand.cards[i] % 4) / 2 == (hand.cards[j] % 4) / 2;
        }
      }
      return signed_answer(found);
    }
    case Op::chips:
      return compare(state.players[player].chips);
    case Op::pot:
    case Op::current_bet:
      return compare(0);
    case Op::can_afford:
      return signed_answer(static_cast<int64_t>(state.players[player].chips) >= c.value);
    case Op::adjacent:
    case Op::matches_rank:
    case Op::matches_suit:
    case Op::beats_top: {
      const Card other = looked_at(missing);
      if (missing) return true;
      const int mine = candidate / 4, theirs = other / 4;
      if (c.op == Op::adjacent) return signed_answer(mine - theirs == 1 || theirs - mine == 1);
      if (c.op == Op::matches_rank) return signed_answer(mine == theirs);
      if (c.op == Op::matches_suit) return signed_answer(candidate % 4 == other % 4);
      return signed_answer(mine >= theirs);
    }
    default:
      break;  // not in V2
  }
  return false;
}

std::set<MoveKey> slow_moves(const Rules& rules, const State& state, uint32_t player) {
  const GameProgram& program = rules.program;
  const Pile& hand = state.players[player].hand;
  std::set<MoveKey> moves;
  std::set<Card> playable;
  bool must = false, optional_phase = false, pass_if_unable = false;
  for (uint8_t i = 0; i < program.phases.size(); ++i) {
    const Phase& phase = program.phases[i];
    if (phase.kind == PhaseKind::draw) continue;
    const bool play = phase.kind == PhaseKind::play;
    const bool optional = !phase.mandatory || (play && phase.cards_min == 0);
    optional_phase |= optional;
    pass_if_unable |= phase.pass_if_unable;
    for (uint32_t c = 0; c < hand.size; ++c) {
      if (play && phase.condition >= 0 &&
          !slow_holds(program, static_cast<uint32_t>(phase.condition), state, player, hand.cards[c], 0))
        continue;
      moves.insert({i, static_cast<uint8_t>(play ? MoveKind::play : MoveKind::discard), hand.cards[c]});
      if (play) playable.insert(hand.cards[c]);
      must |= !optional;
    }
  }
  for (uint8_t i = 0; i < program.phases.size(); ++i) {
    const Phase& phase = program.phases[i];
    if (phase.kind != PhaseKind::draw) continue;
    optional_phase |= !phase.mandatory;
    bool possible = false;
    if (phase.place == 0) possible = state.deck.size > 0 || state.discard.size >= 2;
    if (phase.place == 2) possible = state.discard.size > 0;
    if (phase.place == 4) {
      const uint32_t next = (player + state.player_count +
                             static_cast<uint32_t>(state.direction + static_cast<int>(state.player_count))) %
                            state.player_count;
      possible = state.players[next].hand.size > 0;
    }
    if (!possible) continue;
    if (phase.condition >= 0 && !slow_holds(program, static_cast<uint32_t>(phase.condition), state, player, 0,
                                            static_cast<int>(playable.size())))
      continue;
    moves.insert({i, static_cast<uint8_t>(MoveKind::draw), kNone});
    must |= phase.mandatory;
  }
  if (!must && (optional_phase || (pass_if_unable && moves.empty())))
    moves.insert({0, static_cast<uint8_t>(MoveKind::pass), kNone});
  return moves;
}

TEST(Moves, AgreeWithASlowSecondGeneratorAndConserveCardsInRandomGames) {
  Stream dice(20'240'601);
  uint64_t positions = 0;
  for (int round = 0; round < 400; ++round) {
    const Rules rules = rules_of(testing::random_program(dice));
    State state;
    deal(rules, state, dice);
    while (state.turn < rules.program.turns_max) {
      for (uint32_t player = 0; player < rules.player_count; ++player) {
        ASSERT_EQ(listed(rules, state, player), slow_moves(rules, state, player))
            << "round " << round << " turn " << state.turn;
        ++positions;
      }
      Choices choices;
      list_moves(rules, state, state.seat, choices);
      if (choices.count == 0 || judge(rules, state, state.seat).over) break;
      apply(rules, state, move_at(rules, state, state.seat, choices, static_cast<uint32_t>(dice.below(choices.count))),
            dice);
      int seen[kDeckCards] = {};
      const auto count = [&](const Pile& pile) {
        for (uint32_t i = 0; i < pile.size; ++i) seen[pile.cards[i]] += 1;
      };
      count(state.deck);
      count(state.discard);
      count(state.tableau);
      for (uint32_t player = 0; player < rules.player_count; ++player) {
        count(state.players[player].hand);
        CardSet held = 0;
        for (uint32_t i = 0; i < state.players[player].hand.size; ++i)
          held |= set_of(state.players[player].hand.cards[i]);
        ASSERT_EQ(held, state.players[player].held);
      }
      for (const int times : seen) ASSERT_EQ(times, 1) << "each card is in exactly one place";
    }
  }
  EXPECT_GT(positions, 20'000u);
}

/// Plays `first` from a hand of two cards and tells whose turn it is then.
uint32_t seat_after_effect(uint32_t players, int effect, int value, uint32_t seat, int direction = 1) {
  ProgramBytes source;
  source.players = players;
  source.cards = 3;
  source.discards = 1;
  source.play(2).win(0).effect(5, effect, 0, value);
  const Rules rules = rules_of(source);
  State state;
  Stream dice(1);
  deal(rules, state, dice);
  state.seat = static_cast<uint8_t>(seat);
  state.direction = static_cast<int8_t>(direction);
  hold(state, seat, {card(5, 0), card(3, 1)});
  Choices choices;
  list_moves(rules, state, seat, choices);
  apply(rules, state, move_at(rules, state, seat, choices, 0), dice);
  return state.seat;
}

TEST(Effects, SkipReverseAndExtraTurnMoveTheSeatForTwoToFourPlayers) {
  for (uint32_t players = 2; players <= 4; ++players) {
    for (uint32_t seat = 0; seat < players; ++seat) {
      const auto seat_of = [&](int steps) {
        return static_cast<uint32_t>((static_cast<int>(seat + 4 * players) + steps) % static_cast<int>(players));
      };
      EXPECT_EQ(seat_after_effect(players, 0, 1, seat), seat_of(2)) << "skip leaves out the next";
      EXPECT_EQ(seat_after_effect(players, 0, 1, seat, -1), seat_of(-2)) << "skip goes with the direction";
      EXPECT_EQ(seat_after_effect(players, 0, 200, seat), seat) << "at most everyone else is skipped";
      EXPECT_EQ(seat_after_effect(players, 3, 1, seat), seat) << "extra turn";
      EXPECT_EQ(seat_after_effect(players, 1, 1, seat), players == 2 ? seat : seat_of(-1))
          << "reverse; with two it equals skip";
      EXPECT_EQ(seat_after_effect(players, 1, 1, seat, -1), players == 2 ? seat : seat_of(1));
    }
  }
}

TEST(Effects, DrawTwoReachesItsTargets) {
  const auto sizes_after = [](uint32_t players, int target) {
    ProgramBytes source;
    source.players = players;
    source.cards = 3;
    source.discards = 1;
    source.play(2).win(0).effect(5, 2, target, 2);
    const Rules rules = rules_of(source);
    State state;
    Stream dice(1);
    deal(rules, state, dice);
    const Card five = card(5, 0);
    hold(state, 0, {five, card(3, 1)});
    Choices choices;
    list_moves(rules, state, 0, choices);
    apply(rules, state, move_at(rules, state, 0, choices, 0), dice);
    std::vector<uint32_t> sizes;
    for (uint32_t i = 0; i < players; ++i) sizes.push_back(state.players[i].hand.size);
    return sizes;
  };
  using Sizes = std::vector<uint32_t>;
  EXPECT_EQ(sizes_after(2, 0), (Sizes{1, 5}));
  EXPECT_EQ(sizes_after(2, 2), (Sizes{1, 5})) << "with two players the choice is the opponent";
  EXPECT_EQ(sizes_after(4, 0), (Sizes{1, 5, 3, 3}));
  EXPECT_EQ(sizes_after(4, 1), (Sizes{1, 3, 3, 5}));
  EXPECT_EQ(sizes_after(4, 4), (Sizes{1, 5, 5, 5}));
  EXPECT_EQ(sizes_after(4, 5), (Sizes{1, 5, 3, 3}));
  EXPECT_EQ(sizes_after(4, 6), (Sizes{1, 3, 3, 5}));
}

TEST(Effects, EachRankTriggersItsOwnEffectsOnly) {
  for (uint32_t trigger = 0; trigger < 13; ++trigger) {
    ProgramBytes source;
    source.cards = 3;
    source.play(2).win(0).effect(static_cast<int>(trigger), 3, 0, 1);
    const Rules rules = rules_of(source);
    for (uint32_t rank = 0; rank < 13; ++rank) {
      State state;
      Stream dice(1);
      deal(rules, state, dice);
      hold(state, 0, {card(rank, 2), card(0, 1)});
      Choices choices;
      list_moves(rules, state, 0, choices);
      apply(rules, state, move_at(rules, state, 0, choices, 0), dice);
      EXPECT_EQ(state.seat, rank == trigger ? 0 : 1);
    }
  }
}

TEST(Conditions, ARankConditionMeansThatRankForAllThirteen) {
  for (int value = 0; value < 13; ++value) {
    ProgramBytes source;
    source.cards = 3;
    source.play(2, condition(1, 0, value, 0)).win(0);
    const Rules rules = rules_of(source);
    State state;
    Stream dice(1);
    deal(rules, state, dice);
    hold(state, 0,
         {card(0, 0), card(1, 0), card(2, 0), card(3, 0), card(4, 0), card(5, 0), card(6, 0), card(7, 0), card(8, 0),
          card(9, 0), card(10, 0), card(11, 0), card(12, 0)});
    const auto moves = listed(rules, state, 0);
    const Card expected = card(static_cast<uint32_t>((value + 12) % 13), 0);  // A = 0 in programs
    EXPECT_EQ(moves, (std::set<MoveKey>{{0, 1, expected}}));
  }
}

TEST(Conditions, PairsMatchByColour) {
  const Condition pair{Op::matching_pair, Compare::eq, 0, 0, 1, 0};
  const Rules rules{};
  State state;
  const auto holds = [&](Card a, Card b) {
    hold(state, 0, {a, b});
    return cards_where(&pair, rules, state, 0, 0) != 0;
  };
  EXPECT_TRUE(holds(card(3, 0), card(3, 1)));  // hearts, diamonds
  EXPECT_TRUE(holds(card(3, 2), card(3, 3)));  // clubs, spades
  EXPECT_FALSE(holds(card(3, 0), card(3, 2)));
  EXPECT_FALSE(holds(card(3, 1), card(3, 2)));
  EXPECT_FALSE(holds(card(3, 0), card(4, 1)));
}

TEST(Draw, AnEmptyDeckIsTheDiscardPileButItsTop) {
  ProgramBytes source;
  source.cards = 1;
  source.draw(0, 3).win(0);
  const Rules rules = rules_of(source);
  State state;
  Stream dice(1);
  deal(rules, state, dice);
  state.discard = state.deck;
  state.deck.size = 0;
  const Card top = state.discard.top();
  Choices choices;
  list_moves(rules, state, 0, choices);
  ASSERT_EQ(choices.count, 1u);
  apply(rules, state, move_at(rules, state, 0, choices, 0), dice);
  EXPECT_EQ(state.discard.size, 1);
  EXPECT_EQ(state.discard.top(), top);
  EXPECT_EQ(state.players[0].hand.size, 4);
  EXPECT_EQ(state.deck.size, 50 - 1 - 3);
}

TEST(Verdict, ScoresDecideAndTiesAreDrawn) {
  const auto verdict = [](int win, int32_t threshold, std::initializer_list<int32_t> scores, uint32_t mover = 0) {
    ProgramBytes source;
    source.players = static_cast<uint32_t>(scores.size());
    source.cards = 3;
    source.play(2).win(win, threshold).score(255, 255, 1);
    const Rules rules = rules_of(source);
    State state;
    Stream dice(1);
    deal(rules, state, dice);
    for (uint32_t i = 0; i < scores.size(); ++i) state.players[i].score = scores.begin()[i];
    return judge(rules, state, mover);
  };
  EXPECT_FALSE(verdict(1, 10, {9, 3}).over);
  EXPECT_EQ(verdict(1, 10, {3, 12, 11}).winner, 1);
  EXPECT_EQ(verdict(1, 10, {12, 3, 12}).winner, -1);
  EXPECT_EQ(verdict(4, 10, {12, 3, 4}).winner, 1);
  EXPECT_EQ(verdict(4, 10, {12, 3, 3}).winner, -1);
  EXPECT_EQ(verdict(2, 10, {12, 3, 15}, 2).winner, 2) << "who moved last is looked at first";
}

}  // namespace
}  // namespace busbar::cards
