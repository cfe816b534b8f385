// Policies: what is refused when a tree is loaded, what the five named ones decide, what each action does.
#include "payments/policy.h"

#include <gtest/gtest.h>

#include "payments/evaluate.h"
#include "payments/fault.h"
#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

std::string tree(const std::string& payment, const std::string& more = "") {
  return R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"p","parameters":{"limit":100})" + more +
         (payment.empty() ? "" : ",\"payment_tree\":" + payment) + "}}";
}

std::string action(const std::string& name, const std::string& parameters = "{}") {
  return R"({"type":"action","node_id":"a","action":")" + name + "\",\"parameters\":" + parameters + "}";
}

/// A tree that asks `left op right` and releases or holds.
std::string asks(const std::string& left, const std::string& op, const std::string& right) {
  return R"({"type":"condition","node_id":"c","condition":{"op":")" + op + "\",\"left\":" + left +
         ",\"right\":" + right +
         R"(},"on_true":{"type":"action","node_id":"y","action":"Release"},"on_false":{"type":"action","node_id":"n","action":"Hold"}})";
}

Refusal refusal_of(const std::string& policy) {
  try {
    read_policy(read_json(policy), "policy", {});
  } catch (const Refusal& refusal) {
    return refusal;
  }
  return Refusal(Code::none, "", "it was accepted");
}

TEST(Trees, AreCheckedWhenLoaded) {
  const auto refused = [](const std::string& policy, Code code, const char* part) {
    const Refusal refusal = refusal_of(policy);
    EXPECT_EQ(static_cast<int>(refusal.code), static_cast<int>(code)) << refusal.text;
    EXPECT_NE(refusal.text.find(part), std::string::npos) << refusal.text;
  };
  const std::string one = R"({"value":1})";
  refused(tree(asks(R"({"field":"balanse"})", "<", one)), Code::unknown_name, "did you mean 'balance'");
  refused(tree(asks(R"({"param":"limits"})", "<", one)), Code::unknown_name, "did you mean 'limit'");
  refused(tree(asks(R"({"compute":{"op":"%","left":1,"right":2}})", "<", one)), Code::unknown_name, "computation '%'");
  refused(tree(asks(one, "=", one)), Code::unknown_name, "condition '='");
  refused(tree(action("Relase")), Code::unknown_name, "did you mean 'Release'");
  refused(tree(action("NoAction")), Code::bad_policy, "belongs to bank trees");
  refused(tree("", ",\"bank_tree\":" + action("Split", R"({"num_splits":2})")), Code::bad_policy,
          "belongs to payment trees");
  refused(tree("", ",\"strategic_collateral_tree\":" + action("Hold")), Code::bad_policy, "belongs to payment trees");
  refused(tree(action("Split")), Code::missing_key, "num_splits: is missing");
  refused(tree(action("Split", R"({"num_split":2})")), Code::unknown_key, "did you mean 'num_splits'");
  refused(tree(action("ResubmitToRtgs", R"({"rtgs_priority":{"value":"Urgnt"}})")), Code::unknown_name,
          "did you mean 'Urgent'");
  refused(tree("", ",\"bank_tree\":" + action("SetState", R"({"key":{"value":"mood"},"value":1})")), Code::bad_policy,
          "bank_state_");
  refused(tree(R"({"type":"condition","node_id":"a","condition":{"op":"<","left":1,"right":2},"on_true":)" +
               action("Hold") + ",\"on_false\":" + action("Hold") + "}"),
          Code::duplicate, "'a' is there twice");
  refused(tree("", ",\"bank_tree\":" + asks(R"({"field":"amount"})", "<", one)), Code::bad_policy,
          "only the payment_tree");
  refused(tree(asks(R"({"compute":{"op":"max","values":[]}})", "<", one)), Code::out_of_range, "is empty");
  refused(tree(asks(R"({"field":"balance","value":1})", "<", one)), Code::bad_policy,
          "one of field, param, value, compute");
  refused(R"({"type":"Inline","decision_trees":{"version":"2.0","policy_id":"p"}})", Code::unsupported_version, "1.0");
  refused(R"({"type":"Fifo","urgency_threshold":1})", Code::unknown_key, "urgency_threshold");
  std::string deep = action("Hold", "{}");
  for (int i = 0; i < 101; ++i) {
    const std::string id = std::to_string(i);
    deep = R"({"type":"condition","node_id":"c)" + id + R"(","condition":{"op":"<","left":1,"right":2},"on_true":)" +
           deep + R"(,"on_false":{"type":"action","node_id":"h)" + id + R"(","action":"Hold"}})";
  }
  refused(tree(deep), Code::limit_exceeded, "deeper than 100");
  std::string registers;
  for (int i = 0; i < 11; ++i)
    registers += (i == 0 ? "" : ",") + std::string(R"({"field":"bank_state_)") + std::to_string(i) + "\"}";
  refused(tree(asks("{\"compute\":{\"op\":\"max\",\"values\":[" + registers + "]}}", "<", one)), Code::limit_exceeded,
          "11 registers");
}

