// Methods: closed forms in long double; the order of Runge and Kutta's method;
// a second integrator of another kind.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "combat/ballistics.h"
#include "combat/trajectory.h"
#include "core/random/random.h"

namespace busbar::combat {
namespace {

struct Shots {
  std::vector<double> velocity, angle, height, target;
  BallisticsRequest request;
  BallisticsResult out;
  Fault run(const Workers& workers = {}, const Limits& limits = {}) {
    request.velocity = {velocity.data(), velocity.size()};
    request.angle = {angle.data(), angle.size()};
    if (!height.empty()) request.height = {height.data(), height.size()};
    if (!target.empty()) request.target_distance = {target.data(), target.size()};
    return calculate(request, limits, workers, out);
  }
};

void expect_relative(double value, long double exact, double tolerance, const char* what, uint64_t seed) {
  const long double scale = std::max(std::fabs(exact), 1e-9L);
  EXPECT_LE(static_cast<double>(std::fabs(value - exact) / scale), tolerance)
      << what << " " << value << " " << exact << ", seed " << seed;
}

TEST(Vacuum, FollowsTheClosedFormToTwelveDigits) {
  constexpr uint64_t kSeed = 5;
  random::Stream dice(kSeed, "ballistics/test", 0);
  Shots shots;
  for (int i = 0; i < 20'000; i++) {
    shots.velocity.push_back(1 + 999 * dice.real());
    shots.angle.push_back((dice.real() - 0.3) * 1.5);
    shots.height.push_back(dice.below(3) == 0 ? 0 : 500 * dice.real());
  }
  ASSERT_FALSE(shots.run());
  for (size_t i = 0; i < shots.velocity.size(); i++) {
    const long double v = shots.velocity[i], a = shots.angle[i], h = shots.height[i], g = 9.80665;
    const long double s = std::sin(a), c = std::cos(a);
    if (h == 0 && a < 0) {
      EXPECT_EQ(shots.out.range[i], 0);
      continue;
    }
    const long double root = std::sqrt(v * v * s * s + 2 * g * h);
    // For falling shots the textbook form cancels even in long double; the
    // equal 2h / (root - v s) does not.
    const long double time = s >= 0 ? (v * s + root) / g : 2 * h / (root - v * s);
    expect_relative(shots.out.time[i], time, 1e-12, "time", kSeed);
    expect_relative(shots.out.range[i], v * c * time, 1e-12, "range", kSeed);
    expect_relative(shots.out.impact_speed[i], std::sqrt(v * v + 2 * g * h), 1e-12, "speed", kSeed);
    expect_relative(shots.out.impact_angle[i], std::atan2(root, v * c), 1e-12, "angle", kSeed);
    if (s > 0) expect_relative(shots.out.apex[i], h + v * v * s * s / (2 * g), 1e-12, "apex", kSeed);
    if (h == 0) expect_relative(shots.out.range[i], v * v * std::sin(2 * a) / g, 1e-12, "level range", kSeed);
  }
}

TEST(Vacuum, LowAndHighAnglesHitTheTargetOrItIsOutOfRange) {
  constexpr uint64_t kSeed = 6;
  random::Stream dice(kSeed, "ballistics/test", 1);
  Shots shots;
  for (int i = 0; i < 5000; i++) {
    shots.velocity.push_back(5 + 300 * dice.real());
    shots.angle.push_back(0.1), shots.height.push_back(dice.below(2) == 0 ? 0 : 100 * dice.real());
    shots.target.push_back(0.01 + 12'000 * dice.real() * dice.real());
  }
  ASSERT_FALSE(shots.run());
  size_t out_of_reach = 0;
  for (size_t i = 0; i < shots.velocity.size(); i++) {
    const long double v = shots.velocity[i], h = shots.height[i], g = 9.80665, d = shots.target[i];
    const long double reach = v * std::sqrt(v * v + 2 * g * h) / g;
    if (std::fabs(d / reach - 1) < 1e-9) continue;
    EXPECT_EQ(shots.out.error[i], d > reach ? static_cast<uint16_t>(Code::out_of_range) : 0) << i;
    if (d > reach) {
      out_of_reach++;
      continue;
    }
    EXPECT_LE(shots.out.low_angle[i], shots.out.high_angle[i]);
    for (const long double angle :
         {static_cast<long double>(shots.out.low_angle[i]), static_cast<long double>(shots.out.high_angle[i])}) {
      const long double up = v * std::sin(angle), root = std::sqrt(up * up + 2 * g * h);
      const long double hit = v * std::cos(angle) * (up >= 0 ? (up + root) / g : 2 * h / (root - up));
      // Near the greatest range the angle is ill-conditioned, the distance is
      // not.
      EXPECT_NEAR(static_cast<double>(hit / d), 1, 1e-9) << "seed " << kSeed << ", " << i;
    }
  }
  EXPECT_GT(out_of_reach, 100u);
  EXPECT_EQ(shots.out.faults.size(), out_of_reach);
  EXPECT_NE(shots.out.faults[0].fault.text.find("m at most"), std::string::npos);
}

double end_error(double step, double exact_x, double exact_z, const Air& air, const DragCurve& curve) {
  const FlightRules rules{&air, &curve, M_PI / 8 / (703.0696 * 0.2), 9.80665, -3, 6, step, 1'000'000};
  const FlightEnd end = fly_trajectory(rules, {0, 5, 0, 300, 200, 0}, -1);
  EXPECT_TRUE(end.reached);
  return std::hypot(end.state.x - exact_x, end.state.z - exact_z);
}

TEST(Drag, HalvingTheStepDividesTheErrorBySixteen) {
  const Air air(0, 288.15, 101'325);
  const DragCurve curve = DragCurve::constant(0.3);
  const FlightRules fine{&air, &curve, M_PI / 8 / (703.0696 * 0.2), 9.80665, -3, 6, 1.0 / 1024, 1'000'000};
  const FlightState exact = fly_trajectory(fine, {0, 5, 0, 300, 200, 0}, -1).state;
  double before = 0;
  for (const double step : {0.5, 0.25, 0.125, 0.0625}) {
    const double error = end_error(step, exact.x, exact.z, air, curve);
    if (before > 0) {
      EXPECT_GT(before / error, 12) << step;
      EXPECT_LT(before / error, 20) << step;
    }
    before = error;
  }
}

TEST(Drag, WithoutAirItIsTheVacuum) {
  Shots shots, closed;
  shots.velocity = closed.velocity = {100, 250, 40}, shots.angle = closed.angle = {0.5, 1.2, -0.2},
  shots.height = closed.height = {0, 10, 30};
  shots.request.drag = 3, shots.request.ballistic_coefficient = 1, shots.request.drag_coefficient = 0;
  ASSERT_FALSE(shots.run());
  ASSERT_FALSE(closed.run());
  for (size_t i = 0; i < 3; i++) {
    EXPECT_NEAR(shots.out.range[i] / closed.out.range[i], 1, 1e-11);
    EXPECT_NEAR(shots.out.time[i] / closed.out.time[i], 1, 1e-11);
    EXPECT_NEAR(shots.out.apex[i] / closed.out.apex[i], 1, 1e-11);
    EXPECT_NEAR(shots.out.impact_speed[i] / closed.out.impact_speed[i], 1, 1e-11);
  }
}

/// Deceleration by the textbook, with the system's functions; integrated by the
/// midpoint rule and Richardson's extrapolation.
struct Midpoint {
  const DragCurve& curve;
  double bc;
  void slope(const double* s, double* out) const {
    const double t = 288.15 - 0.0065 * s[1], p = 101'325 * std::pow(t / 288.15, 9.80665 / (287.05 * 0.0065));
    const double rho = p / (287.05 * t), c = std::sqrt(1.4 * 287.05 * t), v = std::hypot(s[2], s[3]);
    const double k = M_PI / 8 * rho * v * curve(v / c) / (703.0696 * bc);
    out[0] = s[2], out[1] = s[3], out[2] = -k * s[2], out[3] = -k * s[3] - 9.80665;
  }
  /// State when `distance` is passed, linear within the last tiny step.
  void fly(double v, double angle, double distance, double dt, double* s) const {
    s[0] = 0, s[1] = 0, s[2] = v * std::cos(angle), s[3] = v * std::sin(angle), s[4] = 0;
    for (;;) {
      double a[4], b[4], m[4], next[4];
      slope(s, a);
      for (int i = 0; i < 4; i++) m[i] = s[i] + 0.5 * dt * a[i];
      slope(m, b);
      for (int i = 0; i < 4; i++) next[i] = s[i] + dt * b[i];
      if (next[0] >= distance) {
        const double part = (distance - s[0]) / (next[0] - s[0]);
        for (int i = 0; i < 4; i++) s[i] += part * (next[i] - s[i]);
        s[4] += part * dt;
        return;
      }
      for (int i = 0; i < 4; i++) s[i] = next[i];
      s[4] += dt;
    }
  }
};

TEST(Drag, AgreesWithASecondIntegrator) {
  for (const bool g7 : {false, true}) {
    const DragCurve& curve = g7 ? DragCurve::g7() : DragCurve::g1();
    for (const double distance : {100.0, 500.0, 1200.0}) {
      Shots shots;
      shots.velocity = {820}, shots.angle = {0.02}, shots.target = {distance};
      shots.request.drag = g7 ? 2 : 1, shots.request.ballistic_coefficient = 0.3, shots.request.step = 0.002;
      ASSERT_FALSE(shots.run());
      double coarse[5], fine[5];
      const Midpoint second{curve, 0.3};
      second.fly(820, 0.02, distance, 2e-5, coarse);
      second.fly(820, 0.02, distance, 1e-5, fine);
      EXPECT_NEAR(shots.out.end_height[0], fine[1], 2e-4) << distance;
      EXPECT_NEAR(shots.out.time[0], fine[4], 2e-6) << distance;
      EXPECT_NEAR(shots.out.impact_speed[0], std::hypot(fine[2], fine[3]), 2e-3) << distance;
      EXPECT_NEAR(shots.out.range[0], distance, 1e-9);
    }
  }
}

TEST(Drag, WindPushesAndMirrorsExactly) {
  Shots left, right;
  left.velocity = right.velocity = {300}, left.angle = right.angle = {0.3};
  left.request.drag = right.request.drag = 2;
  left.request.ballistic_coefficient = right.request.ballistic_coefficient = 0.2;
  left.request.wind_across = -8, right.request.wind_across = 8;
  ASSERT_FALSE(left.run());
  ASSERT_FALSE(right.run());
  EXPECT_EQ(left.out.drift[0], -right.out.drift[0]);
  EXPECT_GT(right.out.drift[0], 1);
  EXPECT_EQ(left.out.range[0], right.out.range[0]);
  Shots tail = right;
  tail.request.wind_across = 0, tail.request.wind_along = 10;
  ASSERT_FALSE(tail.run());
  EXPECT_GT(tail.out.range[0], right.out.range[0]);
}

/// Who drifts with the wind sees still air: the same flight, less the way of the wind.
TEST(Drag, WindIsStillAirForWhoDriftsWithIt) {
  const Air air(0, 288.15, 101'325);
  for (const double along : {-15.0, -3.0, 12.0}) {
    for (const double across : {-6.0, 9.0}) {
      const FlightRules still{&air, &DragCurve::g7(), M_PI / 8 / (703.0696 * 0.2), 9.80665, 0, 0, 0.01, 1'000'000};
      FlightRules windy = still;
      windy.wind_along = along, windy.wind_across = across;
      const FlightEnd seen = fly_trajectory(windy, {0, 5, 0, 300, 120, 0}, -1);
      const FlightEnd drifting = fly_trajectory(still, {0, 5, 0, 300 - along, 120, -across}, -1);
      EXPECT_NEAR(seen.time, drifting.time, 1e-9);
      EXPECT_NEAR(seen.apex, drifting.apex, 1e-8);
      EXPECT_NEAR(seen.state.x, drifting.state.x + along * seen.time, 1e-6);
      EXPECT_NEAR(seen.state.z, drifting.state.z + across * seen.time, 1e-6);
      EXPECT_NEAR(seen.state.vx, drifting.state.vx + along, 1e-8);
    }
  }
}

TEST(Drag, TheApexIsNotBeyondTheTarget) {
  Shots free, stopped;
  for (Shots* shots : {&free, &stopped}) {
    shots->velocity = {300}, shots->angle = {0.5};
    shots->request.drag = 2, shots->request.ballistic_coefficient = 0.3, shots->request.step = 0.5;
  }
  ASSERT_FALSE(free.run());
  // A wall in the step of the top, before it: nothing higher than the wall is reached.
  for (double distance = 100; distance < free.out.range[0]; distance += 25) {
    stopped.target = {distance};
    ASSERT_FALSE(stopped.run());
    EXPECT_LE(stopped.out.apex[0], free.out.apex[0]) << distance;
    const bool falls = stopped.out.impact_angle[0] > 0;
    EXPECT_NEAR(stopped.out.apex[0], falls ? free.out.apex[0] : stopped.out.end_height[0], 1e-9) << distance;
  }
}

TEST(Air, IsTheStandardAtmosphere) {
  // ICAO Doc 7488: density and sound speed at 0, 5,000 and 11,000 m of
  // geopotential altitude.
  const Air air(0, 288.15, 101'325);
  for (const auto& [h, density, sound] :
       {std::tuple{0.0, 1.2250, 340.294}, {5000.0, 0.73612, 320.529}, {11'000.0, 0.36392, 295.070}}) {
    for (const int terms : {air.terms_up_to(h, 0), 0}) {
      EXPECT_NEAR(air.at(h, terms).density, density, 2e-5) << h;
      EXPECT_NEAR(std::sqrt(air.at(h, terms).sound_square), sound, 0.01) << h;
    }
    EXPECT_NEAR(air.at(h, air.terms_up_to(h, 0)).density, air.at(h, 0).density, 1e-14);
  }
  EXPECT_NEAR(air.at(15'000, air.terms_up_to(15'000, 0)).density, 0.19367, 1e-5);
  EXPECT_NEAR(Air::standard_pressure(1000), 89'874.6, 10);
}

TEST(Curve, PassesThroughItsTableAndIsMonotoneBetween) {
  EXPECT_NEAR(DragCurve::g1()(1.0), 0.4805, 1e-12);
  EXPECT_NEAR(DragCurve::g1()(2.5), 0.5397, 1e-12);
  EXPECT_NEAR(DragCurve::g7()(0.95), 0.2054, 1e-12);
  EXPECT_NEAR(DragCurve::g7()(5.0), 0.1618, 1e-12);
  EXPECT_EQ(DragCurve::g7()(7.0), DragCurve::g7()(5.0));
  for (double mach = 0.85; mach < 0.999; mach += 1e-3) EXPECT_LE(DragCurve::g7()(mach), DragCurve::g7()(mach + 1e-3));
  for (double mach = 2.0; mach < 4.9; mach += 1e-3) EXPECT_GE(DragCurve::g1()(mach), DragCurve::g1()(mach + 1e-3));
  for (double mach = 0; mach < 5; mach += 1e-3) EXPECT_NEAR(DragCurve::g1()(mach), DragCurve::g1()(mach + 1e-9), 1e-7);
}

TEST(Refusals, OfTrajectoriesAreOfTheItemOrTheRequest) {
  Shots shots;
  shots.velocity = {100, std::nan(""), 100, -1, 1e6}, shots.angle = {0.5, 0.5, 2, 0.5, 0.5};
  ASSERT_FALSE(shots.run());
  EXPECT_EQ(shots.out.error, (std::vector<uint16_t>{0, 744, 744, 744, 744}));
  EXPECT_GT(shots.out.range[0], 0);
  EXPECT_EQ(shots.out.range[1], 0);
  EXPECT_NE(shots.out.faults[1].fault.text.find("angle[2] is 2; write a number from -1.570796"), std::string::npos)
      << shots.out.faults[1].fault.text;
  shots.angle.pop_back();
  EXPECT_EQ(shots.run().code, Code::malformed);
  shots.angle.push_back(0.5);
  shots.request.drag = 9;
  EXPECT_EQ(shots.run().code, Code::unknown_name);
  shots.request.drag = 1;
  EXPECT_EQ(shots.run().text.find("projectile.ballistic_coefficient is 0"), 0u);
  shots.request.ballistic_coefficient = 0.5, shots.request.step = 1e-5;
  Limits few;
  few.steps_max = 10;
  ASSERT_FALSE(shots.run({}, few));
  EXPECT_EQ(shots.out.error[0], static_cast<uint16_t>(Code::limit_exceeded));
  shots.request.step = 0.01, shots.target = {1e6, 1e6, 1e6, 1e6, 1e6};
  ASSERT_FALSE(shots.run());
  EXPECT_EQ(shots.out.error[0], static_cast<uint16_t>(Code::out_of_range));
}

TEST(Ballistics, AnyNumberOfThreadsGivesTheSameBytes) {
  Shots shots;
  random::Stream dice(9, "ballistics/test", 2);
  for (int i = 0; i < 3000; i++) shots.velocity.push_back(900 * dice.real()), shots.angle.push_back(dice.real());
  shots.request.drag = 1, shots.request.ballistic_coefficient = 0.4, shots.request.step = 0.05;
  ASSERT_FALSE(shots.run());
  const uint64_t hash = shots.out.hash;
  Workers workers;
  workers.threads = 3;
  workers.parallel = [](void*, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    for (uint32_t i = count; i-- > 0;) fn(argument, i, i % 3);
  };
  ASSERT_FALSE(shots.run(workers));
  EXPECT_EQ(shots.out.hash, hash);
}

TEST(Ballistics, PrintsItsSpeed) {
  Shots vacuum, drag;
  for (int i = 0; i < 50'000; i++) {
    vacuum.velocity.push_back(100 + i * 0.01), vacuum.angle.push_back(0.3 + i * 1e-6), vacuum.height.push_back(2);
    vacuum.target.push_back(300);
  }
  for (int i = 0; i < 2000; i++)
    drag.velocity.push_back(700 + 0.05 * i), drag.angle.push_back(0.01), drag.target.push_back(500);
  drag.request.drag = 2, drag.request.ballistic_coefficient = 0.3, drag.request.step = 0.0042;
  for (auto* shots : {&vacuum, &drag}) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_FALSE(shots->run());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%.0f a second, %.0f steps each\n", static_cast<double>(shots->velocity.size()) / seconds,
                shots->out.time[0] / shots->request.step);
  }
}

}  // namespace
}  // namespace busbar::combat
