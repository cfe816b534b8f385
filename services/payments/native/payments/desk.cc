#include "desk.h"

#include <algorithm>

#include "steps.h"

namespace busbar::payments {
namespace {

ItemFault fault(Code code, const char* field, std::string text) { return {code, field, std::move(text)}; }

ItemFault known(const World& world, uint32_t id) {
  if (id < world.transactions.size()) return {};
  return fault(Code::not_found, "ids", "there is no payment " + std::to_string(id));
}

}  // namespace

ItemFault submit(World& world, const Submission& wanted, uint32_t& id) {
  const auto agents = static_cast<uint32_t>(world.agents.size());
  if (wanted.sender >= agents) return fault(Code::not_found, "sender", "there is no such bank");
  if (wanted.receiver >= agents) return fault(Code::not_found, "receiver", "there is no such bank");
  if (wanted.sender == wanted.receiver) {
    return fault(Code::conflict, "receiver", "is the sender itself; nobody pays himself");
  }
  if (wanted.amount < 1 || wanted.amount > kAmountMax) {
    return fault(Code::out_of_range, "amount",
                 "is " + std::to_string(wanted.amount) + "; it must lie in 1.." + std::to_string(kAmountMax));
  }
  if (wanted.deadline <= world.tick || wanted.deadline > world.config->ticks) {
    return fault(Code::out_of_range, "deadline_tick",
                 "is " + std::to_string(wanted.deadline) + "; it must be after tick " + std::to_string(world.tick) +
                     " and at most " + std::to_string(world.config->ticks) + ", the end of the run");
  }
  if (wanted.priority > kPriorityMax) {
    return fault(Code::out_of_range, "priority", "is " + std::to_string(wanted.priority) + "; it must lie in 0..10");
  }
  if (world.transactions.size() >= world.transactions_max) {
    return fault(Code::limit_exceeded, "",
                 "the simulation has " + std::to_string(world.transactions.size()) + " payments, the limit is " +
                     std::to_string(world.transactions_max));
  }
  Transaction payment;
  payment.sender = wanted.sender;
  payment.receiver = wanted.receiver;
  payment.amount = payment.remaining = wanted.amount;
  payment.arrival = world.tick;
  payment.deadline = wanted.deadline;
  payment.priority = payment.original_priority = wanted.priority;
  payment.divisible = wanted.divisible;
  id = world.arrive(payment);
  world.arrivals_pending += 1;
  world.arrivals_value_pending += wanted.amount;
  return {};
}

ItemFault withdraw(World& world, uint32_t id) {
  if (ItemFault unknown = known(world, id)) return unknown;
  if (world.transactions[id].status != Status::queued) {
    return fault(Code::conflict, "ids", "payment " + std::to_string(id) + " is not in Queue 2");
  }
  withdraw_from_queue2(world, id, kRequested);
  return {};
}

ItemFault resubmit(World& world, uint32_t id, uint8_t rtgs_class) {
  if (ItemFault unknown = known(world, id)) return unknown;
  if (rtgs_class > 2)
    return fault(Code::out_of_range, "rtgs_priority", "is no class; there are Normal, Urgent, HighlyUrgent");
  Transaction& payment = world.transactions[id];
  if (payment.status == Status::pending || payment.status == Status::scheduled) {
    std::erase(world.agents[payment.sender].queue1, id);
    world.leave_queue1_value(id);
    payment.release_tick = kNone;
    world.enter_queue2(id);
  } else if (payment.status != Status::queued) {
    return fault(Code::conflict, "ids", "payment " + std::to_string(id) + " is in no queue");
  }
  resubmit_to_queue2(world, id, rtgs_class, kRequested);
  return {};
}

}  // namespace busbar::payments
