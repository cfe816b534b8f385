// Captures by sum against every subset of small tables, and games whose tables offer more of them than a list can hold.
#include <gtest/gtest.h>

#include <memory>

#include "cards/games.h"
#include "cards/playable.h"
#include "cards/trace.h"
#include "testing/classics.h"
#include "testing/encode_v3.h"
#include "testing/lent_threads.h"
#include "testing/program_bytes.h"

namespace busbar::cards {
namespace {

Rules rules_of(GameProgram program) {
  const uint32_t players = program.player_count;
  const Fault fault = check_playable(program, players);
  EXPECT_FALSE(fault) << fault.text;
  return make_rules(std::move(program), players, 0);
}

/// Every set of positions that sums to `left`, in the order in which their positions are written down.
void slow_sets(const Rules& rules, const Pile& table, uint32_t from, uint32_t left, std::vector<uint32_t>& set,
               std::vector<std::vector<uint32_t>>& all) {
  if (left == 0) {
    all.push_back(set);
    return;
  }
  for (uint32_t i = from; i < table.size; ++i) {
    const uint32_t value = rules.capture_value[rank_of(table.cards[i])];
    if (value == 0 || value > left) continue;
    set.push_back(i);
    slow_sets(rules, table, i + 1, left - value, set, all);
    set.pop_back();
  }
}

TEST(Capture, ListsEverySetThatSumsInTheOrderOfPositions) {
  uint64_t sets = 0;
  size_t most = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    Stream dice(seed, "captures", 0);
    GameProgram program = testing::scopa();
    program.deck.ranks.clear();
    program.deck.copies = 2;
    for (auto& value : program.capture_values) value = static_cast<uint8_t>(dice.below(dice.below(2) == 0 ? 4 : 12));
    const Rules rules = rules_of(program);
    State state;
    const uint32_t cards = static_cast<uint32_t>(dice.below(19));
    const Card card = static_cast<Card>(dice.below(kDeckCards));
    while (state.tableau.size < cards) {
      const Card one = static_cast<Card>(dice.below(kDeckCards));
      if (rank_of(one) != rank_of(card)) state.tableau.push(one);
    }
    std::vector<uint32_t> set;
    std::vector<std::vector<uint32_t>> expected;
    slow_sets(rules, state.tableau, 0, rules.capture_value[rank_of(card)], set, expected);
    ASSERT_EQ(capture_sets(rules, state, card), std::min<size_t>(expected.size(), kMovesMax + 1)) << "seed " << seed;
    for (size_t number = 0; number < std::min<size_t>(expected.size(), kMovesMax); ++number) {
      const Capture taken = capture_of(rules, state, card, static_cast<int16_t>(number));
      ASSERT_EQ(taken.count, expected[number].size()) << "seed " << seed << ", set " << number;
      for (const uint32_t position : expected[number]) {
        ASSERT_TRUE(taken.has(position)) << "seed " << seed << ", set " << number;
      }
    }
    sets += expected.size();
    most = std::max(most, expected.size());
  }
  EXPECT_GT(sets, 50'000u);
  EXPECT_GT(most, 1'000u);
}

TEST(Capture, OfARankOnTheTableIsOfThatRankOnly) {
  const Rules rules = rules_of(testing::scopa());
  State state;
  for (const uint32_t rank : {0u, 1u, 3u, 3u}) state.tableau.push(static_cast<Card>(rank * 4));
  const Card five = 3 * 4 + 1;
  EXPECT_EQ(capture_sets(rules, state, five), 0u);
  const Capture taken = capture_of(rules, state, five, -1);
  EXPECT_EQ(taken.count, 2u);
  EXPECT_TRUE(taken.has(2) && taken.has(3));
}

/// Twenty cards worth 1 lie on the table, and an ace takes any five of them where no ace lies there: 15,504 sets.
GameProgram too_rich() {
  GameProgram program = testing::scopa();
  program.deck.ranks.clear();
  program.deck.copies = 4;
  program.initial_discard_count = 20;
  program.capture_values = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5};
  program.turns_max = 20;
  return program;
}

std::vector<Stats> play(const std::vector<Request>& requests, uint32_t threads) {
  Simulator simulator({}, threads);
  testing::LentThreads lent{threads};
  std::vector<Stats> stats(requests.size());
  EXPECT_TRUE(simulator.run(requests.data(), requests.size(), lent.helpers(), stats.data()));
  return stats;
}

TEST(Capture, AGameWithMoreMovesThanAListHoldsIsRefusedByNameAndSpoilsNoOther) {
  const std::vector<uint8_t> rich = testing::encode_v3(too_rich()), plain = testing::encode_v3(testing::scopa());
  const std::vector<Request> requests = {testing::request_of(plain, 300, 7), testing::request_of(rich, 300, 7),
                                         testing::request_of(plain, 300, 7)};
  const std::vector<Stats> stats = play(requests, 1);
  EXPECT_FALSE(stats[0].fault) << stats[0].fault.text;
  EXPECT_EQ(stats[1].fault.code, Code::limit_exceeded);
  EXPECT_NE(stats[1].fault.text.find("requests[1]: game "), std::string::npos) << stats[1].fault.text;
  EXPECT_EQ(stats[1].total_games, 0u);
  EXPECT_EQ(stats[1].counts.decisions, 0u);
  EXPECT_EQ(stats[1].result_hash, 0u);
  EXPECT_EQ(stats[2].result_hash, stats[0].result_hash);
  EXPECT_EQ(stats[2].median_turns, stats[0].median_turns);
  for (const uint32_t threads : {2u, 3u, 8u}) {
    const std::vector<Stats> others = play(requests, threads);
    EXPECT_EQ(others[1].fault.text, stats[1].fault.text) << threads << " threads";
    EXPECT_EQ(others[2].result_hash, stats[0].result_hash) << threads << " threads";
  }
}

TEST(Capture, TracesAndOpenGamesAreRefusedWhereTheBatchIs) {
  const std::vector<uint8_t> rich = testing::encode_v3(too_rich());
  const Request request = testing::request_of(rich, 300, 7);
  const auto arena = std::make_unique<Arena>();
  uint32_t traced = 0, at_the_deal = 0, by_a_move = 0;
  for (uint32_t game = 0; game < 100; ++game) {
    const Trace trace = trace_game(request, game, {}, *arena);
    traced += trace.fault.code == Code::limit_exceeded;

    Games games({});
    uint64_t id = 0;
    if (const Fault fault = games.open(request, game, id)) {
      ASSERT_EQ(fault.code, Code::limit_exceeded);
      EXPECT_EQ(games.count(), 0u);
      at_the_deal += 1;
      EXPECT_TRUE(trace.fault);
      continue;
    }
    OpenGame& open = *games.find(id);
    while (!open.state.over) {
      const uint64_t before = games.hash();
      Move played;
      const Fault fault = games.choose(open, 0, 0, *arena, played);
      if (!fault) continue;
      ASSERT_EQ(fault.code, Code::limit_exceeded);
      EXPECT_EQ(games.hash(), before) << "a refused step changes nothing";
      EXPECT_TRUE(trace.fault);
      by_a_move += 1;
      break;
    }
  }
  EXPECT_GT(traced, 10u);
  EXPECT_LT(traced, 100u);
  EXPECT_GT(at_the_deal, 0u);
  EXPECT_GT(by_a_move, 0u);
}

TEST(Capture, ASearchThatImaginesTooManyMovesSaysSo) {
  const Rules rules = rules_of(too_rich());
  State state;
  Stream dice(3);
  const auto moves = std::make_unique<MoveList>();
  const auto search = std::make_unique<Search>();
  uint32_t told = 0, quiet = 0;
  for (int round = 0; round < 60; ++round) {
    start_game(rules, state, dice, *moves);
    if (moves->overfull || moves->count < 2) continue;
    (search->choose(rules, state, state.seat, *moves, 30, dice).overfull ? told : quiet) += 1;
  }
  EXPECT_GT(told, 0u);
  EXPECT_GT(quiet, 0u);
}

}  // namespace
}  // namespace busbar::cards
