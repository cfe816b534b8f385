#include "core/doorbell/doorbell.h"

#include <gtest/gtest.h>

#include <thread>

namespace busbar {
namespace {

TEST(Doorbell, ARingBetweenSeenAndWaitIsNotLost) {
  Doorbell bell;
  const uint32_t seen = bell.seen();
  bell.ring();
  bell.wait(seen, Doorbell::kForever);
  EXPECT_NE(bell.seen(), seen);
}

TEST(Doorbell, WakesAnotherThread) {
  Doorbell bell, answer;
  std::thread sleeper([&] {
    for (int i = 0; i < 1000; i++) {
      while (bell.seen() == static_cast<uint32_t>(i)) bell.wait(static_cast<uint32_t>(i), Doorbell::kForever);
      answer.ring();
    }
  });
  for (int i = 0; i < 1000; i++) {
    bell.ring();
    while (answer.seen() == static_cast<uint32_t>(i)) answer.wait(static_cast<uint32_t>(i), Doorbell::kForever);
  }
  sleeper.join();
  EXPECT_EQ(answer.seen(), 1000u);
}

TEST(Doorbell, ATimeOutEndsTheWait) {
  Doorbell bell;
  const uint64_t start = monotonic_ns();
  bell.wait(bell.seen(), 5'000'000);
  EXPECT_GE(monotonic_ns() - start, 4'000'000u);
}

}  // namespace
}  // namespace busbar
