// The random numbers of a simulation: xorshift64* (Vigna 2016) and the draws that arrivals need.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/math/math.h"
#include "wide.h"

namespace busbar::payments {

class XorShift {
 public:
  explicit XorShift(uint64_t seed = 1) : state_(seed == 0 ? 1 : seed) {}

  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Dull;
  }
  /// Uniform in [0, 1), a multiple of 2^-53.
  double real() { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// For checkpoints; never 0.
  uint64_t state() const { return state_; }

 private:
  uint64_t state_;
};

/// How integers and counts are drawn. `single` streams follow the reference: modulo, and Knuth's product up to rates
/// where exp(-rate) is still a number.
struct Dice {
  XorShift& stream;
  bool modulo;

  /// Uniform in [0, n), n > 0. Without modulo free of bias (services.md 1.4).
  uint64_t below(uint64_t n) {
    if (modulo) return stream.next() % n;
    Wide product = static_cast<Wide>(stream.next()) * n;
    if (static_cast<uint64_t>(product) < n) {
      const uint64_t rest = (0 - n) % n;
      while (static_cast<uint64_t>(product) < rest) product = static_cast<Wide>(stream.next()) * n;
    }
    return static_cast<uint64_t>(product >> 64);
  }

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
  }

  /// Box-Muller, cosine branch.
  double normal() {
    const double u1 = 1.0 - stream.real();  // never 0
    const double u2 = stream.real();
    return std::sqrt(-2.0 * math::log(u1)) * math::cos(2.0 * math::kPi * u2);
  }
};

/// A Poisson distribution, prepared: Knuth's method over `parts` equal parts.
struct Poisson {
  uint32_t parts = 0;
  double floor = 1;  // exp(-rate of a part)

  Poisson() = default;
  Poisson(double rate, bool single) {
    if (!(rate > 0)) return;
    const double part_max = single ? 700.0 : 30.0;
    parts = static_cast<uint32_t>(std::ceil(rate / part_max));
    floor = math::exp(-rate / parts);
  }

  uint32_t draw(XorShift& stream) const {
    uint32_t count = 0;
    for (uint32_t part = 0; part < parts; ++part) {
      double product = stream.real();
      while (product > floor) {
        ++count;
        product *= stream.real();
      }
    }
    return count;
  }
};

}  // namespace busbar::payments
