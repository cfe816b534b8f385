// Method: shots and steps worked out by hand, one for each rule.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "testing/forces.h"

namespace busbar::combat {
namespace {

using testing::Force;
using testing::fought;
using testing::line;
using testing::request_of;

/// One shooter against one target that does not answer, one certain shot of
/// fixed damage.
struct Duel {
  Force shooter, target;
  BattleRequest request;
  Duel() {
    shooter.id = {1}, target.id = {2};
    shooter.hp = {100}, target.hp = {1000};
    shooter.weapons.damage = {100}, shooter.weapons.kind = {0}, shooter.weapons.range = {30};
    shooter.x = {0}, shooter.y = {0}, target.x = {10}, target.y = {0};
    shooter.facing = {0}, target.facing = {180};
  }
  BattleOutcome shoot(Rules rules = Rules::basic,
                      std::vector<NamedConstant> constants = {{"damage_low", 1}, {"damage_high", 1}}) {
    request = request_of(shooter, target);
    request.rules = static_cast<uint8_t>(rules);
    request.use_accuracy = false;
    request.steps_max = 1;
    request.events = request.damage = true;
    request.constants = std::move(constants);
    return fought(request);
  }
  double lost(Rules rules = Rules::basic) {
    const BattleOutcome out = shoot(rules);
    EXPECT_FALSE(out.fault) << out.fault.text;
    return target.hp[0] - out.sides[1].hp[0];
  }
};

TEST(Basic, ArmorStopsKineticFire) {
  Duel duel;
  duel.target.armor = {300};
  EXPECT_NEAR(duel.lost(), 25, 1e-12);
  duel.shooter.weapons.kind = {4};  // explosive: armor does not help
  EXPECT_NEAR(duel.lost(), 100, 1e-12);
}

TEST(Basic, ShieldsStopEnergyByTheirShareAndThenAbsorb) {
  Duel duel;
  duel.target.shields = {30}, duel.target.max_shields = {60};
  duel.shooter.weapons.kind = {2};
  // mitigation 0.5 * 30/60: 75 arrive, 30 absorbed, 45 from hp
  EXPECT_NEAR(duel.lost(), 45, 1e-12);
  duel.shooter.weapons.kind = {5};
  EXPECT_NEAR(duel.lost(), 70, 1e-12);
}

TEST(Basic, ShieldsMayStopEnergyOnly) {
  Duel duel;
  duel.target.shields = {30};
  duel.shooter.weapons.kind = {5};
  duel.request = request_of(duel.shooter, duel.target);
  duel.request.use_accuracy = false, duel.request.steps_max = 1, duel.request.shields_stop = 1;
  duel.request.constants = {{"damage_low", 1}, {"damage_high", 1}};
  const BattleOutcome out = fought(duel.request);
  EXPECT_EQ(out.sides[1].shields[0], 30);
  EXPECT_NEAR(out.sides[1].hp[0], 900, 1e-12);
}

TEST(Basic, CoverTakesItsShare) {
  const double shares[] = {100, 75, 50, 25};
  for (uint8_t cover = 0; cover < 4; cover++) {
    Duel duel;
    duel.target.cover = {cover};
    EXPECT_NEAR(duel.lost(), shares[cover], 1e-12);
  }
}

TEST(Basic, AWeaponOutOfRangeOrOutOfArcDoesNotFire) {
  Duel duel;
  duel.target.x = {31};
  EXPECT_EQ(duel.lost(), 0);
  duel.target.x = {30};
  EXPECT_EQ(duel.lost(), 100);
  for (uint8_t arc = 0; arc < 4; arc++) {
    Duel aimed;
    aimed.shooter.weapons.arc = {arc};
    for (const double angle : {0.0, 44.0, 46.0, 90.0, 134.0, 136.0, 180.0, -44.0, -46.0, -134.0, -136.0}) {
      aimed.target.x = {10 * std::cos(angle * M_PI / 180)}, aimed.target.y = {10 * std::sin(angle * M_PI / 180)};
      const double size = std::fabs(angle);
      const bool fires =
          arc == 0 || (arc == 1 && size < 45) || (arc == 2 && size > 45 && size < 135) || (arc == 3 && size > 135);
      EXPECT_EQ(aimed.lost() > 0, fires) << "arc " << int(arc) << " at " << angle;
    }
  }
}

TEST(Basic, HitsComeAtTheRateOfAccuracyLessEvasion) {
  Force many = line(1, 100, 0), target = line(1000, 1, 10);
  target.hp = {1e9}, target.evasion = {0.25}, target.speed = {0}, target.weapons.damage = {0};
  for (auto& y : many.y) y = 0;
  BattleRequest request = request_of(many, target);
  request.steps_max = 400;
  const BattleOutcome out = fought(request);
  const double n = out.statistics[kShots] - 400;  // the target's own shots hit at 0.6
  EXPECT_NEAR(out.statistics[kHits] / out.statistics[kShots], 0.45, 4 * std::sqrt(0.25 / n) + 0.002);
  target.evasion = {1};
  request = request_of(many, target);
  request.steps_max = 400;
  const BattleOutcome evading = fought(request);
  EXPECT_NEAR((evading.statistics[kHits] - 240) / 40'000, 0.05, 0.005);
}

TEST(Basic, UnitsApproachToTheRangeAndCooldownsSpaceShots) {
  Duel duel;
  duel.shooter.speed = {7}, duel.target.x = {60}, duel.shooter.weapons.cooldown = {3};
  duel.request = request_of(duel.shooter, duel.target);
  duel.request.use_accuracy = false, duel.request.steps_max = 12, duel.request.events = true;
  const BattleOutcome out = fought(duel.request);
  EXPECT_NEAR(out.sides[0].x[0], 40, 1e-9);
  // Step 0 has no target yet to move to; 7 a step from step 1; 30 away after
  // step 5 (35): fires in step 5, 8, 11.
  ASSERT_EQ(out.events.tick.size(), 3u);
  EXPECT_EQ(out.events.tick[0], 5u);
  EXPECT_EQ(out.events.tick[1], 8u);
  EXPECT_EQ(out.events.tick[2], 11u);
}

TEST(Tactical, DamageFollowsSaveFacingAndDoctrine) {
  Duel duel;
  duel.shooter.weapons.damage = {1}, duel.shooter.weapons.strength = {4};
  EXPECT_NEAR(duel.lost(Rules::tactical), 80, 1e-9);  // 4 x 10 x 1 x 2
  duel.target.armor = {40};                           // save 3: (7-3)/6
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * (1 - 4.0 / 6), 1e-9);
  duel.target.facing = {0};  // in the back: armor 20, save 5. The target turns
                             // only once it has a target, after this shot.
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * (1 - 2.0 / 6), 1e-9);
  duel.target.facing = {90};  // at the side: armor 30, save 4
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * (1 - 3.0 / 6), 1e-9);
  duel.target.facing = {180}, duel.shooter.weapons.penetration = {20};
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * (1 - 2.0 / 6), 1e-9);
  duel.target.cover = {2};  // save one better
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * (1 - 3.0 / 6), 1e-9);
  duel.target.invulnerable_save = {2};
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * (1 - 5.0 / 6), 1e-9);
  duel.target.doctrine = {3};  // DEFEND: + 0.2, at most 0.95
  EXPECT_NEAR(duel.lost(Rules::tactical), 80 * 0.05, 1e-9);
  Duel charge;
  charge.shooter.weapons.damage = {1}, charge.shooter.weapons.kind = {6}, charge.shooter.doctrine = {1};
  EXPECT_NEAR(charge.lost(Rules::tactical), 96, 1e-9);
  charge.target.doctrine = {1};  // CHARGE: defence -10
  EXPECT_NEAR(charge.lost(Rules::tactical), 96 * 1.1, 1e-9);
  charge.shooter.weapons.damage = {0};
  EXPECT_NEAR(charge.lost(Rules::tactical), 1, 1e-9);  // at least 1
}

