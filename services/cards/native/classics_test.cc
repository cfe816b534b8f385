// The classic games through every layer: written as V3, decoded, played to the end by every kind of player, with
// invariants after each move.
#include <gtest/gtest.h>

#include <map>

#include "cards/decode.h"
#include "cards/game.h"
#include "testing/classics.h"
#include "testing/encode_v3.h"
#include "testing/goldens.h"
#include "testing/invariants.h"
#include "testing/program_bytes.h"

namespace busbar::cards {
namespace {

Rules rules_of(const GameProgram& source) {
  const auto bytes = testing::encode_v3(source);
  GameProgram program;
  Fault fault = decode(bytes.data(), bytes.size(), program);
  const uint32_t players = program.player_count, chips = program.starting_chips;
  if (!fault) fault = check_playable(program, players);
  EXPECT_FALSE(fault) << fault.text;
  return make_rules(std::move(program), players, chips);
}

TEST(Classics, EveryMoveOfRandomGamesKeepsCardsChipsAndBounds) {
  Stream dice(31);
  const auto moves = std::make_unique<MoveList>();
  for (const auto& [name, source] : testing::classics()) {
    const Rules rules = rules_of(source);
    std::map<int, int> endings;
    for (int game = 0; game < 60; ++game) {
      State state;
      start_game(rules, state, dice, *moves);
      while (!state.over) {
        ASSERT_GT(moves->count, 0u) << name;
        ASSERT_EQ(testing::broken_invariant(rules, state), "") << name << ", game " << game << ", turn " << state.turn;
        const uint32_t turn = state.turn;
        play_move(rules, state, moves->moves[dice.below(moves->count)], dice, *moves);
        ASSERT_EQ(state.turn, turn + 1) << name;
      }
      ASSERT_EQ(testing::broken_invariant(rules, state), "") << name << ", game " << game << ", at the end";
      ASSERT_LE(state.turn, rules.program.turns_max);
      endings[static_cast<int>(state.ending)] += 1;
    }
    EXPECT_GT(endings[static_cast<int>(Ending::won)], 4) << name << ": hardly anybody ever wins";
    EXPECT_EQ(endings[static_cast<int>(Ending::stuck)], 0) << name;
  }
}

Stats simulate(const std::vector<uint8_t>& program, uint32_t games, uint8_t player, uint32_t iterations = 0) {
  Simulator simulator({}, 1);
  Request request = testing::request_of(program, games, 2024);
  request.ai_player_type = player;
  request.mcts_iterations = iterations;
  Stats stats;
  simulator.run(&request, 1, {}, &stats);
  EXPECT_FALSE(stats.fault) << stats.fault.text;
  return stats;
}

// Who passes clears the tableau, on which no card of a trick lies.
TEST(Classics, PassingClearsNoTrickAway) {
  GameProgram program = testing::ladder(3);
  program.phases.insert(program.phases.begin(), testing::phase_of(PhaseKind::trick));
  program.rules.passes_to_trigger = 1;
  const Rules rules = rules_of(program);
  Stream dice(32);
  const auto moves = std::make_unique<MoveList>();
  uint32_t passes = 0;
  for (int game = 0; game < 60; ++game) {
    State state;
    start_game(rules, state, dice, *moves);
    while (!state.over) {
      const Move move = moves->moves[dice.below(moves->count)];
      passes += move.kind == MoveKind::pass;
      play_move(rules, state, move, dice, *moves);
      ASSERT_EQ(testing::broken_invariant(rules, state), "") << "game " << game << ", turn " << state.turn;
    }
  }
  EXPECT_GT(passes, 60u);
}

TEST(Classics, AProgramOfV2WrittenAsV3PlaysTheSameGames) {
  for (const testing::Golden& golden : testing::read_goldens()) {
    GameProgram program;
    ASSERT_FALSE(decode(golden.program.data(), golden.program.size(), program));
    const auto v3 = testing::encode_v3(program);
    for (const uint8_t player : {uint8_t{0}, uint8_t{1}}) {
      EXPECT_EQ(simulate(v3, 100, player).result_hash, simulate(golden.program, 100, player).result_hash)
          << golden.name;
    }
  }
}

TEST(Classics, WhatIsDecodedIsWrittenBackByteForByte) {
  for (const auto& [name, source] : testing::classics()) {
    const auto bytes = testing::encode_v3(source);
    GameProgram program;
    ASSERT_FALSE(decode(bytes.data(), bytes.size(), program)) << name;
    EXPECT_EQ(testing::encode_v3(program), bytes) << name;
  }
}

TEST(Classics, EveryKindOfPlayerPlaysEveryGame) {
  for (auto [name, source] : testing::classics()) {
    source.turns_max = 60;  // the players are the point, and search is slow
    const auto bytes = testing::encode_v3(source);
    for (const uint8_t player : {uint8_t{1}, uint8_t{6}, uint8_t{7}}) {
      const Stats stats = simulate(bytes, 2, player, 4);
      EXPECT_EQ(stats.total_games, 2u) << name;
      EXPECT_EQ(stats.result_hash, simulate(bytes, 2, player, 4).result_hash) << name << ", player " << int{player};
    }
  }
}

TEST(Classics, EveryTruncationAndFlippedByteIsRefusedByNameOrPlayed) {
  const auto arena = std::make_unique<Arena>();
  for (const auto& [name, source] : testing::classics()) {
    auto with_bound = source;
    with_bound.turns_max = 40;
    with_bound.hands.hands_max = std::min(with_bound.hands.hands_max, 3u);
    const auto bytes = testing::encode_v3(with_bound);
    const auto check = [&](const std::vector<uint8_t>& damaged) {
      // A copy of exact size, so that the sanitizer sees any read beyond it.
      const std::unique_ptr<uint8_t[]> exact(new uint8_t[damaged.size()]);
      std::copy(damaged.begin(), damaged.end(), exact.get());
      GameProgram program;
      Fault fault = decode(exact.get(), damaged.size(), program);
      const uint32_t players = program.player_count, chips = program.starting_chips;
      if (!fault) fault = check_playable(program, players);
      if (fault) {
        ASSERT_NE(fault.text, "") << name;
        return;
      }
      program.turns_max = std::min(program.turns_max, 40u);
      const Rules rules = make_rules(std::move(program), players, chips);
      Match match;
      match.rules = &rules;
      Counts counts;
      const Result result = play_game(match, 0, *arena, counts);
      ASSERT_LE(result.turns, rules.program.turns_max) << name;
      ASSERT_EQ(testing::broken_invariant(rules, arena->state), "") << name;
    };
    for (size_t length = 0; length < bytes.size(); ++length) check({bytes.begin(), bytes.begin() + length});
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (const uint8_t flip : {uint8_t{0xFF}, uint8_t{0x01}, uint8_t{0x10}}) {
        auto damaged = bytes;
        damaged[at] ^= flip;
        check(damaged);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Classics, GreedyPlayersWinGinInAFewHands) {
  for (const auto& golden : testing::read_goldens("classics.txt")) {
    if (golden.name != "gin") continue;
    const Stats stats = simulate(golden.program, 8, 1);
    EXPECT_LE(stats.draws, 1u);
    EXPECT_LT(stats.avg_turns, 400);  // ten hands that nobody knocks are 600
    return;
  }
  FAIL() << "gin is not among the classics";
}

}  // namespace
}  // namespace busbar::cards
