#include "restoring.h"

#include <cmath>
#include <map>

#include "archive.h"

namespace busbar::payments {
namespace {

/// No sum of a simulation comes near the end of 63 bits.
constexpr int64_t kSumMax = 8'500'000'000'000'000'000;

void require(bool holds, const char* problem) {
  if (!holds) Reader::corrupt(problem);
}

bool open(Status status) {
  return status == Status::pending || status == Status::queued || status == Status::scheduled;
}

bool fine_weight(double value) { return std::isfinite(value) && value >= 0; }

void check_agent(const World& world, const Agent& agent) {
  require(agent.collateral >= 0 && agent.collateral <= agent.capacity, "collateral is out of its bounds");
  require(agent.balance <= kSumMax && agent.balance >= -agent.credit, "a balance is below what credit allows");
  require(agent.pool_free >= 0 && agent.pool_free <= kMoneyMax && agent.allocated >= 0 && agent.allocated <= kMoneyMax,
          "a pool is out of its bounds");
  require(agent.last_post == kNone || agent.last_post < world.config->ticks, "a posting lies in the future");
  require(fine_weight(agent.rate_multiplier) && agent.rate_multiplier <= 1000, "a multiplier is out of its bounds");
  for (const int64_t cost : agent.today.part) require(cost >= 0, "a cost is negative");
  for (const int64_t cost : agent.total.part) require(cost >= 0, "a cost is negative");
  for (const CollateralTimer& timer : agent.timers) {
    require(timer.amount > 0 && timer.amount <= 10 * kMoneyMax && timer.due_tick <= world.config->ticks &&
                timer.posted_tick < world.config->ticks && timer.blocked <= 1,
            "a timer is out of its bounds");
  }
  for (const double value : agent.registers) require(std::isfinite(value), "a register is no number");
}

void restore_generators(World& world, uint32_t index) {
  for (Generator& generator : world.agents[index].generators) {
    if (!generator.changed) continue;
    require(fine_weight(generator.other_weight), "a weight is out of its bounds");
    for (size_t i = 0; i < generator.weights.size(); ++i) {
      require(fine_weight(generator.weights[i].second), "a weight is out of its bounds");
      require(generator.weights[i].first < world.agents.size() && generator.weights[i].first != index,
              "a weight belongs to no other bank");
      require(i == 0 || generator.weights[i - 1].first < generator.weights[i].first, "weights are not sorted");
    }
    World::refresh_receivers(generator, index, static_cast<uint32_t>(world.agents.size()));
    require(!generator.runs.empty() && std::isfinite(generator.total), "weights leave no counterparty");
  }
}

/// Every open payment stands in exactly one queue, in the right one.
void restore_queues(World& world) {
  std::vector<uint8_t> seen(world.transactions.size(), 0);
  const auto take = [&](uint32_t id) -> const Transaction& {
    require(id < world.transactions.size() && seen[id] == 0, "a queue names a payment twice, or none");
    seen[id] = 1;
    return world.transactions[id];
  };
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    agent.queue1_value = 0;
    agent.queue2_value = 0;
    agent.queue2_count = 0;
    for (const uint32_t id : agent.queue1) {
      const Transaction& payment = take(id);
      require(payment.sender == i && payment.status != Status::queued && open(payment.status),
              "a payment stands in the wrong queue");
      agent.queue1_value += payment.remaining;
    }
  }
  world.queue2_value = 0;
  for (const uint32_t id : world.queue2) {
    const Transaction& payment = take(id);
    require(payment.status == Status::queued, "a payment stands in the wrong queue");
    world.agents[payment.sender].queue2_count += 1;
    world.agents[payment.sender].queue2_value += payment.remaining;
    world.queue2_value += payment.remaining;
  }
  uint64_t overdue = 0;
  for (size_t id = 0; id < world.transactions.size(); ++id) {
    require((seen[id] != 0) == open(world.transactions[id].status), "an open payment stands in no queue");
    overdue += open(world.transactions[id].status) && world.transactions[id].overdue();
  }
  require(overdue == world.totals.overdue, "its count of overdue payments is wrong");
  world.queue2_version += 1;
}

/// What the payments themselves say; sums that a run goes on adding to are taken from nobody.
Totals counted(const World& world) {
  Totals sums;
  for (const Transaction& payment : world.transactions) {
    (payment.parent == kNone ? sums.arrivals : sums.children) += 1;
    if (payment.parent == kNone) sums.arrivals_value += payment.amount;
    if (payment.children > 0) {
      sums.split_parents += 1;
    } else if (payment.status == Status::settled) {
      sums.settled += 1;
      sums.settled_value += payment.amount;
    } else if (payment.status == Status::dropped) {
      sums.dropped += 1;
      sums.dropped_value += payment.amount;
    }
  }
  return sums;
}

/// What each bank has sent on the day of the last tick, counted from its payments, and to whom.
void check_outflows(const World& world) {
  const uint32_t day = (world.tick == 0 ? 0 : world.tick - 1) / world.config->ticks_per_day;
  std::vector<int64_t> sent(world.agents.size());
  std::map<std::pair<uint32_t, uint32_t>, int64_t> pairs;
  for (const Transaction& payment : world.transactions) {
    if (payment.status != Status::settled || payment.children > 0 ||
        payment.settled_tick / world.config->ticks_per_day != day) {
      continue;
    }
    sent[payment.sender] += payment.amount;
    if (!world.agents[payment.sender].limits.empty()) pairs[{payment.sender, payment.receiver}] += payment.amount;
  }
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    const Agent& agent = world.agents[i];
    require(agent.outflow_today == sent[i], "an outflow is not that of the bank's payments");
    for (const BilateralLimit& limit : agent.limits) {
      require(limit.used == pairs[{i, limit.agent}], "a used limit is not that of the bank's payments");
    }
  }
}

