#include "edges.h"

#include <algorithm>

#include "counting.h"

namespace busbar::payments {

void Edges::build(const World& world) {
  if (version_ == world.queue2_version) return;
  version_ = world.queue2_version;
  const auto banks = static_cast<uint32_t>(world.agents.size());
  queued_.clear();
  for (const uint32_t id : world.queue2) {
    const Transaction& payment = world.transactions[id];
    if (payment.status == Status::queued) queued_.push_back({id, payment.sender, payment.receiver});
  }
  const auto count = static_cast<uint32_t>(queued_.size());
  // Each sort keeps the order that the one before it made.
  sort_by_count(
      count, banks, next_, by_receiver_, [](uint32_t i) { return i; }, [&](uint32_t i) { return queued_[i].to; });
  sort_by_count(
      count, banks, next_, by_pair_, [&](uint32_t i) { return by_receiver_[i]; },
      [&](uint32_t i) { return queued_[i].from; });
  list.clear();
  payments.clear();
  starts_.assign(banks + 1, 0);
  for (const uint32_t place : by_pair_) {
    const auto [id, from, to] = queued_[place];
    if (list.empty() || list.back().from != from || list.back().to != to) {
      list.push_back({from, to, 0, static_cast<uint32_t>(payments.size()), 0});
      starts_[from + 1] = static_cast<uint32_t>(list.size());
    }
    list.back().total += world.transactions[id].remaining;
    list.back().count += 1;
    payments.push_back(id);
  }
  for (uint32_t i = 0; i < banks; ++i) starts_[i + 1] = std::max(starts_[i + 1], starts_[i]);
}

}  // namespace busbar::payments
