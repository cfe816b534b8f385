// Method: random arguments, spread over exponents, against the system's long double functions (64 bits of mantissa on
// x86-64, more elsewhere), in ulps of the double result; special cases as C defines them; and one hash over a fixed
// series, which has to be the same on every computer.
#include "core/math/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "core/hash/hash.h"
#include "core/random/random.h"

namespace busbar::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kRounds = 200'000;

/// Distance of `value` from `exact` in ulps of `exact`.
double ulps(double value, long double exact) {
  const double rounded = static_cast<double>(exact);
  if (value == rounded || (value != value && rounded != rounded)) return 0;
  if (!std::isfinite(value) || !std::isfinite(rounded)) return 1e300;
  int exponent = 0;
  std::frexp(rounded, &exponent);
  const long double ulp = std::ldexp(1.0L, std::max(exponent, -1021) - 53);
  return static_cast<double>(std::fabs((static_cast<long double>(value) - exact) / ulp));
}

/// Random sign, mantissa and exponent in [low, high].
double spread(random::Stream& dice, int low, int high) {
  const double mantissa = 1 + dice.real();
  const int exponent = low + static_cast<int>(dice.below(static_cast<uint64_t>(high - low + 1)));
  return std::ldexp(dice.below(2) == 0 ? mantissa : -mantissa, exponent);
}

struct Worst {
  double error = 0, x = 0, y = 0;
  void see(double value, long double exact, double at, double second = 0) {
    const double found = ulps(value, exact);
    if (found > error) error = found, x = at, y = second;
  }
};

void expect_close(const char* name, const std::function<void(random::Stream&, Worst&)>& one, double limit) {
  random::Stream dice(20260101, name, 0);
  Worst worst;
  for (int i = 0; i < kRounds; i++) one(dice, worst);
  std::printf("%-14s at most %.3f ulp, at %.17g %.17g\n", name, worst.error, worst.x, worst.y);
  EXPECT_LE(worst.error, limit) << name << " at " << worst.x << ", " << worst.y << "; seed 20260101";
}

TEST(Math, ExpIsWithinOneUlp) {
  expect_close(
      "exp",
      [](auto& dice, Worst& worst) {
        const double x = dice.real() * 1450 - 745;
        worst.see(exp(x), std::exp(static_cast<long double>(x)), x);
        const double small = spread(dice, -60, 2);
        worst.see(exp(small), std::exp(static_cast<long double>(small)), small);
      },
      1.0);
}

TEST(Math, LogIsWithinOneUlp) {
  expect_close(
      "log",
      [](auto& dice, Worst& worst) {
        const double x = std::fabs(spread(dice, -1074, 1023));
        if (x > 0) worst.see(log(x), std::log(static_cast<long double>(x)), x);
        const double near = 1 + spread(dice, -50, -2);
        worst.see(log(near), std::log(static_cast<long double>(near)), near);
      },
      1.0);
}

TEST(Math, PowIsWithinOneUlp) {
  expect_close(
      "pow",
      [](auto& dice, Worst& worst) {
        const double x = std::fabs(spread(dice, -40, 40)), y = spread(dice, -6, 5);
        worst.see(pow(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y)), x, y);
        const double near = 1 + spread(dice, -30, -2), large = spread(dice, 0, 30);
        const long double exact = std::pow(static_cast<long double>(near), static_cast<long double>(large));
        // The long double itself is good to some 2^-63 |y log x| only, so its error stays out of the way below 2^7.
        if (std::fabs(std::log(exact)) < 128) worst.see(pow(near, large), exact, near, large);
      },
      1.0);
}

TEST(Math, SineAndCosineAreWithinOneUlp) {
  expect_close(
      "sin, cos",
      [](auto& dice, Worst& worst) {
        for (const double x : {spread(dice, -40, 5), spread(dice, 0, 19)}) {
          worst.see(sin(x), std::sin(static_cast<long double>(x)), x);
          worst.see(cos(x), std::cos(static_cast<long double>(x)), x);
        }
      },
      1.0);
  expect_close(
      "sin, cos huge",
      [](auto& dice, Worst& worst) {
        const double x = spread(dice, 20, 1023);
        worst.see(sin(x), std::sin(x), x);  // glibc's double functions are good to 0.55 ulp for all arguments
        worst.see(cos(x), std::cos(x), x);
      },
      2.0);
}

