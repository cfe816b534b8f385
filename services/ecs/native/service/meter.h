// What the service counts for whoever looks on: entities and times. Real time, so never part of state or hash.
#pragma once

#include "busbar_telemetry.h"
#include "core/telemetry/tick_times.h"

namespace busbar::ecs {

/// Whatever the host calls the instance for is one tick: a request, a message, a step of the clock. The instance's thread
/// only; without a record it does nothing.
class Meter {
 public:
  using Clock = telemetry::TickTimes::Clock;

  explicit Meter(uint8_t* record) : writer_(record) {}

  /// Reads no clock when nobody can see the result.
  Clock::time_point begin() const { return writer_.present() ? Clock::now() : Clock::time_point{}; }
  /// @param entities that are alive now
  void end(Clock::time_point started, uint64_t entities) {
    if (!writer_.present()) return;
    const auto now = Clock::now();
    times_.tick(now - started);
    times_.store(writer_, now);
    writer_.set(telemetry::kTotalEntities, entities);
    writer_.publish();
  }

 private:
  telemetry::Writer writer_;
  telemetry::TickTimes times_;
};

}  // namespace busbar::ecs
