// Queue 2 as a graph: one edge per ordered pair of banks, with the payments behind it in the order of the queue.
#pragma once

#include <cstdint>
#include <vector>

#include "world.h"

namespace busbar::payments {

struct Edge {
  uint32_t from = 0;
  uint32_t to = 0;
  int64_t total = 0;
  uint32_t head = kNone;  // place in the queue
  uint32_t tail = kNone;
  bool used = false;  // settled meanwhile
};

class Edges {
 public:
  /// Of everything that is queued now.
  void build(const World& world);

  /// kNone when nothing is queued from one to the other.
  uint32_t find(uint32_t from, uint32_t to) const;
  std::vector<Edge> list;  // by first payment

  /// Calls fn(id) for every payment of an edge.
  template <class Fn>
  void each(const World& world, const Edge& edge, Fn fn) const {
    for (uint32_t at = edge.head; at != kNone; at = next_[at]) fn(world.queue2[at]);
  }

 private:
  size_t slot_of(uint32_t from, uint32_t to) const;

  std::vector<uint32_t> next_;   // by place in the queue
  std::vector<uint32_t> slots_;  // open addressing; number of an edge, or kNone
};

}  // namespace busbar::payments
