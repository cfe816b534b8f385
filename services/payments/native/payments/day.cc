// Steps 0 and 0.25: what a new day resets, and the money that comes from pools.
#include <algorithm>

#include "steps.h"

namespace busbar::payments {
namespace {

void return_liquidity(World& world, uint32_t index) {
  Agent& agent = world.agents[index];
  const int64_t returned = std::min(agent.allocated, std::max<int64_t>(agent.balance, 0));
  agent.allocated = 0;
  if (returned == 0) return;
  Event& event = world.emit(EventKind::liquidity_return, kNone, index, kNone, returned);
  event.before = agent.balance;
  agent.balance -= returned;
  agent.pool_free += returned;
  event.after = agent.balance;
}

void allocate_liquidity(World& world, uint32_t index) {
  Agent& agent = world.agents[index];
  const AgentConfig& config = world.config->agents[index];
  const int64_t wanted = scaled_down(config.liquidity_pool, config.allocation_ppm, 1'000'000);
  const int64_t allocated = std::min(wanted, agent.pool_free);
  if (allocated == 0) return;
  Event& event = world.emit(EventKind::liquidity_allocation, kNone, index, kNone, allocated);
  event.before = agent.balance;
  agent.balance += allocated;
  agent.pool_free -= allocated;
  agent.allocated = allocated;
  event.after = agent.balance;
}

}  // namespace

void step_new_day(World& world) {
  if (world.tick_in_day() != 0) return;
  const bool first = world.tick == 0;
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    agent.today = Costs{};
    agent.outflow_today = 0;
    for (BilateralLimit& limit : agent.limits) limit.used = 0;
    std::fill(agent.registers.begin(), agent.registers.end(), 0.0);
    if (first) {
      allocate_liquidity(world, i);
    } else if (world.config->daily_reallocation) {
      return_liquidity(world, i);
      allocate_liquidity(world, i);
    }
  }
}

}  // namespace busbar::payments
