// Step 0.5: what the config wants to happen at this tick.
#include <algorithm>
#include <cmath>

#include "steps.h"

namespace busbar::payments {
namespace {

constexpr const char* kKinds[] = {"DirectTransfer",           "ScheduledSettlement",     "CustomTransactionArrival",
                                  "CollateralAdjustment",     "GlobalArrivalRateChange", "AgentArrivalRateChange",
                                  "CounterpartyWeightChange", "DeadlineWindowChange"};

Transaction payment_of(const World& world, const ScenarioEvent& event) {
  Transaction payment;
  payment.sender = event.agent;
  payment.receiver = event.other;
  payment.amount = payment.remaining = event.amount;
  payment.arrival = world.tick;
  payment.deadline = world.tick + 1;
  payment.priority = payment.original_priority = event.priority;
  return payment;
}

/// A payment that is submitted and settled here and now, or dropped.
Name settle_now(World& world, const ScenarioEvent& event, uint32_t& id) {
  Transaction payment = payment_of(world, event);
  payment.divisible = 0;
  id = world.arrive(payment);
  Agent& sender = world.agents[event.agent];
  world.leave_queue1_value(id);
  sender.queue1.pop_back();
  if (world.blocked(world.transactions[id]) != Block::none) {
    world.drop(id);
    return kNotFundable;
  }
  Event& settled = world.emit(EventKind::rtgs_immediate_settlement, id, event.agent, event.other, event.amount);
  settled.before = sender.balance;
  settled.after = sender.balance - event.amount;
  world.pay(world.transactions[id]);
  world.mark_settled(id, false);
  return kDone;
}

Name adjust_collateral(World& world, Agent& agent, int64_t delta) {
  const int64_t wanted = agent.collateral + delta;
  if (wanted < world.required_collateral(agent) || wanted > agent.capacity) return kOutOfBounds;
  agent.collateral = wanted;
  world.refresh_credit(agent);
  return kDone;
}

/// The others keep their proportions; the sum stays what it was.
void balance_others(Generator& generator, uint32_t counterparty, double weight) {
  double old = generator.other_weight;
  for (const auto& [agent, own] : generator.weights) {
    if (agent == counterparty) old = own;
  }
  const double others = generator.total - old;
  const double left = std::max(generator.total - weight, 0.0);
  const double factor = others > 0 ? left / others : 1;
  for (auto& [agent, own] : generator.weights) own *= factor;
  generator.other_weight *= factor;
}

Name change_weight(World& world, const ScenarioEvent& event) {
  Name outcome = kDone;
  const auto banks = static_cast<uint32_t>(world.agents.size());
  for (Generator& generator : world.agents[event.agent].generators) {
    Generator changed = generator;
    if (event.flag) balance_others(changed, event.other, event.value);
    const auto at = std::lower_bound(changed.weights.begin(), changed.weights.end(), event.other,
                                     [](const auto& pair, uint32_t agent) { return pair.first < agent; });
    if (at != changed.weights.end() && at->first == event.other) {
      at->second = event.value;
    } else {
      changed.weights.insert(at, {event.other, event.value});
    }
    changed.changed = true;
    World::refresh_receivers(changed, event.agent, banks);
    if (changed.runs.empty() || !std::isfinite(changed.total)) {
      outcome = kNoCounterparty;
    } else {
      generator = std::move(changed);
    }
  }
  return outcome;
}

Name execute(World& world, const ScenarioEvent& event, uint32_t& id) {
  Agent& agent = world.agents[event.agent];
  switch (event.kind) {
    case ScenarioKind::direct_transfer:
      if (event.amount > agent.available()) return kNotFundable;
      agent.balance -= event.amount;
      world.agents[event.other].balance += event.amount;
      return kDone;
    case ScenarioKind::scheduled_settlement:
      return settle_now(world, event, id);
    case ScenarioKind::custom_arrival: {
      Transaction payment = payment_of(world, event);
      uint32_t cap = world.config->ticks;
      if (world.config->deadline_cap_at_eod) cap = std::min(cap, world.day_end());
      payment.deadline = std::max(std::min(world.tick + event.deadline, cap), world.tick + 1);
      payment.divisible = event.flag;
      id = world.arrive(payment);
      return kDone;
    }
    case ScenarioKind::collateral_adjustment:
      return adjust_collateral(world, agent, event.amount);
    case ScenarioKind::global_rate:
      world.global_rate = event.value;
      world.refresh_rates();
      return kDone;
    case ScenarioKind::agent_rate:
      agent.rate_multiplier = event.value;
      world.refresh_rates();
      return kDone;
    case ScenarioKind::counterparty_weight:
      return change_weight(world, event);
    default:
      if (event.value > 0) world.deadline_low_multiplier = event.value;
      if (event.value_high > 0) world.deadline_high_multiplier = event.value_high;
      return kDone;
  }
}

}  // namespace

void step_scenario(World& world) {
  const std::vector<ScenarioEvent>& list = world.config->scenario;
  for (uint32_t i = 0; i < list.size(); ++i) {
    const ScenarioEvent& event = list[i];
    if (!event.due(world.tick)) continue;
    uint32_t id = kNone;
    const Name outcome = execute(world, event, id);
    const bool about_bank = event.kind != ScenarioKind::global_rate && event.kind != ScenarioKind::deadline_window;
    const bool about_pair =
        event.kind <= ScenarioKind::custom_arrival || event.kind == ScenarioKind::counterparty_weight;
    Event& told = world.emit(EventKind::scenario_event_executed, id, about_bank ? event.agent : kNone,
                             about_pair ? event.other : kNone, event.amount);
    told.name = world.names.number(kKinds[static_cast<uint8_t>(event.kind)]);
    told.y = i;
    told.x = outcome;
    told.before = std::bit_cast<int64_t>(event.value);
    told.after = std::bit_cast<int64_t>(event.value_high);
  }
}

}  // namespace busbar::payments
