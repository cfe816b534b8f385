#include "core/random/random.h"

#include <gtest/gtest.h>

#include <array>

#include "core/random/normal.h"

namespace busbar::random {
namespace {

TEST(SplitMix, GivesThePublishedSequenceOfSeed1234567) {
  SplitMix generator(1234567);
  EXPECT_EQ(generator.next(), 6457827717110365317ull);
  EXPECT_EQ(generator.next(), 3203168211198807973ull);
  EXPECT_EQ(generator.next(), 9817491932198370423ull);
}

TEST(Stream, GivesThePublishedSequenceOfState1234) {
  Stream stream(0);
  stream.restore({1, 2, 3, 4});
  EXPECT_EQ(stream.next(), 11520ull);
  EXPECT_EQ(stream.next(), 0ull);
  EXPECT_EQ(stream.next(), 1509978240ull);
  EXPECT_EQ(stream.next(), 1215971899390074240ull);
}

TEST(Derive, SeparatesSeedNameAndIndex) {
  const uint64_t base = derive(1, "cards/game", 0);
  EXPECT_EQ(base, mix(mix(mix(1 + kGolden) ^ hash::fnv1a64("cards/game")) + kGolden));
  EXPECT_NE(base, derive(2, "cards/game", 0));
  EXPECT_NE(base, derive(1, "cards/games", 0));
  EXPECT_NE(base, derive(1, "cards/game", 1));
}

TEST(Stream, BelowStaysBelowAndReachesEveryValueEvenly) {
  Stream stream(7, "test", 0);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60'000; i++) counts.at(stream.below(6))++;
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  for (int i = 0; i < 1000; i++) EXPECT_EQ(stream.below(1), 0u);
  const uint64_t huge = (uint64_t{1} << 63) + 1;
  for (int i = 0; i < 1000; i++) EXPECT_LT(stream.below(huge), huge);
}

TEST(Stream, RealIsInZeroToOne) {
  Stream stream(7, "test", 1);
  double sum = 0;
  for (int i = 0; i < 10'000; i++) {
    const double value = stream.real();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

TEST(Stream, NormalHasTheMomentsOfANormalDistribution) {
  Stream stream(11, "test", 2);
  double sum = 0, squares = 0, fourths = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; i++) {
    const double value = normal(stream);
    sum += value;
    squares += value * value;
    fourths += value * value * value * value;
  }
  // Within four standard errors of 0, 1 and 3: sqrt of 1, 2 and 96 over the number of draws.
  EXPECT_NEAR(sum / kDraws, 0, 4 * 0.00224);
  EXPECT_NEAR(squares / kDraws, 1, 4 * 0.00317);
  EXPECT_NEAR(fourths / kDraws, 3, 4 * 0.0219);
}

TEST(Stream, ARestoredCopyContinuesTheSame) {
  Stream stream(3, "test", 9);
  stream.next();
  Stream copy(0);
  const uint64_t* words = stream.state();
  copy.restore({words[0], words[1], words[2], words[3]});
  for (int i = 0; i < 100; i++) ASSERT_EQ(copy.next(), stream.next());
}

static_assert(derive(0, "", 0) != 0, "usable at compile time");

}  // namespace
}  // namespace busbar::random
