// The largest set of queued payments that can settle at once when each bank pays first in first out: all of them, less
// the last one of an overdrawn bank until none is. Each removal is forced, so the order of removals does not matter.
#include <algorithm>

#include "steps.h"

namespace busbar::payments {
namespace {

struct Bank {
  std::vector<uint32_t> payments;  // in the order of the queue
  int64_t out = 0;
  int64_t in = 0;
};

bool overdrawn(const World& world, uint32_t index, const Bank& bank) {
  const Agent& agent = world.agents[index];
  if (bank.payments.empty()) return false;
  if (bank.out - bank.in > agent.available()) return true;
  if (!agent.limited) return false;
  if (agent.multilateral_limit >= 0 && bank.out > agent.multilateral_limit - agent.outflow_today) return true;
  for (const BilateralLimit& limit : agent.limits) {
    int64_t out = 0;
    for (const uint32_t id : bank.payments) {
      if (world.transactions[id].receiver == limit.agent) out += world.transactions[id].remaining;
    }
    if (out > limit.limit - limit.used) return true;
  }
  return false;
}

}  // namespace

std::vector<uint32_t> largest_fifo_subset(const World& world) {
  std::vector<Bank> banks(world.agents.size());
  const auto take = [&](uint32_t id) {
    const Transaction& payment = world.transactions[id];
    banks[payment.sender].payments.push_back(id);
    banks[payment.sender].out += payment.remaining;
    banks[payment.receiver].in += payment.remaining;
  };
  const auto in_order = [&](auto fn) {
    if (!world.config->priority_mode) {
      for (const uint32_t id : world.queue2) fn(id);
      return;
    }
    for (int which = 2; which >= 0; --which) {
      for (const uint32_t id : world.queue2) {
        if (world.transactions[id].rtgs_class == which) fn(id);
      }
    }
  };
  in_order(take);
  std::vector<uint32_t> suspects;
  for (uint32_t i = 0; i < banks.size(); ++i) suspects.push_back(i);
  while (!suspects.empty()) {
    const uint32_t index = suspects.back();
    suspects.pop_back();
    Bank& bank = banks[index];
    while (overdrawn(world, index, bank)) {
      const Transaction& last = world.transactions[bank.payments.back()];
      bank.payments.pop_back();
      bank.out -= last.remaining;
      banks[last.receiver].in -= last.remaining;
      suspects.push_back(last.receiver);
    }
  }
  std::vector<uint32_t> kept;
  std::vector<size_t> next(banks.size());
  in_order([&](uint32_t id) {
    const uint32_t sender = world.transactions[id].sender;
    if (next[sender] == banks[sender].payments.size() || banks[sender].payments[next[sender]] != id) return;
    next[sender] += 1;
    kept.push_back(id);
  });
  return kept;
}

}  // namespace busbar::payments
