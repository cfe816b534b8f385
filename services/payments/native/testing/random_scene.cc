#include "testing/scenes.h"

namespace busbar::payments::testing {
namespace {

using busbar::random::Stream;

std::string text_of(int64_t value) { return std::to_string(value); }

std::string some(Stream& dice, std::initializer_list<const char*> choices) {
  return *(choices.begin() + dice.below(choices.size()));
}

int64_t between(Stream& dice, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(dice.below(static_cast<uint64_t>(high - low) + 1));
}

std::string random_amounts(Stream& dice) {
  switch (dice.below(4)) {
    case 0:
      return R"({"type":"Uniform","min":10,"max":)" + text_of(between(dice, 10, 5000)) + "}";
    case 1:
      return R"({"type":"Normal","mean":1000,"std_dev":)" + text_of(between(dice, 0, 800)) + "}";
    case 2:
      return R"({"type":"LogNormal","mean":800.5,"std_dev":)" + text_of(between(dice, 0, 900)) + "}";
    default:
      return R"({"type":"Exponential","rate":0.001})";
  }
}

std::string random_arrivals(Stream& dice, bool band, const std::string& weights) {
  const int64_t low = between(dice, 1, 6);
  std::string text = "{\"rate_per_tick\":" + number(static_cast<double>(dice.below(30)) / 10) +
                     ",\"amount_distribution\":" + random_amounts(dice) + ",\"counterparty_weights\":" + weights +
                     ",\"deadline_range\":[" + text_of(low) + "," + text_of(low + between(dice, 0, 12)) + "]";
  if (!band) {
    text += ",\"priority\":" + some(dice, {R"({"type":"fixed","value":5})", R"({"type":"uniform","min":0,"max":10})",
                                           R"({"type":"categorical","values":[1,6,9],"weights":[1,0.5,2]})"});
  }
  return text + ",\"divisible\":" + (dice.below(5) == 0 ? "false" : "true") + "}";
}

const char* const kTree = R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"mixed",
"parameters":{"urgent":3,"share":0.5},
"payment_tree":{"type":"condition","node_id":"q2","condition":{"op":"==","left":{"field":"is_in_queue2"},"right":{"value":1}},
 "on_true":{"type":"condition","node_id":"late","condition":{"op":">","left":{"field":"queue_age"},"right":{"value":6}},
  "on_true":{"type":"action","node_id":"back","action":"WithdrawFromRtgs"},
  "on_false":{"type":"action","node_id":"raise","action":"ResubmitToRtgs","parameters":{"rtgs_priority":{"value":"HighlyUrgent"}}}},
 "on_false":{"type":"condition","node_id":"soon","condition":{"op":"or","conditions":[
   {"op":"<=","left":{"field":"ticks_to_deadline"},"right":{"param":"urgent"}},
   {"op":"<","left":{"field":"remaining_amount"},"right":{"compute":{"op":"*","left":{"field":"effective_liquidity"},"right":{"param":"share"}}}}]},
  "on_true":{"type":"condition","node_id":"large","condition":{"op":">","left":{"field":"remaining_amount"},"right":{"value":2500}},
   "on_true":{"type":"action","node_id":"stagger","action":"StaggerSplit","parameters":{"num_splits":{"compute":{"op":"clamp",
     "value":{"compute":{"op":"ceil","value":{"compute":{"op":"div0","numerator":{"field":"remaining_amount"},"denominator":{"field":"balance"},"default":{"value":2}}}}},
     "min":{"value":2},"max":{"value":6}}},"stagger_first_now":{"value":1},"stagger_gap_ticks":{"value":2},"priority_boost_children":{"value":1},"min_split_amount":{"value":100}}},
   "on_false":{"type":"action","node_id":"go","action":"Release","parameters":{"priority_flag":{"value":"HIGH"}}}},
  "on_false":{"type":"condition","node_id":"timed","condition":{"op":">=","left":{"field":"priority"},"right":{"value":8}},
   "on_true":{"type":"action","node_id":"later","action":"Release","parameters":{"timed_for_tick":{"compute":{"op":"+","left":{"field":"current_tick"},"right":{"value":3}}}}},
   "on_false":{"type":"condition","node_id":"old","condition":{"op":">","left":{"field":"queue_age"},"right":{"value":9}},
    "on_true":{"type":"action","node_id":"gone","action":"Drop"},
    "on_false":{"type":"condition","node_id":"low","condition":{"op":"<","left":{"field":"priority"},"right":{"field":"bank_state_mood"}},
     "on_true":{"type":"action","node_id":"up","action":"Reprioritize","parameters":{"new_priority":{"compute":{"op":"+","left":{"field":"priority"},"right":{"field":"tx_is_top_counterparty"}}}}},
     "on_false":{"type":"action","node_id":"wait","action":"Hold","parameters":{"reason":{"value":"AwaitingInflows"}}}}}}}},
"bank_tree":{"type":"condition","node_id":"rush","condition":{"op":"or","conditions":[{"op":"==","left":{"field":"is_eod_rush"},"right":{"value":1}},
   {"op":">","left":{"field":"lsm_run_rate_last_10_ticks"},"right":{"value":0.3}}]},
 "on_true":{"type":"action","node_id":"mood","action":"AddState","parameters":{"key":{"value":"bank_state_mood"},"value":{"value":1.5}}},
 "on_false":{"type":"action","node_id":"budget","action":"SetReleaseBudget","parameters":{"max_value_to_release":{"compute":{"op":"max","values":[{"field":"balance"},{"value":2000}]}},"max_per_counterparty":{"value":4000}}}},
"strategic_collateral_tree":{"type":"condition","node_id":"gap","condition":{"op":">","left":{"field":"queue1_liquidity_gap"},"right":{"value":0}},
 "on_true":{"type":"action","node_id":"post","action":"PostCollateral","parameters":{"amount":{"field":"queue1_liquidity_gap"},"auto_withdraw_after_ticks":{"value":3}}},
 "on_false":{"type":"action","node_id":"stay","action":"HoldCollateral"}},
"end_of_tick_collateral_tree":{"type":"condition","node_id":"much","condition":{"op":">","left":{"field":"excess_collateral"},"right":{"value":500}},
 "on_true":{"type":"action","node_id":"less","action":"WithdrawCollateral","parameters":{"amount":{"field":"excess_collateral"}}},
 "on_false":{"type":"action","node_id":"keep","action":"HoldCollateral"}}}})";

