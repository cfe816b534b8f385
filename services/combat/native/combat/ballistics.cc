#include "ballistics.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "core/hash/hash.h"
#include "core/math/math.h"
#include "trajectory.h"

namespace busbar::combat {
namespace {

constexpr uint32_t kBlock = 256;
constexpr double kSpeedMax = 1e5, kHeightMax = 1e6;

struct Work {
  const BallisticsRequest& request;
  BallisticsResult& out;
  FlightRules rules{};
};

Fault check_request(const BallisticsRequest& request, const Limits& limits) {
  const size_t n = request.velocity.size;
  if (n > limits.columns_max) return limit_exceeded("number of trajectories", n, limits.columns_max);
  const auto length = [n](const char* name, const Column<double>& column) {
    return !column || column.size == n
               ? Fault{}
               : Fault{Code::malformed, std::string(name) + " has " + std::to_string(column.size) +
                                            " values, velocity has " + std::to_string(n) +
                                            "; all columns have one length"};
  };
  const auto range = [](const char* name, double value, double low, double high) {
    return value >= low && value <= high
               ? Fault{}
               : out_of_range(name, value, "write a number from " + text_of(low) + " to " + text_of(high));
  };
  if (request.drag > 3)
    return {Code::unknown_name, "projectile.drag is " + std::to_string(request.drag) +
                                    ", which is no model; they are 0 vacuum, 1 g1, 2 g7, 3 constant"};
  for (const Fault& fault :
       {length("angle", request.angle), length("height", request.height),
        length("target_distance", request.target_distance), range("environment.gravity", request.gravity, 1e-3, 1e3)}) {
    if (fault) return fault;
  }
  if (request.drag == 0) return {};
  for (const Fault& fault :
       {range("projectile.ballistic_coefficient", request.ballistic_coefficient, 1e-6, 1e6),
        range("projectile.drag_coefficient", request.drag_coefficient, 0, 100),
        range("environment.altitude", request.altitude, -1000, Air::kTropopause - 1),
        range("environment.temperature", request.temperature.value_or(Air::kTemperature), 150, 350),
        range("environment.pressure", request.pressure.value_or(Air::kPressure), 1, 1e6),
        range("environment.wind_along", request.wind_along, -200, 200),
        range("environment.wind_across", request.wind_across, -200, 200), range("step", request.step, 1e-5, 10)}) {
    if (fault) return fault;
  }
  return {};
}

Fault check_item(const BallisticsRequest& request, size_t i) {
  const auto range = [i](const char* name, double value, double low, double high) {
    return value >= low && value <= high ? Fault{}
                                         : out_of_range(std::string(name) + "[" + std::to_string(i) + "]", value,
                                                        "write a number from " + text_of(low) + " to " + text_of(high));
  };
  if (Fault fault = range("velocity", request.velocity.data[i], 0, kSpeedMax)) return fault;
  if (Fault fault = range("angle", request.angle.data[i], -math::kPi / 2, math::kPi / 2)) return fault;
  if (Fault fault = range("height", request.height.at(i, 0), 0, kHeightMax)) return fault;
  return range("target_distance", request.target_distance.at(i, 1), 1e-6, 1e9);
}

bool sound(const BallisticsRequest& request, size_t i) {
  const double v = request.velocity.data[i], a = request.angle.data[i], h = request.height.at(i, 0);
  const double d = request.target_distance.at(i, 1);
  return v >= 0 && v <= kSpeedMax && std::fabs(a) <= math::kPi / 2 && h >= 0 && h <= kHeightMax && d >= 1e-6 &&
         d <= 1e9;
}

void set_zero(BallisticsResult& out, size_t i) {
  for (auto* column :
       {&out.range, &out.end_height, &out.drift, &out.time, &out.apex, &out.impact_speed, &out.impact_angle})
    (*column)[i] = 0;
}

/// @returns a fault when the target is out of reach; the flight at the given angle is answered all the same
Fault vacuum(const BallisticsRequest& request, BallisticsResult& out, size_t i) {
  const double v = request.velocity.data[i], h = request.height.at(i, 0), g = request.gravity;
  double sine, cosine;
  math::sin_cos(request.angle.data[i], sine, cosine);
  const double up = v * sine, along = v * cosine;
  const double root = std::sqrt(up * up + 2 * g * h);
  // (up + root) / g; for a falling start the other form, which does not cancel.
  const double time = up >= 0 ? (up + root) / g : (h > 0 ? 2 * h / (root - up) : 0);
  out.range[i] = along * time, out.time[i] = time, out.end_height[i] = 0, out.drift[i] = 0;
  out.apex[i] = up > 0 ? h + up * up / (2 * g) : h;
  const double down = time > 0 ? root : -up;
  out.impact_speed[i] = time > 0 ? std::sqrt(v * v + 2 * g * h) : v;
  out.impact_angle[i] = math::atan2(down, along);
  if (!request.target_distance) return {};
  const double d = request.target_distance.data[i], square = v * v;
  const double need = g * d * d - 2 * h * square, discriminant = square * square - g * need;
  if (!(discriminant >= 0) || v == 0) {
    out.low_angle[i] = out.high_angle[i] = 0;
    const double reach = v * std::sqrt(square + 2 * g * h) / g;
    return out_of_range("target_distance[" + std::to_string(i) + "]", d,
                        "the projectile reaches " + text_of(reach) + " m at most");
  }
  const double high = square + std::sqrt(discriminant);
  out.high_angle[i] = math::atan2(high, g * d);
  out.low_angle[i] = math::atan2(need, d * high);  // the product of both tangents is known, so nothing cancels
  return {};
}

Fault drag(const Work& work, size_t i) {
  const BallisticsRequest& request = work.request;
  BallisticsResult& out = work.out;
  double sine, cosine;
  math::sin_cos(request.angle.data[i], sine, cosine);
  const double v = request.velocity.data[i], target = request.target_distance.at(i, -1);
  const FlightEnd end = fly_trajectory(work.rules, {0, request.height.at(i, 0), 0, v * cosine, v * sine, 0}, target);
  const FlightState& s = end.state;
  const std::string item = "[" + std::to_string(i) + "]";
  if (!std::isfinite(s.x + s.y + s.z + s.vx + s.vy + s.vz)) {
    set_zero(out, i);
    return {Code::calculation_failed, "trajectory" + item + " leaves the range of numbers; take a smaller step"};
  }
  if (!end.reached) {
    set_zero(out, i);
    if (end.steps < work.rules.steps_max)
      return out_of_range("target_distance" + item, target, "the flight ends at " + text_of(s.x) + " m");
    return {Code::limit_exceeded, "steps of trajectory" + item + " are more than the limit of " +
                                      std::to_string(work.rules.steps_max) + "; take a larger step"};
  }
  out.range[i] = s.x, out.end_height[i] = target < 0 ? 0 : s.y, out.drift[i] = s.z, out.time[i] = end.time;
  out.apex[i] = end.apex;
  const double along = std::sqrt(s.vx * s.vx + s.vz * s.vz);
  out.impact_speed[i] = std::sqrt(along * along + s.vy * s.vy);
  out.impact_angle[i] = math::atan2(-s.vy, along);
  return {};
}

}  // namespace

Fault calculate(const BallisticsRequest& request, const Limits& limits, const Workers& workers, BallisticsResult& out) {
  if (Fault fault = check_request(request, limits)) return fault;
  const size_t n = request.velocity.size;
  const bool in_vacuum = request.drag == 0, angles = in_vacuum && request.target_distance;
  for (auto* column :
       {&out.range, &out.end_height, &out.drift, &out.time, &out.apex, &out.impact_speed, &out.impact_angle})
    column->resize(n);
  for (auto* column : {&out.low_angle, &out.high_angle}) column->resize(angles ? n : 0);
  out.error.assign(n, 0), out.faults.clear();

  const double temperature = request.temperature.value_or(Air::standard_temperature(request.altitude));
  const double pressure = request.pressure.value_or(Air::standard_pressure(request.altitude));
  const Air air(request.altitude, temperature, pressure);
  const DragCurve constant = DragCurve::constant(request.drag_coefficient);
  Work work{request, out};
  work.rules.air = &air;
  work.rules.curve = request.drag == 1 ? &DragCurve::g1() : request.drag == 2 ? &DragCurve::g7() : &constant;
  work.rules.drag = math::kPi / 8 / (703.0696 * request.ballistic_coefficient);
  work.rules.gravity = request.gravity, work.rules.step = request.step, work.rules.steps_max = limits.steps_max;
  work.rules.wind_along = request.wind_along, work.rules.wind_across = request.wind_across;

  const uint32_t blocks = static_cast<uint32_t>((n + kBlock - 1) / kBlock);
  std::vector<std::vector<ItemFault>> faults(blocks);
  std::atomic<bool> cancelled = false;
  auto block = [&](uint32_t index, uint32_t) {
    // Relaxed: `parallel` orders everything before its return; here it only saves work.
    if (cancelled.load(std::memory_order_relaxed) || workers.is_cancelled()) {
      cancelled.store(true, std::memory_order_relaxed);
      return;
    }
    const size_t end = std::min(n, (index + size_t{1}) * kBlock);
    for (size_t i = index * size_t{kBlock}; i < end; i++) {
      Fault fault;
      if (!sound(request, i)) {
        set_zero(out, i);
        if (angles) out.low_angle[i] = out.high_angle[i] = 0;
        fault = check_item(request, i);
      } else {
        fault = in_vacuum ? vacuum(request, out, i) : drag(work, i);
      }
      if (!fault) continue;
      out.error[i] = static_cast<uint16_t>(fault.code);
      faults[index].push_back({static_cast<uint32_t>(i), std::move(fault)});
    }
  };
  workers.run(blocks, block);
  if (cancelled.load(std::memory_order_relaxed)) return {Code::cancelled, "the request was cancelled"};
  for (auto& list : faults) std::move(list.begin(), list.end(), std::back_inserter(out.faults));
  hash::Xxh64 hash;
  for (const auto* column : {&out.range, &out.end_height, &out.drift, &out.time, &out.apex, &out.impact_speed,
                             &out.impact_angle, &out.low_angle, &out.high_angle})
    hash.update(column->data(), column->size() * sizeof(double));
  hash.update(out.error.data(), out.error.size() * sizeof(uint16_t));
  out.hash = hash.digest();
  return {};
}

}  // namespace busbar::combat
