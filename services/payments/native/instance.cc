#include "instance.h"

#include "payments/fault.h"

namespace busbar::payments {
namespace {

/// Simulations that one report of the clock names; there may be thousands.
constexpr uint32_t kNamedMax = 3;

std::string name_of(uint32_t id) { return "simulation " + std::to_string(id); }

std::string broken_text(uint32_t id, const Broken& one) {
  return name_of(id) + " is broken: its tick " + std::to_string(one.tick) + " failed halfway (" + one.reason +
         "); restore a checkpoint of it, or delete it";
}

std::string full_text(uint32_t id, const World& world) {
  return name_of(id) + " has " + std::to_string(world.transactions.size()) + " payments, the limit is " +
         std::to_string(world.transactions_max) + "; it has ended at tick " + std::to_string(world.tick) +
         ", and goes on only where transactions_max is higher";
}

}  // namespace

uint32_t Instance::add(std::unique_ptr<World> world) {
  world->transactions_max = settings.transactions_max;
  const uint32_t id = next_id++;
  simulations.emplace(id, std::move(world));
  return id;
}

bool Instance::remove(uint32_t id) {
  told_full.erase(id);
  return simulations.erase(id) + broken.erase(id) > 0;
}

World& Instance::world(uint32_t id) {
  if (const auto found = simulations.find(id); found != simulations.end()) return *found->second;
  if (const auto found = broken.find(id); found != broken.end()) {
    throw Refusal(Code::corrupt_state, "sim_id", broken_text(id, found->second));
  }
  throw Refusal(Code::not_found, "sim_id", "there is no simulation " + std::to_string(id));
}

std::string Instance::problem_of(uint32_t id) const {
  if (const auto found = broken.find(id); found != broken.end()) return broken_text(id, found->second);
  const auto found = simulations.find(id);
  return found != simulations.end() && found->second->full() ? full_text(id, *found->second) : "";
}

void Instance::require_room() const {
  const size_t count = simulations.size() + broken.size();
  if (count < settings.simulations_max) return;
  throw Refusal(Code::limit_exceeded, "simulations",
                "there are " + std::to_string(count) + ", the limit is " + std::to_string(settings.simulations_max) +
                    "; delete one, or raise simulations_max");
}

void Instance::require_own_ticks() const {
  if (!settings.follow_clock) return;
  throw Refusal(Code::conflict, "follow_clock",
                "is true in the service's config, so the bus clock makes the ticks (busbar clock step); set it to false "
                "to make them by request");
}

void Instance::run(uint32_t id) {
  World& world = this->world(id);
  if (world.ended()) {
    throw Refusal(Code::conflict, "tick", "the run has ended at tick " + std::to_string(world.config->ticks));
  }
  if (world.full()) throw Refusal(Code::limit_exceeded, "transactions", full_text(id, world));
  const auto start = Meter::Clock::now();
  try {
    run_tick(world);
  } catch (const std::exception& problem) {
    Broken one{world.config, world.tick, world.rows.empty() ? 0 : world.rows.back().hash, {}};
    // First of all: it must not go on, even if there is no memory for what follows.
    simulations.erase(id);
    one.reason = problem.what();
    const std::string text = broken_text(id, one);
    broken.emplace(id, std::move(one));
    throw Refusal(Code::corrupt_state, "sim_id", text);
  }
  meter.tick(world.rows.back(), Meter::Clock::now() - start);
}

std::string Instance::follow_clock() {
  std::string problems;
  uint32_t count = 0;
  const auto tell = [&](const std::string& text) {
    if (++count <= kNamedMax) problems += (problems.empty() ? "" : "; ") + text;
  };
  for (auto next = simulations.begin(); next != simulations.end();) {
    const uint32_t id = next->first;
    const World& world = *next->second;
    ++next;  // a simulation that breaks leaves the map
    if (world.ended()) continue;
    if (world.full()) {
      if (told_full.insert(id).second) tell(problem_of(id));
      continue;
    }
    try {
      run(id);
    } catch (const std::exception& refusal) {
      const std::string problem = problem_of(id);
      tell(problem.empty() ? name_of(id) + ": " + refusal.what() : problem);
    }
  }
  if (count > kNamedMax) problems += "; and " + std::to_string(count - kNamedMax) + " more";
  meter.show(simulations);
  return problems;
}

}  // namespace busbar::payments
