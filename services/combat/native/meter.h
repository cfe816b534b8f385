// What the service counts for whoever looks on: battles, damage, times. Real time, so never part of state or hash.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "busbar_telemetry.h"
#include "combat/battle.h"

namespace busbar::combat {

/// A request is one tick. All calls on the instance's thread; without a record they cost a few additions.
class Meter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Meter(uint8_t* record) : writer_(record) {}

  /// A request begins that fights that many battles.
  void begin(size_t battles) {
    writer_.set(telemetry::kActiveCombats, static_cast<uint32_t>(battles));
    writer_.publish();
  }

  void count(const BattleOutcome* outcomes, size_t count) {
    double dealt = 0, received = 0, destroyed = 0;
    uint64_t fought = 0;
    for (size_t i = 0; i < count; i++) {
      const BattleOutcome& outcome = outcomes[i];
      if (outcome.fault) continue;
      fought++;
      const auto& of = outcome.statistics;
      dealt += of[kAttackerDamage] + of[kDefenderDamage];
      received += of[kAttackerHpLost] + of[kDefenderHpLost] + of[kAttackerShieldsLost] + of[kDefenderShieldsLost];
      destroyed += of[kAttackersStart] + of[kDefendersStart] - of[kAttackersAlive] - of[kDefendersAlive];
    }
    writer_.add(telemetry::kTotalCombats, fought);
    writer_.add(telemetry::kTotalDamageDealt, whole(dealt, dealt_rest_));
    writer_.add(telemetry::kTotalDamageReceived, whole(received, received_rest_));
    writer_.add(telemetry::kUnitsDestroyed, static_cast<uint32_t>(destroyed));
  }

  /// The request is answered. @param entities in all indexes of the service
  void end(Clock::time_point started, uint64_t entities) {
    const auto now = Clock::now();
    const double us = std::chrono::duration<double, std::micro>(now - started).count();
    // A moving mean of the last dozen or so.
    average_us_ = average_us_ < 0 ? us : average_us_ + (us - average_us_) / 16;
    peak_us_ = std::max(peak_us_, us);
    in_second_++;
    if (now - second_ >= std::chrono::seconds(1)) {
      const double seconds = std::chrono::duration<double>(now - second_).count();
      writer_.set(telemetry::kSimulationFps, static_cast<uint32_t>(std::lround(in_second_ / seconds)));
      second_ = now;
      in_second_ = 0;
    }
    writer_.set(telemetry::kActiveCombats, 0u);
    writer_.set(telemetry::kAverageTickTimeUs, micros(average_us_));
    writer_.set(telemetry::kPeakTickTimeUs, micros(peak_us_));
    writer_.set(telemetry::kTotalEntities, entities);
    writer_.publish();
  }

 private:
  /// Whole units of a sum; what is behind the point is kept for the next one.
  static uint64_t whole(double sum, double& rest) {
    rest += sum;
    const double units = std::floor(rest);
    rest -= units;
    return units > 0 ? static_cast<uint64_t>(std::min(units, 9e18)) : 0;
  }
  /// Above an hour it says an hour and some.
  static uint32_t micros(double us) { return static_cast<uint32_t>(std::min(us, 4294967295.0)); }

  telemetry::Writer writer_;
  double dealt_rest_ = 0, received_rest_ = 0;
  double average_us_ = -1, peak_us_ = 0;
  Clock::time_point second_ = Clock::now();
  double in_second_ = 0;
};

}  // namespace busbar::combat
