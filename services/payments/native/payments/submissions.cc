// Steps 3 and 4: payments settle one by one, or wait in Queue 2.
#include <algorithm>

#include "group.h"
#include "steps.h"

namespace busbar::payments {
namespace {

void settle_alone(World& world, uint32_t id, EventKind kind) {
  const Transaction& payment = world.transactions[id];
  Event& event = world.emit(kind, id, payment.sender, payment.receiver, payment.remaining);
  event.before = world.agents[payment.sender].balance;
  event.after = event.before - payment.remaining;
  if (kind == EventKind::queue2_liquidity_release) event.x = world.tick - payment.queued_tick;
  world.pay(payment);
  world.mark_settled(id, false);
}

void tell_limit(World& world, uint32_t id, Block block) {
  const Transaction& payment = world.transactions[id];
  const Agent& sender = world.agents[payment.sender];
  if (block == Block::multilateral) {
    world
        .emit(EventKind::multilateral_limit_exceeded, id, payment.sender, payment.receiver,
              sender.outflow_today + payment.remaining)
        .before = sender.multilateral_limit;
    return;
  }
  for (const BilateralLimit& limit : sender.limits) {
    if (limit.agent != payment.receiver) continue;
    world
        .emit(EventKind::bilateral_limit_exceeded, id, payment.sender, payment.receiver, limit.used + payment.remaining)
        .before = limit.limit;
  }
}

/// Settles a submission together with the fewest payments, first in first out, that its receiver has queued for its
/// sender, such that both can fund their net positions. @returns whether it settled
bool offset_at_entry(World& world, uint32_t id) {
  const Transaction payment = world.transactions[id];
  Group group(world);
  group.add(id);
  for (const uint32_t other : world.queue2) {
    const Transaction& back = world.transactions[other];
    if (back.status != Status::queued || back.sender != payment.receiver || back.receiver != payment.sender) continue;
    group.add(other);
    if (!group.feasible()) continue;
    Event& event =
        world.emit(EventKind::entry_disposition_offset, id, payment.sender, payment.receiver, payment.remaining);
    event.after = group.net_out(payment.sender);
    group.settle();
    world.compact_queue2();
    return true;
  }
  return false;
}

}  // namespace

void step_submissions(World& world) {
  static constexpr Name kReasons[] = {kNoName, kLiquidity, kBilateralLimit, kMultilateralLimit};
  for (const uint32_t id : world.submissions) {
    const Block block = world.blocked(world.transactions[id]);
    if (block == Block::none) {
      settle_alone(world, id, EventKind::rtgs_immediate_settlement);
      continue;
    }
    if (block != Block::liquidity) tell_limit(world, id, block);
    if (world.config->entry_offsetting && offset_at_entry(world, id)) continue;
    Transaction& payment = world.transactions[id];
    payment.rtgs_class = class_of(payment.priority);
    Event& event = world.emit(EventKind::rtgs_submission, id, payment.sender, payment.receiver, payment.remaining);
    event.priority = payment.priority;
    event.flags = static_cast<uint8_t>(payment.rtgs_class << 2);
    Event& queued = world.emit(EventKind::queued_rtgs, id, payment.sender, payment.receiver, payment.remaining);
    queued.x = static_cast<uint32_t>(world.queue2.size());
    queued.name = kReasons[static_cast<uint8_t>(block)];
    world.enter_queue2(id);
  }
  world.submissions.clear();
}

uint32_t pass_queue2(World& world) {
  uint32_t settled = 0;
  const auto visit = [&](uint32_t id) {
    if (world.blocked(world.transactions[id]) != Block::none) return;
    world.leave_queue2(id);
    settle_alone(world, id, EventKind::queue2_liquidity_release);
    settled += 1;
  };
  // Only payments leave the queue meanwhile, so the list itself does not change.
  if (world.config->priority_mode) {
    for (int which = 2; which >= 0; --which) {
      for (const uint32_t id : world.queue2) {
        if (world.transactions[id].rtgs_class == which && world.transactions[id].status == Status::queued) visit(id);
      }
    }
  } else {
    for (const uint32_t id : world.queue2) visit(id);
  }
  if (settled > 0) world.compact_queue2();
  return settled;
}

void step_queue2(World& world) {
  const int64_t before = world.row.settled_value;
  const uint32_t settled = pass_queue2(world);
  if (!world.config->algorithm_events) return;
  Event& event = world.emit(EventKind::algorithm_execution, kNone, kNone, kNone, world.row.settled_value - before);
  event.x = settled;
  event.y = 1;
  event.name = kFifo;
}

}  // namespace busbar::payments
