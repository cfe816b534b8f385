// What the service counts for whoever looks on: games and times. Real time, so never part of state or hash.
#pragma once

#include <algorithm>

#include "busbar_telemetry.h"
#include "cards/batch.h"
#include "core/telemetry/tick_times.h"

namespace busbar::cards {

/// A request is one tick. All calls on the instance's thread; without a record they cost a few additions.
class Meter {
 public:
  using Clock = telemetry::TickTimes::Clock;

  explicit Meter(uint8_t* record) : writer_(record) {}

  /// A request begins that asks for these games.
  void begin(const Request* requests, size_t count) {
    waiting_ = 0;
    for (size_t i = 0; i < count; ++i) waiting_ += requests[i].num_games;
    show_waiting();
  }

  /// Some of its items are done. Refused ones have played nothing.
  void count(const Request* requests, const Stats* stats, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      waiting_ -= requests[i].num_games;
      if (!stats[i].fault) writer_.add(telemetry::kTotalCombats, stats[i].total_games);
    }
    show_waiting();
  }
  /// A single game was played to its end.
  void count_traced() { writer_.add(telemetry::kTotalCombats, 1); }

  /// The request is answered. @param open games of interactive play
  void end(Clock::time_point started, uint64_t open) {
    const auto now = Clock::now();
    times_.tick(now - started);
    times_.store(writer_, now);
    writer_.set(telemetry::kActiveCombats, 0u);
    writer_.set(telemetry::kTotalEntities, open);
    writer_.publish();
  }

 private:
  /// The field has 32 bits; its largest value says: that many, or more.
  void show_waiting() {
    writer_.set(telemetry::kActiveCombats, static_cast<uint32_t>(std::min<uint64_t>(waiting_, 0xFFFFFFFF)));
    writer_.publish();
  }

  telemetry::Writer writer_;
  uint64_t waiting_ = 0;
  telemetry::TickTimes times_;
};

}  // namespace busbar::cards
