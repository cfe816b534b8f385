// Method: every event that a follower can see, one by one, and which peers it lets in after each.
#include "host/ticks.h"

#include <gtest/gtest.h>

namespace busbar::host {
namespace {

using Do = Ticks::Do;
using Stage = Ticks::Stage;
constexpr uint32_t kNobody = UINT32_MAX;

TEST(Ticks, AnInstanceWithoutAClockLetsEverybodyIn) {
  const Ticks ticks;
  EXPECT_FALSE(ticks.is_shut(0));
  EXPECT_FALSE(ticks.is_shut(kNobody));
}

TEST(Ticks, PeersComeOneAfterTheOtherBehindTheTurn) {
  Ticks ticks;
  ticks.follow(2);
  EXPECT_TRUE(ticks.is_shut(0) && ticks.is_shut(1));
  EXPECT_FALSE(ticks.is_shut(kNobody));
  EXPECT_EQ(ticks.ticked(1, 20, false), Do::kTurn);
  EXPECT_TRUE(ticks.is_shut(0) && ticks.is_shut(1));
  EXPECT_FALSE(ticks.turned(false));
  EXPECT_FALSE(ticks.is_shut(0));
  EXPECT_TRUE(ticks.is_shut(1));
  EXPECT_FALSE(ticks.marked(0, 1));
  EXPECT_TRUE(ticks.is_shut(0));
  EXPECT_FALSE(ticks.is_shut(1));
  EXPECT_EQ(ticks.stage(), Stage::kTicked);
  EXPECT_TRUE(ticks.marked(1, 1));
  EXPECT_EQ(ticks.stage(), Stage::kSettled);
  EXPECT_TRUE(ticks.is_shut(0) && ticks.is_shut(1));
}

TEST(Ticks, WithoutPeersATickIsSettledWithTheTurn) {
  Ticks ticks;
  ticks.follow(0);
  EXPECT_EQ(ticks.ticked(1, 20, false), Do::kTurn);
  EXPECT_TRUE(ticks.turned(false));
  EXPECT_EQ(ticks.ticked(2, 40, false), Do::kTurn);
  EXPECT_TRUE(ticks.turned(true));
  EXPECT_EQ(ticks.stage(), Stage::kFailed);
  EXPECT_EQ(ticks.taken(), 2u);
}

TEST(Ticks, ARepeatedTickIsTakenOnceAndItsMarkSentAgain) {
  Ticks ticks;
  ticks.follow(1);
  EXPECT_EQ(ticks.ticked(0, 0, true), Do::kAnswer);
  EXPECT_EQ(ticks.ticked(1, 20, false), Do::kTurn);
  EXPECT_FALSE(ticks.turned(false));
  EXPECT_EQ(ticks.ticked(1, 20, false), Do::kRepeat);
  EXPECT_EQ(ticks.ticked(2, 40, false), Do::kAnswer) << "not before the present one is settled";
  EXPECT_TRUE(ticks.marked(0, 1));
  EXPECT_FALSE(ticks.marked(0, 1)) << "a mark that came twice";
  EXPECT_FALSE(ticks.marked(7, 1)) << "a rank that is nobody's";
  EXPECT_EQ(ticks.ticked(1, 20, true), Do::kAnswer);
  EXPECT_EQ(ticks.ticked(2, 40, false), Do::kTurn);
  EXPECT_EQ(ticks.taken(), 2u);
}

TEST(Ticks, ANewcomerJoinsBehindATickThatIsOver) {
  Ticks ticks;
  ticks.follow(1);
  EXPECT_EQ(ticks.ticked(500, 10'000, true), Do::kAnswer);
  EXPECT_EQ(ticks.stage(), Stage::kSettled);
  EXPECT_EQ(ticks.taken(), 0u);
  EXPECT_EQ(ticks.ticked(500, 10'000, false), Do::kAnswer) << "it has no mark of that tick to repeat";
  EXPECT_EQ(ticks.ticked(501, 10'020, false), Do::kTurn);
  EXPECT_FALSE(ticks.turned(false));
  EXPECT_TRUE(ticks.marked(0, 501));
}

}  // namespace
}  // namespace busbar::host
