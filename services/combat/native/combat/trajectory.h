// One flight with drag, by Runge and Kutta's fourth-order method with a fixed step.
#pragma once

#include <cmath>
#include <cstdint>

#include "air.h"
#include "drag_curve.h"

namespace busbar::combat {

struct FlightState {
  double x, y, z, vx, vy, vz;
};

/// What is the same for all flights of a request.
struct FlightRules {
  const Air* air;
  const DragCurve* curve;
  double drag;  // (pi/8) / (703.0696 BC)
  double gravity, wind_along, wind_across, step;
  uint32_t steps_max;
};

struct FlightEnd {
  FlightState state{};
  double time = 0, apex = 0;
  uint32_t steps = 0;
  bool reached = false;
};

/// Flies until the ground (y = 0), or with a target until x = target; the last step is cut there.
/// @param target negative: none
FlightEnd fly_trajectory(const FlightRules& rules, FlightState start, double target);

}  // namespace busbar::combat
