// How long the ticks of a service take: three gauges of its telemetry record. Real time, so never part of state or hash.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "include/busbar_telemetry.h"

namespace busbar::telemetry {

/// What a tick is, the service says. One thread; the time is passed in, nothing here reads a clock but the constructor's
/// default.
class TickTimes {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TickTimes(Clock::time_point now = Clock::now()) : second_(now) {}

  void tick(Clock::duration took) {
    const double us = std::chrono::duration<double, std::micro>(took).count();
    // A moving mean of the last dozen or so.
    average_us_ = average_us_ < 0 ? us : average_us_ + (us - average_us_) / 16;
    peak_us_ = std::max(peak_us_, us);
    in_second_++;
  }
  /// Ticks that enter the rate only, since they ran side by side.
  void untimed(uint64_t ticks) { in_second_ += static_cast<double>(ticks); }

  /// Into the writer's private memory; whoever owns it publishes. The rate changes once a second has gone by.
  void store(Writer& writer, Clock::time_point now) {
    if (now - second_ >= std::chrono::seconds(1)) {
      const double seconds = std::chrono::duration<double>(now - second_).count();
      writer.set(kSimulationFps, whole(std::round(in_second_ / seconds)));
      second_ = now;
      in_second_ = 0;
    }
    writer.set(kAverageTickTimeUs, whole(std::max(average_us_, 0.0)));
    writer.set(kPeakTickTimeUs, whole(peak_us_));
  }

 private:
  /// 2^32 - 1 says: that, or more (of microseconds: above an hour).
  static uint32_t whole(double value) { return static_cast<uint32_t>(std::min(value, 4294967295.0)); }

  double average_us_ = -1, peak_us_ = 0;
  Clock::time_point second_;
  double in_second_ = 0;
};

}  // namespace busbar::telemetry
