// The general engine against the loops that are faster: equal results, measures and states, for every program both
// play.
#include "cards/engine.h"

#include <gtest/gtest.h>

#include <cstring>

#include "cards/decode.h"
#include "cards/game.h"
#include "testing/program_bytes.h"
#include "testing/random_program.h"

namespace busbar::cards {
namespace {

void expect_equal(const Rules& rules, uint64_t seed, uint32_t games, PlayerKind kind, const std::string& what) {
  Match match;
  match.rules = &rules;
  match.seed = seed;
  for (PlayerKind& player : match.players) player = kind;
  static const auto menu = std::make_unique<Arena>(), table = std::make_unique<Arena>();
  for (uint64_t game = 0; game < games; ++game) {
    Counts a_counts, b_counts;
    const Result a = play_menu(match, game, *menu, a_counts);
    const Result b = play_table(match, game, *table, b_counts);
    ASSERT_EQ(a.winner, b.winner) << what << ", game " << game;
    ASSERT_EQ(a.ending, b.ending) << what << ", game " << game;
    ASSERT_EQ(a.turns, b.turns) << what << ", game " << game;
    ASSERT_EQ(a.state_hash, b.state_hash) << what << ", game " << game;
    ASSERT_EQ(a.decisive_turn, b.decisive_turn) << what << ", game " << game;
    ASSERT_EQ(a.closest_margin, b.closest_margin) << what << ", game " << game;
    ASSERT_EQ(a.winners, b.winners) << what;
    const auto words = [](const Counts& counts, size_t i) { return reinterpret_cast<const uint64_t*>(&counts)[i]; };
    for (size_t i = 0; i < sizeof a_counts / 8; ++i)
      ASSERT_EQ(words(a_counts, i), words(b_counts, i)) << what << ", game " << game << ", counter " << i;
  }
}

TEST(Engine, PlaysMenuGamesAsTheirOwnLoopDoes) {
  Stream dice(77'001);
  uint32_t menus = 0;
  for (int round = 0; round < 500; ++round) {
    const auto bytes = testing::random_program(dice).build();
    GameProgram program;
    Fault fault = decode(bytes.data(), bytes.size(), program);
    const uint32_t players = program.player_count;
    if (!fault) fault = check_playable(program, players);
    ASSERT_FALSE(fault) << fault.text;
    const Rules rules = make_rules(std::move(program), players, 0);
    ASSERT_TRUE(rules.menu);
    menus += rules.menu;
    expect_equal(rules, round, 4, PlayerKind::random, "random players, round " + std::to_string(round));
    expect_equal(rules, round, 1, PlayerKind::greedy, "greedy players, round " + std::to_string(round));
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(menus, 500u);
}

}  // namespace
}  // namespace busbar::cards
