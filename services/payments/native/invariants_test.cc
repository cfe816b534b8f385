// What holds at every tick of every run (services.md 11.4), over random scenes; a failing one prints its seed.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

constexpr uint64_t kScenes = 1500;

__extension__ using Sum = __int128;

bool is_open(Status status) {
  return status == Status::pending || status == Status::queued || status == Status::scheduled;
}

/// Money, bounds, limits, queues and counts of a world between two steps.
class Checker {
 public:
  explicit Checker(const World& world) : world_(world) {
    for (size_t i = 0; i < world.agents.size(); ++i) {
      opening_ += Sum{world.config->agents[i].opening_balance} + world.config->agents[i].liquidity_pool;
    }
  }

  void check() {
    money();
    queues();
    counts();
    limits();
    settled_once();
  }

 private:
  void money() {
    Sum sum = 0;
    for (const Agent& agent : world_.agents) {
      sum += Sum{agent.balance} + agent.pool_free + agent.deferred;
      const int64_t collateral =
          static_cast<int64_t>(Sum{agent.collateral} * (1'000'000 - agent.haircut_ppm) / 1'000'000);
      EXPECT_GE(agent.balance, -(agent.cap + collateral));
      EXPECT_EQ(agent.credit, agent.cap + collateral);
      EXPECT_GE(agent.collateral, 0);
      EXPECT_LE(agent.collateral, agent.capacity);
    }
    EXPECT_TRUE(sum == opening_);
  }

  void queues() {
    std::set<uint32_t> seen;
    int64_t queue2 = 0;
    for (uint32_t i = 0; i < world_.agents.size(); ++i) {
      int64_t value = 0;
      for (const uint32_t id : world_.agents[i].queue1) {
        EXPECT_TRUE(seen.insert(id).second);
        EXPECT_EQ(world_.transactions[id].sender, i);
        EXPECT_TRUE(is_open(world_.transactions[id].status) && world_.transactions[id].status != Status::queued);
        value += world_.transactions[id].remaining;
      }
      EXPECT_EQ(value, world_.agents[i].queue1_value);
    }
    for (const uint32_t id : world_.queue2) {
      EXPECT_TRUE(seen.insert(id).second);
      EXPECT_EQ(world_.transactions[id].status, Status::queued);
      queue2 += world_.transactions[id].remaining;
    }
    EXPECT_EQ(queue2, world_.queue2_value);
    for (uint32_t id = 0; id < world_.transactions.size(); ++id) {
      EXPECT_EQ(is_open(world_.transactions[id].status), seen.contains(id)) << id;
    }
  }

  /// settled + queued + dropped = submitted, children included, in count and in value.
  void counts() {
    uint64_t submitted = 0, children = 0, settled = 0, dropped = 0, open = 0, parents = 0, overdue = 0;
    int64_t submitted_value = 0, settled_value = 0, dropped_value = 0, open_value = 0;
    for (const Transaction& payment : world_.transactions) {
      (payment.parent == kNone ? submitted : children) += 1;
      if (payment.parent == kNone) submitted_value += payment.amount;
      if (payment.children > 0) {
        parents += 1;
        int64_t left = 0, whole = 0;
        for (uint32_t i = 0; i < payment.children; ++i) {
          const Transaction& child = world_.transactions[payment.first_child + i];
          left += child.remaining;
          whole += child.amount;
        }
        EXPECT_EQ(left, payment.remaining);
        EXPECT_EQ(whole, payment.amount);
        continue;
      }
      if (payment.status == Status::settled) {
        settled += 1;
        settled_value += payment.amount;
      } else if (payment.status == Status::dropped) {
        dropped += 1;
        dropped_value += payment.amount;
      } else {
        open += 1;
        open_value += payment.amount;
        overdue += payment.overdue();
      }
    }
    EXPECT_EQ(submitted + children, settled + dropped + open + parents);
    EXPECT_EQ(submitted_value, settled_value + dropped_value + open_value);
    const Totals& totals = world_.totals;
    EXPECT_EQ(submitted, totals.arrivals);
    EXPECT_EQ(children, totals.children);
    EXPECT_EQ(settled, totals.settled);
    EXPECT_EQ(dropped, totals.dropped);
    EXPECT_EQ(parents, totals.split_parents);
    EXPECT_EQ(overdue, totals.overdue);
    EXPECT_EQ(submitted_value, totals.arrivals_value);
    EXPECT_EQ(settled_value, totals.settled_value);
    EXPECT_EQ(dropped_value, totals.dropped_value);
  }

  /// Outflow of the day, counted anew from the payments, stays within every limit.
  void limits() {
    std::map<uint32_t, int64_t> all;
    std::map<std::pair<uint32_t, uint32_t>, int64_t> pairs;
    const uint32_t day = (world_.tick == 0 ? 0 : world_.tick - 1) / world_.config->ticks_per_day;
    for (const Transaction& payment : world_.transactions) {
      if (payment.status != Status::settled || payment.children > 0) continue;
      if (payment.settled_tick / world_.config->ticks_per_day != day) continue;
      all[payment.sender] += payment.amount;
      pairs[{payment.sender, payment.receiver}] += payment.amount;
    }
    for (uint32_t i = 0; i < world_.agents.size(); ++i) {
      const Agent& agent = world_.agents[i];
      EXPECT_EQ(agent.outflow_today, all[i]);
      if (agent.multilateral_limit >= 0) {
        EXPECT_LE(all[i], agent.multilateral_limit);
      }
      for (const BilateralLimit& limit : agent.limits) {
        const int64_t out = pairs[{i, limit.agent}];
        EXPECT_EQ(limit.used, out);
        EXPECT_LE(out, limit.limit);
      }
    }
  }

