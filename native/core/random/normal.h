// Normally distributed numbers of a stream (Box and Muller 1958, cosine branch), equal on every computer.
#pragma once

#include <cmath>

#include "core/math/math.h"
#include "core/random/random.h"

namespace busbar::random {

/// Mean 0, deviation 1; takes two numbers of the stream. The first is never 0, because real() is below 1.
inline double normal(Stream& stream) {
  const double radius = std::sqrt(-2.0 * math::log(1.0 - stream.real()));
  return radius * math::cos(2.0 * math::kPi * stream.real());
}

}  // namespace busbar::random