std::string random_policy(Stream& dice) {
  switch (dice.below(7)) {
    case 0:
      return R"({"type":"Deadline","urgency_threshold":)" + text_of(between(dice, 0, 9)) + "}";
    case 1:
      return R"({"type":"LiquidityAware","target_buffer":)" + text_of(between(dice, 0, 1) * 3000) +
             ",\"urgency_threshold\":4}";
    case 2:
      return R"({"type":"LiquiditySplitting","max_splits":5,"min_split_amount":)" + text_of(between(dice, 1, 400)) +
             "}";
    case 3:
      return R"({"type":"MockSplitting","num_splits":3})";
    case 4:
    case 5:
      return kTree;
    default:
      return R"({"type":"Fifo"})";
  }
}

std::string random_event(Stream& dice, uint32_t agents, uint32_t ticks) {
  const uint32_t from = static_cast<uint32_t>(dice.below(agents));
  const uint32_t to = (from + 1 + static_cast<uint32_t>(dice.below(agents - 1))) % agents;
  const std::string pair = ",\"from_agent\":\"" + bank_name(from) + "\",\"to_agent\":\"" + bank_name(to) +
                           "\",\"amount\":" + text_of(between(dice, 1, 4000));
  const std::string schedule =
      dice.below(2) == 0 ? R"(,"schedule":{"type":"OneTime","tick":)" + text_of(between(dice, 0, ticks)) + "}}"
                         : R"(,"schedule":{"type":"Repeating","start_tick":)" + text_of(between(dice, 0, 9)) +
                               ",\"interval\":" + text_of(between(dice, 1, 9)) + "}}";
  const auto multiplier = [&] { return number(static_cast<double>(dice.below(30)) / 10 + 0.1); };
  switch (dice.below(8)) {
    case 0:
      return R"({"type":"DirectTransfer")" + pair + schedule;
    case 1:
      return R"({"type":"ScheduledSettlement")" + pair + schedule;
    case 2:
      return R"({"type":"CustomTransactionArrival","priority":7,"deadline":4,"is_divisible":true)" + pair + schedule;
    case 3:
      return R"({"type":"CollateralAdjustment","agent":")" + bank_name(from) +
             "\",\"delta\":" + text_of(between(dice, -3000, 3000)) + schedule;
    case 4:
      return R"({"type":"GlobalArrivalRateChange","multiplier":)" + multiplier() + schedule;
    case 5:
      return R"({"type":"AgentArrivalRateChange","agent":")" + bank_name(from) + "\",\"multiplier\":" + multiplier() +
             schedule;
    case 6:
      return R"({"type":"CounterpartyWeightChange","agent":")" + bank_name(from) + R"(","counterparty":")" +
             bank_name(to) + R"(","auto_balance_others":)" + (dice.below(2) == 0 ? "true" : "false") +
             ",\"new_weight\":" + number(static_cast<double>(dice.below(20)) / 8) + schedule;
    default:
      return R"({"type":"DeadlineWindowChange","min_ticks_multiplier":)" + (dice.below(2) == 0 ? multiplier() : "null") +
             ",\"max_ticks_multiplier\":" + multiplier() + schedule;
  }
}

}  // namespace

