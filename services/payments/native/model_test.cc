// Method: random runs beside a second simulation that is written from the rules alone and keeps no sums; after every tick each bank,
// each payment, both kinds of queues, each cost and each count must be equal. What is drawn is checked against the rules of its generator.
#include <gtest/gtest.h>

#include <cmath>

#include "payments/world.h"
#include "testing/scenes.h"
#include "testing/slow_model.h"

namespace busbar::payments {
namespace {

using testing::SlowModel;
using testing::SlowPayment;
using testing::SlowPolicy;
using testing::SlowRule;

constexpr uint64_t kScenes = 400;

std::string count(uint64_t number) { return std::to_string(number); }

/// A named policy, as config and as rule.
std::pair<std::string, SlowRule> random_rule(random::Stream& dice) {
  const auto threshold = static_cast<int64_t>(dice.below(9));
  const auto buffer = static_cast<int64_t>(dice.below(3) * 1'500);
  const auto splits = static_cast<int64_t>(2 + dice.below(5)), least = static_cast<int64_t>(1 + dice.below(400));
  switch (dice.below(6)) {
    case 0:
      return {R"({"type":"Deadline","urgency_threshold":)" + count(threshold) + "}", {SlowPolicy::deadline, threshold}};
    case 1:
      return {R"({"type":"LiquidityAware","target_buffer":)" + count(buffer) + ",\"urgency_threshold\":" + count(threshold) + "}",
              {SlowPolicy::liquidity_aware, threshold, buffer}};
    case 2:
      return {R"({"type":"LiquiditySplitting","max_splits":)" + count(splits) + ",\"min_split_amount\":" + count(least) + "}",
              {SlowPolicy::liquidity_splitting, 0, 0, splits, least}};
    case 3:
      return {R"({"type":"MockSplitting","num_splits":)" + count(splits) + "}", {SlowPolicy::mock_splitting, 0, 0, splits}};
    default:
      return {R"({"type":"Fifo"})", {}};
  }
}

std::string random_penalty(random::Stream& dice) {
  if (dice.below(2) == 0) return R"({"mode":"fixed","amount":)" + count(dice.below(500)) + "}";
  return R"({"mode":"rate","bps_per_event_e6":)" + count(dice.below(900'000'000)) + "}";
}

std::string random_costs(random::Stream& dice) {
  return "{\"overdraft_bps_per_tick_e3\":" + count(dice.below(900'000)) + ",\"delay_cost_per_tick_per_cent_e6\":" + count(dice.below(90'000)) +
         ",\"collateral_cost_per_tick_bps_e6\":" + count(dice.below(90'000'000)) +
         ",\"liquidity_cost_per_tick_bps_e6\":" + count(dice.below(90'000'000)) + ",\"deadline_penalty\":" + random_penalty(dice) +
         ",\"eod_penalty\":" + random_penalty(dice) + ",\"split_friction_cost\":" + count(dice.below(50)) +
         ",\"overdue_delay_multiplier_e3\":" + count(dice.below(9'000)) + R"(,"priority_delay_multipliers_e3":{"urgent":)" +
         count(dice.below(5'000)) + ",\"normal\":" + count(dice.below(5'000)) + ",\"low\":" + count(dice.below(5'000)) + "}}";
}

/// Whether one of the bank's generators may have drawn this in the tick of its arrival.
bool may_be_drawn(const World& world, const Transaction& one) {
  const Config& config = *world.config;
  uint32_t last = config.ticks;
  if (config.deadline_cap_at_eod) last = std::min(last, (one.arrival / config.ticks_per_day + 1) * config.ticks_per_day);
  for (const GeneratorConfig& rules : config.agents[one.sender].generators) {
    const auto stretched = [&](uint32_t ticks, double by) {
      return std::max<uint32_t>(static_cast<uint32_t>(std::floor(ticks * by + 0.5)), 1);
    };
    const uint32_t low = stretched(rules.deadline_low, world.deadline_low_multiplier);
    const uint32_t high = std::max(low, stretched(rules.deadline_high, world.deadline_high_multiplier));
    const auto capped = [&](uint32_t ticks) { return std::max(std::min(one.arrival + ticks, last), one.arrival + 1); };
    const bool amount = one.amount >= 1 && (rules.amount.kind != AmountKind::uniform ||
                                            (one.amount >= rules.amount.min && one.amount <= rules.amount.max));
    if (amount && one.deadline >= capped(low) && one.deadline <= capped(high) && (one.divisible != 0) == rules.divisible &&
        one.receiver != one.sender && one.priority <= kPriorityMax) {
      return true;
    }
  }
  return false;
}

void compare(const World& world, const SlowModel& model) {
  ASSERT_EQ(world.transactions.size(), model.payments.size());
  static constexpr SlowPayment::Place kPlaces[] = {SlowPayment::Place::queue1, SlowPayment::Place::queue2, SlowPayment::Place::settled,
                                                   SlowPayment::Place::dropped, SlowPayment::Place::split};
  for (size_t id = 0; id < model.payments.size(); ++id) {
    SCOPED_TRACE("payment " + count(id));
    const Transaction& one = world.transactions[id];
    const SlowPayment& other = model.payments[id];
    ASSERT_EQ(kPlaces[static_cast<uint8_t>(one.status)], other.place);
    ASSERT_EQ(one.sender, other.from);
    ASSERT_EQ(one.receiver, other.to);
    ASSERT_EQ(one.amount, other.amount);
    ASSERT_EQ(one.remaining, other.open);
    ASSERT_EQ(one.deadline, other.deadline);
    ASSERT_EQ(one.priority, other.priority);
    ASSERT_EQ(one.divisible != 0, other.divisible);
    ASSERT_EQ(one.parent == kNone ? -1 : int64_t{one.parent}, other.parent);
    ASSERT_EQ(one.settled_tick == kNone ? -1 : int64_t{one.settled_tick}, other.settled_at);
    ASSERT_EQ(one.overdue() ? int64_t{one.overdue_since} : -1, other.overdue_at);
  }
  for (uint32_t i = 0; i < model.banks.size(); ++i) {
    SCOPED_TRACE("bank " + count(i));
    const Agent& one = world.agents[i];
    const testing::SlowBank& other = model.banks[i];
    ASSERT_EQ(one.balance, other.balance);
    ASSERT_EQ(one.collateral, other.collateral);
    ASSERT_EQ(one.pool_free, other.pool);
    ASSERT_EQ(one.allocated, other.allocated);
    ASSERT_EQ(one.available(), model.available(i));
    ASSERT_EQ(one.queue1, other.queue1);
    for (size_t kind = 0; kind < kCostKinds; ++kind) {
      ASSERT_EQ(one.today.part[kind], other.today[kind]) << "cost " << kind;
      ASSERT_EQ(one.total.part[kind], other.total[kind]) << "cost " << kind;
    }
  }
  ASSERT_EQ(world.queue2, model.queue2);
  ASSERT_EQ(world.totals.lsm_settled, model.offset);
  ASSERT_EQ(world.totals.bilateral_settled, model.bilateral_settled);
  ASSERT_EQ(world.totals.bilateral_rejected, model.bilateral_rejected);
  ASSERT_EQ(world.totals.cycles_settled, model.cycles_settled);
  ASSERT_EQ(world.totals.cycles_rejected, model.cycles_rejected);
}

TEST(Model, ASecondSimulationFromTheRulesAloneAgreesAfterEveryTick) {
  uint64_t offset = 0, cycles = 0, rejected = 0, children = 0, indivisible = 0;
  for (uint64_t seed = 1; seed <= kScenes; ++seed) {
    random::Stream dice(seed, "model", 0);
    testing::Scene scene = testing::random_scene(dice);
    scene.costs = random_costs(dice);
    std::vector<SlowRule> rules;
    for (testing::SceneAgent& agent : scene.agents) {
      const auto [policy, rule] = random_rule(dice);
      agent.policy = policy;
      rules.push_back(rule);
    }
    if (dice.below(3) == 0) {
      // Hardly any money, so that queues grow and rings close.
      scene.bilateral = false;
      scene.cycles = true;
      scene.cycles_per_tick = static_cast<uint32_t>(1 + dice.below(3));
      for (testing::SceneAgent& agent : scene.agents) {
        agent.balance = static_cast<int64_t>(dice.below(600));
        agent.cap = 0;
        agent.policy = R"({"type":"Fifo"})";
      }
      rules.assign(rules.size(), {});
    }
    World world = scene.world();
    SlowModel model(*world.config, rules);
    while (world.tick < world.config->ticks) {
      SCOPED_TRACE("seed " + count(seed) + ", tick " + count(world.tick));
      const uint32_t now = world.tick;
      run_tick(world);
      // Payments that came in by chance: those of this tick that are no children, behind what the scenario made.
      model.tick([&] {
        std::vector<SlowPayment> drawn;
        for (size_t id = model.payments.size(); id < world.transactions.size(); ++id) {
          const Transaction& one = world.transactions[id];
          if (one.arrival != now || one.parent != kNone) break;
          EXPECT_TRUE(may_be_drawn(world, one)) << "payment " << id;
          SlowPayment payment;
          payment.from = one.sender;
          payment.to = one.receiver;
          payment.amount = payment.open = one.amount;
          payment.deadline = one.deadline;
          payment.priority = payment.first_priority = one.original_priority;
          payment.divisible = one.divisible != 0;
          indivisible += one.divisible == 0;
          drawn.push_back(payment);
        }
        return drawn;
      });
      compare(world, model);
      if (::testing::Test::HasFailure()) return;
    }
    offset += model.offset;
    cycles += model.cycles_settled;
    rejected += model.cycles_rejected + model.bilateral_rejected;
    children += world.totals.children;
  }
  EXPECT_GT(offset, 500u);
  EXPECT_GT(cycles, 40u);
  EXPECT_GT(rejected, 500u);
  EXPECT_GT(children, 1'000u);
  EXPECT_GT(indivisible, 500u);
}

}  // namespace
}  // namespace busbar::payments
