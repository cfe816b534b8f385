// Costs against exact arithmetic with numbers of any size.
#include "payments/costs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random/random.h"
#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

/// A natural number of any size: schoolbook arithmetic on 32-bit digits.
class Big {
 public:
  explicit Big(uint64_t value = 0) {
    for (; value > 0; value >>= 32) digits_.push_back(static_cast<uint32_t>(value));
  }
  Big operator*(uint64_t factor) const {
    Big high = times(static_cast<uint32_t>(factor >> 32));
    high.digits_.insert(high.digits_.begin(), 0);  // times 2^32
    return high + times(static_cast<uint32_t>(factor));
  }
  Big operator+(const Big& other) const {
    Big sum;
    uint64_t carry = 0;
    for (size_t i = 0; i < std::max(digits_.size(), other.digits_.size()); ++i) {
      carry += i < digits_.size() ? digits_[i] : 0;
      carry += i < other.digits_.size() ? other.digits_[i] : 0;
      sum.digits_.push_back(static_cast<uint32_t>(carry));
      carry >>= 32;
    }
    if (carry > 0) sum.digits_.push_back(static_cast<uint32_t>(carry));
    return sum;
  }
  /// Quotient, bit by bit; saturated at 2^63 - 1 like the costs.
  int64_t divided_by(uint64_t divisor) const {
    uint64_t quotient = 0, rest = 0;
    for (size_t i = digits_.size() * 32; i-- > 0;) {
      const bool carry = (rest >> 63) != 0;
      rest = rest << 1 | (digits_[i / 32] >> (i % 32) & 1);
      if ((quotient >> 62) != 0) return kMoneyEnd;
      quotient <<= 1;
      if (carry || rest >= divisor) {
        rest -= divisor;
        quotient |= 1;
      }
    }
    return static_cast<int64_t>(quotient);
  }

 private:
  Big times(uint32_t digit) const {
    Big product;
    uint64_t carry = 0;
    for (const uint32_t own : digits_) {
      carry += uint64_t{own} * digit;
      product.digits_.push_back(static_cast<uint32_t>(carry));
      carry >>= 32;
    }
    if (carry > 0) product.digits_.push_back(static_cast<uint32_t>(carry));
    return product;
  }

  std::vector<uint32_t> digits_;
};

TEST(Costs, ProductsAreExact) {
  random::Stream dice(1, "costs", 0);
  for (int i = 0; i < 200'000; ++i) {
    const auto amount = static_cast<int64_t>(dice.next() >> (1 + dice.below(63)));
    const uint64_t rate = dice.next() >> (30 + dice.below(34));
    for (const uint64_t divisor : {kBpsE3, kBpsE6}) {
      const Big product = Big(static_cast<uint64_t>(amount)) * rate;
      ASSERT_EQ(scaled_half_up(amount, rate, divisor), (product + Big(divisor / 2)).divided_by(divisor));
      ASSERT_EQ(scaled_down(amount, rate, divisor), product.divided_by(divisor));
    }
  }
  EXPECT_EQ(scaled_half_up(5'000, 1'000, kBpsE3), 1);  // 0.5 is rounded up
  EXPECT_EQ(scaled_half_up(4'999, 1'000, kBpsE3), 0);
  EXPECT_EQ(scaled_down(9'999, 1'000, kBpsE3), 0);
}

TEST(Costs, DelayIsOneExactSum) {
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    random::Stream dice(seed, "delay", 0);
    CostRates rates;
    rates.delay_e6 = dice.below(1'000'001);
    rates.overdue_multiplier_e3 = dice.below(1'000'001);
    for (uint64_t& factor : rates.class_multiplier_e3) factor = dice.below(1'000'001);
    DelayWeight weight;
    Big sum;
    for (uint64_t n = dice.below(20); n > 0; --n) {
      const auto amount = static_cast<int64_t>(1 + dice.below(kAmountMax));
      const bool overdue = dice.below(2) == 0;
      const auto which = static_cast<uint32_t>(dice.below(3));
      weight.add(amount, overdue, which);
      sum = sum + Big(static_cast<uint64_t>(amount)) * (overdue ? rates.overdue_multiplier_e3 : 1000) *
                      rates.class_multiplier_e3[which] * rates.delay_e6;
    }
    ASSERT_EQ(weight.cost(rates), (sum + Big(kDelayE12 / 2)).divided_by(kDelayE12)) << "seed " << seed;
  }
}

