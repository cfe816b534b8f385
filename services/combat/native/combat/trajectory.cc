#include "trajectory.h"

#include <algorithm>

namespace busbar::combat {
namespace {

/// A shot that has fallen so far below the ground meets no target any more. m
constexpr double kDepthMax = 5000;

struct Slope {
  double ax, ay, az;
};

class Flight {
 public:
  Flight(const FlightRules& rules, int terms) : rules_(rules), air_(*rules.air), curve_(*rules.curve), terms_(terms) {}

  void use_terms(int terms) { terms_ = terms; }

  FlightState step(const FlightState& s, double dt) const {
    const double half = 0.5 * dt, sixth = dt / 6;
    const Slope a = slope(s.y, s.vx, s.vy, s.vz);
    const double bx = s.vx + half * a.ax, by = s.vy + half * a.ay, bz = s.vz + half * a.az;
    const Slope b = slope(s.y + half * s.vy, bx, by, bz);
    const double cx = s.vx + half * b.ax, cy = s.vy + half * b.ay, cz = s.vz + half * b.az;
    const Slope c = slope(s.y + half * by, cx, cy, cz);
    const double dx = s.vx + dt * c.ax, dy = s.vy + dt * c.ay, dz = s.vz + dt * c.az;
    const Slope d = slope(s.y + dt * cy, dx, dy, dz);
    return {s.x + sixth * (s.vx + 2 * (bx + cx) + dx),        s.y + sixth * (s.vy + 2 * (by + cy) + dy),
            s.z + sixth * (s.vz + 2 * (bz + cz) + dz),        s.vx + sixth * (a.ax + 2 * (b.ax + c.ax) + d.ax),
            s.vy + sixth * (a.ay + 2 * (b.ay + c.ay) + d.ay), s.vz + sixth * (a.az + 2 * (b.az + c.az) + d.az)};
  }

  /// The part of a step after which `value` is 0; it is not 0 at the start and has changed its sign at the end.
  template <class Value>
  double cut(const FlightState& from, double start, double end, Value value) const {
    double low = 0, high = rules_.step, at_low = start, at_high = end;
    // Regula falsi with halved weights (Illinois); some six steps.
    int kept = 0;
    for (int i = 0; i < 60; i++) {
      double middle = (low * at_high - high * at_low) / (at_high - at_low);
      if (!(middle > low && middle < high)) middle = 0.5 * (low + high);
      const double found = value(step(from, middle));
      if (std::fabs(found) < 1e-12 || high - low < 1e-15) return middle;
      if ((found > 0) == (at_high > 0)) {
        high = middle, at_high = found;
        if (kept == 1) at_low *= 0.5;
        kept = 1;
      } else {
        low = middle, at_low = found;
        if (kept == -1) at_high *= 0.5;
        kept = -1;
      }
    }
    return 0.5 * (low + high);
  }

 private:
  Slope slope(double y, double vx, double vy, double vz) const {
    const Air::State air = air_.at(y, terms_);
    const double rx = vx - rules_.wind_along, rz = vz - rules_.wind_across;
    const double square = rx * rx + vy * vy + rz * rz;
    const double pull = rules_.drag * air.density * curve_(std::sqrt(square / air.sound_square)) * std::sqrt(square);
    return {-pull * rx, -pull * vy - rules_.gravity, -pull * rz};
  }

  const FlightRules& rules_;
  const Air& air_;
  const DragCurve& curve_;
  int terms_;
};

}  // namespace

FlightEnd fly_trajectory(const FlightRules& rules, FlightState state, double target) {
  // No wind blows upwards, so drag only lowers the apex of the vacuum; a step may look a little further.
  const double margin = 0.5 * rules.gravity * rules.step * rules.step + 1;
  const double top = state.y + (state.vy > 0 ? state.vy * state.vy / (2 * rules.gravity) : 0) + margin;
  const bool to_ground = target < 0;
  // Few shots fall far below the ground; those that do get more terms on the way, each below an ulp.
  double depth = 50 + margin + std::fabs(state.vy) * rules.step;
  Flight flight(rules, rules.air->terms_up_to(top, depth));
  FlightEnd end;
  end.apex = state.y;
  const auto height = [](const FlightState& s) { return s.y; };
  const auto climb = [](const FlightState& s) { return s.vy; };
  const auto beyond = [target](const FlightState& s) { return s.x - target; };
  const auto arrive = [&](double part) {
    end.state = flight.step(state, part);
    end.time = end.steps * rules.step + part;
    end.apex = std::max(end.apex, end.state.y);
    end.reached = true;
    return end;
  };
  if (to_ground && state.y <= 0 && state.vy <= 0) {
    end.state = state, end.reached = true;
    return end;
  }
  for (; end.steps < rules.steps_max; end.steps++) {
    const FlightState next = flight.step(state, rules.step);
    if (state.vy > 0 && next.vy <= 0) {
      const FlightState top_state = flight.step(state, flight.cut(state, state.vy, next.vy, climb));
      if (to_ground || top_state.x <= target) end.apex = std::max(end.apex, top_state.y);
    }
    if (to_ground ? next.y <= 0 : next.x >= target) {
      if (!to_ground)
        return arrive(next.x == target ? rules.step : flight.cut(state, beyond(state), beyond(next), beyond));
      if (next.y == 0) return arrive(rules.step);
      // A shot from the ground that is back within its first step starts at 0, which brackets nothing: its top does.
      if (state.y > 0) return arrive(flight.cut(state, state.y, next.y, height));
      double up = rules.step;
      while (flight.step(state, up).y <= 0 && up > 1e-12) up *= 0.5;
      double low = up, high = up * 2;
      for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        (flight.step(state, middle).y > 0 ? low : high) = middle;
      }
      return arrive(low);
    }
    if (!(next.y > -kDepthMax && std::isfinite(next.vx + next.vy + next.vz))) break;
    state = next;
    if (state.y + state.vy * rules.step - margin < -depth) {
      depth = std::min(depth * 10, 2 * kDepthMax);
      flight.use_terms(rules.air->terms_up_to(top, depth));
    }
    end.apex = std::max(end.apex, state.y);
  }
  end.state = state;
  return end;
}

}  // namespace busbar::combat
