// Method: one unit that nothing happens to but what a case adds; its morale and state after each second by hand, one case for each line of
// the morale rules. Then projectiles and mass fire, whose numbers nobody else follows.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "testing/forces.h"

namespace busbar::combat {
namespace {

using testing::Force;
using testing::fought;
using testing::request_of;

/// Adds a unit that stands still and does no harm.
void stand(Force& force, uint64_t id, double x, double y, double morale = 100, uint32_t tags = 0) {
  force.id.push_back(id), force.x.push_back(x), force.y.push_back(y), force.facing.push_back(0);
  force.hp.push_back(1000), force.speed.push_back(0);
  force.morale.push_back(morale), force.max_morale.push_back(100), force.tags.push_back(tags);
  force.weapons.damage.push_back(0), force.weapons.range.push_back(1);
}

/// A unit that looks along x from (0, 0), and an enemy far away, so that the battle goes on.
struct Scene {
  Force own, enemy;
  std::vector<NamedConstant> constants = {{"damage_min", 0}};
  Scene(double morale, uint32_t tags = 0) {
    stand(own, 1, 0, 0, morale, tags);
    stand(enemy, 900, 5000, 0, 100, kFearless);
  }
  BattleOutcome run(uint32_t steps) const {
    BattleRequest request = request_of(own, enemy);
    request.rules = static_cast<uint8_t>(Rules::tactical);
    request.use_accuracy = false;
    request.steps_max = steps;
    request.constants = constants;
    const BattleOutcome out = fought(request);
    EXPECT_FALSE(out.fault) << out.fault.text;
    EXPECT_EQ(out.steps, steps);
    return out;
  }
  double morale(uint32_t steps = 1) const { return run(steps).sides[0].morale[0]; }
  UnitState state(uint32_t steps) const { return static_cast<UnitState>(run(steps).sides[0].state[0]); }
  std::vector<double> course(uint32_t steps) const {
    std::vector<double> list;
    for (uint32_t i = 1; i <= steps; i++) list.push_back(morale(i));
    return list;
  }
};

Scene with_enemy(double x, double y, uint32_t tags = 0, double morale = 50) {
  Scene scene(morale);
  stand(scene.enemy, 901, x, y, 100, tags | kFearless);
  return scene;
}

TEST(Morale, FallsForEnemiesNearByWhereTheyStandAndWhatTheyAre) {
  EXPECT_EQ(with_enemy(10, 0).morale(), 50) << "in front";
  EXPECT_EQ(with_enemy(0, 10).morale(), 40) << "at the side";
  EXPECT_EQ(with_enemy(-10, 0).morale(), 30) << "in the rear";
  EXPECT_EQ(with_enemy(-15, 0).morale(), 30) << "at the edge of what is near";
  EXPECT_EQ(with_enemy(-15.01, 0).morale(), 50) << "farther";
  EXPECT_EQ(with_enemy(10, 0, kFear).morale(), 45);
  EXPECT_EQ(with_enemy(10, 0, kTerror).morale(), 35);
  EXPECT_EQ(with_enemy(-10, 0, kFear | kTerror).morale(), 10);
  Scene two = with_enemy(-10, 0);
  stand(two.enemy, 902, 0, -10, 100, kFearless);
  EXPECT_EQ(two.morale(), 20) << "for each of them";
  Scene half = with_enemy(-10, 0);
  half.constants.push_back({"dt", 0.5});
  EXPECT_EQ(half.morale(), 40) << "a second";
}

TEST(Morale, OfTheFearlessNeverChanges) {
  Scene scene(50, kFearless);
  stand(scene.enemy, 901, -10, 0, 100, kTerror | kFearless);
  EXPECT_EQ(scene.course(3), (std::vector<double>{50, 50, 50}));
  Scene broken(0, kFearless);
  EXPECT_EQ(broken.state(1), UnitState::steady);
}

TEST(Morale, RoutingEnemiesFrightenNobody) {
  Scene scene(50);
  stand(scene.enemy, 901, 10, 0, 0, kFear);  // routs at the end of the first second
  EXPECT_EQ(scene.course(3), (std::vector<double>{45, 45, 45}));
}

TEST(Morale, RisesWithAlliesAndOneWhoInspires) {
  Scene scene(50);
  for (uint64_t id = 2; id <= 4; id++) stand(scene.own, id, 1, static_cast<double>(id), 100, kFearless);
  EXPECT_EQ(scene.morale(), 50) << "three allies are not over three";
  stand(scene.own, 5, 2, 0, 100, kFearless);
  EXPECT_EQ(scene.morale(), 51);
  scene.own.tags[1] = kInspiring | kFearless;
  EXPECT_EQ(scene.morale(), 61);
  scene.own.tags[2] = kInspiring | kFearless;
  EXPECT_EQ(scene.morale(), 61) << "one is enough";
  scene.own.x[1] = scene.own.x[2] = 16;
  EXPECT_EQ(scene.morale(), 50) << "too far, and two allies only";
}

TEST(Morale, ComesBackAfterTenSecondsUnhurt) {
  Scene scene(50);
  EXPECT_EQ(scene.morale(9), 50);
  EXPECT_EQ(scene.morale(10), 55);
  EXPECT_EQ(scene.morale(11), 60);
  scene.own.morale[0] = 99;
  EXPECT_EQ(scene.morale(11), 100) << "at most all of it";
}

TEST(Morale, FallsWithWhatWasLostLately) {
  Scene scene(60);
  scene.own.hp[0] = 100;
  // One shot of 1 x 10 x 1 x 2 of 100 hp, and no more.
  stand(scene.enemy, 901, 10, 0, 100, kFearless);
  scene.enemy.weapons.damage[1] = 1, scene.enemy.weapons.range[1] = 20;
  scene.enemy.weapons.cooldown = {1000, 1000};
  scene.enemy.weapons.strength = {1, 1};
  const std::vector<double> course = scene.course(4);
  // 20 % lost: - 10, then - 8, - 6.4, - 5.12.
  const double expected[] = {50, 42, 35.6, 30.48};
  for (size_t i = 0; i < 4; i++) EXPECT_NEAR(course[i], expected[i], 1e-9) << i;
  EXPECT_EQ(scene.run(1).sides[0].hp[0], 80);
}

TEST(Morale, FallsUnderFireAndPinsWhoeverIsUnderMuch) {
  const auto under = [](uint32_t shots) {
    Scene scene(80);
    scene.own.speed[0] = 3;
    for (uint32_t i = 0; i < shots; i++) {
      stand(scene.enemy, 1000 + i, 40, 0.1 * i, 100, kFearless);
      scene.enemy.weapons.range.back() = 60;
    }
    return scene;
  };
  EXPECT_EQ(under(4).morale(), 80);
  EXPECT_EQ(under(5).morale(), 78);
  EXPECT_EQ(under(9).morale(), 78);
  EXPECT_EQ(under(10).morale(), 65);
  // It has a target in the first second and would walk in the second.
  EXPECT_NEAR(under(9).run(2).sides[0].x[0], 3, 0.01);
  EXPECT_EQ(under(10).run(2).sides[0].x[0], 0);
}

TEST(Morale, StatesChangeAtTheirBounds) {
  EXPECT_EQ(Scene(30).state(1), UnitState::steady);
  EXPECT_EQ(Scene(29.9).state(1), UnitState::shaken);
  EXPECT_EQ(Scene(0.1).state(1), UnitState::shaken);
  Scene lost(0);  // its friend fights on
  stand(lost.own, 2, 3000, 0, 100, kFearless);
  EXPECT_EQ(lost.state(1), UnitState::routing);
  // Inspired by a friend, 10 a second: 20, 30, 40, 50.
  Scene up(10);
  stand(up.own, 2, 5, 0, 100, kInspiring | kFearless);
  const UnitState shaken = UnitState::shaken;
  for (const auto& [steps, state] : {std::pair{1u, shaken}, {2u, shaken}, {3u, shaken}, {4u, UnitState::steady}}) {
    EXPECT_EQ(up.state(steps), state) << steps;
  }
  // Terror in the first second routs below 20; it routs itself then. 0, 10, ..., 50, 60: above 50 the unit rallies.
  Scene back(5);
  stand(back.own, 2, 5, 0, 100, kInspiring | kFearless);
  stand(back.enemy, 901, 10, 0, 0, kTerror);
  EXPECT_EQ(back.course(3), (std::vector<double>{0, 10, 20}));
  EXPECT_EQ(back.state(6), UnitState::routing);
  EXPECT_EQ(back.morale(6), 50);
  EXPECT_EQ(back.state(7), UnitState::shaken);
  Scene brave(30);  // 30 - 15 + 5 is no longer below 20
  brave.constants.push_back({"inspiring_morale", 5});
  stand(brave.own, 2, 5, 0, 100, kInspiring | kFearless);
  stand(brave.enemy, 901, 10, 0, 100, kTerror | kFearless);
  EXPECT_EQ(brave.morale(), 20);
  EXPECT_EQ(brave.state(1), UnitState::shaken);
  brave.own.morale[0] = 29;
  EXPECT_EQ(brave.state(1), UnitState::routing);
}

TEST(Fatigue, IsTheTimeSpentActing) {
  Scene scene(100, kFearless);
  scene.own.weapons.range[0] = 6000, scene.own.weapons.cooldown = {0};  // fires at the one far away
  scene.constants.push_back({"dt", 0.5});
  const BattleOutcome out = scene.run(6);
  EXPECT_EQ(out.sides[0].fatigue[0], 3);
  EXPECT_EQ(out.sides[1].fatigue[0], 0);
}

TEST(Save, OfAnInvulnerableUnitIsCapped) {
  Scene scene(100, kFearless);
  stand(scene.enemy, 901, 10, 0, 100, kFearless);
  scene.enemy.weapons.damage[1] = 1, scene.enemy.weapons.range[1] = 20, scene.enemy.weapons.strength = {1, 10};
  scene.own.invulnerable_save = {1};  // (7 - 1) / 6 would be all of it
  EXPECT_NEAR(scene.run(1).sides[0].hp[0], 1000 - 200 * 0.1, 1e-9);
}

/// What happens to the one shot of a shooter at (0, 0): the first event about it, and when.
std::pair<EventKind, uint32_t> shot(WeaponKind kind, double keep) {
  Force shooter, runner;
  stand(shooter, 1, 0, 0), stand(runner, 2, 20, 0);
  shooter.weapons.damage[0] = 10, shooter.weapons.range[0] = 30, shooter.weapons.cooldown = {1000};
  shooter.weapons.kind = {static_cast<uint8_t>(kind)}, shooter.weapons.speed = {8};
  // Runs along y after somebody who is nearer to it than the shooter.
  stand(shooter, 3, 20, 19);
  shooter.weapons.range[1] = 0.5, shooter.weapons.cooldown.push_back(1000), shooter.weapons.speed.push_back(1);
  shooter.weapons.kind.push_back(0);
  runner.speed = {4}, runner.weapons.range = {0.5}, runner.weapons.cooldown = {1000}, runner.weapons.speed = {1};
  BattleRequest request = request_of(shooter, runner);
  request.projectiles = true, request.use_accuracy = false, request.events = true, request.steps_max = 12;
  const std::vector<NamedConstant> constants = {{"homing_keep", keep}, {"engage_range", 0}};
  request.constants = constants;
  const BattleOutcome out = fought(request);
  EXPECT_FALSE(out.fault) << out.fault.text;
  for (size_t i = 0; i < out.events.kind.size(); i++) {
    if (out.events.unit[i] == 1) return {static_cast<EventKind>(out.events.kind[i]), out.events.tick[i]};
  }
  return {EventKind::wasted, 0};
}

/// The same by hand: the way of each second, and the circle of 2 around where the runner is then.
std::pair<EventKind, uint32_t> flown(double keep) {
  double x = 0, y = 0, vx = 8, vy = 0, runner = 0;
  for (uint32_t tick = 0; tick < 5; tick++) {
    if (tick > 0) runner = std::min(runner + 4, 19.0);
    const double dx = 20 - x, dy = runner - y, far = std::hypot(dx, dy);
    vx = keep * vx + (1 - keep) * 8 * dx / far, vy = keep * vy + (1 - keep) * 8 * dy / far;
    const double length = std::hypot(vx, vy);
    vx *= 8 / length, vy *= 8 / length;
    for (int part = 0; part <= 10'000; part++) {
      if (std::hypot(x + vx * part / 10'000 - 20, y + vy * part / 10'000 - runner) <= 2) return {EventKind::hit, tick};
    }
    x += vx, y += vy;
  }
  return {EventKind::expired, 4};
}

TEST(Projectiles, MissilesTurnToTheirTargetAsFarAsTheyMay) {
  std::set<std::pair<EventKind, uint32_t>> seen;
  for (const double keep : {0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0}) {
    EXPECT_EQ(shot(WeaponKind::missile, keep), flown(keep)) << keep;
    EXPECT_EQ(shot(WeaponKind::fighter, keep), flown(keep)) << keep;
    EXPECT_EQ(shot(WeaponKind::kinetic, keep), flown(1)) << keep;
    seen.insert(flown(keep));
  }
  EXPECT_GE(seen.size(), 3u) << "the cases are told apart";
}

TEST(Projectiles, MeetTheLowerIdOfTwoAtOnePlace) {
  Force shooter, targets;
  stand(shooter, 1, 0, 0), stand(targets, 9, 10, 0), stand(targets, 4, 10, 0);
  shooter.weapons.damage = {10}, shooter.weapons.range = {30}, shooter.weapons.cooldown = {1000}, shooter.weapons.speed = {5};
  BattleRequest request = request_of(shooter, targets);
  request.projectiles = true, request.use_accuracy = false, request.events = true, request.steps_max = 6;
  const BattleOutcome out = fought(request);
  ASSERT_FALSE(out.events.kind.empty());
  EXPECT_EQ(out.events.kind[0], static_cast<uint8_t>(EventKind::hit));
  EXPECT_EQ(out.events.target[0], 4u);
}

TEST(Mass, FireIsDamageTimesShotsTimesAccuracyLessAFifth) {
  Force many, few;
  for (uint64_t id = 1; id <= 60; id++) stand(many, id, 0, static_cast<double>(id));
  for (uint64_t id = 101; id <= 110; id++) stand(few, id, 20, static_cast<double>(id));
  many.weapons.damage.assign(60, 3), many.weapons.accuracy.assign(60, 0.5), many.weapons.cooldown.assign(60, 2);
  std::set<uint64_t> wounded;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    BattleRequest request = request_of(many, few);
    request.mass = true, request.steps_max = 1, request.events = true;
    const BattleOutcome out = fought(request, seed);
    ASSERT_FALSE(out.fault) << out.fault.text;
    EXPECT_NEAR(out.statistics[kAttackerDamage], 60 * 3 * 0.5 * 0.5 * 0.8, 1e-9);
    EXPECT_NEAR(out.statistics[kDefenderHpLost], 36, 1e-9);
    ASSERT_EQ(out.events.target.size(), 1u) << "one unit takes it all";
    wounded.insert(out.events.target[0]);
  }
  EXPECT_GE(wounded.size(), 4u) << "drawn anew by each seed";
}

}  // namespace
}  // namespace busbar::combat