/// One payment of 1000 with deadline 20 in Queue 1 of a bank; what does the tree say?
class Decision {
 public:
  explicit Decision(const std::string& policy, int64_t balance = 500) {
    testing::Scene scene = testing::banks(3, balance, "null", policy);
    for (testing::SceneAgent& agent : scene.agents) agent.cap = 200;
    world_ = std::make_unique<World>(read_config(scene.json()), Options{});
    Transaction payment;
    payment.receiver = 1;
    payment.amount = payment.remaining = 1'000;
    payment.deadline = 20;
    payment.priority = payment.original_priority = 5;
    world_->arrive(payment);
  }
  Decision& at(uint32_t tick) {
    world_->tick = tick;
    return *this;
  }
  Transaction& payment() { return world_->transactions[0]; }
  World& world() { return *world_; }
  double number(const char* field) {
    world_->set_policy(
        0, read_policy(read_json(tree(asks(std::string("{\"field\":\"") + field + "\"}", "<", "1"))), "policy", {}));
    Evaluation evaluation{*world_, 0, 0};
    return evaluation.parameter(world_->agents[0].policy->operands[world_->agents[0].policy->conditions[0].first], -1);
  }
  /// Name of the last event of the release step.
  EventKind decide() {
    step_release(*world_);
    return world_->events.back().kind;
  }

 private:
  std::unique_ptr<World> world_;
};

