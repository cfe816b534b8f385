// Trajectories in columns: closed form in vacuum, Runge and Kutta's method with drag.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "battle.h"
#include "config.h"
#include "fault.h"
#include "workers.h"

namespace busbar::combat {

enum class DragModel : uint8_t { vacuum, g1, g7, constant };

struct BallisticsRequest {
  Column<double> velocity, angle, height, target_distance;
  uint8_t drag = 0;
  double ballistic_coefficient = 0, drag_coefficient = 0;
  double gravity = 9.80665, altitude = 0, wind_along = 0, wind_across = 0, step = 0.01;
  std::optional<double> temperature, pressure;
};

/// Columns as in BallisticsResponse; angles of a target only in vacuum. Kept between calls, so that they allocate once.
struct BallisticsResult {
  std::vector<double> range, end_height, drift, time, apex, impact_speed, impact_angle, low_angle, high_angle;
  std::vector<uint16_t> error;
  std::vector<ItemFault> faults;
  uint64_t hash = 0;
};

/// Items are independent; a bad one has its fault and zeros.
/// Source of the drag law: deceleration (pi/8) rho v^2 Cd / (703.0696 BC) with BC in lb/in^2 (McCoy 1999).
/// @returns a fault of the request, core/cancelled, or nothing
Fault calculate(const BallisticsRequest& request, const Limits& limits, const Workers& workers, BallisticsResult& out);

}  // namespace busbar::combat
