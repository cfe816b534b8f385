// The standard atmosphere (ICAO, troposphere and the layer above it), from a station's temperature and pressure
// upwards.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/math/math.h"

namespace busbar::combat {

class Air {
 public:
  static constexpr double kTemperature = 288.15, kPressure = 101'325, kLapse = 0.0065, kGas = 287.05,
                          kTropopause = 11'000;
  static constexpr double kExponent = 9.80665 / (kGas * kLapse);

  /// @param altitude of the station in metres, below the tropopause; temperature (K) and pressure (Pa) there
  Air(double altitude, double temperature, double pressure)
      : lapse_(kLapse / temperature),
        density_(pressure / (kGas * temperature)),
        sound_square_(1.4 * kGas * temperature),
        ceiling_(kTropopause - altitude) {
    coefficients_[0] = 1;
    for (int n = 1; n < kTerms; n++) coefficients_[n] = coefficients_[n - 1] * (n - 1 - (kExponent - 1)) / n;
  }
  static double standard_temperature(double altitude) { return kTemperature - kLapse * altitude; }
  static double standard_pressure(double altitude) {
    return kPressure * math::pow(standard_temperature(altitude) / kTemperature, kExponent);
  }

  struct State {
    double density, sound_square;
  };

  /// Terms of the series for (1 - u)^p that matter from `depth` below the station up to `height` above it; 0: it does
  /// not reach so high.
  int terms_up_to(double height, double depth) const {
    if (height > ceiling_) return 0;
    const double u = lapse_ * std::fmax(std::fmax(height, depth), 0.1);
    double power = 1;
    int n = 1;
    while (n < kTerms && std::fabs(coefficients_[n]) * (power *= u) > 1e-17) n++;
    return n < kTerms ? n : 0;
  }

  /// @param terms of `terms_up_to` for a height not below this one
  State at(double height, int terms) const {
    if (terms == 0) return far_up(height);
    const double u = lapse_ * height;
    double ratio = coefficients_[terms - 1];
    for (int n = terms - 2; n >= 0; n--) ratio = coefficients_[n] + u * ratio;
    return {density_ * ratio, sound_square_ * (1 - u)};
  }

 private:
  static constexpr int kTerms = 40;

  State far_up(double height) const {
    const double in_layer = std::fmin(height, ceiling_), ratio = 1 - lapse_ * in_layer;
    const double density = density_ * math::pow(ratio, kExponent - 1), sound_square = sound_square_ * ratio;
    // Above the tropopause the temperature stays: the density falls by its scale height.
    const double scale = kGas * (sound_square / (1.4 * kGas)) / 9.80665;
    return {density * math::exp(-(height - in_layer) / scale), sound_square};
  }

  double lapse_, density_, sound_square_, ceiling_;
  double coefficients_[kTerms];
};

}  // namespace busbar::combat
