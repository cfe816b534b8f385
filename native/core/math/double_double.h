// Sums and products with their rounding errors (Dekker 1971, Knuth 4.2.2): a number as high + low, where |low| is at
// most half an ulp of high. Works without fused multiply-add, so the bits are the same everywhere.
#pragma once

namespace busbar::math {

struct Double2 {
  double high, low;
};

/// Exact sum; |a| >= |b| or a == 0.
constexpr Double2 quick_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

/// Exact sum of any two numbers.
constexpr Double2 exact_sum(double a, double b) {
  const double sum = a + b;
  const double shadow = sum - a;
  return {sum, (a - (sum - shadow)) + (b - shadow)};
}

/// The upper 26 bits of a number below 2^996, and the rest.
constexpr Double2 split(double a) {
  const double scaled = a * 134217729.0;  // 2^27 + 1
  const double high = scaled - (scaled - a);
  return {high, a - high};
}

/// Exact product of numbers below 2^996 whose product is not below 2^-969.
constexpr Double2 exact_product(double a, double b) {
  const double product = a * b;
  const Double2 x = split(a), y = split(b);
  return {product, ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

constexpr Double2 add(Double2 a, Double2 b) {
  const Double2 sum = exact_sum(a.high, b.high);
  return quick_sum(sum.high, sum.low + (a.low + b.low));
}

constexpr Double2 multiply(Double2 a, Double2 b) {
  const Double2 product = exact_product(a.high, b.high);
  return quick_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

constexpr Double2 divide(Double2 a, Double2 b) {
  const double high = a.high / b.high;
  const Double2 back = exact_product(high, b.high);
  const double rest = ((a.high - back.high) - back.low) + (a.low - high * b.low);
  return quick_sum(high, rest / b.high);
}

}  // namespace busbar::math
