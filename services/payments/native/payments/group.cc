#include "group.h"

#include <algorithm>

namespace busbar::payments {

void Group::clear() {
  ids_.clear();
  positions_.clear();
  slots_.clear();
  value_ = 0;
}

Group::Position& Group::position(uint32_t agent) {
  if (slots_.empty()) {
    // Newest first: payments of one pair, or along a cycle, follow each other.
    for (size_t i = positions_.size(); i-- > 0;) {
      if (positions_[i].agent == agent) return positions_[i];
    }
    if (positions_.size() < kFewBanks) return positions_.emplace_back(Position{agent, 0, 0});
    slots_.assign(world_.agents.size(), kNone);
    for (uint32_t i = 0; i < positions_.size(); ++i) slots_[positions_[i].agent] = i;
  }
  if (slots_[agent] == kNone) {
    slots_[agent] = static_cast<uint32_t>(positions_.size());
    positions_.push_back({agent, 0, 0});
  }
  return positions_[slots_[agent]];
}

void Group::add(uint32_t id) {
  const Transaction& payment = world_.transactions[id];
  ids_.push_back(id);
  position(payment.sender).out += payment.remaining;
  position(payment.receiver).in += payment.remaining;
  value_ += payment.remaining;
}

int64_t Group::net_out(uint32_t agent) const {
  for (const Position& one : positions_) {
    if (one.agent == agent) return one.out - one.in;
  }
  return 0;
}

bool Group::feasible() const {
  bool limited = false;
  for (const Position& one : positions_) {
    const Agent& agent = world_.agents[one.agent];
    if (one.out - one.in > agent.available()) return false;
    limited = limited || agent.limited;
  }
  return !limited || within_limits();
}

bool Group::within_limits() const {
  for (const Position& one : positions_) {
    const Agent& agent = world_.agents[one.agent];
    if (!agent.limited) continue;
    if (agent.multilateral_limit >= 0 && one.out > agent.multilateral_limit - agent.outflow_today) return false;
    for (const BilateralLimit& limit : agent.limits) {
      int64_t out = 0;
      for (const uint32_t id : ids_) {
        const Transaction& payment = world_.transactions[id];
        if (payment.sender == one.agent && payment.receiver == limit.agent) out += payment.remaining;
      }
      if (out > limit.limit - limit.used) return false;
    }
  }
  return true;
}

void Group::tell_nets() {
  world_.extra(static_cast<int64_t>(positions_.size()));
  for (const Position& one : positions_) {
    world_.extra(one.agent);
    world_.extra(one.in - one.out);
  }
}

void Group::settle() {
  for (const uint32_t id : ids_) {
    world_.extra(id);
    world_.extra(world_.transactions[id].remaining);
  }
  for (const Position& one : positions_) world_.book_net(one.agent, one.in - one.out, ids_.front());
  for (const uint32_t id : ids_) {
    const Transaction& payment = world_.transactions[id];
    world_.count_outflow(payment.sender, payment.receiver, payment.remaining);
    if (payment.status == Status::queued) world_.leave_queue2(id);
    world_.mark_settled(id, true);
  }
}

}  // namespace busbar::payments
