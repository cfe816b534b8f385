// Method: the pure laws as stochastic runs against the exact Markov chain
// (small sides) and the closed forms (large ones).
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "combat/battle.h"
#include "testing/forces.h"

namespace busbar::combat {
namespace {

using testing::line;
using testing::request_of;

struct Sums {
  double wins = 0, x = 0, y = 0, xx = 0, yy = 0;
};

Sums run(Rules rules, uint32_t x0, uint32_t y0, double a, double b, double until, int runs, uint64_t seed) {
  const testing::Force attackers = line(1, x0, 0), defenders = line(100'000, y0, 10);
  BattleRequest request = request_of(attackers, defenders);
  request.rules = static_cast<uint8_t>(rules);
  request.attacker_rate = a, request.defender_rate = b, request.until = until;
  Battlefield field;
  BattleOutcome out;
  Sums sums;
  for (int i = 0; i < runs; i++) {
    resolve(request, {}, "battle", seed, static_cast<uint64_t>(i), field, out);
    EXPECT_FALSE(out.fault) << out.fault.text;
    const double x = out.statistics[kAttackersAlive], y = out.statistics[kDefendersAlive];
    sums.wins += out.result == BattleResult::attacker_win;
    sums.x += x, sums.y += y, sums.xx += x * x, sums.yy += y * y;
  }
  return sums;
}

/// P(attackers win) and the mean of their survivors, by the embedded chain.
std::pair<double, double> chain(bool linear, int x0, int y0, double a, double b) {
  std::vector<std::vector<double>> p(x0 + 1, std::vector<double>(y0 + 1, 0));
  p[x0][y0] = 1;
  double wins = 0, survivors = 0;
  for (int x = x0; x >= 0; x--) {
    for (int y = y0; y >= 0; y--) {
      if (y == 0) wins += p[x][0], survivors += x * p[x][0];
      if (x == 0 || y == 0) continue;
      const double kill = linear ? a : a * x, loss = linear ? b : b * y;
      p[x][y - 1] += p[x][y] * kill / (kill + loss);
      p[x - 1][y] += p[x][y] * loss / (kill + loss);
    }
  }
  return {wins, survivors};
}

TEST(Lanchester, SmallBattlesFollowTheMarkovChain) {
  constexpr int kRuns = 40'000;
  for (const bool linear : {false, true}) {
    for (const auto& [x0, y0, a, b] :
         {std::tuple{3, 2, 1.0, 1.0}, {2, 3, 1.0, 1.0}, {4, 4, 1.5, 1.0}, {6, 5, 0.7, 1.1}, {1, 1, 2.0, 1.0}}) {
      const auto [win, survivors] = chain(linear, x0, y0, a, b);
      const Rules rules = linear ? Rules::lanchester_linear : Rules::lanchester_square;
      const Sums sums = run(rules, static_cast<uint32_t>(x0), static_cast<uint32_t>(y0), a, b, 0, kRuns, 42);
      EXPECT_NEAR(sums.wins / kRuns, win, 4 * std::sqrt(win * (1 - win) / kRuns)) << x0 << " v " << y0 << ", seed 42";
      const double variance = sums.xx / kRuns - sums.x / kRuns * sums.x / kRuns;
      EXPECT_NEAR(sums.x / kRuns, survivors, 4 * std::sqrt(variance / kRuns)) << x0 << " v " << y0 << ", seed 42";
    }
  }
}

TEST(Lanchester, LargeBattlesFollowTheSquareLaw) {
  // dx/dt = -b y, dy/dt = -a x; a x^2 - b y^2 is constant.
  const double a = 0.01, b = 0.015, x0 = 2000, y0 = 1500, s = std::sqrt(a * b);
  for (const double t : {10.0, 40.0, 80.0}) {
    const double x = x0 * std::cosh(s * t) - std::sqrt(b / a) * y0 * std::sinh(s * t);
    const double y = y0 * std::cosh(s * t) - std::sqrt(a / b) * x0 * std::sinh(s * t);
    constexpr int kRuns = 60;
    const Sums sums = run(Rules::lanchester_square, 2000, 1500, a, b, t, kRuns, 7);
    EXPECT_NEAR(sums.x / kRuns, x, 0.006 * x0) << "t = " << t;
    EXPECT_NEAR(sums.y / kRuns, y, 0.006 * y0) << "t = " << t;
    EXPECT_NEAR(a * x * x - b * y * y, a * x0 * x0 - b * y0 * y0, 1e-6 * a * x0 * x0);
  }
}

TEST(Lanchester, LargeBattlesFollowTheLinearLaw) {
  // dx/dt = -b x y, dy/dt = -a x y; C = a x - b y is constant, x(t) = C x0 / (a
  // x0 - b y0 exp(-C t)).
  const double a = 2e-5, b = 1e-5, x0 = 1500, y0 = 2000, c = a * x0 - b * y0;
  for (const double t : {20.0, 60.0, 200.0}) {
    const double x = c * x0 / (a * x0 - b * y0 * std::exp(-c * t)), y = (a * x - c) / b;
    constexpr int kRuns = 60;
    const Sums sums = run(Rules::lanchester_linear, 1500, 2000, a, b, t, kRuns, 8);
    EXPECT_NEAR(sums.x / kRuns, x, 0.006 * x0) << "t = " << t;
    EXPECT_NEAR(sums.y / kRuns, y, 0.006 * y0) << "t = " << t;
  }
}

TEST(Lanchester, TheMassStepFollowsTheSquareLawOfItsFire) {
  // With many units the step is Euler's method for dx/dt = -b y; each step
  // leaves one wounded, which the law does not know.
  testing::Force attackers = line(1, 6000, 0), defenders = line(10'000, 4000, 10);
  for (auto* force : {&attackers, &defenders}) {
    force->shields.clear();
    for (auto& damage : force->weapons.damage) damage = 2;
  }
  BattleRequest request = request_of(attackers, defenders);
  request.mass = true;
  Battlefield field;
  BattleOutcome out;
  resolve(request, {}, "battle", 1, 1, field, out);
  ASSERT_EQ(out.result, BattleResult::attacker_win);
  const double strength = std::sqrt(6000.0 * 6000 - 4000.0 * 4000);  // survivors by the square law
  EXPECT_NEAR(out.statistics[kAttackersAlive], strength, 0.03 * strength);
  EXPECT_EQ(out.statistics[kShots], 0);
}

TEST(Lanchester, WithoutRatesNothingHappens) {
  const testing::Force a = line(1, 3, 0), b = line(10, 3, 0);
  BattleRequest request = request_of(a, b);
  request.rules = static_cast<uint8_t>(Rules::lanchester_square);
  Battlefield field;
  BattleOutcome out;
  resolve(request, {}, "battle", 1, 1, field, out);
  EXPECT_EQ(out.result, BattleResult::unknown);
  EXPECT_EQ(out.statistics[kAttackersAlive], 3);
}

}  // namespace
}  // namespace busbar::combat
