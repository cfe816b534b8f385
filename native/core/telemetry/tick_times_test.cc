// Method: ticks of known lengths at known times; no clock is read.
#include "core/telemetry/tick_times.h"

#include <gtest/gtest.h>

#include "core/telemetry/record_reader.h"

namespace busbar::telemetry {
namespace {

using namespace std::chrono_literals;

struct alignas(64) Slot {
  uint8_t bytes[kRecordBytes] = {};
};

struct Shown {
  uint32_t average, peak, rate;
  bool operator==(const Shown&) const = default;
};

class TickTimesTest : public ::testing::Test {
 protected:
  TickTimesTest() { initialize(slot.bytes); }

  Shown show(TickTimes::Clock::time_point now) {
    Writer writer(slot.bytes);
    times.store(writer, now);
    writer.publish();
    return {value_of(slot.bytes, kAverageTickTimeUs), value_of(slot.bytes, kPeakTickTimeUs),
            value_of(slot.bytes, kSimulationFps)};
  }

  Slot slot;
  const TickTimes::Clock::time_point start{};
  TickTimes times{start};
};

TEST_F(TickTimesTest, SaysNothingBeforeTheFirstTick) { EXPECT_EQ(show(start), (Shown{0, 0, 0})); }

TEST_F(TickTimesTest, TheMeanMovesBySixteenthsAndThePeakStays) {
  times.tick(100us);
  EXPECT_EQ(show(start), (Shown{100, 100, 0}));
  times.tick(260us);
  EXPECT_EQ(show(start), (Shown{110, 260, 0}));
  for (int i = 0; i < 300; i++) times.tick(20us);
  EXPECT_EQ(show(start), (Shown{20, 260, 0}));
}

TEST_F(TickTimesTest, TheRateIsThatOfTheLastSecondThatIsOver) {
  for (int i = 0; i < 30; i++) times.tick(1ms);
  times.untimed(970);
  EXPECT_EQ(show(start + 999ms).rate, 0u);
  EXPECT_EQ(show(start + 2000ms).rate, 500u);
  EXPECT_EQ(show(start + 2999ms).rate, 500u);
  EXPECT_EQ(show(start + 3000ms), (Shown{1000, 1000, 0}));
}

TEST_F(TickTimesTest, AnHourAndMoreIsTheLargestValue) {
  times.tick(2h);
  EXPECT_EQ(show(start).peak, 4'294'967'295u);
}

}  // namespace
}  // namespace busbar::telemetry