TEST(Math, SineNearMultiplesOfPiKeepsItsDigits) {
  expect_close(
      "sin near pi",
      [](auto& dice, Worst& worst) {
        const double x = std::floor(1 + dice.real() * 600'000) * (kPi / 2);
        worst.see(sin(x), std::sin(x), x);
        worst.see(cos(x), std::cos(x), x);
      },
      2.0);
  // The double closest to a multiple of pi/2 (Muller, Elementary Functions): 6381956970095103 * 2^797.
  const double worst_case = std::ldexp(6381956970095103.0, 797);
  EXPECT_LE(ulps(cos(worst_case), std::cos(worst_case)), 2.0);
  EXPECT_NEAR(cos(worst_case), -4.68716592425462761112e-19, 1e-33);
}

TEST(Math, AtanIsWithinOneUlp) {
  expect_close(
      "atan2",
      [](auto& dice, Worst& worst) {
        const double x = spread(dice, -60, 60);
        worst.see(atan(x), std::atan(static_cast<long double>(x)), x);
        const double y = spread(dice, -1000, 1000), z = std::ldexp(y, 0) * spread(dice, -20, 20);
        if (std::isfinite(z))
          worst.see(atan2(y, z), std::atan2(static_cast<long double>(y), static_cast<long double>(z)), y, z);
      },
      1.0);
}

/// Equal, NaN to NaN and zero with its sign.
void expect_same(double value, double expected, const char* what) {
  const bool same =
      std::isnan(expected) ? std::isnan(value) : value == expected && std::signbit(value) == std::signbit(expected);
  EXPECT_TRUE(same) << what << ": " << value << " instead of " << expected;
}

TEST(Math, SpecialCasesAreThoseOfC) {
  static constexpr double kSpecial[] = {0.0,        -0.0,   1.0,        -1.0,    0.5,       -0.5,       2.0,
                                        -2.0,       3.0,    -3.0,       1e300,   -1e300,    1e-300,     0x1p-1074,
                                        -0x1p-1074, 0x1p53, 0x1p53 - 1, -0x1p53, kInfinity, -kInfinity, kNan};
  for (const double x : kSpecial) {
    for (const double y : kSpecial) {
      const std::string at = std::to_string(x) + ", " + std::to_string(y);
      const double power = std::pow(x, y);
      if (power == 0 || std::isinf(power) || std::isnan(power))
        expect_same(pow(x, y), power, ("pow " + at).c_str());
      else
        EXPECT_LE(ulps(pow(x, y), power), 1.0) << at;
      EXPECT_LE(ulps(atan2(y, x), std::atan2(y, x)), 1.0) << at;
      EXPECT_TRUE(std::isnan(atan2(y, x)) || std::signbit(atan2(y, x)) == std::signbit(std::atan2(y, x))) << at;
    }
    EXPECT_LE(ulps(exp(x), std::exp(x)), 1.0) << x;
    EXPECT_LE(ulps(log(x), std::log(x)), 1.0) << x;
    EXPECT_LE(ulps(sin(x), std::sin(x)), 1.0) << x;
    EXPECT_LE(ulps(cos(x), std::cos(x)), 1.0) << x;
  }
  expect_same(sin(-0.0), -0.0, "sin -0");
  expect_same(log(1.0), 0.0, "log 1");
  expect_same(exp(0.0), 1.0, "exp 0");
  EXPECT_EQ(exp(709.8), kInfinity);
  EXPECT_EQ(exp(-746.0), 0.0);
  EXPECT_GT(exp(-745.0), 0.0);
}

TEST(Math, GivesTheSameBitsOnEveryComputer) {
  random::Stream dice(7, "math/golden", 0);
  hash::Xxh64 hash;
  const auto put = [&](double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    hash.update_value(bits);
  };
  for (int i = 0; i < 20'000; i++) {
    const double angle = spread(dice, -30, 200), positive = std::fabs(spread(dice, -1000, 1000)),
                 power = spread(dice, -8, 4);
    put(exp(power));
    put(log(positive));
    put(pow(positive, power));
    put(sin(angle));
    put(cos(angle));
    put(atan2(angle, power));
  }
  EXPECT_EQ(hash.digest(), 9311980302008417797ull);
}

}  // namespace
}  // namespace busbar::math
