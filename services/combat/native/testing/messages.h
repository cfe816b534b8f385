// Requests for tests: one sound message of each kind, by dice.
#pragma once

#include "combat_generated.h"
#include "core/random/random.h"
#include "testing/forces.h"
#include "testing/plugin.h"

namespace busbar::combat::testing {

namespace methods = rpc::combat::Combat;
using Builder = flatbuffers::FlatBufferBuilder;

inline flatbuffers::Offset<::combat::Units> write_units(Builder& builder, const Force& force) {
  const auto put = [&](const auto& column) {
    return column.empty() ? decltype(builder.CreateVector(column)){} : builder.CreateVector(column);
  };
  const auto weapons =
      ::combat::CreateWeapons(builder, put(force.weapons.kind), put(force.weapons.arc), put(force.weapons.damage),
                              put(force.weapons.range), put(force.weapons.cooldown), put(force.weapons.accuracy),
                              put(force.weapons.strength), put(force.weapons.penetration), put(force.weapons.speed));
  const auto id = builder.CreateVector(force.id);
  const auto faction = put(force.faction);
  const auto hp = put(force.hp), max_hp = put(force.max_hp), shields = put(force.shields),
             max_shields = put(force.max_shields), armor = put(force.armor);
  const auto speed = put(force.speed), evasion = put(force.evasion), x = put(force.x), y = put(force.y),
             facing = put(force.facing);
  const auto morale = put(force.morale), max_morale = put(force.max_morale), skill = put(force.skill),
             defence = put(force.defence);
  const auto cover = put(force.cover), save = put(force.invulnerable_save), doctrine = put(force.doctrine);
  const auto tags = put(force.tags);
  const auto counts = put(force.weapon_count);
  return ::combat::CreateUnits(builder, id, faction, hp, max_hp, shields, max_shields, armor, speed, evasion, x, y,
                               facing, cover, morale, max_morale, skill, defence, save, doctrine, tags, counts,
                               weapons);
}

inline flatbuffers::Offset<::combat::Battle> write_battle(Builder& builder, const Force& attackers,
                                                          const Force& defenders, const BattleRequest& options) {
  const auto a = write_units(builder, attackers), d = write_units(builder, defenders);
  const auto id = builder.CreateString("battle");
  const auto name = builder.CreateString("engage_range");
  const auto constants = builder.CreateVector(std::vector{::combat::CreateConstant(builder, name, 18.0)});
  const auto config = ::combat::CreateBattleConfig(
      builder, static_cast<::combat::Rules>(options.rules), options.use_accuracy,
      static_cast<::combat::ShieldsStop>(options.shields_stop), options.steps_max, options.mass, options.projectiles,
      options.events, options.damage, constants, 0.1, 0.1, 3);
  return ::combat::CreateBattle(builder, id, 4, a, d, config);
}

/// A sound batch of small random battles.
inline void write_battles(Builder& builder, random::Stream& dice, uint32_t count) {
  std::vector<flatbuffers::Offset<::combat::Battle>> battles;
  for (uint32_t i = 0; i < count; i++) {
    std::vector<uint64_t> ids;
    for (uint64_t id = 1; id < 60; id++) ids.push_back(id);
    const Force attackers = random_force(dice, static_cast<uint32_t>(dice.below(8)), ids, 10),
                defenders = random_force(dice, static_cast<uint32_t>(dice.below(8)), ids, 20);
    BattleRequest options;
    options.rules = static_cast<uint8_t>(dice.below(4)), options.events = dice.below(2) == 0,
    options.damage = dice.below(2) == 0;
    options.projectiles = dice.below(4) == 0, options.steps_max = 60;
    battles.push_back(write_battle(builder, attackers, defenders, options));
  }
  builder.Finish(::combat::CreateResolveBatchRequest(builder, builder.CreateVector(battles), 3, 0));
}

inline std::vector<double> reals(random::Stream& dice, size_t count, double low, double high) {
  std::vector<double> values;
  for (size_t i = 0; i < count; i++) values.push_back(low + (high - low) * dice.real());
  return values;
}

inline void write_ballistics(Builder& builder, random::Stream& dice) {
  const size_t n = dice.below(6);
  const auto velocity = builder.CreateVector(reals(dice, n, 0, 900)),
             angle = builder.CreateVector(reals(dice, n, -0.2, 1.5));
  const auto height = builder.CreateVector(reals(dice, n, 0, 50));
  const auto target = dice.below(2) == 0 ? decltype(height){} : builder.CreateVector(reals(dice, n, 1, 2000));
  const auto projectile =
      ::combat::CreateProjectile(builder, static_cast<::combat::DragModel>(dice.below(4)), 0.3, 0.4);
  const auto environment = ::combat::CreateEnvironment(builder, 9.80665, 100, 280, flatbuffers::nullopt, 3, -2);
  builder.Finish(
      ::combat::CreateBallisticsRequest(builder, velocity, angle, height, target, projectile, environment, 0.05));
}

inline void write_spatial(Builder& builder, random::Stream& dice, uint64_t handle) {
  const size_t n = dice.below(40);
  std::vector<uint64_t> ids;
  for (uint64_t i = 0; i < n; i++) ids.push_back(i * 3 + dice.below(3));
  const auto id = builder.CreateVector(ids);
  const auto x = builder.CreateVector(reals(dice, n, 0, 10)), y = builder.CreateVector(reals(dice, n, 0, 10));
  builder.Finish(
      ::combat::CreateSpatialBuildRequest(builder, handle, id, x, y, 0, 0, dice.below(2) == 0 ? 0 : dice.real()));
}

inline void write_nearby(Builder& builder, random::Stream& dice, uint64_t handle) {
  const size_t n = dice.below(20);
  const auto x = builder.CreateVector(reals(dice, n, 0, 10)), y = builder.CreateVector(reals(dice, n, 0, 10)),
             radius = builder.CreateVector(reals(dice, 1, 0, 5));
  builder.Finish(::combat::CreateNearbyRequest(builder, handle, x, y, radius, 0, 0,
                                               static_cast<uint32_t>(dice.below(4)),
                                               static_cast<::combat::Order>(dice.below(2)), dice.below(2) == 0));
}

inline void write_map(Builder& builder, random::Stream& dice, uint64_t handle, bool grid) {
  if (grid) {
    const uint32_t width = static_cast<uint32_t>(1 + dice.below(12)),
                   height = static_cast<uint32_t>(1 + dice.below(12));
    std::vector<uint8_t> cells;
    for (uint32_t i = 0; i < width * height; i++) cells.push_back(dice.below(4) == 0 ? '@' : '.');
    builder.Finish(::combat::CreateMapPutRequest(
        builder, handle, ::combat::CreateGridMap(builder, width, height, builder.CreateVector(cells))));
    return;
  }
  const uint32_t nodes = static_cast<uint32_t>(1 + dice.below(12));
  std::vector<uint32_t> from, to;
  std::vector<uint8_t> terrain;
  for (uint32_t i = 0; i < nodes * 3; i++) {
    from.push_back(static_cast<uint32_t>(dice.below(nodes))), to.push_back(static_cast<uint32_t>(dice.below(nodes)));
    terrain.push_back(static_cast<uint8_t>(dice.below(4)));
  }
  const auto x = builder.CreateVector(reals(dice, nodes, 0, 9)), y = builder.CreateVector(reals(dice, nodes, 0, 9));
  const auto source = builder.CreateVector(from), target = builder.CreateVector(to);
  const auto cost = builder.CreateVector(reals(dice, from.size(), 0, 20));
  const auto ground = builder.CreateVector(terrain);
  builder.Finish(::combat::CreateMapPutRequest(
      builder, handle, 0, ::combat::CreateGraphMap(builder, nodes, x, y, source, target, cost, ground)));
}

inline void write_paths(Builder& builder, random::Stream& dice, uint64_t handle) {
  std::vector<uint32_t> from, to;
  for (uint64_t left = dice.below(10); left > 0; left--)
    from.push_back(static_cast<uint32_t>(dice.below(20))), to.push_back(static_cast<uint32_t>(dice.below(20)));
  const auto start = builder.CreateVector(from), end = builder.CreateVector(to);
  builder.Finish(::combat::CreateFindPathRequest(builder, handle, start, end, ::combat::Profile::space,
                                                 static_cast<::combat::Algorithm>(dice.below(4))));
}

}  // namespace busbar::combat::testing