TEST(Named, DecideAsTheirRulesSay) {
  const auto submit = EventKind::policy_submit, hold = EventKind::policy_hold, drop = EventKind::policy_drop;
  EXPECT_EQ(Decision(R"({"type":"Fifo"})").at(50).decide(), submit);
  const std::string deadline = R"({"type":"Deadline","urgency_threshold":5})";
  EXPECT_EQ(Decision(deadline).at(14).decide(), hold);
  EXPECT_EQ(Decision(deadline).at(15).decide(), submit);
  EXPECT_EQ(Decision(deadline).at(19).decide(), submit);
  EXPECT_EQ(Decision(deadline).at(20).decide(), drop);
  const auto aware = [](int buffer) {
    return R"({"type":"LiquidityAware","target_buffer":)" + std::to_string(buffer) + ",\"urgency_threshold\":5}";
  };
  EXPECT_EQ(Decision(aware(100), 1'099).decide(), hold);
  EXPECT_EQ(Decision(aware(100), 1'100).decide(), submit);
  EXPECT_EQ(Decision(aware(0), 799).decide(), hold);  // 799 + 200 of credit
  EXPECT_EQ(Decision(aware(0), 800).decide(), submit);
  EXPECT_EQ(Decision(aware(100), 799).at(15).decide(), hold);
  EXPECT_EQ(Decision(aware(100), 800).at(15).decide(), submit);
  EXPECT_EQ(Decision(aware(100), 800).at(20).decide(), drop);
  const std::string splitting = R"({"type":"LiquiditySplitting","max_splits":4,"min_split_amount":100})";
  EXPECT_EQ(Decision(splitting, 800).decide(), submit);
  Decision two(splitting, 500);
  two.decide();
  EXPECT_EQ(two.payment().children, 2);
  Decision four(splitting, 500);
  four.at(15).decide();
  EXPECT_EQ(four.payment().children, 4);
  EXPECT_EQ(Decision(splitting, 0).decide(), hold);
  EXPECT_EQ(Decision(splitting, 500).at(20).decide(), drop);
  Decision three(R"({"type":"MockSplitting","num_splits":3})", 5'000);
  three.decide();
  ASSERT_EQ(three.payment().children, 3);
  std::vector<int64_t> parts;
  for (uint32_t i = 1; i <= 3; ++i) parts.push_back(three.world().transactions[i].amount);
  EXPECT_EQ(parts, (std::vector<int64_t>{334, 333, 333}));
  EXPECT_EQ(three.world().agents[0].tick_costs[CostKind::split_friction], 2'000);
}

TEST(Actions, SplitsRespectDivisibilityAndTheLeastAmount) {
  Decision indivisible(R"({"type":"MockSplitting","num_splits":3})");
  indivisible.payment().divisible = 0;
  EXPECT_EQ(indivisible.decide(), EventKind::policy_hold);
  EXPECT_EQ(indivisible.world().events.back().name, static_cast<uint32_t>(kNotDivisible));
  Decision fewer(tree(action("Split", R"({"num_splits":10,"min_split_amount":300})")));
  fewer.decide();
  EXPECT_EQ(fewer.payment().children, 3);
  Decision none(tree(action("Split", R"({"num_splits":10,"min_split_amount":501})")));
  EXPECT_EQ(none.decide(), EventKind::policy_hold);
}

TEST(Actions, StaggeredChildrenComeLater) {
  Decision decision(tree(action(
      "StaggerSplit", R"({"num_splits":5,"stagger_first_now":2,"stagger_gap_ticks":3,"priority_boost_children":2})")));
  World& world = decision.world();
  world.tick = 4;
  decision.decide();
  EXPECT_EQ(world.submissions, (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(world.agents[0].queue1, (std::vector<uint32_t>{3, 4, 5}));
  EXPECT_EQ(world.transactions[3].release_tick, 7u);
  EXPECT_EQ(world.transactions[5].release_tick, 13u);
  EXPECT_EQ(world.transactions[5].priority, 7);
  EXPECT_EQ(world.agents[0].queue1_value, 600);
  world.tick = 6;
  step_release(world);
  EXPECT_TRUE(world.submissions.empty());
  world.tick = 7;
  step_release(world);
  EXPECT_EQ(world.submissions, (std::vector<uint32_t>{3}));
}

TEST(Actions, TimedReleasesAreHonoured) {
  Decision decision(tree(action(
      "Release",
      R"({"timed_for_tick":{"compute":{"op":"+","left":{"field":"current_tick"},"right":3}},"priority_flag":{"value":"HIGH"}})")));
  EXPECT_EQ(decision.decide(), EventKind::policy_hold);
  EXPECT_EQ(decision.payment().status, Status::scheduled);
  EXPECT_EQ(decision.payment().priority, 10);
  EXPECT_EQ(decision.at(2).decide(), EventKind::policy_hold);  // still the event of before
  EXPECT_EQ(decision.at(3).decide(), EventKind::policy_submit);
}

TEST(Actions, BudgetsBindReleases) {
  const auto budget = [](const char* parameters) {
    return tree(action("Release"), ",\"bank_tree\":" + action("SetReleaseBudget", parameters));
  };
  const auto outcome = [&](const char* parameters) {
    Decision decision(budget(parameters));
    step_banks(decision.world());
    decision.decide();
    const Event& last = decision.world().events.back();
    return last.kind == EventKind::policy_submit ? uint32_t{0} : last.name;
  };
  EXPECT_EQ(outcome(R"({"max_value_to_release":1000})"), 0u);
  EXPECT_EQ(outcome(R"({"max_value_to_release":999})"), static_cast<uint32_t>(kBudget));
  EXPECT_EQ(outcome(R"({"max_value_to_release":5000,"max_per_counterparty":999})"),
            static_cast<uint32_t>(kCounterpartyBudget));
  EXPECT_EQ(outcome(R"({"max_value_to_release":5000,"focus_counterparties":{"value":["BANK_0001"]}})"), 0u);
  EXPECT_EQ(outcome(R"({"max_value_to_release":5000,"focus_counterparties":{"value":["BANK_0002"]}})"),
            static_cast<uint32_t>(kNotInFocus));
}

TEST(Actions, CollateralIsPostedHeldAndTimed) {
  testing::Scene scene = testing::banks(
      2, 0, "null", R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"p","strategic_collateral_tree":
    {"type":"condition","node_id":"c","condition":{"op":"==","left":{"field":"current_tick"},"right":{"value":0}},
     "on_true":{"type":"action","node_id":"y","action":"PostCollateral","parameters":{"amount":{"value":700},"auto_withdraw_after_ticks":{"value":2}}},
     "on_false":{"type":"action","node_id":"n","action":"WithdrawCollateral","parameters":{"amount":{"value":100}}}}}})");
  scene.agents[0].capacity = 500;
  scene.agents[1].capacity = 500;
  World world = scene.world();
  std::vector<int64_t> posted;
  for (int tick = 0; tick < 7; ++tick) {
    run_tick(world);
    posted.push_back(world.agents[0].collateral);
  }
  // Capped at the capacity; nothing leaves before tick 5, then 100 by the tree and the rest by the timer.
  EXPECT_EQ(posted, (std::vector<int64_t>{500, 500, 500, 500, 500, 0, 0}));
  uint32_t blocked = 0, withdrawn = 0;
  for (const Event& event : world.events) {
    blocked += event.kind == EventKind::collateral_timer_blocked && event.agent == 0;
    withdrawn += event.kind == EventKind::collateral_timer_withdrawn && event.agent == 0;
  }
  EXPECT_EQ(blocked, 1u);
  EXPECT_EQ(withdrawn, 1u);
}

TEST(Fields, AreWorthWhatTheirNamesSay) {
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
  const std::pair<const char*, double> expected[] = {{"amount", 1000},
                                                     {"remaining_amount", 1000},
                                                     {"settled_amount", 0},
                                                     {"deadline_tick", 20},
                                                     {"priority", 5},
                                                     {"is_past_deadline", 1},
                                                     {"is_overdue", 0},
                                                     {"is_in_queue2", 0},
                                                     {"ticks_to_deadline", -65},
                                                     {"queue_age", 85},
                                                     {"tx_counterparty_id", 1},
                                                     {"my_q2_out_value_to_counterparty", 100},
                                                     {"my_q2_in_value_from_counterparty", 40},
                                                     {"my_bilateral_net_q2", 60},
                                                     {"cost_delay_this_tx_one_tick", 0.1},
                                                     {"balance", -150},
                                                     {"credit_limit", 200},
                                                     {"available_liquidity", 0},
                                                     {"credit_used", 150},
                                                     {"effective_liquidity", 148},
                                                     {"is_using_credit", 1},
                                                     {"credit_headroom", 50},
                                                     {"is_overdraft_capped", 1},
                                                     {"headroom", -1000},
                                                     {"outgoing_queue_size", 1},
                                                     {"incoming_expected_count", 1},
                                                     {"posted_collateral", 100},
                                                     {"max_collateral_capacity", 400},
                                                     {"remaining_collateral_capacity", 300},
                                                     {"collateral_utilization", 0.25},
                                                     {"collateral_haircut", 0.02},
                                                     {"unsecured_cap", 200},
                                                     {"allowed_overdraft_limit", 298},
                                                     {"overdraft_headroom", 148},
                                                     {"overdraft_utilization", 150.0 / 298},
                                                     {"required_collateral_for_usage", 0},
                                                     {"excess_collateral", 100},
                                                     {"queue1_total_value", 1000},
                                                     {"queue1_liquidity_gap", 1000},
                                                     {"queue2_size", 4},
                                                     {"queue2_count_for_agent", 3},
                                                     {"queue2_nearest_deadline", 95},
                                                     {"ticks_to_nearest_queue2_deadline", 10},
                                                     {"rtgs_queue_size", 4},
                                                     {"rtgs_queue_value", 145},
                                                     {"current_tick", 85},
                                                     {"total_agents", 3},
                                                     {"system_ticks_per_day", 100},
                                                     {"system_current_day", 0},
                                                     {"system_tick_in_day", 85},
                                                     {"ticks_remaining_in_day", 14},
                                                     {"day_progress_fraction", 0.85},
                                                     {"is_eod_rush", 1},
                                                     {"my_throughput_fraction_today", 0},
                                                     {"expected_throughput_fraction_by_now", 0.85},
                                                     {"throughput_gap", -0.85},
                                                     {"cost_overdraft_bps_per_tick", 0.001},
                                                     {"cost_delay_per_tick_per_cent", 0.0001},
                                                     {"cost_collateral_bps_per_tick", 0.0002},
                                                     {"cost_split_friction", 1000},
                                                     {"cost_deadline_penalty", 50000},
                                                     {"cost_eod_penalty", 10000},
                                                     {"lsm_run_rate_last_10_ticks", 0}};
  for (const auto& [name, value] : expected) EXPECT_DOUBLE_EQ(decision.number(name), value) << name;
}

TEST(Evaluation, FailsSafelyOnDivisionByZeroAndOverflow) {
  for (const char* bad : {R"({"compute":{"op":"/","left":1,"right":{"field":"settled_amount"}}})",
                          R"({"compute":{"op":"*","left":1e300,"right":1e300}})"}) {
    Decision decision(tree(asks(bad, "<", "1")));
    EXPECT_EQ(decision.decide(), EventKind::policy_hold) << bad;
    EXPECT_EQ(decision.world().events.back().name, static_cast<uint32_t>(kDivisionByZero));
  }
  const std::pair<const char*, const char*> equal[] = {
      {R"({"compute":{"op":"div0","numerator":5,"denominator":0,"default":7}})", "7"},
      {R"({"compute":{"op":"round","value":-2.5}})", "-3"},
      {R"({"compute":{"op":"clamp","value":12,"min":1,"max":10}})", "10"},
      {R"({"compute":{"op":"min","values":[3,{"param":"limit"},2]}})", "2"},
      {R"({"compute":{"op":"ceil","value":2.1}})", "3"},
      {R"({"compute":{"op":"abs","value":-4}})", "4"}};
  for (const auto& [left, right] : equal) {
    EXPECT_EQ(Decision(tree(asks(left, "==", right))).decide(), EventKind::policy_submit) << left;
    EXPECT_EQ(Decision(tree(asks(left, "!=", right))).decide(), EventKind::policy_hold) << left;
  }
}

}  // namespace
}  // namespace busbar::payments
