// Methods: hand-worked shots for each rule, and invariants over random battles of both rule sets (the seed is printed).
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "combat/resolver.h"
#include "testing/forces.h"

namespace busbar::combat {
namespace {

using testing::Force;
using testing::line;
using testing::request_of;

BattleOutcome fought(const BattleRequest& request, uint64_t seed = 1, uint64_t index = 0, const Config& config = {}) {
  Battlefield field;
  BattleOutcome out;
  resolve(request, config, "battle", seed, index, field, out);
  return out;
}

/// One shooter against one target that does not answer, one certain shot of fixed damage.
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
  BattleOutcome shoot(Rules rules = Rules::basic, std::vector<NamedConstant> constants = {{"damage_low", 1}, {"damage_high", 1}}) {
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
      const bool fires = arc == 0 || (arc == 1 && size < 45) || (arc == 2 && size > 45 && size < 135) || (arc == 3 && size > 135);
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
  // Step 0 has no target yet to move to; 7 a step from step 1; 30 away after step 5 (35): fires in step 5, 8, 11.
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
  duel.target.facing = {0};  // in the back: armor 20, save 5. The target turns only once it has a target, after this shot.
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
    shooter.weapons.range = {40}, target.weapons.range = {1}, target.hp = {1e9}, target.tags = shooter.tags = {kFearless};
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
    if (out.events.unit[i] == 1 && out.events.kind[i] >= 3) changes.push_back(static_cast<EventKind>(out.events.kind[i]));
  }
  // 100, 85, ..., 25 is shaken, 10 is below 20
  EXPECT_EQ(changes, (std::vector<EventKind>{EventKind::shaken, EventKind::routing}));
  EXPECT_EQ(out.steps, 6u);
  EXPECT_EQ(out.sides[0].morale[0], 10);
  EXPECT_EQ(out.sides[0].state[0], static_cast<uint8_t>(UnitState::routing));

