// Steps 2 and 2b: each bank decides about its payments.
#include <algorithm>

#include "evaluate.h"
#include "steps.h"

namespace busbar::payments {
namespace {

/// Decides about the payments of a bank; Queue 1 as trees see it is the one from before its first decision.
class Desk {
 public:
  explicit Desk(World& world) : world_(world) {}

  void work(uint32_t bank) {
    bank_ = bank;
    spent_.clear();
    escalate();
    if (world_.config->queue1_by_priority) sort();
    orders_.assign(agent().queue1.begin(), agent().queue1.end());
    kept_.clear();
    for (const uint32_t id : orders_) decide(id);
    agent().queue1.assign(kept_.begin(), kept_.end());
    agent().queue1_value = 0;
    for (const uint32_t id : kept_) agent().queue1_value += world_.transactions[id].remaining;
  }

 private:
  Agent& agent() { return world_.agents[bank_]; }

  void escalate() {
    const Config& config = *world_.config;
    if (!config.escalation) return;
    for (const uint32_t id : agent().queue1) {
      Transaction& payment = world_.transactions[id];
      const int64_t left = std::max<int64_t>(int64_t{payment.deadline} - world_.tick, 0);
      const int64_t start = config.escalation_start;
      if (left >= start) continue;
      // round(boost * (1 - left / start)), half up
      const int64_t boost = (2 * config.escalation_boost * (start - left) + start) / (2 * start);
      const auto raised = static_cast<uint8_t>(std::min<int64_t>(payment.original_priority + boost, kPriorityMax));
      if (raised == payment.priority) continue;
      change_priority(EventKind::priority_escalated, id, raised);
    }
  }

  void change_priority(EventKind kind, uint32_t id, uint8_t priority) {
    Transaction& payment = world_.transactions[id];
    Event& event = world_.emit(kind, id, bank_, payment.receiver);
    event.old_priority = payment.priority;
    event.priority = priority;
    event.x = payment.deadline - world_.tick;  // as a signed number
    payment.priority = priority;
  }

  void sort() {
    const auto& all = world_.transactions;
    std::sort(agent().queue1.begin(), agent().queue1.end(), [&](uint32_t a, uint32_t b) {
      if (all[a].priority != all[b].priority) return all[a].priority > all[b].priority;
      if (all[a].deadline != all[b].deadline) return all[a].deadline < all[b].deadline;
      return a < b;
    });
  }

  void decide(uint32_t id) {
    const uint32_t timed = world_.transactions[id].release_tick;
    if (timed != kNone) {
      if (timed <= world_.tick) return release(id);
      kept_.push_back(id);
      return;
    }
    if (agent().policy->plain_release || !agent().policy->has(TreeKind::payment)) return release_in_budget(id);
    Evaluation evaluation{world_, bank_, id};
    const Action* const action = evaluation.decide(TreeKind::payment);
    if (action == nullptr) return hold(id, kDivisionByZero);
    act(evaluation, *action, id);
  }

  void act(Evaluation& evaluation, const Action& action, uint32_t id) {
    switch (action.kind) {
      case ActionKind::release:
      case ActionKind::release_with_credit:
        return timed_release(evaluation, action, id);
      case ActionKind::split:
      case ActionKind::pace_and_release:
      case ActionKind::stagger_split:
        return split(evaluation, action, id);
      case ActionKind::hold:
        return hold(id, agent().reasons[&action - agent().policy->actions.data()]);
      case ActionKind::drop:
        return world_.drop(id);
      case ActionKind::reprioritize: {
        const double wanted = evaluation.parameter(action.new_priority, 0);
        if (evaluation.failed) return hold(id, kDivisionByZero);
        const auto priority = static_cast<uint8_t>(std::clamp(wanted, 0.0, double{kPriorityMax}));
        if (priority != world_.transactions[id].priority) {
          change_priority(EventKind::transaction_reprioritized, id, priority);
        }
        world_.transactions[id].original_priority = priority;
        kept_.push_back(id);
        return;
      }
      default:
        return hold(id, kNotInQueue2);
    }
  }

