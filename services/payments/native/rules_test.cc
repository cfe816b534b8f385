// Single rules of a tick, each in a scene small enough to follow by hand.
#include <gtest/gtest.h>

#include "payments/desk.h"
#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

std::string arrival_at(uint32_t tick, uint32_t from, uint32_t to, int64_t amount, uint32_t deadline,
                       uint32_t priority = 5) {
  return R"({"type":"CustomTransactionArrival","from_agent":")" + testing::bank_name(from) + R"(","to_agent":")" +
         testing::bank_name(to) + "\",\"amount\":" + std::to_string(amount) +
         ",\"priority\":" + std::to_string(priority) + ",\"deadline\":" + std::to_string(deadline) +
         R"(,"is_divisible":true,"schedule":{"type":"OneTime","tick":)" + std::to_string(tick) + "}}";
}

void run(World& world, uint32_t ticks) {
  for (uint32_t i = 0; i < ticks; ++i) run_tick(world);
}

std::vector<const Event*> events_of(const World& world, EventKind kind) {
  std::vector<const Event*> list;
  for (const Event& event : world.events) {
    if (event.kind == kind) list.push_back(&event);
  }
  return list;
}

TEST(Liquidity, IsBalancePlusWhatIsLeftOfCredit) {
  testing::Scene scene = testing::banks(1, 0, "null");
  scene.agents[0].cap = 300;
  scene.agents[0].collateral = 1'001;
  scene.agents[0].haircut_ppm = 20'000;
  World world = scene.world();
  Agent& agent = world.agents[0];
  EXPECT_EQ(agent.credit, 300 + 980);  // floor(1001 * 0.98) = 980.98
  for (const auto& [balance, available] :
       {std::pair<int64_t, int64_t>{50, 1'330}, {0, 1'280}, {-1'000, 280}, {-1'280, 0}}) {
    agent.balance = balance;
    EXPECT_EQ(agent.available(), available);
    EXPECT_EQ(agent.available(),
              std::max<int64_t>(balance, 0) + std::max<int64_t>(agent.credit - agent.credit_used(), 0));
  }
  agent.balance = -700;
  EXPECT_EQ(world.required_collateral(agent), 409);  // 400 / 0.98 = 408.2
  agent.haircut_ppm = 1'000'000;
  EXPECT_EQ(world.required_collateral(agent), agent.collateral);
}

