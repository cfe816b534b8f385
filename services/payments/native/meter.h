// What the service counts for whoever looks on: payments, ticks, memory. Real time, so never part of state or hash.
#pragma once

#include <map>
#include <memory>

#include "busbar_telemetry.h"
#include "core/telemetry/tick_times.h"
#include "payments/world.h"

namespace busbar::payments {

/// A tick is one of a simulation. All calls on the instance's thread; without a record they cost a few additions.
class Meter {
 public:
  using Clock = telemetry::TickTimes::Clock;

  explicit Meter(uint8_t* record) : writer_(record) {}

  void tick(const TickRow& row, Clock::duration took) {
    writer_.add(telemetry::kTotalCombats, row.settlements);
    times_.tick(took);
  }
  /// A simulation of a sweep, which ran beside others.
  void swept(const World& world) {
    writer_.add(telemetry::kTotalCombats, world.totals.settled);
    times_.untimed(world.tick);
  }

  /// Shows how things stand now.
  void show(const std::map<uint32_t, std::unique_ptr<World>>& simulations) {
    if (!writer_.present()) return;
    uint64_t payments = 0, bytes = 0;
    uint32_t running = 0, banks = 0;
    for (const auto& [id, world] : simulations) {
      payments += world->transactions.size();
      bytes += world->kept_bytes();
      banks += static_cast<uint32_t>(world->agents.size());
      running += world->ended() || world->full() ? 0 : 1;
    }
    writer_.set(telemetry::kActiveCombats, running);
    writer_.set(telemetry::kTotalEntities, payments);
    writer_.set(telemetry::kUnits, banks);
    writer_.set(telemetry::kMemoryUsageMb, static_cast<uint32_t>((bytes + 500'000) / 1'000'000));
    times_.store(writer_, Clock::now());
    writer_.publish();
  }

 private:
  telemetry::Writer writer_;
  telemetry::TickTimes times_;
};

}  // namespace busbar::payments