  void hold(uint32_t id, uint32_t reason) {
    world_.emit(EventKind::policy_hold, id, bank_, world_.transactions[id].receiver).name = reason;
    kept_.push_back(id);
  }

  void timed_release(Evaluation& evaluation, const Action& action, uint32_t id) {
    Transaction& payment = world_.transactions[id];
    const double timed = evaluation.parameter(action.timed_for, 0);
    if (evaluation.failed) return hold(id, kDivisionByZero);
    if (action.priority_flag >= 0) {
      const auto priority = static_cast<uint8_t>(action.priority_flag);
      if (priority != payment.priority) change_priority(EventKind::transaction_reprioritized, id, priority);
      payment.original_priority = priority;
    }
    if (timed > world_.tick) {
      payment.release_tick = timed >= world_.config->ticks ? world_.config->ticks : static_cast<uint32_t>(timed);
      payment.status = Status::scheduled;
      return hold(id, kTimed);
    }
    release_in_budget(id);
  }

  /// Takes `amount` to `receiver` off the budget; kNoName when it fits.
  uint32_t charge(uint32_t receiver, int64_t amount) {
    Budget& budget = agent().budget;
    if (!budget.set) return kNoName;
    if (amount > budget.value) return kBudget;
    if (budget.has_focus && !std::binary_search(budget.focus.begin(), budget.focus.end(), receiver)) return kNotInFocus;
    if (budget.per_counterparty >= 0) {
      if (spent_.empty()) spent_.resize(world_.agents.size());
      if (amount > budget.per_counterparty - spent_[receiver]) return kCounterpartyBudget;
      spent_[receiver] += amount;
    }
    budget.value -= amount;
    return kNoName;
  }

  void release_in_budget(uint32_t id) {
    const Transaction& payment = world_.transactions[id];
    const uint32_t refused = charge(payment.receiver, payment.remaining);
    if (refused != kNoName) return hold(id, refused);
    release(id);
  }

  void release(uint32_t id) {
    Transaction& payment = world_.transactions[id];
    payment.status = Status::pending;
    payment.release_tick = kNone;
    submit_payment(world_, id);
  }

  void split(Evaluation& evaluation, const Action& action, uint32_t id) {
    const double wanted = evaluation.parameter(action.num_splits, 2);
    const double least = evaluation.parameter(action.min_split, 1);
    const double first_now = evaluation.parameter(action.first_now, kSplitsMax);
    const double gap = evaluation.parameter(action.gap, 0);
    const double boost = evaluation.parameter(action.boost, 0);
    if (evaluation.failed) return hold(id, kDivisionByZero);
    const Transaction whole = world_.transactions[id];
    if (whole.divisible == 0) return hold(id, kNotDivisible);
    const int64_t smallest = std::max<int64_t>(money_of(least), 1);
    const auto parts = static_cast<uint32_t>(std::min<int64_t>(
        static_cast<int64_t>(std::clamp(wanted, 0.0, double{kSplitsMax})), whole.remaining / smallest));
    if (parts < 2) return hold(id, kMinSplit);
    world_.require_room(parts);
    const auto now = static_cast<uint32_t>(std::clamp(first_now, 0.0, static_cast<double>(parts)));
    const int64_t base = whole.remaining / parts;
    const int64_t larger = whole.remaining % parts;  // so many parts are one unit larger
    const uint32_t refused = charge(whole.receiver, base * now + std::min<int64_t>(larger, now));
    if (refused != kNoName) return hold(id, refused);

    const int64_t friction =
        saturated(static_cast<Wide>(static_cast<uint64_t>(world_.config->costs.split_friction)) * (parts - 1));
    agent().tick_costs.add(CostKind::split_friction, friction);
    const auto first = static_cast<uint32_t>(world_.transactions.size());
    world_.transactions[id].status = Status::split;
    world_.transactions[id].first_child = first;
    world_.transactions[id].children = static_cast<uint16_t>(parts);
    world_.totals.split_parents += 1;
    world_.totals.children += parts;
    if (whole.overdue()) world_.totals.overdue += parts - 1;
    Event& event = world_.emit(EventKind::policy_split, id, bank_, whole.receiver, whole.remaining);
    event.x = parts;
    event.before = friction;
    for (uint32_t part = 0; part < parts; ++part) {
      Transaction child = whole;
      child.amount = child.remaining = base + (part < larger ? 1 : 0);
      child.parent = id;
      child.priority = child.original_priority =
          static_cast<uint8_t>(std::min(whole.priority + std::clamp(boost, 0.0, 10.0), double{kPriorityMax}));
      if (part >= now) {
        const double due = world_.tick + std::max(gap, 0.0) * (part - now + 1);
        child.release_tick = due >= world_.config->ticks ? world_.config->ticks : static_cast<uint32_t>(due);
        child.status = Status::scheduled;
      }
      world_.transactions.push_back(child);
      world_.extra(first + part);
      world_.extra(child.amount);
    }
    for (uint32_t part = 0; part < parts; ++part) {
      if (part < now) {
        release(first + part);
      } else {
        kept_.push_back(first + part);
      }
    }
  }

