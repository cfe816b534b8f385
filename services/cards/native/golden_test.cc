// Every shipped program, from the bytes that the TypeScript compiler writes: what it plays must not change by accident.
#include <gtest/gtest.h>

#include <cstdio>

#include "cards/batch.h"
#include "testing/goldens.h"
#include "testing/program_bytes.h"

namespace busbar::cards {
namespace {

using testing::Golden;

std::string hash_of(const Golden& golden, uint8_t player) {
  Simulator simulator({}, 1);
  Request request = testing::request_of(golden.program, 200, 2024);
  request.ai_player_type = player;
  Stats stats;
  simulator.run(&request, 1, {}, &stats);
  EXPECT_FALSE(stats.fault) << golden.name << ": " << stats.fault.text;
  EXPECT_EQ(stats.total_games, 200u);
  EXPECT_LT(stats.draws, 200u) << golden.name << ": nobody ever wins";
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(stats.result_hash));
  return text;
}

TEST(Golden, ShippedProgramsPlayTheGamesTheyAlwaysPlayed) {
  const auto goldens = testing::read_goldens();
  EXPECT_GE(goldens.size(), 6u);
  for (const Golden& golden : goldens) {
    EXPECT_EQ(hash_of(golden, 0), golden.random_hash) << golden.name << ", random players";
    EXPECT_EQ(hash_of(golden, 1), golden.greedy_hash) << golden.name << ", greedy players";
  }
}

}  // namespace
}  // namespace busbar::cards
