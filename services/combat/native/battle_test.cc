// Method: invariants over random battles of both rule sets (the seed is
// printed), refusals, and the number of threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>

#include "combat/resolver.h"
#include "testing/forces.h"

namespace busbar::combat {
namespace {

using testing::Force;
using testing::fought;
using testing::line;
using testing::request_of;

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
    // What is recorded changes nothing; without events the commonest battles
    // take a path of their own.
    BattleRequest silent = battle.request;
    silent.events = silent.damage = false;
    EXPECT_EQ(fought(silent, 5, static_cast<uint64_t>(round)).hash, out.hash);
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
    // Nobody fires after death, nobody dies twice, nobody who routs fires; in
    // projectile battles shells outlive the shooter.
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
        EXPECT_TRUE(died == dead.end() || died->second == out.events.tick[i])
            << "unit " << unit << " fired after its death";
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

// Battles without events take a way of their own, which has to come to the same: with ties of distance, many factions
// whose ids are mixed, weapons of all kinds, units that cannot move, and who is dead from the start.
TEST(Invariants, SkirmishesEndAsTheGeneralStepsDo) {
  constexpr uint64_t kSeed = 79;
  random::Stream dice(kSeed, "combat/test", 2);
  uint64_t deaths = 0, wasted = 0;
  for (int round = 0; round < 600; round++) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    RandomBattle battle(dice);
    const uint64_t grid = 1 + dice.below(12), factions = 1 + dice.below(4);
    for (Force& force : battle.sides) {
      for (double& x : force.x) x = static_cast<double>(dice.below(grid)) * 7;
      for (double& y : force.y) y = static_cast<double>(dice.below(grid)) * 7;
      for (double& hp : force.hp) hp = dice.below(20) == 0 ? 0 : hp;
      for (double& speed : force.speed) speed = dice.below(3) == 0 ? 0 : speed;
      for (uint64_t& faction : force.faction) faction += dice.below(factions);
      std::fill(force.weapons.arc.begin(), force.weapons.arc.end(), uint8_t{0});
    }
    BattleRequest& request = battle.request;
    request.rules = 0, request.mass = request.projectiles = false;
    request.steps_max = dice.below(4) == 0 ? static_cast<uint32_t>(dice.below(9)) : 200;
    const BattleOutcome general = fought(request, kSeed, static_cast<uint64_t>(round));
    ASSERT_FALSE(general.fault) << general.fault.text;
    for (const bool damage : {false, true}) {
      request.events = false, request.damage = damage;
      const BattleOutcome skirmish = fought(request, kSeed, static_cast<uint64_t>(round));
      EXPECT_EQ(skirmish.hash, general.hash);
      EXPECT_EQ(skirmish.result, general.result);
      for (int side = 0; damage && side < 2; side++) {
        const DamageLog &a = skirmish.sides[side].damage, &b = general.sides[side].damage;
        EXPECT_EQ(a.unit, b.unit);
        EXPECT_EQ(a.tick, b.tick);
        EXPECT_EQ(a.amount, b.amount);
        EXPECT_EQ(a.type, b.type);
        EXPECT_EQ(a.source, b.source);
      }
    }
    deaths += static_cast<uint64_t>(std::count(general.events.kind.begin(), general.events.kind.end(),
                                               static_cast<uint8_t>(EventKind::destroyed)));
    wasted += general.statistics[kWasted] > 0;
  }
  EXPECT_GT(deaths, 5'000u);
  EXPECT_GT(wasted, 100u);
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
    static constexpr BattleResult kMirror[] = {BattleResult::unknown, BattleResult::defender_win,
                                               BattleResult::attacker_win, BattleResult::draw,
                                               BattleResult::mutual_destruction};
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