TEST(Limits, HoldOverADayAndInsideOfAGroup) {
  testing::Scene scene = testing::banks(3, 1'000, "null");
  scene.ticks_per_day = 3;
  scene.days = 2;
  scene.agents[0].limits = R"({"bilateral_limits":{"BANK_0001":100},"multilateral_limit":150})";
  scene.scenario = {arrival_at(0, 0, 1, 60, 6), arrival_at(1, 0, 1, 50, 6), arrival_at(1, 0, 2, 80, 6),
                    arrival_at(2, 0, 2, 20, 6)};
  World world = scene.world();
  run(world, 3);
  // 60 settles; 50 more to bank 1 is beyond 100; 80 to bank 2 makes 140; 20 more is beyond 150.
  EXPECT_EQ(world.totals.settled, 2u);
  EXPECT_EQ(world.agents[0].outflow_today, 140);
  EXPECT_EQ(world.queue2.size(), 2u);
  ASSERT_EQ(events_of(world, EventKind::bilateral_limit_exceeded).size(), 1u);
  EXPECT_EQ(events_of(world, EventKind::bilateral_limit_exceeded)[0]->amount, 110);
  EXPECT_EQ(events_of(world, EventKind::bilateral_limit_exceeded)[0]->before, 100);
  ASSERT_EQ(events_of(world, EventKind::multilateral_limit_exceeded).size(), 1u);
  EXPECT_EQ(events_of(world, EventKind::multilateral_limit_exceeded)[0]->amount, 160);
  run(world, 1);  // a new day
  EXPECT_EQ(world.totals.settled, 4u);
}

TEST(Queue2, IsFirstInFirstOutAndSkipsWhatCannotSettle) {
  testing::Scene scene = testing::banks(2, 0, "null");
  scene.bilateral = scene.cycles = false;
  scene.scenario = {
      arrival_at(0, 0, 1, 500, 50, 2), arrival_at(0, 0, 1, 80, 50, 2), arrival_at(0, 0, 1, 70, 50, 9),
      R"({"type":"DirectTransfer","from_agent":"BANK_0001","to_agent":"BANK_0000","amount":100,"schedule":{"type":"OneTime","tick":2}})"};
  scene.agents[1].balance = 100;
  World world = scene.world();
  run(world, 3);
  EXPECT_EQ(world.transactions[1].status, Status::settled);
  EXPECT_EQ(world.queue2, (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(events_of(world, EventKind::queue2_liquidity_release)[0]->x, 2u);
  scene.priority_mode = true;
  World urgent = scene.world();
  run(urgent, 3);
  EXPECT_EQ(urgent.queue2, (std::vector<uint32_t>{0, 1}));  // the urgent class goes first
}

TEST(Credits, RecycleWithinATickUnlessTheyAreDeferred) {
  testing::Scene scene = testing::banks(3, 0, "null");
  scene.agents[0].balance = 100;
  scene.scenario = {arrival_at(0, 0, 1, 100, 9), arrival_at(0, 1, 2, 100, 9)};
  World world = scene.world();
  run(world, 1);
  EXPECT_EQ(world.totals.settled, 2u);
  scene.deferred = true;
  World slow = scene.world();
  run(slow, 1);
  EXPECT_EQ(slow.totals.settled, 1u);
  EXPECT_EQ(slow.agents[1].balance, 100);  // booked at the end of the tick
  ASSERT_EQ(events_of(slow, EventKind::deferred_credit_applied).size(), 1u);
  run(slow, 1);
  EXPECT_EQ(slow.totals.settled, 2u);
}

TEST(Escalation, RaisesPriorityAsTheDeadlineComes) {
  testing::Scene scene = testing::banks(2, 0, "null", R"({"type":"Deadline","urgency_threshold":0})");
  scene.escalation = true;
  scene.scenario = {arrival_at(0, 0, 1, 10, 30, 4), arrival_at(0, 0, 1, 10, 30, 9)};
  World world = scene.world();
  // round(3 * (1 - left / 20)), half up: 1 from left 16 on (0.6), 2 from 10 (1.5), 3 from 3 (2.55).
  for (uint32_t tick = 0; tick < 29; ++tick) {
    run(world, 1);
    const uint32_t left = 30 - tick;
    const int boost = left <= 3 ? 3 : left <= 10 ? 2 : left <= 16 ? 1 : 0;
    EXPECT_EQ(world.transactions[0].priority, 4 + boost) << left;
    EXPECT_EQ(world.transactions[1].priority, std::min(10, 9 + boost));
  }
  EXPECT_EQ(events_of(world, EventKind::priority_escalated).size(), 4u);
}

TEST(Overdue, IsMarkedOnceAndStaysSettleable) {
  testing::Scene scene = testing::banks(2, 0, "null");
  scene.agents[1].balance = 100;
  scene.scenario = {
      arrival_at(0, 0, 1, 50, 2),
      R"({"type":"DirectTransfer","from_agent":"BANK_0001","to_agent":"BANK_0000","amount":60,"schedule":{"type":"OneTime","tick":6}})"};
  World world = scene.world();
  run(world, 3);
  EXPECT_EQ(world.totals.overdue, 0u);
  run(world, 3);
  EXPECT_EQ(world.totals.overdue, 1u);
  ASSERT_EQ(events_of(world, EventKind::transaction_went_overdue).size(), 1u);
  EXPECT_EQ(events_of(world, EventKind::transaction_went_overdue)[0]->tick, 3u);
  run(world, 1);
  EXPECT_EQ(world.totals.overdue, 0u);
  ASSERT_EQ(events_of(world, EventKind::overdue_transaction_settled).size(), 1u);
  EXPECT_EQ(events_of(world, EventKind::overdue_transaction_settled)[0]->y, 4u);
  EXPECT_EQ(world.agents[0].total[CostKind::deadline_penalty], 50'000);
}

TEST(Pools, AreAllocatedEachDayAndReturnWhatIsLeft) {
  testing::Scene scene = testing::banks(2, 0, "null");
  scene.ticks_per_day = 2;
  scene.days = 3;
  scene.agents[0].pool = 101;
  scene.agents[0].allocation_ppm = 500'000;
  scene.scenario = {arrival_at(0, 0, 1, 30, 2)};
  World world = scene.world();
  run(world, 2);
  EXPECT_EQ(world.agents[0].balance, 20);  // floor(101 / 2) - 30
  EXPECT_EQ(world.agents[0].pool_free, 51);
  run(world, 1);
  EXPECT_EQ(world.agents[0].balance, 50);  // 20 went back, 50 of 71 came
  EXPECT_EQ(world.agents[0].pool_free, 21);
  EXPECT_EQ(events_of(world, EventKind::liquidity_return).size(), 1u);
  EXPECT_EQ(events_of(world, EventKind::liquidity_allocation).size(), 2u);
  scene.reallocation = false;
  World once = scene.world();
  run(once, 6);
  EXPECT_EQ(events_of(once, EventKind::liquidity_allocation).size(), 1u);
}

TEST(Scenario, ChangesRatesWithoutCompounding) {
  testing::Scene scene = testing::banks(2, 1'000'000, testing::arrivals(4, 10, 20));
  const auto rate = [](uint32_t tick, const char* multiplier) {
    return std::string(R"({"type":"GlobalArrivalRateChange","multiplier":)") + multiplier +
           R"(,"schedule":{"type":"OneTime","tick":)" + std::to_string(tick) + "}}";
  };
  scene.scenario = {
      rate(10, "0"), rate(20, "0.5"), rate(30, "0.5"),
      R"({"type":"AgentArrivalRateChange","agent":"BANK_0001","multiplier":0,"schedule":{"type":"OneTime","tick":60}})"};
  World world = scene.world();
  run(world, 100);
  const auto arrivals = [&](uint32_t from, uint32_t to) {
    uint32_t sum = 0;
    for (uint32_t tick = from; tick < to; ++tick) sum += world.rows[tick].arrivals;
    return sum;
  };
  EXPECT_EQ(arrivals(10, 20), 0u);
  EXPECT_NEAR(arrivals(0, 10), 80, 4 * 9);
  EXPECT_NEAR(arrivals(30, 60), 120, 4 * 11);  // half of the base rate, not a quarter
  EXPECT_NEAR(arrivals(60, 100), 80, 4 * 9);
  for (const Transaction& payment : world.transactions) EXPECT_TRUE(payment.arrival < 60 || payment.sender == 0);
}

TEST(Scenario, BalancesTheOtherWeights) {
  testing::Scene scene = testing::banks(4, 1'000, testing::arrivals(1, 10, 20));
  const auto weight = [](const char* value, const char* balance) {
    return std::string(
               R"({"type":"CounterpartyWeightChange","agent":"BANK_0000","counterparty":"BANK_0002","new_weight":)") +
           value + ",\"auto_balance_others\":" + balance + R"(,"schedule":{"type":"OneTime","tick":0}})";
  };
  scene.scenario = {weight("2", "true")};
  World balanced = scene.world();
  run(balanced, 1);
  const Generator& generator = balanced.agents[0].generators[0];
  EXPECT_DOUBLE_EQ(generator.total, 3);
  EXPECT_DOUBLE_EQ(generator.other_weight, 0.5);
  scene.scenario = {weight("2", "false")};
  World plain = scene.world();
  run(plain, 1);
  EXPECT_DOUBLE_EQ(plain.agents[0].generators[0].total, 4);
  scene.scenario = {weight("0", "false")};
  scene.agents.resize(3);
  scene.agents[0].arrivals.replace(scene.agents[0].arrivals.find("{}"), 2, R"({"BANK_0001":0})");
  World refused = scene.world();
  run(refused, 1);
  EXPECT_EQ(events_of(refused, EventKind::scenario_event_executed)[0]->x, static_cast<uint32_t>(kNoCounterparty));
  EXPECT_DOUBLE_EQ(refused.agents[0].generators[0].total, 1);
}

TEST(Scenario, StretchesDeadlines) {
  testing::Scene scene = testing::banks(2, 1'000'000, testing::arrivals(3, 10, 20, 10, 10));
  scene.scenario = {
      R"({"type":"DeadlineWindowChange","min_ticks_multiplier":0.5,"max_ticks_multiplier":null,"schedule":{"type":"OneTime","tick":5}})",
      R"({"type":"DeadlineWindowChange","min_ticks_multiplier":null,"max_ticks_multiplier":0.1,"schedule":{"type":"OneTime","tick":40}})"};
  World world = scene.world();
  run(world, 80);
  uint32_t least = 100;
  for (const Transaction& payment : world.transactions) {
    const uint32_t ticks = payment.deadline - payment.arrival;
    if (payment.arrival < 5) {
      EXPECT_EQ(ticks, 10u);
    }
    if (payment.arrival >= 5 && payment.arrival < 40) least = std::min(least, ticks);
    if (payment.arrival >= 40) {
      EXPECT_EQ(ticks, 5u);  // the upper end is never below the lower
    }
  }
  EXPECT_EQ(least, 5u);
}

TEST(Scenario, SettlesAtOnceOrDropsAndSaysWhichEventItWas) {
  testing::Scene scene = testing::banks(2, 100, "null");
  const auto settlement = [](uint32_t tick, int64_t amount) {
    return R"({"type":"ScheduledSettlement","from_agent":"BANK_0000","to_agent":"BANK_0001","amount":)" + std::to_string(amount) +
           R"(,"schedule":{"type":"OneTime","tick":)" + std::to_string(tick) + "}}";
  };
  scene.scenario = {settlement(1, 60), settlement(1, 50)};
  World world = scene.world();
  run(world, 2);
  EXPECT_EQ(world.transactions[0].status, Status::settled);
  EXPECT_EQ(world.transactions[1].status, Status::dropped);
  EXPECT_EQ(world.transactions[0].divisible, 0);
  EXPECT_EQ(world.agents[1].balance, 160);
  const auto told = events_of(world, EventKind::scenario_event_executed);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0]->y, 0u);
  EXPECT_EQ(told[1]->y, 1u);
  EXPECT_EQ(told[0]->x, static_cast<uint32_t>(kDone));
  EXPECT_EQ(told[1]->x, static_cast<uint32_t>(kNotFundable));
  EXPECT_EQ(told[1]->tx, 1u);
}

TEST(Feasibility, IsOfTheLargestQueuedPayment) {
  testing::Scene scene = testing::banks(3, 50, "null");
  scene.scenario = {arrival_at(0, 0, 1, 200, 50), arrival_at(0, 1, 2, 400, 50), arrival_at(0, 2, 0, 100, 50)};
  World world = scene.world();
  run(world, 1);
  EXPECT_DOUBLE_EQ(world.rows[0].feasibility, 50.0 / 400);
}

TEST(OffsetRate, CountsWhatWasReleasedInTheLastTenTicks) {
  testing::Scene scene = testing::banks(2, 0, "null");
  scene.scenario = {arrival_at(2, 0, 1, 100, 50), arrival_at(2, 1, 0, 100, 50)};
  World world = scene.world();
  const auto recent = [&] {
    uint32_t sum = 0;
    for (const uint32_t released : world.lsm_recent) sum += released;
    return sum;
  };
  run(world, 3);
  EXPECT_EQ(recent(), 2u);
  run(world, 9);
  EXPECT_EQ(recent(), 2u);
  run(world, 1);
  EXPECT_EQ(recent(), 0u);
}

TEST(Desk, PutsPaymentsWhereCallersWant) {
  World world = testing::banks(2, 0, "null").world();
  uint32_t id = 9;
  ASSERT_FALSE(submit(world, {0, 1, 10, 5, 3, true}, id));
  EXPECT_EQ(id, 0u);
  EXPECT_EQ(world.agents[0].queue1_value, 10);
  ASSERT_FALSE(resubmit(world, 0, 1));  // from Queue 1
  EXPECT_EQ(world.queue2.size(), 1u);
  EXPECT_EQ(world.agents[0].queue1_value, 0);
  EXPECT_EQ(resubmit(world, 0, 3).code, Code::out_of_range);
  ASSERT_FALSE(withdraw(world, 0));
  EXPECT_EQ(withdraw(world, 0).code, Code::conflict);
  EXPECT_EQ(world.agents[0].queue1_value, 10);
  run(world, 1);
  EXPECT_EQ(world.row.arrivals, 1u);
  EXPECT_EQ(world.queue2.size(), 1u);
}

}  // namespace
}  // namespace busbar::payments
