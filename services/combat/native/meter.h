// What the service counts for whoever looks on: battles, damage, times. Real time, so never part of state or hash.
#pragma once

#include <algorithm>
#include <cmath>

#include "busbar_telemetry.h"
#include "combat/battle.h"
#include "core/telemetry/tick_times.h"

namespace busbar::combat {

/// A request is one tick. All calls on the instance's thread; without a record they cost a few additions.
class Meter {
 public:
  using Clock = telemetry::TickTimes::Clock;

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
    times_.tick(now - started);
    times_.store(writer_, now);
    writer_.set(telemetry::kActiveCombats, 0u);
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

  telemetry::Writer writer_;
  double dealt_rest_ = 0, received_rest_ = 0;
  telemetry::TickTimes times_;
};

}  // namespace busbar::combat
