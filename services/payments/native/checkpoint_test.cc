// A run that is stopped after any tick, written, read and continued ends as if nothing had happened.
#include "payments/checkpoint.h"

#include <gtest/gtest.h>

#include <cstring>

#include "payments/desk.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

struct End {
  std::string run_hash;
  uint64_t events = 0, lists = 0, count = 0;
  bool operator==(const End&) const = default;
};

End end_of(World& world) {
  while (world.tick < world.config->ticks) run_tick(world);
  return {world.run_hash_text(), world.event_stream.digest(), world.pool_stream.digest(), world.event_count};
}

TEST(Checkpoint, ContinuesFromEveryTickToTheSameEnd) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "checkpoint", 0);
    const testing::Scene scene = testing::random_scene(dice);
    World whole = scene.world();
    const End expected = end_of(whole);
    World world = scene.world({dice.below(2) == 0, dice.below(2) == 0});
    for (;;) {
      const bool events = dice.below(2) == 0;
      const std::string bytes = write_checkpoint(world, events);
      const auto copy = read_checkpoint(bytes);
      ASSERT_EQ(copy->state_hash(), world.state_hash());
      ASSERT_EQ(write_checkpoint(*copy, events), bytes) << "tick " << world.tick;
      ASSERT_EQ(end_of(*copy), expected) << "tick " << world.tick;
      if (world.tick == world.config->ticks) break;
      run_tick(world);
    }
    EXPECT_EQ(end_of(world), expected);
  }
}

/// One simulation that is replaced by its own copy after each tick.
TEST(Checkpoint, MayBeTakenAtEveryTickOfOneRun) {
  random::Stream dice(5, "relay", 0);
  const testing::Scene scene = testing::random_scene(dice);
  World whole = scene.world();
  const End expected = end_of(whole);
  auto world = std::make_unique<World>(read_config(scene.json()), Options{});
  while (world->tick < world->config->ticks) {
    run_tick(*world);
    world = read_checkpoint(write_checkpoint(*world, true));
  }
  EXPECT_EQ(end_of(*world), expected);
  ASSERT_EQ(world->events.size(), whole.events.size());
  EXPECT_EQ(std::memcmp(world->events.data(), whole.events.data(), whole.events.size() * sizeof(Event)), 0);
  EXPECT_EQ(world->pool, whole.pool);
}

/// What callers did between two ticks is part of it: payments, policies, withdrawals.
TEST(Checkpoint, HoldsWhatCallersDidSinceTheLastTick) {
  testing::Scene scene = testing::banks(3, 500, testing::arrivals(2, 100, 900));
  scene.ticks_per_day = 12;
  World world = scene.world();
  for (int i = 0; i < 4; ++i) run_tick(world);
  uint32_t id = 0;
  EXPECT_FALSE(submit(world, {0, 1, 777, 9, 5, true}, id));
  ASSERT_FALSE(world.queue2.empty());
  const uint32_t first = world.queue2.front();
  EXPECT_FALSE(withdraw(world, first));
  EXPECT_FALSE(resubmit(world, first, 2));
  const Json policy = read_json(R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"x","bank_tree":
    {"type":"action","node_id":"a","action":"AddState","parameters":{"key":{"value":"bank_state_n"},"value":{"value":1},
    "reason":{"value":"a reason of its own"}}}}})");
  world.set_policy(2, read_policy(policy, "policy", {}));
  const auto copy = read_checkpoint(write_checkpoint(world, true));
  EXPECT_EQ(copy->agents[2].policy->text, world.agents[2].policy->text);
  EXPECT_EQ(copy->state_hash(), world.state_hash());
  EXPECT_EQ(end_of(*copy), end_of(world));
  EXPECT_EQ(copy->rows[4].arrivals, world.rows[4].arrivals);
}

TEST(Checkpoint, EveryChangedByteIsNoticed) {
  random::Stream dice(3, "bytes", 0);
  World world = testing::random_scene(dice).world();
  for (int i = 0; i < 4; ++i) run_tick(world);
  const std::string bytes = write_checkpoint(world, true);
  for (size_t at = 0; at < bytes.size(); at += 1 + at / 64) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << dice.below(8)));
    EXPECT_THROW(read_checkpoint(changed), Refusal) << at;
    EXPECT_THROW(read_checkpoint(bytes.substr(0, at)), Refusal) << at;
  }
  std::string newer = bytes;
  newer[4] = 2;
  try {
    read_checkpoint(newer);
    ADD_FAILURE();
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.code, Code::unsupported_version);
    EXPECT_NE(refusal.text.find("version 2"), std::string::npos);
  }
}

/// A checkpoint whose sums are not those of its payments is no state that a run can be in.
TEST(Checkpoint, SumsThatThePaymentsDoNotMakeAreRefused) {
  random::Stream dice(8, "sums", 0);
  testing::Scene scene = testing::random_scene(dice);
  const auto refusal_of = [&](auto change) {
    World world = scene.world();
    for (int i = 0; i < 4; ++i) run_tick(world);
    change(world);
    try {
      read_checkpoint(write_checkpoint(world, true));
    } catch (const Refusal& refusal) {
      EXPECT_EQ(refusal.code, Code::corrupt_state);
      return refusal.text;
    }
    return std::string();
  };
  EXPECT_EQ(refusal_of([](World&) {}), "");
  const std::string sums = "the checkpoint cannot be used: its totals are not those of its payments";
  EXPECT_EQ(refusal_of([](World& world) { world.totals.arrivals_value = 8'400'000'000'000'000'000; }), sums);
  EXPECT_EQ(refusal_of([](World& world) { world.totals.settled += 1; }), sums);
  EXPECT_EQ(refusal_of([](World& world) { world.totals.dropped_value += 1; }), sums);
  EXPECT_EQ(refusal_of([](World& world) { world.totals.children += 1; }), sums);
  EXPECT_NE(refusal_of([](World& world) { world.totals.lsm_value = world.totals.settled_value + 1; }), "");
  EXPECT_NE(refusal_of([](World& world) { world.arrivals_pending = 1'000'000; }), "");
  EXPECT_EQ(refusal_of([](World& world) { world.agents[0].outflow_today += 1; }),
            "the checkpoint cannot be used: an outflow is not that of the bank's payments");
  scene.agents[0].limits = "{\"bilateral_limits\":{\"" + testing::bank_name(1) + R"(":5000},"multilateral_limit":null})";
  EXPECT_EQ(refusal_of([](World&) {}), "");
  EXPECT_EQ(refusal_of([](World& world) { world.agents[0].limits[0].used += 1; }),
            "the checkpoint cannot be used: a used limit is not that of the bank's payments");
}

}  // namespace
}  // namespace busbar::payments
