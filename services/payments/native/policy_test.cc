// Policies: what is refused when a tree is loaded, what the five named ones decide, what each action does.
#include "payments/policy.h"

#include <gtest/gtest.h>

#include "payments/evaluate.h"
#include "payments/fault.h"
#include "payments/steps.h"
#include "testing/decision.h"

namespace busbar::payments {
namespace {

using testing::action;
using testing::asks;
using testing::Decision;
using testing::tree;

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

TEST(Actions, BudgetsAreUsedUpByWhatIsReleased) {
  const auto holds = [](const char* parameters) {
    Decision decision(tree(action("Release"), ",\"bank_tree\":" + action("SetReleaseBudget", parameters)));
    World& world = decision.world();
    for (const uint32_t receiver : {1u, 2u}) {
      Transaction payment = decision.payment();
      payment.receiver = receiver;
      payment.amount = payment.remaining = 600;
      world.arrive(payment);
    }
    step_banks(world);
    step_release(world);
    return world.agents[0].queue1;
  };
  // 1000 to bank 1, then 600 to bank 1 and 600 to bank 2.
  EXPECT_EQ(holds(R"({"max_value_to_release":2200})"), (std::vector<uint32_t>{}));
  EXPECT_EQ(holds(R"({"max_value_to_release":2199})"), (std::vector<uint32_t>{2}));
  EXPECT_EQ(holds(R"({"max_value_to_release":1500})"), (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(holds(R"({"max_value_to_release":9000,"max_per_counterparty":1599})"), (std::vector<uint32_t>{1}));
}

TEST(Actions, ANewPriorityIsWhatEscalationBeginsFrom) {
  testing::Scene scene = testing::banks(2, 0, "null", tree(
      R"({"type":"condition","node_id":"c","condition":{"op":"==","left":{"field":"current_tick"},"right":0},"on_true":)" +
      action("Reprioritize", R"({"new_priority":7})") + R"(,"on_false":{"type":"action","node_id":"n","action":"Hold"}})"));
  scene.escalation = true;
  World world = scene.world();
  Transaction payment;
  payment.receiver = 1;
  payment.amount = payment.remaining = 10;
  payment.deadline = 30;
  payment.priority = payment.original_priority = 2;
  world.arrive(payment);
  std::vector<int> priorities;
  for (const uint32_t ticks : {1u, 10u, 10u, 8u}) {
    for (uint32_t i = 0; i < ticks; ++i) run_tick(world);
    priorities.push_back(world.transactions[0].priority);
  }
  // 3 x (1 - left / 20) with 30, 20, 10 and 2 ticks left: 0, 0, 1.5 and 2.7.
  EXPECT_EQ(priorities, (std::vector<int>{7, 7, 9, 10}));
}

TEST(Actions, RegistersAddUpOverADayAndBeginTheNextWithNothing) {
  const std::string bank = R"({"type":"action","node_id":"a","action":"AddState","parameters":{"key":{"value":"bank_state_x"},"value":{"value":1.5}}})";
  const std::string set = R"({"type":"action","node_id":"a","action":"SetState","parameters":{"key":{"value":"bank_state_x"},"value":{"field":"current_tick"}}})";
  const auto values = [](const std::string& tree_of_bank) {
    testing::Scene scene = testing::banks(2, 0, "null", tree("", ",\"bank_tree\":" + tree_of_bank));
    scene.ticks_per_day = 3;
    scene.days = 2;
    World world = scene.world();
    std::vector<double> list;
    for (int i = 0; i < 5; ++i) {
      run_tick(world);
      list.push_back(world.agents[0].registers.at(0));
    }
    return list;
  };
  EXPECT_EQ(values(bank), (std::vector<double>{1.5, 3, 4.5, 1.5, 3}));
  EXPECT_EQ(values(set), (std::vector<double>{0, 1, 2, 3, 4}));
}

TEST(Actions, WhatIsDroppedWhileOverdueIsOverdueNoMore) {
  testing::Scene scene = testing::banks(2, 0, "null", tree(
      R"({"type":"condition","node_id":"c","condition":{"op":">","left":{"field":"overdue_duration"},"right":1},"on_true":)" +
      action("Drop") + R"(,"on_false":{"type":"action","node_id":"n","action":"Hold"}})"));
  World world = scene.world();
  Transaction payment;
  payment.receiver = 1;
  payment.amount = payment.remaining = 10;
  payment.deadline = 3;
  world.arrive(payment);
  std::vector<uint64_t> overdue;
  for (int i = 0; i < 8; ++i) {
    run_tick(world);
    overdue.push_back(world.totals.overdue);
  }
  // Past its deadline in tick 4, dropped in tick 6, when it has been overdue for two.
  EXPECT_EQ(overdue, (std::vector<uint64_t>{0, 0, 0, 0, 1, 1, 0, 0}));
  EXPECT_EQ(world.totals.dropped, 1u);
}

TEST(Evaluation, ConditionsAreWhatTheySay) {
  const auto holds = [](const std::string& condition) {
    return Decision(tree(R"({"type":"condition","node_id":"c","condition":)" + condition +
                         R"(,"on_true":{"type":"action","node_id":"y","action":"Release"},)"
                         R"("on_false":{"type":"action","node_id":"n","action":"Hold"}})"))
               .decide() == EventKind::policy_submit;
  };
  const auto compare = [&](const char* op, const char* left, const char* right) {
    return holds(std::string(R"({"op":")") + op + "\",\"left\":" + left + ",\"right\":" + right + "}");
  };
  const char* const ops[] = {"==", "!=", "<", "<=", ">", ">="};
  const auto row = [&](const char* left, const char* right) {
    std::string text;
    for (const char* op : ops) text += compare(op, left, right) ? '1' : '0';
    return text;
  };
  EXPECT_EQ(row("1", "2"), "011100");
  EXPECT_EQ(row("2", "2"), "100101");
  EXPECT_EQ(row("3", "2"), "010011");
  EXPECT_EQ(row("2.0000000001", "2").substr(0, 2), "10");  // nearer than 1e-9
  EXPECT_EQ(row("2.00000001", "2").substr(0, 2), "01");
  const std::string yes = R"({"op":"<","left":1,"right":2})", no = R"({"op":">","left":1,"right":2})";
  const auto join = [&](const char* op, const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& one : list) text += (text.empty() ? "" : ",") + one;
    return holds(std::string(R"({"op":")") + op + "\",\"conditions\":[" + text + "]}");
  };
  EXPECT_TRUE(join("and", {yes, yes, yes}));
  EXPECT_FALSE(join("and", {no, yes, yes}));
  EXPECT_FALSE(join("and", {yes, yes, no}));
  EXPECT_FALSE(join("or", {no, no, no}));
  EXPECT_TRUE(join("or", {no, no, yes}));
  EXPECT_TRUE(join("or", {yes, no, no}));
  EXPECT_FALSE(holds(R"({"op":"not","condition":)" + yes + "}"));
  EXPECT_TRUE(holds(R"({"op":"not","condition":)" + no + "}"));
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
      {R"({"compute":{"op":"floor","value":-2.1}})", "-3"},
      {R"({"compute":{"op":"max","values":[3,{"param":"limit"},2]}})", "100"},
      {R"({"compute":{"op":"-","left":7,"right":9}})", "-2"},
      {R"({"compute":{"op":"/","left":7,"right":2}})", "3.5"},
      {R"({"compute":{"op":"*","left":7,"right":2}})", "14"},
      {R"({"compute":{"op":"+","left":7,"right":{"field":"balance"}}})", "507"},
      {R"({"compute":{"op":"round","value":2.4}})", "2"},
      {R"({"compute":{"op":"clamp","value":-12,"min":1,"max":10}})", "1"},
      {R"({"compute":{"op":"abs","value":-4}})", "4"}};
  for (const auto& [left, right] : equal) {
    EXPECT_EQ(Decision(tree(asks(left, "==", right))).decide(), EventKind::policy_submit) << left;
    EXPECT_EQ(Decision(tree(asks(left, "!=", right))).decide(), EventKind::policy_hold) << left;
  }
}

}  // namespace
}  // namespace busbar::payments
