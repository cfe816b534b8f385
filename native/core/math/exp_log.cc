// exp, log and pow. Methods: argument reduction by ln 2 split in two parts and Taylor's series for exp; log m = 2
// atanh((m - 1) / (m + 1)) on [sqrt 1/2, sqrt 2); pow = exp(y log x) with the logarithm in double-double (about 2^-66
// relative).
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/math/double_double.h"
#include "core/math/math.h"

namespace busbar::math {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInverseLn2 = 0x1.71547652b82fep+0;
// 42 bits, so that k * kLn2High is exact for every exponent k; and what is missing.
constexpr double kLn2High = 0x1.62e42fefa3800p-1, kLn2Low = 0x1.ef35793c76730p-45;
constexpr double kExpMax = 709.782712893384, kExpMin = -745.1332191019412;

/// value * 2^k, rounded once where the result is subnormal.
double scale(double value, int k) {
  const auto power = [](int exponent) { return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52); };
  if (k > 1000) return value * power(k - 1000) * power(1000);
  if (k < -1000) return value * power(k + 1000) * power(-1000);
  return value * power(k);
}

/// e^(high + low) for kExpMin <= high <= kExpMax and a low part far below an ulp of 1.
double exp_of(double high, double low) {
  const double k = std::floor(high * kInverseLn2 + 0.5);
  const double top = high - k * kLn2High;  // exact: both are close, or k is 0
  const Double2 r = exact_sum(top, low - k * kLn2Low);
  const double x = r.high, xx = x * x;
  // x^2/2! + ... + x^13/13! in pairs, |x| <= 0.35; the next term is below 2^-56 of the result.
  const double p0 = 1.0 / 2 + x * (1.0 / 6), p1 = 1.0 / 24 + x * (1.0 / 120), p2 = 1.0 / 720 + x * (1.0 / 5040);
  const double p3 = 1.0 / 40320 + x * (1.0 / 362880), p4 = 1.0 / 3628800 + x * (1.0 / 39916800);
  const double p5 = 1.0 / 479001600 + x * (1.0 / 6227020800);
  const double series = xx * (p0 + xx * (p1 + xx * (p2 + xx * (p3 + xx * (p4 + xx * p5)))));
  return scale(1.0 + (x + (r.low + r.low * x + series)), static_cast<int>(k));
}

struct Reduced {
  double m;  // in [sqrt 1/2, sqrt 2)
  int k;     // x = m * 2^k
};

/// x positive and finite.
Reduced reduce(double x) {
  int k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    k = -54;
  }
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  k += static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m >= 0x1.6a09e667f3bcdp+0) {  // sqrt 2
    m *= 0.5;
    k += 1;
  }
  return {m, k};
}

/// The tail 2/5 + 2/7 t + 2/9 t^2 + ... of 2 atanh(s) = 2 s + s^3 (2/3 + t * tail), t = s^2 <= 0.0295.
double atanh_tail(double t) {
  const double tt = t * t;
  const double q0 = 2.0 / 5 + t * (2.0 / 7), q1 = 2.0 / 9 + t * (2.0 / 11), q2 = 2.0 / 13 + t * (2.0 / 15);
  const double q3 = 2.0 / 17 + t * (2.0 / 19), q4 = 2.0 / 21 + t * (2.0 / 23);
  return q0 + tt * (q1 + tt * (q2 + tt * (q3 + tt * q4)));
}

/// log x in double-double for x positive and finite.
Double2 log_of(double x) {
  const Reduced part = reduce(x);
  const Double2 s = divide({part.m - 1.0, 0.0}, exact_sum(part.m, 1.0));
  const Double2 t = multiply(s, s);
  const Double2 cube = multiply(multiply(t, s), {0x1.5555555555555p-1, 0x1.5555555555555p-55});
  const double tail = s.high * t.high * t.high * atanh_tail(t.high);
  const Double2 log_m = add({2 * s.high, 2 * s.low}, add(cube, {tail, 0.0}));
  const double k = part.k;
  return add(add({k * kLn2High, 0.0}, exact_product(k, kLn2Low)), log_m);
}

enum class Parity { fraction, even, odd };

Parity parity_of(double y) {
  const double size = std::fabs(y);
  if (size >= 0x1p53) return Parity::even;
  if (size != std::floor(size)) return Parity::fraction;
  return static_cast<uint64_t>(size) % 2 == 1 ? Parity::odd : Parity::even;
}

}  // namespace

double exp(double x) {
  if (x != x) return x;
  if (x > kExpMax) return kInfinity;
  if (x < kExpMin) return 0.0;
  return exp_of(x, 0.0);
}

double log(double x) {
  if (x != x || x == kInfinity) return x;
  if (x == 0) return -kInfinity;
  if (x < 0) return kNan;
  const Reduced part = reduce(x);
  const double f = part.m - 1.0;  // exact
  const double s = f / (2.0 + f), t = s * s, half = 0.5 * f * f, k = part.k;
  // 2 s = f - s f and s f = f^2/2 - s f^2/2: so f, which is exact, leads, and what is rounded is small beside it.
  const double rest = s * (half + t * (2.0 / 3 + t * atanh_tail(t)));
  return k * kLn2High - ((half - (rest + k * kLn2Low)) - f);
}

double pow(double x, double y) {
  if (y == 0 || x == 1) return 1.0;
  if (x != x || y != y) return kNan;
  const Parity parity = parity_of(y);
  const double size = std::fabs(x);
  const double sign = std::signbit(x) && parity == Parity::odd ? -1.0 : 1.0;
  if (std::fabs(y) == kInfinity) {
    if (size == 1) return 1.0;
    return (size > 1) == (y > 0) ? kInfinity : 0.0;
  }
  if (size == 0) return y > 0 ? sign * 0.0 : sign * kInfinity;
  if (size == kInfinity) return y > 0 ? sign * kInfinity : sign * 0.0;
  if (x < 0 && parity == Parity::fraction) return kNan;
  if (size == 1) return sign;
  const Double2 logarithm = log_of(size);
  const double rough = logarithm.high * y;
  if (rough > 710) return sign * kInfinity;
  if (rough < -746) return sign * 0.0;
  // |log x| >= 2^-53, so |y| < 2^63 here; a product too small to be split exactly does not matter beside 1.
  const Double2 product = exact_product(logarithm.high, y);
  const Double2 power = quick_sum(product.high, product.low + logarithm.low * y);
  if (power.high > kExpMax) return sign * kInfinity;
  if (power.high < kExpMin) return sign * 0.0;
  return sign * exp_of(power.high, power.low);
}

}  // namespace busbar::math
