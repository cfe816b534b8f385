// sin, cos and atan. Methods: reduction by pi/2 in four parts (Cody and Waite) below 2^20, with 1,280 bits of 2/pi
// above (Payne and Hanek 1983); Taylor's series on [-pi/4, pi/4]; atan by its addition theorem around multiples of
// 1/16.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/math/double_double.h"
#include "core/math/math.h"

namespace busbar::math {
namespace {

constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
// pi/2 in parts of 33 bits, so that products with quotients below 2^20 are exact, and the rest.
constexpr double kPart1 = 0x1.921fb54400000p+0, kPart2 = 0x1.0b4611a600000p-34, kPart3 = 0x1.3198a2e000000p-69;
constexpr double kPart4 = 0x1.b839a252049c1p-104;
constexpr Double2 kHalfPi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

/// Binary digits of 2/pi after the point, most significant first.
constexpr uint64_t kTwoOverPiBits[20] = {
    0xA2F9836E4E441529ull, 0xFC2757D1F534DDC0ull, 0xDB6295993C439041ull, 0xFE5163ABDEBBC561ull, 0xB7246E3A424DD2E0ull,
    0x06492EEA09D1921Cull, 0xFE1DEB1CB129A73Eull, 0xE88235F52EBB4484ull, 0xE99C7026B45F7E41ull, 0x3991D639835339F4ull,
    0x9C845F8BBDF9283Bull, 0x1FF897FFDE05980Full, 0xEF2F118B5A0A6D1Full, 0x6D367ECF27CB09B7ull, 0x4F463F669E5FEA2Dull,
    0x7527BAC7EBE5F17Bull, 0x3D0739F78A5292EAull, 0x6BFB5FB11F8D5D08ull, 0x56033046FC7B6BABull, 0xF0CFBC209AF4361Dull};

/// atan(i / 16) as high and low part.
constexpr Double2 kAtan[17] = {{0x0.0p+0, 0x0.0p+0},
                               {0x1.ff55bb72cfdeap-5, -0x1.c934d86d23f1dp-60},
                               {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
                               {0x1.7b97b4bce5b02p-3, 0x1.347b0b4f881cap-58},
                               {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
                               {0x1.362773707ebccp-2, -0x1.963a544b672d8p-57},
                               {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
                               {0x1.a64eec3cc23fdp-2, -0x1.24dec1b50b7ffp-56},
                               {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
                               {0x1.0657e94db30d0p-1, -0x1.d5b495f6349e6p-56},
                               {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
                               {0x1.345f01cce37bbp-1, 0x1.1021137c71102p-55},
                               {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
                               {0x1.5d58987169b18p-1, 0x1.0028e4bc5e7cap-57},
                               {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
                               {0x1.819d0b7158a4dp-1, -0x1.bf76229d3b917p-56},
                               {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}};

/// x = quarter * pi/2 + r modulo 2 pi, |r| <= pi/4 and a little.
struct Reduced {
  Double2 r;
  uint32_t quarter;
};

/// Payne and Hanek: the fraction of x * 2/pi out of those digits of 2/pi that matter for x >= 2^20.
Reduced reduce_large(double x) {
  __extension__ using Wide = unsigned __int128;
  const uint64_t bits = std::bit_cast<uint64_t>(std::fabs(x));
  const uint64_t m = (bits & 0x000FFFFFFFFFFFFFull) | 0x0010000000000000ull;
  const int exponent = static_cast<int>(bits >> 52) - 1023 - 52;  // |x| = m * 2^exponent, exponent >= -32
  // Digits before `first` only add multiples of 4 to the product. 256 bits from there leave over 130 good ones.
  const int first = exponent > 2 ? exponent - 2 : 0;
  uint64_t digits[4];
  for (int i = 0; i < 4; i++) {
    const int at = first + 64 * i, word = at / 64, shift = at % 64;
    const uint64_t high = word < 20 ? kTwoOverPiBits[word] : 0, low = word + 1 < 20 ? kTwoOverPiBits[word + 1] : 0;
    digits[i] = shift == 0 ? high : (high << shift) | (low >> (64 - shift));
  }
  // m * digits, 320 bits, as five words; the lowest is dropped after the carry.
  uint64_t product[5];
  uint64_t carry = 0;
  for (int i = 3; i >= 0; i--) {
    const Wide wide = static_cast<Wide>(m) * digits[i] + carry;
    product[i + 1] = static_cast<uint64_t>(wide);
    carry = static_cast<uint64_t>(wide >> 64);
  }
  product[0] = carry;
  // Value = product * 2^(exponent - first - 256); the point lies after bit 64 - (exponent - first) of the words.
  const int point = 64 + (exponent - first);  // bits before the point, 32..66
  const auto window = [&](int at) {           // 64 bits from bit `at` of the product
    const int word = at / 64, shift = at % 64;
    const uint64_t high = word < 5 ? product[word] : 0, low = word + 1 < 5 ? product[word + 1] : 0;
    return shift == 0 ? high : (high << shift) | (low >> (64 - shift));
  };
  uint32_t quarter = static_cast<uint32_t>(window(point - 2) >> 62);
  uint64_t high = window(point), low = window(point + 64);
  const bool upper = high >> 63 != 0;  // a fraction of a half or more: count from the next quarter
  if (upper) {
    quarter += 1;
    low = ~low + 1;
    high = ~high + (low == 0 ? 1 : 0);
  }
  // fraction = high : low in 128 bits, at most a half; normalised into two doubles without losing its leading bits.
  const int zeros = high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(low | 1);
  const Wide fraction = ((static_cast<Wide>(high) << 64) | low) << zeros;
  const uint64_t top = static_cast<uint64_t>(fraction >> 64), rest = static_cast<uint64_t>(fraction);
  // 2^-(64 + zeros): built from bits, for it is exact and never subnormal.
  const auto power = [](int n) { return std::bit_cast<double>(static_cast<uint64_t>(n + 1023) << 52); };
  const double first_part = static_cast<double>(top >> 11) * power(11 - 64 - zeros);
  const double second_part =
      (static_cast<double>(top & 0x7FF) + static_cast<double>(rest >> 11) * 0x1p-53) * power(-64 - zeros);
  Double2 r = multiply(quick_sum(first_part, second_part), kHalfPi);
  if (upper) r = {-r.high, -r.low};
  if (x < 0) return {{-r.high, -r.low}, (0u - quarter) & 3};
  return {r, quarter & 3};
}

Reduced reduce(double x) {
  if (std::fabs(x) <= kHalfPi.high / 2) return {{x, 0.0}, 0};
  if (std::fabs(x) >= 0x1p20) return reduce_large(x);
  const double k = std::floor(x * kTwoOverPi + 0.5);
  const Double2 a = exact_sum(x - k * kPart1, -k * kPart2);  // the first difference is exact
  const Double2 b = exact_sum(a.high, -k * kPart3);
  const Double2 r = quick_sum(b.high, b.low + (a.low - k * kPart4));
  return {r, static_cast<uint32_t>(static_cast<int64_t>(k)) & 3};
}

/// |r| <= pi/4. Taylor up to r^17.
double sine_of(Double2 r) {
  const double x = r.high, t = x * x;
  const double series =
      -1.0 / 6 +
      t * (1.0 / 120 +
           t * (-1.0 / 5040 + t * (1.0 / 362880 + t * (-1.0 / 39916800 +
                                                       t * (1.0 / 6227020800 + t * (-1.0 / 1307674368000 +
                                                                                    t * (1.0 / 355687428096000)))))));
  return x + (x * t * series + r.low * (1.0 - 0.5 * t));
}

/// |r| <= pi/4. Taylor up to r^18.
double cosine_of(Double2 r) {
  const double x = r.high, t = x * x, half = 0.5 * t;
  const double series =
      1.0 / 24 +
      t * (-1.0 / 720 +
           t * (1.0 / 40320 +
                t * (-1.0 / 3628800 +
                     t * (1.0 / 479001600 +
                          t * (-1.0 / 87178291200 + t * (1.0 / 20922789888000 + t * (-1.0 / 6402373705728000)))))));
  const double lead = 1.0 - half;
  return lead + (((1.0 - lead) - half) + (t * t * series - x * r.low));
}

bool finite(double x) { return std::fabs(x) <= std::numeric_limits<double>::max(); }

/// atan(a / b) for 0 <= a <= b, b > 0 and finite, as high and low part.
Double2 atan_of(double a, double b) {
  const double ratio = a / b;
  if (ratio < 0x1p-27) return {ratio, 0.0};
  const double c = std::floor(ratio * 16 + 0.5) * 0.0625;
  // atan(a/b) = atan(c) + atan(t), t = (a - c b) / (b + c a); the numerator cancels and t may lead, so both are kept
  // exactly.
  const Double2 cb = exact_product(c, b), ca = exact_product(c, a);
  const Double2 quotient = divide(add({a, 0.0}, {-cb.high, -cb.low}), add({b, 0.0}, ca));
  const double t = quotient.high, tt = t * t;
  const double series =
      t * tt * (-1.0 / 3 + tt * (1.0 / 5 + tt * (-1.0 / 7 + tt * (1.0 / 9 + tt * (-1.0 / 11 + tt * (1.0 / 13))))));
  const Double2 base = kAtan[static_cast<int>(c * 16)];
  const Double2 sum = exact_sum(base.high, t);  // base is 0 for small quotients
  return {sum.high, sum.low + (series + (quotient.low + base.low))};
}

}  // namespace

double sin(double x) {
  double sine, cosine;
  sin_cos(x, sine, cosine);
  return sine;
}

double cos(double x) {
  double sine, cosine;
  sin_cos(x, sine, cosine);
  return cosine;
}

void sin_cos(double x, double& sine, double& cosine) {
  if (!finite(x)) {
    sine = cosine = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const Reduced reduced = reduce(x);
  // -0 must stay -0, and tiny numbers themselves.
  const double s = std::fabs(x) < 0x1p-27 ? x : sine_of(reduced.r), c = cosine_of(reduced.r);
  switch (reduced.quarter) {
    case 0:
      sine = s, cosine = c;
      break;
    case 1:
      sine = c, cosine = -s;
      break;
    case 2:
      sine = -s, cosine = -c;
      break;
    default:
      sine = -c, cosine = s;
  }
}

double atan(double x) { return atan2(x, 1.0); }

double atan2(double y, double x) {
  if (x != x || y != y) return std::numeric_limits<double>::quiet_NaN();
  double a = std::fabs(y), b = std::fabs(x);
  const auto signed_as_y = [y](double angle) { return std::copysign(angle, y); };
  if (a == 0) return signed_as_y(std::signbit(x) ? kPi : 0.0);
  if (b == 0) return signed_as_y(kHalfPi.high);
  if (!finite(a) || !finite(b)) {
    a = finite(a) ? 0.0 : 1.0;
    b = finite(b) ? 0.0 : 1.0;
  }
  // Powers of two keep products clear of overflow and of subnormal numbers, and leave the quotient as it is.
  const double larger = a > b ? a : b;
  if (larger > 0x1p900) a *= 0x1p-200, b *= 0x1p-200;
  if (larger < 0x1p-700) a *= 0x1p300, b *= 0x1p300;
  Double2 angle;
  if (a <= b) {
    angle = atan_of(a, b);
    if (!std::signbit(x)) return signed_as_y(angle.high + angle.low);
    const Double2 sum = exact_sum(2 * kHalfPi.high, -angle.high);
    return signed_as_y(sum.high + (sum.low + (2 * kHalfPi.low - angle.low)));
  }
  angle = atan_of(b, a);
  const double sign = std::signbit(x) ? 1.0 : -1.0;
  const Double2 sum = exact_sum(kHalfPi.high, sign * angle.high);
  return signed_as_y(sum.high + (sum.low + (kHalfPi.low + sign * angle.low)));
}

}  // namespace busbar::math
