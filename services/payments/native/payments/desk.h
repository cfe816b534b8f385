// What callers do to a simulation between two ticks.
#pragma once

#include "fault.h"
#include "world.h"

namespace busbar::payments {

struct Submission {
  uint32_t sender = kNone;
  uint32_t receiver = kNone;
  int64_t amount = 0;
  uint32_t deadline = 0;
  uint8_t priority = 5;
  bool divisible = true;
};

/// Why one item of a batch is refused.
struct ItemFault {
  Code code = Code::none;
  const char* field = "";
  std::string text;
  explicit operator bool() const { return code != Code::none; }
};

/// Puts a payment into Queue 1 of its sender; it belongs to the tick that comes next.
/// @param id number of the payment, where there is no fault
ItemFault submit(World& world, const Submission& submission, uint32_t& id);

/// From Queue 2 back to Queue 1.
ItemFault withdraw(World& world, uint32_t id);

/// To the end of a class of Queue 2, from there or from Queue 1.
ItemFault resubmit(World& world, uint32_t id, uint8_t rtgs_class);

}  // namespace busbar::payments