  World& world_;
  uint32_t bank_ = 0;
  std::vector<uint32_t> orders_;
  std::vector<uint32_t> kept_;
  std::vector<int64_t> spent_;
};

}  // namespace

void submit_payment(World& world, uint32_t id) {
  const Transaction& payment = world.transactions[id];
  world.emit(EventKind::policy_submit, id, payment.sender, payment.receiver, payment.remaining).priority =
      payment.priority;
  world.submissions.push_back(id);
}

void step_release(World& world) {
  world.submissions.clear();
  size_t waiting = 0;
  for (const Agent& agent : world.agents) waiting += agent.queue1.size();
  world.expect_events(4 * waiting);  // of one that is released, queued and settled
  Desk desk(world);
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    if (!world.agents[i].queue1.empty()) desk.work(i);
  }
}

void withdraw_from_queue2(World& world, uint32_t id, uint32_t reason) {
  Transaction& payment = world.transactions[id];
  world.leave_queue2(id);
  payment.status = Status::pending;
  std::erase(world.queue2, id);
  Event& event = world.emit(EventKind::rtgs_withdrawal, id, payment.sender, payment.receiver, payment.remaining);
  event.name = reason;
  event.flags = static_cast<uint8_t>(payment.rtgs_class << 2);
  world.enter_queue1(id);
}

void resubmit_to_queue2(World& world, uint32_t id, uint8_t rtgs_class, uint32_t reason) {
  Transaction& payment = world.transactions[id];
  std::erase(world.queue2, id);
  world.queue2.push_back(id);
  world.queue2_version += 1;
  payment.rtgs_class = rtgs_class;
  Event& event = world.emit(EventKind::rtgs_resubmission, id, payment.sender, payment.receiver, payment.remaining);
  event.name = reason;
  event.flags = static_cast<uint8_t>(rtgs_class << 2);
}

void step_queue2_decisions(World& world) {
  bool any = false;
  for (const Agent& agent : world.agents) any = any || agent.policy->decides_queue2;
  if (!any || world.queue2.empty()) return;
  // By bank, then by place in the queue; decisions change the queue.
  std::vector<uint32_t> mine;
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    const Agent& agent = world.agents[i];
    if (!agent.policy->decides_queue2 || agent.queue2_count == 0) continue;
    mine.clear();
    for (const uint32_t id : world.queue2) {
      if (world.transactions[id].sender == i) mine.push_back(id);
    }
    for (const uint32_t id : mine) {
      Evaluation evaluation{world, i, id};
      const Action* const action = evaluation.decide(TreeKind::payment);
      if (action == nullptr) continue;
      const uint32_t reason = agent.reasons[action - agent.policy->actions.data()];
      if (action->kind == ActionKind::withdraw_from_rtgs) withdraw_from_queue2(world, id, reason);
      // Only a change of class: else a payment would lose its place each tick.
      if (action->kind == ActionKind::resubmit_to_rtgs && world.transactions[id].rtgs_class != action->rtgs_priority) {
        resubmit_to_queue2(world, id, action->rtgs_priority, reason);
      }
    }
  }
}

}  // namespace busbar::payments
