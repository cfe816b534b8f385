// The part of a simulation that later ticks depend on, field by field: what the state hash covers and a checkpoint
// holds.
#pragma once

#include "archive.h"
#include "world.h"

namespace busbar::payments {

template <class Archive>
void live_stream(Archive& archive, XorShift& stream) {
  uint64_t state = stream.state();
  archive.io(state);
  if constexpr (Archive::kReads) stream = XorShift(state);
}

template <class Archive>
void live_hash(Archive& archive, hash::Xxh64& stream) {
  uint8_t bytes[hash::Xxh64::kStateBytes];
  if constexpr (!Archive::kReads) stream.save(bytes);
  archive.raw(bytes, sizeof bytes);
  if constexpr (Archive::kReads) {
    if (!stream.load(bytes)) Reader::corrupt("the hash of its events is damaged");
  }
}

template <class Archive>
void live_generator(Archive& archive, Generator& generator, size_t agents) {
  uint8_t changed = generator.changed ? 1 : 0;
  archive.io(changed);
  if (changed == 0) return;
  generator.changed = true;
  archive.io(generator.other_weight);
  const size_t count = archive.count(generator.weights.size(), agents);
  if constexpr (Archive::kReads) generator.weights.resize(count);
  for (auto& [agent, weight] : generator.weights) {
    archive.io(agent);
    archive.io(weight);
  }
}

template <class Archive>
void live_agent(Archive& archive, Agent& agent, size_t agents, size_t payments) {
  archive.io(agent.balance);
  archive.io(agent.collateral);
  archive.io(agent.last_post);
  archive.io(agent.pool_free);
  archive.io(agent.allocated);
  archive.io(agent.outflow_today);
  archive.io(agent.rate_multiplier);
  live_stream(archive, agent.stream);
  for (int64_t& cost : agent.today.part) archive.io(cost);
  for (int64_t& cost : agent.total.part) archive.io(cost);
  archive.list(agent.queue1, payments);
  for (BilateralLimit& limit : agent.limits) archive.io(limit.used);
  const size_t timers = archive.count(agent.timers.size(), payments + kTicksMax);
  if constexpr (Archive::kReads) agent.timers.resize(timers);
  for (CollateralTimer& timer : agent.timers) {
    archive.io(timer.posted_tick);
    archive.io(timer.due_tick);
    archive.io(timer.amount);
    archive.io(timer.blocked);
  }
  for (double& value : agent.registers) archive.io(value);
  for (Generator& generator : agent.generators) live_generator(archive, generator, agents);
}

/// Members that are derived from others are left out; `Restoring` makes them anew.
template <class Archive>
void live_fields(Archive& archive, World& world) {
  archive.io(world.tick);
  archive.io(world.global_rate);
  archive.io(world.deadline_low_multiplier);
  archive.io(world.deadline_high_multiplier);
  live_stream(archive, world.stream);
  Totals& totals = world.totals;
  for (uint64_t* count : {&totals.arrivals, &totals.settled, &totals.lsm_settled, &totals.dropped, &totals.children,
                          &totals.split_parents, &totals.overdue, &totals.bilateral_settled, &totals.bilateral_rejected,
                          &totals.cycles_settled, &totals.cycles_rejected, &totals.budget_exhausted,
                          &totals.delay_ticks, &totals.peak_queue2}) {
    archive.io(*count);
  }
  for (int64_t* value : {&totals.arrivals_value, &totals.settled_value, &totals.lsm_value, &totals.dropped_value}) {
    archive.io(*value);
  }
  for (uint32_t& released : world.lsm_recent) archive.io(released);
  archive.io(world.arrivals_pending);
  archive.io(world.arrivals_value_pending);
  archive.io(world.event_count);
  archive.io(world.pool_count);
  live_hash(archive, world.event_stream);
  live_hash(archive, world.pool_stream);
  archive.list(world.queue2, world.transactions.size());
  for (Agent& agent : world.agents) live_agent(archive, agent, world.agents.size(), world.transactions.size());
}

}  // namespace busbar::payments
