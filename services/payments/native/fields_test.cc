// Method: what each field of a decision tree is worth, in scenes by hand; every field there is is asked for in at least one of them.
#include "payments/fields.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/decision.h"

namespace busbar::payments {
namespace {

using testing::Decision;

using Expected = std::vector<std::pair<const char*, double>>;

/// Names that the scenes of this file ask for.
std::set<std::string>& asked() {
  static std::set<std::string> names;
  return names;
}

void expect(Decision& decision, const Expected& expected) {
  for (const auto& [name, value] : expected) {
    asked().insert(name);
    EXPECT_DOUBLE_EQ(decision.number(name), value) << name;
  }
}

void of_a_bank_that_uses_credit_near_the_end_of_a_day() {
  Decision decision(R"({"type":"Fifo"})", -150);
  World& world = decision.world();
  world.tick = 85;
  world.agents[0].collateral = 100;
  world.agents[0].capacity = 400;
  world.refresh_credit(world.agents[0]);
  for (const auto& [sender, receiver, amount] : {std::tuple{0u, 1u, 70}, {0u, 2u, 5}, {1u, 0u, 40}, {0u, 1u, 30}}) {
    Transaction payment;
    payment.sender = sender;
    payment.receiver = receiver;
    payment.amount = payment.remaining = amount;
    payment.deadline = 90 + static_cast<uint32_t>(amount);
    world.transactions.push_back(payment);
    world.enter_queue2(static_cast<uint32_t>(world.transactions.size() - 1));
  }
  expect(decision, {
      {"amount", 1000}, {"remaining_amount", 1000}, {"settled_amount", 0}, {"deadline_tick", 20}, {"priority", 5},
      {"is_past_deadline", 1}, {"is_overdue", 0}, {"is_in_queue2", 0}, {"ticks_to_deadline", -65}, {"queue_age", 85},
      {"tx_counterparty_id", 1}, {"my_q2_out_value_to_counterparty", 100}, {"my_q2_in_value_from_counterparty", 40},
      {"my_bilateral_net_q2", 60}, {"cost_delay_this_tx_one_tick", 0.1}, {"balance", -150}, {"credit_limit", 200},
      {"available_liquidity", 0}, {"credit_used", 150}, {"effective_liquidity", 148}, {"is_using_credit", 1},
      {"credit_headroom", 50}, {"is_overdraft_capped", 1}, {"headroom", -1000}, {"outgoing_queue_size", 1},
      {"incoming_expected_count", 1}, {"posted_collateral", 100}, {"max_collateral_capacity", 400},
      {"remaining_collateral_capacity", 300}, {"collateral_utilization", 0.25}, {"collateral_haircut", 0.02},
      {"unsecured_cap", 200}, {"allowed_overdraft_limit", 298}, {"overdraft_headroom", 148},
      {"overdraft_utilization", 150.0 / 298}, {"required_collateral_for_usage", 0}, {"excess_collateral", 100},
      {"queue1_total_value", 1000}, {"queue1_liquidity_gap", 1000}, {"queue2_size", 4}, {"queue2_count_for_agent", 3},
      {"queue2_nearest_deadline", 95}, {"ticks_to_nearest_queue2_deadline", 10}, {"rtgs_queue_size", 4},
      {"rtgs_queue_value", 145}, {"current_tick", 85}, {"total_agents", 3}, {"system_ticks_per_day", 100},
      {"system_current_day", 0}, {"system_tick_in_day", 85}, {"ticks_remaining_in_day", 14}, {"day_progress_fraction", 0.85},
      {"is_eod_rush", 1}, {"my_throughput_fraction_today", 0}, {"expected_throughput_fraction_by_now", 0.85},
      {"throughput_gap", -0.85}, {"cost_overdraft_bps_per_tick", 0.001}, {"cost_delay_per_tick_per_cent", 0.0001},
      {"cost_collateral_bps_per_tick", 0.0002}, {"cost_split_friction", 1000}, {"cost_deadline_penalty", 50000},
      {"cost_eod_penalty", 10000}, {"lsm_run_rate_last_10_ticks", 0}
  });
}

/// A child of a split, overdue, on the second day of a bank that has sent something.
void of_an_overdue_child_on_a_later_day() {
  Decision decision(R"({"type":"Fifo"})", 700);
  World& world = decision.world();
  world.tick = 130;
  Transaction& payment = decision.payment();
  payment.parent = 0;  // of whomever: it has one
  payment.arrival = 90;
  payment.deadline = 120;
  payment.overdue_since = 121;
  payment.remaining = 400;
  world.agents[0].queue1_value = 400;
  world.agents[0].outflow_today = 300;
  Transaction queued;
  queued.sender = 0;
  queued.receiver = 2;
  queued.amount = queued.remaining = 100;
  queued.deadline = 199;
  world.transactions.push_back(queued);
  world.enter_queue2(1);
  for (uint32_t tick = 0; tick < 10; ++tick) world.lsm_recent[tick] = tick;
  expect(decision, {
      {"amount", 1000}, {"remaining_amount", 400}, {"settled_amount", 600}, {"arrival_tick", 90}, {"is_split", 1},
      {"is_overdue", 1}, {"is_past_deadline", 1}, {"overdue_duration", 9}, {"queue_age", 40}, {"ticks_to_deadline", -10},
      {"cost_overdraft_this_amount_one_tick", 400 * 0.001 / 10'000}, {"cost_delay_this_tx_one_tick", 400 * 0.0001},
      {"available_liquidity", 700}, {"effective_liquidity", 900}, {"is_using_credit", 0}, {"headroom", 300},
      {"liquidity_pressure", 400.0 / 1'300}, {"queue1_liquidity_gap", 0}, {"system_current_day", 1},
      {"system_tick_in_day", 30}, {"ticks_remaining_in_day", 69}, {"is_eod_rush", 0},
      {"system_queue2_pressure_index", 100.0 / (100 + 3 * 900)}, {"lsm_run_rate_last_10_ticks", 4.5},
      {"system_throughput_guidance_fraction_by_tick", 0.3}, {"my_throughput_fraction_today", 300.0 / 800},
      {"throughput_gap", 300.0 / 800 - 0.3}
  });
  decision.payment().overdue_since = kNone;
  decision.payment().parent = kNone;
  expect(decision, {{"is_overdue", 0}, {"overdue_duration", 0}, {"is_split", 0}});
}

void the_buffer_is_that_of_the_policy() {
  Decision decision(testing::tree(testing::asks(R"({"field":"liquidity_buffer"})", "<", "1")));
  expect(decision, {{"liquidity_buffer", 0}});
  World aware = testing::banks(2, 0, "null", R"({"type":"LiquidityAware","target_buffer":1500,"urgency_threshold":3})").world();
  EXPECT_EQ(aware.agents[0].policy->liquidity_buffer, 1500);
}

void with_nothing_due_everything_is_sent() {
  Decision decision(R"({"type":"Fifo"})");
  decision.world().agents[0].queue1_value = 0;
  expect(decision, {{"my_throughput_fraction_today", 1}, {"throughput_gap", 1}, {"liquidity_pressure", 0}});
}

void the_rush_begins_with_its_share_of_the_day() {
  Decision decision(R"({"type":"Fifo"})");
  decision.at(79);
  expect(decision, {{"is_eod_rush", 0}});
  decision.at(80);
  expect(decision, {{"is_eod_rush", 1}});
}

void top_counterparties_are_the_five_that_got_most() {
  const std::string policy = testing::tree(testing::asks(R"({"field":"tx_is_top_counterparty"})", "<", "1"));
  World world = testing::banks(8, 0, "null", policy).world();
  // What bank 0 has paid: 10 to bank 1, 20 to bank 2 ... 60 to bank 6, nothing to bank 7; bank 6 got as much as bank 5.
  for (uint32_t bank = 1; bank < 7; ++bank) {
    Transaction paid;
    paid.receiver = bank;
    paid.amount = bank == 6 ? 50 : int64_t{10} * bank;
    paid.status = Status::settled;
    world.transactions.push_back(paid);
  }
  world.set_policy(0, world.agents[0].policy);
  asked().insert("tx_is_top_counterparty");
  for (uint32_t bank = 1; bank < 8; ++bank) {
    Transaction open;
    open.receiver = bank;
    open.amount = open.remaining = 1;
    world.transactions.push_back(open);
    Evaluation evaluation{world, 0, static_cast<uint32_t>(world.transactions.size() - 1)};
    const Policy& rules = *world.agents[0].policy;
    EXPECT_EQ(evaluation.parameter(rules.operands[rules.conditions[0].first], -1), bank >= 2 && bank < 7 ? 1 : 0) << bank;
  }
}

TEST(Fields, OfABankThatUsesCreditNearTheEndOfADay) { of_a_bank_that_uses_credit_near_the_end_of_a_day(); }
TEST(Fields, OfAnOverdueChildOnALaterDay) { of_an_overdue_child_on_a_later_day(); }
TEST(Fields, TheBufferIsThatOfThePolicy) { the_buffer_is_that_of_the_policy(); }
TEST(Fields, WithNothingDueEverythingIsSent) { with_nothing_due_everything_is_sent(); }
TEST(Fields, TheRushBeginsWithItsShareOfTheDay) { the_rush_begins_with_its_share_of_the_day(); }
TEST(Fields, TopCounterpartiesAreTheFiveThatGotMost) { top_counterparties_are_the_five_that_got_most(); }

TEST(Fields, AreAllAskedFor) {
  asked().clear();
  of_a_bank_that_uses_credit_near_the_end_of_a_day();
  of_an_overdue_child_on_a_later_day();
  the_buffer_is_that_of_the_policy();
  with_nothing_due_everything_is_sent();
  the_rush_begins_with_its_share_of_the_day();
  top_counterparties_are_the_five_that_got_most();
  for (uint16_t field = 0; field < kFields; ++field) {
    EXPECT_TRUE(asked().contains(std::string(field_name(field)))) << field_name(field);
  }
}

}  // namespace
}  // namespace busbar::payments