  /// From the events: one settlement per payment, of its whole amount.
  void settled_once() {
    for (; next_ < world_.events.size(); ++next_) {
      const Event& event = world_.events[next_];
      const int64_t* const list = world_.list_of(event);
      const auto settle = [&](uint32_t id, int64_t amount) {
        EXPECT_TRUE(settled_.insert(id).second) << "payment " << id << " settled twice";
        EXPECT_EQ(world_.transactions[id].status, Status::settled);
        EXPECT_EQ(world_.transactions[id].amount, amount);
        EXPECT_EQ(world_.transactions[id].settled_tick, event.tick);
      };
      switch (event.kind) {
        case EventKind::rtgs_immediate_settlement:
        case EventKind::queue2_liquidity_release:
          settle(event.tx, event.amount);
          break;
        case EventKind::lsm_bilateral_offset:
        case EventKind::entry_disposition_offset:
          for (uint32_t i = 0; i < event.extra_count; i += 2) settle(static_cast<uint32_t>(list[i]), list[i + 1]);
          break;
        case EventKind::lsm_cycle_settlement:
          for (uint32_t i = 1 + 2 * static_cast<uint32_t>(list[0]); i < event.extra_count; i += 2) {
            settle(static_cast<uint32_t>(list[i]), list[i + 1]);
          }
          break;
        default:
          break;
      }
    }
    EXPECT_EQ(settled_.size(), world_.totals.settled);
  }

  const World& world_;
  Sum opening_ = 0;
  size_t next_ = 0;
  std::set<uint32_t> settled_;
};

TEST(Invariants, HoldAtEveryTickOfRandomRuns) {
  uint64_t settled = 0, offset = 0, cycles = 0, children = 0;
  std::map<EventKind, uint64_t> kinds;
  for (uint64_t seed = 1; seed <= kScenes; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "invariants", 0);
    World world = testing::random_scene(dice).world();
    Checker checker(world);
    checker.check();
    while (world.tick < world.config->ticks) {
      run_tick(world);
      checker.check();
      if (::testing::Test::HasFailure()) FAIL() << "tick " << world.tick - 1;
    }
    settled += world.totals.settled;
    offset += world.totals.lsm_settled;
    cycles += world.totals.cycles_settled;
    children += world.totals.children;
    for (const Event& event : world.events) kinds[event.kind] += 1;
  }
  // The scenes do reach what they are meant to reach.
  EXPECT_GT(settled, 10'000u);
  EXPECT_GT(offset, 500u);
  EXPECT_GT(cycles, 20u);
  EXPECT_GT(children, 1'000u);
  for (uint8_t kind = 0; kind < static_cast<uint8_t>(EventKind::count); ++kind) {
    EXPECT_GT(kinds[static_cast<EventKind>(kind)], 0u) << "no event of kind " << static_cast<int>(kind);
  }
}

/// Money and limits hold inside of a tick too: after each of its steps.
TEST(Invariants, HoldAfterEveryStep) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "steps", 0);
    World world = testing::random_scene(dice).world();
    const auto check = [&](const char* step) {
      Sum sum = 0;
      for (uint32_t i = 0; i < world.agents.size(); ++i) {
        const Agent& agent = world.agents[i];
        sum += Sum{agent.balance} + agent.pool_free + agent.deferred - world.config->agents[i].opening_balance -
               world.config->agents[i].liquidity_pool;
        ASSERT_GE(agent.balance + agent.credit, 0) << step;
        if (agent.multilateral_limit >= 0) {
          ASSERT_LE(agent.outflow_today, agent.multilateral_limit) << step;
        }
        for (const BilateralLimit& limit : agent.limits) ASSERT_LE(limit.used, limit.limit) << step;
      }
      ASSERT_TRUE(sum == 0) << step;
    };
    while (world.tick < world.config->ticks) {
      world.row = TickRow{};
      world.cycles_this_tick = 0;
      step_new_day(world);
      check("new day");
      step_scenario(world);
      check("scenario");
      step_arrivals(world);
      step_collateral(world, TreeKind::strategic_collateral);
      step_banks(world);
      step_collateral_timers(world);
      check("collateral");
      step_release(world);
      step_queue2_decisions(world);
      step_submissions(world);
      check("submissions");
      step_queue2(world);
      check("queue 2");
      const int64_t before = world.row.settled_value;
      step_liquidity_saving(world);
      check("saving");
      ASSERT_GE(world.row.settled_value, before);
      step_collateral(world, TreeKind::end_of_tick_collateral);
      step_deferred_credits(world);
      step_costs(world);
      check("costs");
      world.tick += 1;
    }
  }
}

}  // namespace
}  // namespace busbar::payments