  // Three on one: the routed one flees, is left alone, rests and comes back while the others hold the field.
  Force three = line(1, 3, 0);
  three.speed = {30, 0, 0}, three.tags = {0, kFearless, kFearless}, three.morale = {1, 100, 100}, three.max_morale = {100, 100, 100};
  three.hp = {1e6, 1e6, 1e6}, three.weapons.damage = {0, 0, 0};
  ghost.id = {900};
  BattleRequest back = request_of(three, ghost);
  back.rules = 1, back.events = true, back.steps_max = 60, back.constants = {{"damage_min", 0}};
  const BattleOutcome rallied = fought(back);
  ASSERT_FALSE(rallied.fault) << rallied.fault.text;
  EXPECT_GT(rallied.sides[0].x[0], -1e9);
  EXPECT_NE(rallied.sides[0].state[0], static_cast<uint8_t>(UnitState::routing)) << rallied.sides[0].morale[0];
  EXPECT_NE(std::find(rallied.events.kind.begin(), rallied.events.kind.end(), uint8_t(EventKind::rallied)), rallied.events.kind.end());
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
  duel.target.id.push_back(3), duel.target.hp.push_back(1000), duel.target.x.push_back(10), duel.target.y.push_back(1.5);
  duel.target.facing.push_back(0), duel.target.speed.push_back(0);
  // The nearer one at (10, 1.5) is the target; the other lies 20 ahead.
  duel.request = request_of(duel.shooter, duel.target);
  duel.request.projectiles = true, duel.request.use_accuracy = false, duel.request.steps_max = 30, duel.request.events = true;
  const BattleOutcome out = fought(duel.request);
  ASSERT_EQ(out.events.kind.size(), 1u);
  EXPECT_EQ(out.events.kind[0], static_cast<uint8_t>(EventKind::hit));
  EXPECT_EQ(out.events.target[0], 3u);
  EXPECT_EQ(out.events.tick[0], 1u);  // 5 a step, circle of 2: reached within the second step
  duel.shooter.weapons.speed = {1};  // 5 seconds of life are not enough
  duel.request = request_of(duel.shooter, duel.target);
  duel.request.projectiles = true, duel.request.use_accuracy = false, duel.request.steps_max = 30, duel.request.events = true;
  const BattleOutcome late = fought(duel.request);
  ASSERT_EQ(late.events.kind.size(), 1u);
  EXPECT_EQ(late.events.kind[0], static_cast<uint8_t>(EventKind::expired));
}

/// A random battle; everything that has to hold for any.
struct RandomBattle {
  Force sides[2];
  BattleRequest request;
  explicit RandomBattle(random::Stream& dice) {
    std::vector<uint64_t> ids;
    for (uint64_t i = 0; i < 200; i++) ids.push_back(i * 7 + 1);
    sides[0] = testing::random_force(dice, static_cast<uint32_t>(dice.below(40)), ids, 10);
    sides[1] = testing::random_force(dice, static_cast<uint32_t>(dice.below(40)), ids, 20);
    request = request_of(sides[0], sides[1]);
    request.rules = static_cast<uint8_t>(dice.below(2));
    request.use_accuracy = dice.below(4) != 0;
    request.mass = dice.below(4) == 0;
    request.projectiles = dice.below(4) == 0;
    request.shields_stop = static_cast<uint8_t>(dice.below(2));
    request.events = request.damage = true;
    request.steps_max = 200;
  }
};

TEST(Invariants, HoldInRandomBattles) {
  constexpr uint64_t kSeed = 77;
  random::Stream dice(kSeed, "combat/test", 0);
  std::map<BattleResult, int> results;
  for (int round = 0; round < 600; round++) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    RandomBattle battle(dice);
    const BattleOutcome out = fought(battle.request, 5, static_cast<uint64_t>(round));
    ASSERT_FALSE(out.fault) << out.fault.text;
    results[out.result]++;
    // Booked damage = hp + shields lost + overkill.
    const double booked = out.statistics[kAttackerDamage] + out.statistics[kDefenderDamage];
    double lost = out.statistics[kOverkill], from_units = 0, from_log = 0;
    for (int i = 0; i < 4; i++) lost += out.statistics[kAttackerHpLost + i];
    EXPECT_NEAR(booked, lost, 1e-9 * (1 + booked));
    for (int side = 0; side < 2; side++) {
      const Force& force = battle.sides[side];
      for (size_t i = 0; i < force.id.size(); i++) {
        from_units += force.hp[i] - out.sides[side].hp[i] + force.shields[i] - out.sides[side].shields[i];
        EXPECT_GE(out.sides[side].hp[i], 0);
        EXPECT_GE(out.sides[side].shields[i], 0);
        EXPECT_EQ(out.sides[side].hp[i] == 0, out.sides[side].state[i] == static_cast<uint8_t>(UnitState::destroyed));
      }
      for (const double amount : out.sides[side].damage.amount) from_log += amount;
    }
    EXPECT_NEAR(from_units, lost - out.statistics[kOverkill], 1e-9 * (1 + booked));
    EXPECT_NEAR(from_log, from_units, 1e-9 * (1 + booked));
    // Nobody fires after death, nobody dies twice, nobody who routs fires; in projectile battles shells outlive the shooter.
    std::map<uint64_t, uint32_t> dead;
    std::set<uint64_t> routing;
    for (size_t i = 0; i < out.events.kind.size(); i++) {
      const auto kind = static_cast<EventKind>(out.events.kind[i]);
      const uint64_t unit = out.events.unit[i], target = out.events.target[i];
      if (kind == EventKind::destroyed) {
        EXPECT_TRUE(dead.emplace(target, out.events.tick[i]).second) << "died twice";
      } else if (kind == EventKind::routing) {
        routing.insert(unit);
      } else if (kind == EventKind::rallied) {
        routing.erase(unit);
      } else if (!battle.request.projectiles) {
        const auto died = dead.find(unit);
        EXPECT_TRUE(died == dead.end() || died->second == out.events.tick[i]) << "unit " << unit << " fired after its death";
        if (kind == EventKind::hit || kind == EventKind::miss) {
          EXPECT_FALSE(routing.contains(unit)) << unit;
        }
      }
    }
    if (!battle.request.projectiles) {
      EXPECT_EQ(out.statistics[kShots], out.statistics[kHits] + out.statistics[kMisses]);
    }
  }
  EXPECT_GE(results.size(), 2u);
}

TEST(Invariants, SwappingSidesMirrorsTheResult) {
  constexpr uint64_t kSeed = 78;
  random::Stream dice(kSeed, "combat/test", 1);
  int decided = 0;
  for (int round = 0; round < 400; round++) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    RandomBattle battle(dice);
    BattleRequest swapped = battle.request;
    std::swap(swapped.sides[0], swapped.sides[1]);
    const BattleOutcome a = fought(battle.request, 9), b = fought(swapped, 9);
    ASSERT_EQ(a.steps, b.steps);
    for (int side = 0; side < 2; side++) {
      EXPECT_EQ(a.sides[side].hp, b.sides[1 - side].hp);
      EXPECT_EQ(a.sides[side].x, b.sides[1 - side].x);
      EXPECT_EQ(a.sides[side].morale, b.sides[1 - side].morale);
      EXPECT_EQ(a.statistics[kAttackerDamage + side], b.statistics[kAttackerDamage + 1 - side]);
    }
    if (a.steps == 200) continue;  // a stalemate goes to the defender
    static constexpr BattleResult kMirror[] = {BattleResult::unknown, BattleResult::defender_win, BattleResult::attacker_win,
                                               BattleResult::draw, BattleResult::mutual_destruction};
    EXPECT_EQ(b.result, kMirror[static_cast<int>(a.result)]);
    decided++;
  }
  EXPECT_GT(decided, 100);
}

