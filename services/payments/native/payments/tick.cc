// One tick, in the order of services.md 4.3.
#include <algorithm>

#include "steps.h"

namespace busbar::payments {
namespace {

void measure(World& world) {
  TickRow& row = world.row;
  int64_t largest = 0;
  uint32_t payer = kNone;
  for (const uint32_t id : world.queue2) {
    const Transaction& payment = world.transactions[id];
    if (payment.remaining <= largest) continue;
    largest = payment.remaining;
    payer = payment.sender;
  }
  for (const Agent& agent : world.agents) {
    row.queue1_size += static_cast<uint32_t>(agent.queue1.size());
    row.queue1_value += agent.queue1_value;
    row.available += agent.available();
    if (world.options.keep_history) {
      world.history.push_back({agent.balance, agent.collateral, agent.tick_costs.total(),
                               static_cast<uint32_t>(agent.queue1.size()), agent.queue2_count});
    }
  }
  row.queue2_size = static_cast<uint32_t>(world.queue2.size());
  row.queue2_value = world.queue2_value;
  if (payer != kNone) {
    row.feasibility = static_cast<double>(world.agents[payer].available()) / static_cast<double>(largest);
  }
  world.totals.peak_queue2 = std::max<uint64_t>(world.totals.peak_queue2, row.queue2_size);
  world.lsm_recent[world.tick % 10] = row.lsm_releases;
}

}  // namespace

void run_tick(World& world) {
  // What was submitted since the last tick belongs to this one.
  world.row = TickRow{};
  world.row.arrivals = world.arrivals_pending;
  world.row.arrivals_value = world.arrivals_value_pending;
  world.arrivals_pending = 0;
  world.arrivals_value_pending = 0;
  world.cycles_this_tick = 0;
  for (Agent& agent : world.agents) agent.tick_costs = Costs{};

  step_new_day(world);                                       // 0, 0.25
  step_scenario(world);                                      // 0.5
  step_arrivals(world);                                      // 1
  step_collateral(world, TreeKind::strategic_collateral);    // 1.5
  step_banks(world);                                         // 1.75
  step_collateral_timers(world);                             // 1.8
  step_release(world);                                       // 2
  step_queue2_decisions(world);                              // 2b
  step_submissions(world);                                   // 3
  step_queue2(world);                                        // 4
  step_liquidity_saving(world);                              // 5
  step_collateral(world, TreeKind::end_of_tick_collateral);  // 5.5
  step_deferred_credits(world);                              // 5.7
  step_costs(world);                                         // 6, 8

  measure(world);
  world.fold_events();
  world.tick += 1;  // 9
  world.row.hash = world.state_hash();
  const uint64_t pair[2] = {world.tick - 1, world.row.hash};
  world.run_hash.update(pair, sizeof pair);
  world.rows.push_back(world.row);
}

}  // namespace busbar::payments
