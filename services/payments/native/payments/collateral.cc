// Steps 1.5, 1.75, 1.8 and 5.5: collateral trees, bank trees, timers.
#include <algorithm>

#include "evaluate.h"
#include "steps.h"

namespace busbar::payments {
namespace {

/// What a tree posted stays at least so long.
constexpr uint32_t kHoldTicks = 5;

bool held(const World& world, uint32_t posted_tick) {
  return posted_tick != kNone && world.tick < posted_tick + kHoldTicks;
}

/// How much of `wanted` can be taken out now.
int64_t withdrawable(const World& world, const Agent& agent, int64_t wanted) {
  return std::max<int64_t>(std::min(wanted, agent.collateral - world.required_collateral(agent)), 0);
}

Event& change_collateral(World& world, EventKind kind, uint32_t index, int64_t delta) {
  Agent& agent = world.agents[index];
  Event& event = world.emit(kind, kNone, index, kNone, delta < 0 ? -delta : delta);
  event.before = agent.collateral;
  agent.collateral += delta;
  world.refresh_credit(agent);
  event.after = agent.collateral;
  return event;
}

void post(World& world, uint32_t index, int64_t wanted, uint32_t reason, int64_t withdraw_after) {
  Agent& agent = world.agents[index];
  const int64_t amount = std::min(wanted, agent.capacity - agent.collateral);
  if (amount <= 0) return;
  change_collateral(world, EventKind::collateral_post, index, amount).name = reason;
  agent.last_post = world.tick;
  if (withdraw_after <= 0) return;
  const int64_t due = std::min<int64_t>(world.tick + withdraw_after, world.config->ticks);
  agent.timers.push_back({world.tick, static_cast<uint32_t>(due), amount, 0});
}

}  // namespace

void step_collateral(World& world, TreeKind kind) {
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    if (!agent.policy->has(kind)) continue;
    Evaluation evaluation{world, i};
    const Action* const action = evaluation.decide(kind);
    if (action == nullptr || action->kind == ActionKind::hold_collateral) continue;
    const int64_t amount = money_of(evaluation.parameter(action->amount, 0));
    const int64_t withdraw_after = money_of(evaluation.parameter(action->auto_withdraw, 0));
    if (evaluation.failed) continue;
    const uint32_t reason = agent.reasons[action - agent.policy->actions.data()];
    if (action->kind == ActionKind::post_collateral) {
      post(world, i, amount, reason, withdraw_after);
      continue;
    }
    if (held(world, agent.last_post)) continue;
    const int64_t taken = withdrawable(world, agent, amount);
    if (taken > 0) change_collateral(world, EventKind::collateral_withdraw, i, -taken).name = reason;
  }
}

void step_collateral_timers(World& world) {
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    for (CollateralTimer& timer : agent.timers) {
      if (timer.due_tick > world.tick) continue;
      const bool too_early = held(world, timer.posted_tick);
      // A tree may have withdrawn some of it already; what is no longer there needs no timer.
      timer.amount = std::min(timer.amount, agent.collateral);
      const int64_t taken = too_early ? 0 : withdrawable(world, agent, timer.amount);
      if (taken > 0) {
        change_collateral(world, EventKind::collateral_timer_withdrawn, i, -taken).x = timer.posted_tick;
        timer.amount -= taken;
      }
      if (timer.amount == 0 || timer.blocked != 0) continue;
      timer.blocked = 1;
      Event& event = world.emit(EventKind::collateral_timer_blocked, kNone, i, kNone, timer.amount);
      event.before = agent.collateral;
      event.name = too_early ? kMinimumHold : kCollateralInUse;
      event.x = timer.posted_tick;
    }
    std::erase_if(agent.timers, [](const CollateralTimer& timer) { return timer.amount == 0; });
  }
}

void step_banks(World& world) {
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    agent.budget.set = false;
    if (!agent.policy->has(TreeKind::bank)) continue;
    Evaluation evaluation{world, i};
    const Action* const action = evaluation.decide(TreeKind::bank);
    if (action == nullptr || action->kind == ActionKind::no_action) continue;
    if (action->kind == ActionKind::set_release_budget) {
      const int64_t value = money_of(evaluation.parameter(action->max_value, 0));
      const bool per_bank = action->per_counterparty != kNone;
      const int64_t each = money_of(evaluation.parameter(action->per_counterparty, 0));
      if (evaluation.failed) continue;
      agent.budget = {true, action->has_focus, value, per_bank ? each : -1, action->focus};
      Event& event = world.emit(EventKind::bank_budget_set, kNone, i, kNone, value);
      event.before = agent.budget.per_counterparty;
      event.x = static_cast<uint32_t>(action->focus.size());
      for (const uint32_t bank : action->focus) world.extra(bank);
      continue;
    }
    double& target = agent.registers[action->bank_register];
    const double old = target;
    const double given = evaluation.parameter(action->value, 0);
    const double made = action->kind == ActionKind::set_state ? given : old + given;
    if (evaluation.failed || !(made - made == 0)) continue;  // no number larger than numbers are
    target = made;
    Event& event = world.emit(EventKind::state_register_set, kNone, i);
    event.name = world.names.number(agent.policy->registers[action->bank_register]);
    event.y = agent.reasons[action - agent.policy->actions.data()];
    event.before = std::bit_cast<int64_t>(old);
    event.after = std::bit_cast<int64_t>(made);
  }
}

}  // namespace busbar::payments