TEST(Invariants, TheOrderOfRowsChangesNothing) {
  random::Stream dice(79, "combat/test", 2);
  for (int round = 0; round < 100; round++) {
    std::vector<uint64_t> ids;
    for (uint64_t i = 0; i < 60; i++) ids.push_back(i);
    Force attackers = line(100, 20, 0), defenders = line(200, 20, 30);
    Force turned = attackers;
    std::reverse(turned.id.begin(), turned.id.end());
    std::reverse(turned.y.begin(), turned.y.end());
    const BattleOutcome a = fought(request_of(attackers, defenders), static_cast<uint64_t>(round));
    const BattleOutcome b = fought(request_of(turned, defenders), static_cast<uint64_t>(round));
    std::vector<double> back(b.sides[0].hp.rbegin(), b.sides[0].hp.rend());
    EXPECT_EQ(a.sides[0].hp, back);
    EXPECT_EQ(a.sides[1].hp, b.sides[1].hp);
  }
}

TEST(Refusals, NameThePlaceTheValueAndTheCure) {
  const auto refused = [](const BattleRequest& request, Code code, const char* text) {
    const BattleOutcome out = fought(request);
    EXPECT_EQ(out.fault.code, code) << out.fault.text;
    EXPECT_NE(out.fault.text.find(text), std::string::npos) << out.fault.text;
  };
  Force a = line(1, 2, 0), b = line(10, 2, 5);
  Force bad = a;
  bad.hp = {100};
  refused(request_of(bad, b), Code::malformed, "battle.attackers.hp has 1 values for 2 rows");
  bad = a, bad.x[1] = std::nan("");
  refused(request_of(bad, b), Code::out_of_range, "battle.attackers.x[1] is nan");
  bad = a, bad.speed[0] = INFINITY;
  refused(request_of(bad, b), Code::out_of_range, "battle.attackers.speed[0] is inf");
  bad = a, bad.id[1] = 10;
  refused(request_of(bad, b), Code::duplicate, "unit id 10 is given twice");
  bad = a, bad.faction = {7, 7};
  Force same = b;
  same.faction = {7, 8};
  refused(request_of(bad, same), Code::conflict, "faction 7 is on both sides");
  bad = a, bad.weapons.kind = {0, 9};
  refused(request_of(bad, b), Code::unknown_name, "weapons.kind[1] is 9");
  bad = a, bad.weapon_count = {1, 2};
  refused(request_of(bad, b), Code::malformed, "adds up to 3");
  bad = a, bad.tags = {16, 0};
  refused(request_of(bad, b), Code::unknown_name, "tags[0] is 16");
  BattleRequest request = request_of(a, b);
  request.constants = {{"engage_rang", 3}};
  refused(request, Code::unknown_key, "did you mean \"engage_range\"?");
  request.constants = {{"dt", 0}};
  refused(request, Code::out_of_range, "constant dt is 0; write a number from 0.001 to 60");
  request = request_of(a, b), request.rules = 4;
  refused(request, Code::unknown_name, "rules is 4");
  request = request_of(a, b), request.steps_max = 1'000'000;
  refused(request, Code::limit_exceeded, "max_steps is 1000000, the limit is 100000");
}

TEST(Threads, AnyNumberGivesTheSameOutcomes) {
  random::Stream dice(80, "combat/test", 3);
  std::vector<RandomBattle> battles;
  for (int i = 0; i < 64; i++) battles.emplace_back(dice);
  std::vector<BattleRequest> requests;
  for (auto& battle : battles) {
    battle.request.sides[0] = battle.sides[0].columns(), battle.request.sides[1] = battle.sides[1].columns();
    requests.push_back(battle.request);
  }
  Resolver one({}, 1);
  ASSERT_TRUE(one.run(requests.data(), requests.size(), 3, 100, {}));
  // Four workers that take the indices backwards, which must not show.
  Workers workers;
  workers.threads = 4;
  workers.parallel = [](void*, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    for (uint32_t i = count; i-- > 0;) fn(argument, i, i % 4);
  };
  Resolver four({}, 4);
  for (int again = 0; again < 2; again++) {
    ASSERT_TRUE(four.run(requests.data(), requests.size(), 3, 100, workers));
    for (size_t i = 0; i < requests.size(); i++) EXPECT_EQ(one.outcomes()[i].hash, four.outcomes()[i].hash) << i;
  }
  workers.cancelled = [](void*) { return true; };
  EXPECT_FALSE(four.run(requests.data(), requests.size(), 3, 100, workers));
}

TEST(Speed, PrintsTheTimeOfTheBenchBattle) {
  const Force a = testing::bench_side(0), b = testing::bench_side(1);
  const BattleRequest request = request_of(a, b);
  Battlefield field;
  BattleOutcome out;
  double steps = 0;
  const auto start = std::chrono::steady_clock::now();
  constexpr int kBattles = 500;
  for (uint64_t i = 0; i < kBattles; i++) {
    resolve(request, {}, "battle", 1, i, field, out);
    steps += out.steps;
  }
  const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.1f us a battle, %.1f steps\n", us / kBattles, steps / kBattles);
}

}  // namespace
}  // namespace busbar::combat