TEST(Costs, SumsStopAtTheLargestNumber) {
  EXPECT_EQ(add_cost(kMoneyEnd, 1), kMoneyEnd);
  EXPECT_EQ(add_cost(kMoneyEnd - 1, 1), kMoneyEnd);
  Costs costs;
  costs.add(CostKind::delay, kMoneyEnd);
  costs.add(CostKind::delay, kMoneyEnd);
  EXPECT_EQ(costs.total(), kMoneyEnd);
}

/// One bank, one payment it can never make: every cost of every tick by hand.
TEST(Costs, OfAPaymentThatNeverSettles) {
  testing::Scene scene = testing::banks(2, 0, "null");
  scene.ticks_per_day = 4;
  scene.days = 2;
  scene.agents[0].cap = 500;
  scene.agents[0].collateral = 1'000;
  scene.agents[0].balance = -400;
  scene.agents[0].pool = 0;
  scene.costs =
      R"({"overdraft_bps_per_tick_e3":50000,"delay_cost_per_tick_per_cent_e6":1500,"collateral_cost_per_tick_bps_e6":25000000,)"
      R"("liquidity_cost_per_tick_bps_e6":0,"deadline_penalty":{"mode":"rate","bps_per_event_e6":99999999},)"
      R"("eod_penalty":{"mode":"fixed","amount":70},"split_friction_cost":1000,"overdue_delay_multiplier_e3":2500,)"
      R"("priority_delay_multipliers_e3":{"urgent":3000,"normal":1000,"low":500}})";
  scene.scenario = {
      R"({"type":"CustomTransactionArrival","from_agent":"BANK_0000","to_agent":"BANK_0001","amount":12345,)"
      R"("priority":9,"deadline":2,"is_divisible":true,"schedule":{"type":"OneTime","tick":1}})"};
  World world = scene.world();
  // Overdraft: 400 x 50 bps = 2. Collateral: 1000 x 25 bps = 2.5, so 3. Delay: 12345 x 0.0015 x 3 = 55.5525, so 56;
  // overdue x 2.5: 138.88, so 139. Deadline 3 is passed in tick 4: 12345 x 99.999999 bps = 123.44.., truncated 123.
  // Deadline 3 is before the end of both days: 70 in ticks 3 and 7.
  const int64_t expected[] = {5, 61, 61, 131, 267, 144, 144, 214};
  for (const int64_t cost : expected) {
    run_tick(world);
    EXPECT_EQ(world.row.cost, cost) << "tick " << world.tick - 1;
  }
  const Costs& total = world.agents[0].total;
  EXPECT_EQ(total[CostKind::overdraft], 16);
  EXPECT_EQ(total[CostKind::collateral], 24);
  EXPECT_EQ(total[CostKind::delay], 3 * 56 + 4 * 139);
  EXPECT_EQ(total[CostKind::deadline_penalty], 123);
  EXPECT_EQ(total[CostKind::eod_penalty], 140);
  EXPECT_EQ(world.agents[1].total.total(), 0);
  // The day's costs are those of ticks 4 to 7.
  EXPECT_EQ(world.agents[0].today.total(), 267 + 144 + 144 + 214);
}

/// A payment due exactly at the first tick of the next day is due by the day's end.
TEST(Costs, EndOfDayCountsWhatIsDueAtItsVeryEnd) {
  for (const uint32_t deadline : {3u, 4u, 5u}) {
    testing::Scene scene = testing::banks(2, 0, "null");
    scene.ticks_per_day = 4;
    scene.days = 2;
    scene.scenario = {
        R"({"type":"CustomTransactionArrival","from_agent":"BANK_0000","to_agent":"BANK_0001","amount":10,)"
        R"("priority":5,"is_divisible":true,"schedule":{"type":"OneTime","tick":0},"deadline":)" +
        std::to_string(deadline) + "}"};
    World world = scene.world();
    for (int tick = 0; tick < 4; ++tick) run_tick(world);
    EXPECT_EQ(world.agents[0].total[CostKind::eod_penalty], deadline <= 4 ? 10'000 : 0) << deadline;
  }
}

}  // namespace
}  // namespace busbar::payments
