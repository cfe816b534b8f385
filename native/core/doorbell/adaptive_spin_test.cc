#include "core/doorbell/adaptive_spin.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

constexpr uint64_t kNever = UINT64_MAX;

/// Work that is there at the n-th look; at least 32 looks are made before the time is asked again.
struct Work {
  uint32_t at;
  uint32_t looks = 0;
  bool operator()() { return ++looks >= at; }
};

constexpr auto kNothing = [] { return false; };

/// A look whose time is over when it begins.
bool look_in_vain(AdaptiveSpin& spin) {
  const uint64_t now = monotonic_ns();
  return spin.look(now, now, kNothing, kNothing);
}

TEST(AdaptiveSpin, EndsWithTheFirstWork) {
  AdaptiveSpin spin;
  Work work{5};
  EXPECT_TRUE(spin.look(monotonic_ns(), kNever, std::ref(work), kNothing));
  EXPECT_EQ(work.looks, 5u);
}

TEST(AdaptiveSpin, EndsWithoutWorkWhenItsTimeIsOver) {
  AdaptiveSpin spin;
  uint32_t looks = 0;
  EXPECT_FALSE(spin.look(monotonic_ns(), kNever, [&] { return ++looks == 0; }, kNothing));
  EXPECT_GE(looks, 32u);
}

TEST(AdaptiveSpin, FindsWhatIsLookedForSeldom) {
  AdaptiveSpin spin({UINT32_MAX, true});
  uint32_t asked = 0;
  EXPECT_TRUE(spin.look(monotonic_ns(), kNever, kNothing, [&] { return ++asked == 3; }));
  EXPECT_EQ(asked, 3u);
}

TEST(AdaptiveSpin, GivesUpAfterThreeLooksInVainAndBeginsAgainWhenWorkComesClose) {
  AdaptiveSpin spin({100, true});
  for (int i = 0; i < 3; i++) EXPECT_FALSE(look_in_vain(spin));
  Work unseen{1};
  EXPECT_FALSE(spin.look(monotonic_ns(), kNever, std::ref(unseen), kNothing));
  EXPECT_EQ(unseen.looks, 0u);

  spin.sleeps(1'000'000);
  EXPECT_TRUE(spin.slept());
  spin.woke(1'000'000 + 200'000, true);
  EXPECT_FALSE(spin.slept());
  EXPECT_FALSE(spin.look(monotonic_ns(), kNever, std::ref(unseen), kNothing)) << "it came too late";

  spin.sleeps(1'000'000);
  spin.woke(1'000'000 + 199'999, false);
  EXPECT_FALSE(spin.look(monotonic_ns(), kNever, std::ref(unseen), kNothing)) << "it was no work";

  spin.sleeps(1'000'000);
  spin.woke(1'000'000 + 199'999, true);
  EXPECT_TRUE(spin.look(monotonic_ns(), kNever, std::ref(unseen), kNothing));
}

TEST(AdaptiveSpin, PatienceMakesLooksLongerAndNothingElse) {
  AdaptiveSpin spin({100, true}, 2);
  for (int i = 0; i < 3; i++) EXPECT_FALSE(look_in_vain(spin));
  Work work{1};
  spin.sleeps(1'000'000);
  spin.woke(1'000'000 + 200'000, true);
  EXPECT_FALSE(spin.look(monotonic_ns(), kNever, std::ref(work), kNothing));
  spin.sleeps(1'000'000);
  spin.woke(1'000'000 + 199'999, true);
  const uint64_t start = monotonic_ns();
  EXPECT_FALSE(spin.look(start, kNever, kNothing, kNothing));
  EXPECT_GE(monotonic_ns() - start, 200'000u);
}

TEST(AdaptiveSpin, AfterLongWorkItLooksLongerForASmallPartOfIt) {
  AdaptiveSpin spin({100, false}), never({0, false});
  const auto took = [&](AdaptiveSpin& which, uint64_t worked_ns) {
    const uint64_t start = monotonic_ns();
    EXPECT_FALSE(which.look(start, kNever, kNothing, kNothing, worked_ns));
    return monotonic_ns() - start;
  };
  EXPECT_GE(took(spin, 0), 100'000u);
  EXPECT_GE(took(spin, 3'200'000), 200'000u);
  EXPECT_GE(took(spin, UINT64_MAX), 300'000u);
  Work unseen{1};
  EXPECT_FALSE(never.look(monotonic_ns(), kNever, std::ref(unseen), kNothing, UINT64_MAX));
  EXPECT_EQ(unseen.looks, 0u);
  const uint64_t start = monotonic_ns();
  EXPECT_FALSE(spin.look(start, start + 1, kNothing, kNothing, UINT64_MAX)) << "its deadline holds all the same";
}

TEST(AdaptiveSpin, WorkBetweenLooksInVainKeepsItLooking) {
  AdaptiveSpin spin({100, true});
  for (int i = 0; i < 10; i++) {
    EXPECT_FALSE(look_in_vain(spin));
    EXPECT_FALSE(look_in_vain(spin));
    Work work{1};
    EXPECT_TRUE(spin.look(monotonic_ns(), kNever, std::ref(work), kNothing));
  }
}

TEST(AdaptiveSpin, ThePlainWaysNeverGiveUpAndNeverLook) {
  AdaptiveSpin always({100, false}), never({0, false});
  for (int i = 0; i < 10; i++) {
    EXPECT_FALSE(look_in_vain(always));
    EXPECT_FALSE(look_in_vain(never));
  }
  Work work{1}, unseen{1};
  EXPECT_TRUE(always.look(monotonic_ns(), kNever, std::ref(work), kNothing));
  EXPECT_FALSE(never.look(monotonic_ns(), kNever, std::ref(unseen), kNothing));
  EXPECT_EQ(unseen.looks, 0u);
}

}  // namespace
}  // namespace busbar
