// Queue 2 as a graph: one edge per ordered pair of banks, with the payments behind it in the order of the queue.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "world.h"

namespace busbar::payments {

struct Edge {
  uint32_t from = 0;
  uint32_t to = 0;
  int64_t total = 0;
  uint32_t first = 0;  // of its payments, a place in `payments`
  uint32_t count = 0;  // 0: settled meanwhile
};

class Edges {
 public:
  /// Of everything that is queued now; nothing is done when Queue 2 is as it was the last time. Of one world.
  void build(const World& world);

  std::vector<Edge> list;          // by sender, then by receiver
  std::vector<uint32_t> payments;  // ids, edge by edge

  /// Calls fn(there, back) with the numbers of both edges of every pair of banks that owe each other; `there` leads from
  /// the bank that comes first.
  template <class Fn>
  void each_pair(Fn fn) {
    next_.assign(starts_.begin(), starts_.end());
    for (uint32_t there = 0; there < list.size(); ++there) {
      const auto [from, to] = std::pair(list[there].from, list[there].to);
      if (from > to) continue;
      // Senders come in order, so what a bank owes to earlier ones has been passed for good.
      uint32_t& back = next_[to];
      while (back < starts_[to + 1] && list[back].to < from) back += 1;
      if (back < starts_[to + 1] && list[back].to == from) fn(there, back);
    }
  }

 private:
  struct Queued {
    uint32_t id, from, to;
  };

  uint64_t version_ = 0;               // of the queue that is here
  std::vector<Queued> queued_;         // in the order of the queue
  std::vector<uint32_t> by_receiver_;  // places in queued_
  std::vector<uint32_t> by_pair_;      // by sender, then by receiver
  std::vector<uint32_t> starts_;       // in `list`, by sender
  std::vector<uint32_t> next_;
};

}  // namespace busbar::payments
