#include "cards/batch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "testing/classics.h"
#include "testing/encode_v3.h"
#include "testing/lent_threads.h"
#include "testing/program_bytes.h"

// Counts every allocation of this program, for the test that games make none.
static std::atomic<uint64_t> allocations{0};

[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
/// std::stable_sort asks with this one for its buffer.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace busbar::cards {
namespace {

using testing::ProgramBytes;

/// A war of at most 120 turns: greedy players and sanitizers make whole ones long.
std::vector<uint8_t> brief_war() {
  ProgramBytes source = testing::war_program();
  source.turns_max = 120;
  return source.build();
}

std::vector<Stats> run(const std::vector<Request>& requests, uint32_t threads) {
  Simulator simulator({}, threads);
  testing::LentThreads lent{threads};
  std::vector<Stats> stats(requests.size());
  EXPECT_TRUE(simulator.run(requests.data(), requests.size(), lent.helpers(), stats.data()));
  return stats;
}

bool same(const Stats& a, const Stats& b) {
  return a.fault.code == b.fault.code && a.fault.text == b.fault.text && a.total_games == b.total_games &&
         std::equal(std::begin(a.wins), std::end(a.wins), std::begin(b.wins)) && a.draws == b.draws &&
         a.avg_turns == b.avg_turns && a.median_turns == b.median_turns &&
         std::memcmp(&a.counts, &b.counts, sizeof a.counts) == 0 && a.decisive_turn == b.decisive_turn &&
         a.closest_margin == b.closest_margin && a.result_hash == b.result_hash;
}

TEST(Batch, OneTwoThreeAndEightThreadsGiveTheSame) {
  const auto war = brief_war();
  const auto eights = testing::eights_program(4).build();
  std::vector<Request> requests;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    requests.push_back(testing::request_of(seed % 2 ? war : eights, static_cast<uint32_t>(seed * 17), seed));
    requests.back().ai_player_type = seed % 3 == 0;
  }
  const auto expected = run(requests, 1);
  for (const uint32_t threads : {2u, 3u, 8u}) {
    const auto stats = run(requests, threads);
    for (size_t i = 0; i < stats.size(); ++i)
      EXPECT_TRUE(same(stats[i], expected[i])) << threads << " threads, item " << i;
  }
}

TEST(Batch, TheClassicsAreEqualForAnyNumberOfThreads) {
  std::vector<std::vector<uint8_t>> programs;
  std::vector<Request> requests;
  for (auto [name, source] : testing::classics()) {
    source.turns_max = std::min(source.turns_max, 120u);
    programs.push_back(testing::encode_v3(source));
  }
  for (size_t i = 0; i < programs.size(); ++i) {
    requests.push_back(testing::request_of(programs[i], 150, i));
    requests.push_back(testing::request_of(programs[i], 5, i));
    requests.back().ai_player_type = 6;
    requests.back().mcts_iterations = 3;
  }
  const auto expected = run(requests, 1);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_FALSE(expected[i].fault) << expected[i].fault.text;
  for (const uint32_t threads : {2u, 3u, 8u}) {
    const auto stats = run(requests, threads);
    for (size_t i = 0; i < stats.size(); ++i)
      EXPECT_TRUE(same(stats[i], expected[i])) << threads << " threads, item " << i;
  }
}

TEST(Batch, ABadItemSpoilsNoNeighbour) {
  const auto war = brief_war();
  auto broken = war;
  broken.resize(60);
  std::vector<Request> requests = {testing::request_of(war, 100, 1), testing::request_of(broken, 100, 1),
                                   testing::request_of(war, 100, 1)};
  requests.push_back(testing::request_of(war, 2'000'000, 1));
  requests.push_back(testing::request_of(war, 100, 1));
  requests.back().ai_player_type = 8;
  requests.push_back(testing::request_of(war, 100, 1));
  const auto stats = run(requests, 1);
  EXPECT_FALSE(stats[0].fault);
  EXPECT_EQ(stats[1].fault.code, Code::bad_header);
  EXPECT_EQ(stats[1].fault.text.rfind("requests[1]: ", 0), 0u) << stats[1].fault.text;
  EXPECT_EQ(stats[1].total_games, 0u);
  EXPECT_EQ(stats[3].fault.code, Code::limit_exceeded);
  EXPECT_EQ(stats[4].fault.code, Code::out_of_range);
  EXPECT_TRUE(same(stats[0], stats[2]));
  EXPECT_TRUE(same(stats[0], stats[5]));
}

TEST(Batch, EveryFieldOfARequestIsHonouredOrRefused) {
  const auto eights = testing::eights_program(2).build();
  const auto with = [&](auto change) {
    Request request = testing::request_of(eights, 50, 3);
    change(request);
    return run({request}, 1)[0];
  };
  const Stats plain = with([](Request&) {});
  EXPECT_EQ(plain.player_count, 2u);
  const Stats three = with([](Request& r) { r.player_count = 3; });
  EXPECT_EQ(three.player_count, 3u);
  EXPECT_NE(three.result_hash, plain.result_hash);
  EXPECT_EQ(with([](Request& r) { r.player_count = 5; }).fault.code, Code::out_of_range);
  EXPECT_NE(with([](Request& r) { r.random_seed = 4; }).result_hash, plain.result_hash);
  EXPECT_NE(with([](Request& r) { r.starting_chips = 4; }).result_hash, plain.result_hash)
      << "chips are part of the state";
  EXPECT_EQ(with([](Request& r) { r.team_mode = true; }).fault.code, Code::out_of_range);
  EXPECT_EQ(with([](Request& r) { r.teams = 2; }).fault.code, Code::out_of_range);
  EXPECT_EQ(with([](Request& r) { r.teams = 5; }).fault.code, Code::out_of_range);
  static const uint8_t even[] = {0, 2}, odd[] = {1, 3};
  const Stats teams = with([](Request& r) {
    r.player_count = 4;
    r.teams = 2;
    r.team_players[0] = even;
    r.team_players[1] = odd;
    r.team_sizes[0] = r.team_sizes[1] = 2;
  });
  EXPECT_FALSE(teams.fault) << teams.fault.text;
  EXPECT_EQ(teams.team_wins[0] + teams.team_wins[1] + teams.draws, 50u);
  EXPECT_EQ(teams.wins[0], teams.team_wins[0]) << "each member of a team wins with it";
  EXPECT_EQ(teams.wins[2], teams.team_wins[0]);
  EXPECT_EQ(with([](Request& r) { r.starting_chips = 2'000'000'000; }).fault.code, Code::out_of_range);
  EXPECT_EQ(with([](Request& r) { r.ai_player_type = 8; }).fault.code, Code::out_of_range);
  EXPECT_EQ(with([](Request& r) { r.ai_player_type = 6; }).fault.code, Code::out_of_range) << "no iterations";
  EXPECT_EQ(with([](Request& r) {
              r.ai_player_type = 6;
              r.mcts_iterations = 1'000'000;
            }).fault.code,
            Code::limit_exceeded);
  const auto searched = [&](uint32_t iterations) {
    return with([&](Request& r) {
      r.num_games = 3;
      r.ai_player_type = 6;
      r.mcts_iterations = iterations;
    });
  };
  EXPECT_NE(searched(20).result_hash, searched(40).result_hash);
  EXPECT_EQ(searched(20).counts.search_iterations % 20, 0u);
  const Stats greedy = with([](Request& r) { r.ai_player_type = 1; });
  static const uint8_t both[] = {2, 2};
  static const uint8_t beyond_codes[] = {0, 9};
  static const uint8_t beyond[] = {0, 0, 1};
  EXPECT_TRUE(same(with([](Request& r) {
                     r.ai_types = both;
                     r.ai_types_length = 2;
                   }),
                   greedy));
  EXPECT_TRUE(same(with([](Request& r) { r.player_ai_types[0] = r.player_ai_types[1] = 2; }), greedy));
  EXPECT_EQ(with([](Request& r) {
              r.ai_types = beyond_codes;
              r.ai_types_length = 2;
            }).fault.code,
            Code::out_of_range);
  EXPECT_EQ(with([](Request& r) {
              r.ai_types = beyond;
              r.ai_types_length = 3;
            }).fault.code,
            Code::out_of_range);
}

TEST(Batch, TheMedianIsTheLowerMiddle) {
  // One-card war ends after two turns whatever happens; a limit of one turn ends it after one.
  ProgramBytes source = testing::war_program();
  source.cards = 1;
  const auto two = source.build();
  EXPECT_EQ(run({testing::request_of(two, 5, 1)}, 1)[0].median_turns, 2u);
  source.turns_max = 1;
  const auto one = source.build();
  const Stats stats = run({testing::request_of(one, 4, 1)}, 1)[0];
  EXPECT_EQ(stats.median_turns, 1u);
  EXPECT_EQ(stats.draws, 4u);
  EXPECT_EQ(run({testing::request_of(one, 0, 1)}, 1)[0].total_games, 0u);
}

TEST(Batch, StopsWhenTheCallerHasGoneAndCanBeUsedAgain) {
  const auto war = brief_war();
  const Request many = testing::request_of(war, 100'000, 1), few = testing::request_of(war, 300, 1);
  Simulator simulator({}, 1);
  static int asked;
  asked = 0;
  Helpers helpers;
  helpers.cancelled = [](void*) { return ++asked > 200; };
  Stats stats;
  EXPECT_FALSE(simulator.run(&many, 1, helpers, &stats));
  EXPECT_LT(asked, 400) << "and does not play on";
  ASSERT_TRUE(simulator.run(&few, 1, {}, &stats));
  EXPECT_TRUE(same(stats, run({few}, 1)[0])) << "nothing is left of what was cancelled";
}

TEST(Batch, AGameAllocatesNothing) {
  const auto war = brief_war();
  const auto eights = testing::eights_program(4).build();
  Simulator simulator({}, 1);
  const auto count = [&](const std::vector<uint8_t>& program, uint32_t games, uint8_t player) {
    Request request = testing::request_of(program, games, 1);
    request.ai_player_type = player;
    Stats stats;
    const uint64_t before = allocations.load();
    simulator.run(&request, 1, {}, &stats);
    return allocations.load() - before;
  };
  for (const uint8_t player : {uint8_t{0}, uint8_t{1}}) {
    for (const auto& program : {war, eights}) {
      count(program, 10, player);  // warm-up
      EXPECT_EQ(count(program, 10, player), count(program, 200, player))
          << "what a call allocates does not depend on its games";
    }
  }
}

TEST(Batch, NoClassicAllocatesWhoeverPlays) {
  for (auto [name, source] : testing::classics()) {
    source.turns_max = std::min(source.turns_max, 60u);
    const auto program = testing::encode_v3(source);
    Simulator simulator({}, 1);
    for (const uint8_t player : {uint8_t{0}, uint8_t{1}, uint8_t{6}, uint8_t{7}}) {
      const auto count = [&](uint32_t games) {
        Request request = testing::request_of(program, games, 1);
        request.ai_player_type = player;
        request.mcts_iterations = 4;
        Stats stats;
        const uint64_t before = allocations.load();
        simulator.run(&request, 1, {}, &stats);
        return allocations.load() - before;
      };
      count(4);  // warm-up
      EXPECT_EQ(count(4), count(20)) << name << ", player " << int{player};
    }
  }
}

}  // namespace
}  // namespace busbar::cards