void check_totals(const World& world) {
  const Totals& totals = world.totals;
  const Totals sums = counted(world);
  require(totals.arrivals == sums.arrivals && totals.arrivals_value == sums.arrivals_value && totals.children == sums.children &&
              totals.split_parents == sums.split_parents && totals.settled == sums.settled &&
              totals.settled_value == sums.settled_value && totals.dropped == sums.dropped &&
              totals.dropped_value == sums.dropped_value,
          "its totals are not those of its payments");
  require(totals.lsm_settled <= totals.settled && totals.lsm_value >= 0 && totals.lsm_value <= totals.settled_value &&
              world.arrivals_pending <= totals.arrivals && world.arrivals_value_pending >= 0 &&
              world.arrivals_value_pending <= totals.arrivals_value,
          "a total is out of its bounds");
  __extension__ using Sum = __int128;
  Sum money = 0, opening = 0;
  for (size_t i = 0; i < world.agents.size(); ++i) {
    money += Sum{world.agents[i].balance} + world.agents[i].pool_free;
    opening += Sum{world.config->agents[i].opening_balance} + world.config->agents[i].liquidity_pool;
  }
  require(money == opening, "its money does not add up to what the config began with");
}

void check_events(const World& world) {
  require(world.event_count == world.first_event + world.events.size() &&
              world.pool_count == world.first_pool + world.pool.size(),
          "its events do not add up");
  for (const Event& event : world.events) {
    require(event.kind < EventKind::count, "an event has an unknown kind");
    const uint32_t at = event.extra - static_cast<uint32_t>(world.first_pool);
    require(at <= world.pool.size() && event.extra_count <= world.pool.size() - at, "the list of an event is missing");
  }
}

}  // namespace

void check_transactions(const World& world) {
  const size_t count = world.transactions.size();
  for (size_t id = 0; id < count; ++id) {
    const Transaction& payment = world.transactions[id];
    require(payment.sender < world.agents.size() && payment.receiver < world.agents.size() &&
                payment.sender != payment.receiver,
            "a payment names no pair of banks");
    require(payment.amount >= 1 && payment.amount <= kAmountMax && payment.remaining >= 0 &&
                payment.remaining <= payment.amount,
            "an amount is out of its bounds");
    require(payment.status <= Status::scheduled && payment.priority <= kPriorityMax &&
                payment.original_priority <= kPriorityMax && payment.rtgs_class <= 2 && payment.divisible <= 1 &&
                payment.reserved == 0,
            "a payment is out of its bounds");
    require((payment.status == Status::settled) == (payment.remaining == 0), "a settled payment has something left");
    require(payment.arrival <= world.config->ticks && payment.deadline <= world.config->ticks,
            "a payment lies beyond the run");
    require(payment.parent == kNone || payment.parent < id, "a child is older than its parent");
    require(payment.children == 0 ? payment.first_child == kNone
                                  : payment.first_child > id && payment.first_child + size_t{payment.children} <= count,
            "a parent has no children");
    if (payment.parent == kNone) continue;
    const Transaction& parent = world.transactions[payment.parent];
    require(id >= parent.first_child && id - parent.first_child < parent.children, "a child has another parent");
  }
}

void restore_derived(World& world) {
  require(world.tick <= world.config->ticks && world.rows.size() == world.tick, "its ticks do not add up");
  require(fine_weight(world.global_rate) && world.global_rate <= 1000 && fine_weight(world.deadline_low_multiplier) &&
              world.deadline_low_multiplier <= 1000 && fine_weight(world.deadline_high_multiplier) &&
              world.deadline_high_multiplier <= 1000,
          "a multiplier is out of its bounds");
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    world.refresh_credit(world.agents[i]);
    check_agent(world, world.agents[i]);
    restore_generators(world, i);
  }
  restore_queues(world);
  check_totals(world);
  check_outflows(world);
  check_events(world);
  require(!world.options.keep_history ||
              (world.first_history <= world.tick &&
               world.history.size() == size_t{world.tick - world.first_history} * world.agents.size()),
          "its history does not add up");
  world.refresh_rates();
  for (uint32_t tick = 0; tick < world.tick; ++tick) {
    const uint64_t pair[2] = {tick, world.rows[tick].hash};
    world.run_hash.update(pair, sizeof pair);
  }
  world.mark_folded();
}

}  // namespace busbar::payments