Scene random_scene(Stream& dice) {
  Scene scene;
  const auto flag = [&] { return dice.below(2) == 0; };
  scene.ticks_per_day = static_cast<uint32_t>(between(dice, 5, 20));
  scene.days = static_cast<uint32_t>(between(dice, 1, 3));
  scene.seed = dice.next();
  scene.queue1_ordering = some(dice, {"fifo", "priority_deadline"});
  scene.priority_mode = flag();
  scene.escalation = flag();
  scene.algorithm_events = flag();
  scene.entry_offsetting = flag();
  scene.deferred = dice.below(4) == 0;
  scene.cap_at_eod = flag();
  scene.reallocation = flag();
  scene.streams = some(dice, {"per_agent", "single"});
  scene.bilateral = dice.below(4) != 0;
  scene.cycles = dice.below(4) != 0;
  scene.cycle_length = static_cast<uint32_t>(between(dice, 3, 6));
  scene.cycles_per_tick = static_cast<uint32_t>(between(dice, 1, 12));
  scene.multilateral = some(dice, {"none", "fifo"});
  const auto count = static_cast<uint32_t>(between(dice, 2, 8));
  for (uint32_t i = 0; i < count; ++i) {
    SceneAgent agent;
    agent.id = bank_name(i);
    agent.balance = between(dice, 0, 8000);
    agent.cap = between(dice, 0, 2) * 1500;
    agent.capacity = 10'000;
    agent.collateral = between(dice, 0, 2) * 1000;
    agent.haircut_ppm = between(dice, 0, 400'000);
    agent.policy = random_policy(dice);
    const std::string other = bank_name((i + 1) % count);
    const std::string weights =
        flag() ? "{}" : "{\"" + other + "\":" + number(static_cast<double>(1 + dice.below(9)) / 2) + "}";
    if (dice.below(3) == 0) {
      agent.bands = "{\"urgent\":" + random_arrivals(dice, true, weights) +
                    ",\"normal\":null,\"low\":" + random_arrivals(dice, true, weights) + "}";
    } else {
      agent.arrivals = random_arrivals(dice, false, weights);
    }
    if (dice.below(3) == 0) {
      agent.limits = "{\"bilateral_limits\":{\"" + other + "\":" + text_of(between(dice, 0, 9000)) +
                     "},\"multilateral_limit\":" + (flag() ? "null" : text_of(between(dice, 0, 20'000))) + "}";
    }
    if (flag()) {
      agent.pool = between(dice, 0, 5000);
      agent.allocation_ppm = between(dice, 0, 1'000'000);
    }
    scene.agents.push_back(agent);
  }
  const uint64_t events = dice.below(6);
  for (uint64_t i = 0; i < events; ++i) {
    scene.scenario.push_back(random_event(dice, count, scene.ticks_per_day * scene.days));
  }
  return scene;
}

}  // namespace busbar::payments::testing
