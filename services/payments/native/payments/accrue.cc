// Steps 5.7, 6 and 8: credits that waited for the end of the tick, overdue payments, costs, the end of a day.
#include <algorithm>

#include "steps.h"

namespace busbar::payments {
namespace {

/// Marks a payment that is past its deadline, and weighs its delay.
void look_at(World& world, uint32_t id, DelayWeight& weight) {
  Transaction& payment = world.transactions[id];
  if (!payment.overdue() && world.tick > payment.deadline) {
    payment.overdue_since = world.tick;
    world.totals.overdue += 1;
    const int64_t penalty = world.config->costs.deadline.of(payment.amount);
    world.agents[payment.sender].tick_costs.add(CostKind::deadline_penalty, penalty);
    Event& event =
        world.emit(EventKind::transaction_went_overdue, id, payment.sender, payment.receiver, payment.remaining);
    event.x = payment.deadline;
    event.before = penalty;
  }
  weight.add(payment.remaining, payment.overdue(), class_of(payment.priority));
}

void end_day(World& world) {
  int64_t penalties = 0, unsettled = 0;
  uint64_t in_queue1 = 0;
  const auto charge = [&](uint32_t id) {
    const Transaction& payment = world.transactions[id];
    unsettled += payment.remaining;
    if (payment.deadline > world.day_end()) return;
    const int64_t penalty = world.config->costs.end_of_day.of(payment.remaining);
    penalties = add_cost(penalties, penalty);
    world.agents[payment.sender].tick_costs.add(CostKind::eod_penalty, penalty);
  };
  for (const Agent& agent : world.agents) {
    in_queue1 += agent.queue1.size();
    for (const uint32_t id : agent.queue1) charge(id);
  }
  for (const uint32_t id : world.queue2) charge(id);
  Event& event = world.emit(EventKind::end_of_day, kNone, kNone, kNone, unsettled);
  event.y = world.day();
  event.x = static_cast<uint32_t>(world.queue2.size());
  event.before = static_cast<int64_t>(in_queue1);
  event.after = penalties;
}

void accrue(World& world, uint32_t index, const DelayWeight& weight) {
  Agent& agent = world.agents[index];
  const CostRates& rates = world.config->costs;
  Costs& costs = agent.tick_costs;
  costs.add(CostKind::overdraft, scaled_half_up(agent.credit_used(), rates.overdraft_bps_e3, kBpsE3));
  costs.add(CostKind::delay, weight.cost(rates));
  costs.add(CostKind::collateral, scaled_half_up(agent.collateral, rates.collateral_bps_e6, kBpsE6));
  costs.add(CostKind::liquidity, scaled_half_up(agent.allocated, rates.liquidity_bps_e6, kBpsE6));
}

void book(World& world, uint32_t index) {
  Agent& agent = world.agents[index];
  const int64_t sum = agent.tick_costs.total();
  if (sum == 0) return;
  world.emit(EventKind::cost_accrual, kNone, index, kNone, sum);
  for (const int64_t cost : agent.tick_costs.part) world.extra(cost);
  agent.today.add(agent.tick_costs);
  agent.total.add(agent.tick_costs);
  world.row.cost = add_cost(world.row.cost, sum);
}

}  // namespace

void step_deferred_credits(World& world) {
  if (!world.config->deferred_crediting) return;
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    if (agent.deferred == 0) continue;
    Event& event = world.emit(EventKind::deferred_credit_applied, kNone, i, kNone, agent.deferred);
    event.before = agent.balance;
    agent.balance += agent.deferred;
    event.after = agent.balance;
    for (const uint32_t id : agent.deferred_txs) world.extra(id);
    agent.deferred = 0;
    agent.deferred_txs.clear();
  }
}

void step_costs(World& world) {
  std::vector<DelayWeight>& weights = world.delay_weights;
  weights.assign(world.agents.size(), {});
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    for (const uint32_t id : world.agents[i].queue1) look_at(world, id, weights[i]);
  }
  for (const uint32_t id : world.queue2) look_at(world, id, weights[world.transactions[id].sender]);
  for (uint32_t i = 0; i < world.agents.size(); ++i) accrue(world, i, weights[i]);
  if (world.last_tick_of_day()) end_day(world);
  for (uint32_t i = 0; i < world.agents.size(); ++i) book(world, i);
}

}  // namespace busbar::payments
