#include "edges.h"

#include <bit>

#include "core/random/random.h"

namespace busbar::payments {

size_t Edges::slot_of(uint32_t from, uint32_t to) const {
  const uint64_t key = uint64_t{from} << 32 | to;
  const size_t mask = slots_.size() - 1;
  size_t slot = (key * random::kGolden >> 20) & mask;
  while (slots_[slot] != kNone && (list[slots_[slot]].from != from || list[slots_[slot]].to != to)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

uint32_t Edges::find(uint32_t from, uint32_t to) const { return slots_[slot_of(from, to)]; }

void Edges::build(const World& world) {
  list.clear();
  next_.assign(world.queue2.size(), kNone);
  slots_.assign(std::bit_ceil(world.queue2.size() * 2 + 2), kNone);
  for (uint32_t at = 0; at < world.queue2.size(); ++at) {
    const Transaction& payment = world.transactions[world.queue2[at]];
    if (payment.status != Status::queued) continue;
    const size_t slot = slot_of(payment.sender, payment.receiver);
    if (slots_[slot] == kNone) {
      slots_[slot] = static_cast<uint32_t>(list.size());
      list.push_back({payment.sender, payment.receiver, payment.remaining, at, at, false});
      continue;
    }
    Edge& edge = list[slots_[slot]];
    edge.total += payment.remaining;
    next_[edge.tail] = at;
    edge.tail = at;
  }
}

}  // namespace busbar::payments