TEST(Tactical, HitsFollowSkillRangeAndDoctrine) {
  const auto rate = [](double skill, double distance, uint8_t doctrine) {
    Force shooter = line(1, 1, 0), target = line(2, 1, distance);
    shooter.skill = {skill}, shooter.doctrine = {doctrine}, shooter.speed = target.speed = {0};
    shooter.weapons.range = {40}, target.weapons.range = {1}, target.hp = {1e9},
    target.tags = shooter.tags = {kFearless};
    BattleRequest request = request_of(shooter, target);
    request.rules = 1, request.steps_max = 20'000;
    const BattleOutcome out = fought(request);
    EXPECT_EQ(out.statistics[kShots], 20'000);
    return out.statistics[kHits] / 20'000;
  };
  EXPECT_NEAR(rate(50, 10, 0), 0.50, 0.015);
  EXPECT_NEAR(rate(50, 25, 0), 0.40, 0.015);
  EXPECT_NEAR(rate(50, 10, 2), 0.65, 0.015);
  EXPECT_NEAR(rate(0, 10, 0), 0.05, 0.007);
}

/// The enemies never miss and are never suppressed themselves, so what else hits is the one shooter's.
TEST(Tactical, ASuppressedUnitHitsTwentyPercentLess) {
  constexpr uint32_t kSteps = 20'000;
  const auto off_by = [](double skill, uint32_t enemies, double expected) {
    Force shooter = line(1, 1, 0), many = line(1000, enemies, 10);
    shooter.skill = {skill}, shooter.hp = {1e9}, shooter.speed = {0}, shooter.tags = {kFearless};
    many.skill.assign(enemies, 100), many.hp.assign(enemies, 1e9), many.speed.assign(enemies, 0);
    many.tags.assign(enemies, kFearless), many.y.assign(enemies, 0);
    BattleRequest request = request_of(shooter, many);
    request.rules = 1, request.steps_max = kSteps;
    const BattleOutcome out = fought(request);
    EXPECT_EQ(out.statistics[kShots], kSteps * (1.0 + enemies));
    const double rate = (out.statistics[kHits] - 1.0 * kSteps * enemies) / kSteps;
    return std::abs(rate - expected) / std::sqrt(expected * (1 - expected) / kSteps);  // standard errors
  };
  EXPECT_LT(off_by(50, 4, 0.50), 4);   // four shots at it a step do not suppress
  EXPECT_LT(off_by(50, 5, 0.30), 4);   // suppressed
  EXPECT_LT(off_by(50, 10, 0.30), 4);  // pinned is no worse a shot
  EXPECT_LT(off_by(20, 5, 0.05), 4);   // never below the least chance
}

TEST(Tactical, KiteReachesFartherAndChargeDoesNot) {
  for (const auto& [doctrine, reach] : {std::pair{Doctrine::none, 30}, {Doctrine::charge, 30}, {Doctrine::kite, 35}}) {
    for (const int distance : {reach, reach + 1}) {
      Duel duel;
      duel.shooter.doctrine = {static_cast<uint8_t>(doctrine)};
      duel.target.x = {static_cast<double>(distance)};
      EXPECT_EQ(duel.lost(Rules::tactical) > 0, distance == reach) << distance;
    }
  }
}

TEST(Tactical, MoraleBreaksRoutsAndRallies) {
  // A terrifying enemy next to a unit: -15 a second, and out at once below 20.
  Force brave = line(1, 1, 0), ghost = line(2, 1, 5);
  brave.speed = {3}, ghost.speed = {0}, ghost.tags = {kTerror | kFearless}, ghost.weapons.damage = {0};
  brave.weapons.damage = {0}, brave.facing = {0}, brave.hp = ghost.hp = {1e6};
  BattleRequest request = request_of(brave, ghost);
  request.rules = 1, request.events = true, request.use_accuracy = true;
  request.constants = {{"damage_min", 0}};
  const BattleOutcome out = fought(request);
  ASSERT_FALSE(out.fault) << out.fault.text;
  EXPECT_EQ(out.result, BattleResult::defender_win);  // only the ghost can fight
  std::vector<EventKind> changes;
  for (size_t i = 0; i < out.events.kind.size(); i++) {
    if (out.events.unit[i] == 1 && out.events.kind[i] >= 3)
      changes.push_back(static_cast<EventKind>(out.events.kind[i]));
  }
  // 100, 85, ..., 25 is shaken, 10 is below 20
  EXPECT_EQ(changes, (std::vector<EventKind>{EventKind::shaken, EventKind::routing}));
  EXPECT_EQ(out.steps, 6u);
  EXPECT_EQ(out.sides[0].morale[0], 10);
  EXPECT_EQ(out.sides[0].state[0], static_cast<uint8_t>(UnitState::routing));

  // Three on one: the routed one flees, is left alone, rests and comes back
  // while the others hold the field.
  Force three = line(1, 3, 0);
  three.speed = {30, 0, 0}, three.tags = {0, kFearless, kFearless}, three.morale = {1, 100, 100},
  three.max_morale = {100, 100, 100};
  three.hp = {1e6, 1e6, 1e6}, three.weapons.damage = {0, 0, 0};
  ghost.id = {900};
  BattleRequest back = request_of(three, ghost);
  back.rules = 1, back.events = true, back.steps_max = 60, back.constants = {{"damage_min", 0}};
  const BattleOutcome rallied = fought(back);
  ASSERT_FALSE(rallied.fault) << rallied.fault.text;
  EXPECT_GT(rallied.sides[0].x[0], -1e9);
  EXPECT_NE(rallied.sides[0].state[0], static_cast<uint8_t>(UnitState::routing)) << rallied.sides[0].morale[0];
  EXPECT_NE(std::find(rallied.events.kind.begin(), rallied.events.kind.end(), uint8_t(EventKind::rallied)),
            rallied.events.kind.end());
}

TEST(Results, EndsAreNamedAsTheyAre) {
  Force nobody, one = line(1, 1, 0);
  EXPECT_EQ(fought(request_of(nobody, nobody)).result, BattleResult::mutual_destruction);
  EXPECT_EQ(fought(request_of(one, nobody)).result, BattleResult::attacker_win);
  EXPECT_EQ(fought(request_of(nobody, one)).result, BattleResult::defender_win);
  Force other = line(2, 1, 10);
  one.weapons.damage = other.weapons.damage = {1e6};
  BattleRequest both = request_of(one, other);
  both.use_accuracy = false;
  EXPECT_EQ(fought(both).result, BattleResult::mutual_destruction);
  one.weapons.range = other.weapons.range = {1}, one.speed = other.speed = {0};
  const BattleOutcome stalled = fought(request_of(one, other));
  EXPECT_EQ(stalled.result, BattleResult::defender_win);
  EXPECT_EQ(stalled.steps, 500u);
  // Morale 0 on both sides: both rout in the first step.
  one.morale = other.morale = {0}, one.max_morale = other.max_morale = {100};
  BattleRequest fear = request_of(one, other);
  fear.rules = 1;
  EXPECT_EQ(fought(fear).result, BattleResult::draw);
}

TEST(Projectiles, TakeTheirTimeAndHitWhoeverStandsInTheWay) {
  Duel duel;
  duel.shooter.weapons.speed = {5}, duel.shooter.weapons.cooldown = {100}, duel.target.x = {20};
  duel.target.speed = {0}, duel.shooter.speed = {0};
  duel.target.id.push_back(3), duel.target.hp.push_back(1000), duel.target.x.push_back(10),
      duel.target.y.push_back(1.5);
  duel.target.facing.push_back(0), duel.target.speed.push_back(0);
  // The nearer one at (10, 1.5) is the target; the other lies 20 ahead.
  duel.request = request_of(duel.shooter, duel.target);
  duel.request.projectiles = true, duel.request.use_accuracy = false, duel.request.steps_max = 30,
  duel.request.events = true;
  const BattleOutcome out = fought(duel.request);
  ASSERT_EQ(out.events.kind.size(), 1u);
  EXPECT_EQ(out.events.kind[0], static_cast<uint8_t>(EventKind::hit));
  EXPECT_EQ(out.events.target[0], 3u);
  EXPECT_EQ(out.events.tick[0],
            1u);                     // 5 a step, circle of 2: reached within the second step
  duel.shooter.weapons.speed = {1};  // 5 seconds of life are not enough
  duel.request = request_of(duel.shooter, duel.target);
  duel.request.projectiles = true, duel.request.use_accuracy = false, duel.request.steps_max = 30,
  duel.request.events = true;
  const BattleOutcome late = fought(duel.request);
  ASSERT_EQ(late.events.kind.size(), 1u);
  EXPECT_EQ(late.events.kind[0], static_cast<uint8_t>(EventKind::expired));
}

}  // namespace
}  // namespace busbar::combat
