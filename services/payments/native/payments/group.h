// A set of payments that settle together, all or none: banks pay only what they owe in net.
#pragma once

#include <vector>

#include "world.h"

namespace busbar::payments {

class Group {
 public:
  explicit Group(World& world) : world_(world) {}

  void clear();
  void add(uint32_t id);
  /// Every bank can fund its net position, and no limit is passed.
  bool feasible() const;
  /// What a bank pays in net; negative: what it gets.
  int64_t net_out(uint32_t agent) const;
  int64_t value() const { return value_; }
  size_t size() const { return ids_.size(); }

  /// Moves the money, marks payments as settled, and appends (id, amount) pairs to the list of the event that was
  /// emitted last. Payments that are queued leave the counters of Queue 2; the caller compacts the list.
  void settle();
  /// Appends (bank, in - out) pairs to the list of the last event, led by their number.
  void tell_nets();
  struct Position {
    uint32_t agent = 0;
    int64_t out = 0;
    int64_t in = 0;
  };
  const std::vector<Position>& positions() const { return positions_; }

 private:
  Position& position(uint32_t agent);
  bool within_limits() const;

  World& world_;
  std::vector<uint32_t> ids_;
  static constexpr size_t kFewBanks = 16;
  std::vector<Position> positions_;  // in the order in which banks came in
  std::vector<uint32_t> slots_;      // place in positions_ by bank, once there are many
  int64_t value_ = 0;
};

}  // namespace busbar::payments
