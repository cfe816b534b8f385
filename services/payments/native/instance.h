// What the service keeps between requests: simulations, those that broke, counts.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "busbar_service.h"
#include "flatbuffers/flatbuffers.h"
#include "meter.h"
#include "payments/world.h"

namespace busbar::payments {

/// The service's own config.
struct Settings {
  uint32_t items_max = 65'536;
  uint32_t simulations_max = 256;
  /// Payments and children of a simulation behind which no tick begins.
  uint32_t transactions_max = kTransactionsMax;
  /// Every simulation goes on by one tick with each tick of the bus clock, and in no other way.
  bool follow_clock = false;
};

/// What is left of a simulation whose tick failed halfway: its state is in the middle of that tick, so nothing is read from it
/// and it does not go on.
struct Broken {
  std::shared_ptr<const Config> config;
  /// The tick that failed.
  uint32_t tick = 0;
  /// State hash before it; 0 in the first tick.
  uint64_t hash = 0;
  std::string reason;
};

struct Instance {
  Instance(const busbar_host& host_table, Settings wanted)
      : host(host_table), settings(wanted), meter(telemetry::record_of(&host_table)) {}

  busbar_host host;
  Settings settings;
  /// By number; a number is in one of the two maps.
  std::map<uint32_t, std::unique_ptr<World>> simulations;
  std::map<uint32_t, Broken> broken;
  /// Full ones that the clock has told of.
  std::set<uint32_t> told_full;
  uint32_t next_id = 1;
  Meter meter;
  flatbuffers::FlatBufferBuilder builder{64 * 1024};

  uint32_t add(std::unique_ptr<World> world);
  /// @returns whether there was one
  bool remove(uint32_t id);
  /// @throws Refusal payments/not-found; payments/corrupt-state for one that broke
  World& world(uint32_t id);
  /// Why a simulation stopped before its end, and what can be done; "" when it has not.
  std::string problem_of(uint32_t id) const;
  /// @throws Refusal payments/limit-exceeded when there is no room for one more
  void require_room() const;
  /// @throws Refusal payments/conflict when the bus clock makes the ticks
  void require_own_ticks() const;
  /// Runs the tick that comes next.
  /// @throws Refusal payments/conflict behind the last one; payments/limit-exceeded when the simulation is full;
  /// payments/corrupt-state when the tick fails halfway: the simulation has become a broken one then, and its world is gone
  void run(uint32_t id);
  /// One step of the simulated clock: a tick of every simulation that has not ended, in the order of their ids. One that
  /// cannot go on keeps no other from it, and is told of once. @returns which could not and why; "" when all could
  std::string follow_clock();

  /// XXH64 of the numbers and states of all simulations.
  uint64_t hash();
  /// All simulations with what they need to go on, and those that broke as such.
  std::string write_snapshot();
  /// All or nothing. @throws Refusal payments/corrupt-state, payments/unsupported-version
  void read_snapshot(std::string_view bytes);
};

}  // namespace busbar::payments
