// Battles made by hand or by dice, for tests and the bench.
#pragma once

#include <vector>

#include "combat/battle.h"
#include "core/random/random.h"

namespace busbar::combat::testing {

/// Columns that own their values; empty ones are left out.
struct Force {
  std::vector<uint64_t> id, faction;
  std::vector<double> hp, max_hp, shields, max_shields, armor, speed, evasion, x, y, facing, morale, max_morale, skill,
      defence;
  std::vector<uint8_t> cover, invulnerable_save, doctrine;
  std::vector<uint32_t> tags;
  std::vector<uint16_t> weapon_count;
  struct {
    std::vector<uint8_t> kind, arc;
    std::vector<double> damage, range, cooldown, accuracy, strength, penetration, speed;
  } weapons;

  UnitColumns columns() const {
    UnitColumns out;
    const auto put = [](auto& to, const auto& from) {
      if (!from.empty()) to = {from.data(), from.size()};
    };
    put(out.id, id), put(out.faction, faction), put(out.hp, hp), put(out.max_hp, max_hp), put(out.shields, shields);
    put(out.max_shields, max_shields), put(out.armor, armor), put(out.speed, speed), put(out.evasion, evasion);
    put(out.x, x), put(out.y, y), put(out.facing, facing), put(out.morale, morale), put(out.max_morale, max_morale);
    put(out.skill, skill), put(out.defence, defence), put(out.cover, cover);
    put(out.invulnerable_save, invulnerable_save), put(out.doctrine, doctrine), put(out.tags, tags);
    put(out.weapon_count, weapon_count);
    put(out.weapons.kind, weapons.kind), put(out.weapons.arc, weapons.arc), put(out.weapons.damage, weapons.damage);
    put(out.weapons.range, weapons.range), put(out.weapons.cooldown, weapons.cooldown);
    put(out.weapons.accuracy, weapons.accuracy), put(out.weapons.strength, weapons.strength);
    put(out.weapons.penetration, weapons.penetration), put(out.weapons.speed, weapons.speed);
    return out;
  }
};

/// `count` plain units in a line at x = `x`, 5 apart, with one weapon each.
inline Force line(uint64_t first_id, uint32_t count, double x) {
  Force force;
  for (uint32_t i = 0; i < count; i++) {
    force.id.push_back(first_id + i);
    force.x.push_back(x), force.y.push_back(5.0 * i);
    force.hp.push_back(100), force.shields.push_back(20), force.armor.push_back(25);
    force.speed.push_back(5), force.evasion.push_back(0.1);
    force.weapons.damage.push_back(15), force.weapons.range.push_back(24), force.weapons.accuracy.push_back(0.7);
  }
  return force;
}

inline BattleRequest request_of(const Force& attackers, const Force& defenders) {
  BattleRequest request;
  request.sides[0] = attackers.columns(), request.sides[1] = defenders.columns();
  return request;
}

inline BattleOutcome fought(const BattleRequest& request, uint64_t seed = 1, uint64_t index = 0,
                            const Config& config = {}) {
  Battlefield field;
  BattleOutcome out;
  resolve(request, config, "battle", seed, index, field, out);
  return out;
}

/// The workload of the bench: 50 v 50 units, basic rules.
inline Force bench_side(uint32_t side) { return line(side == 0 ? 1 : 1001, 50, side == 0 ? 0 : 30); }

/// Anything that the rules allow; ids are drawn from `ids`, which keeps them unique.
inline Force random_force(random::Stream& dice, uint32_t count, std::vector<uint64_t>& ids, uint64_t faction) {
  Force force;
  const auto between = [&](double low, double high) { return low + (high - low) * dice.real(); };
  const auto sometimes = [&] { return dice.below(2) == 0; };
  const bool all = sometimes(), counted = sometimes(), arcs = sometimes();
  for (uint32_t i = 0; i < count; i++) {
    const size_t at = dice.below(ids.size());
    force.id.push_back(ids[at]);
    ids[at] = ids.back(), ids.pop_back();
    force.faction.push_back(faction + dice.below(10) / 9);
    force.max_hp.push_back(between(1, 200)), force.hp.push_back(force.max_hp[i] * between(0.2, 1));
    force.max_shields.push_back(sometimes() ? 0 : between(0, 80));
    force.shields.push_back(force.max_shields[i] * dice.real());
    force.armor.push_back(between(0, 90)), force.speed.push_back(between(0, 8)),
        force.evasion.push_back(between(0, 0.5));
    force.x.push_back(between(-40, 40)), force.y.push_back(between(-40, 40)),
        force.facing.push_back(between(-180, 180));
    if (all) {
      force.morale.push_back(between(10, 100)), force.max_morale.push_back(100), force.skill.push_back(between(10, 90));
      force.defence.push_back(between(-10, 20)), force.cover.push_back(static_cast<uint8_t>(dice.below(4)));
      force.invulnerable_save.push_back(static_cast<uint8_t>(dice.below(7)));
      force.doctrine.push_back(static_cast<uint8_t>(dice.below(4)));
      force.tags.push_back(static_cast<uint32_t>(dice.below(16)));
    }
    const uint16_t weapons = counted ? static_cast<uint16_t>(dice.below(4)) : 1;
    if (counted) force.weapon_count.push_back(weapons);
    for (uint16_t w = 0; w < weapons; w++) {
      force.weapons.kind.push_back(static_cast<uint8_t>(dice.below(7)));
      force.weapons.arc.push_back(arcs ? static_cast<uint8_t>(dice.below(4)) : uint8_t{0});
      force.weapons.damage.push_back(between(0, 30)), force.weapons.range.push_back(between(1, 60));
      force.weapons.cooldown.push_back(between(0, 4)), force.weapons.accuracy.push_back(dice.real());
    }
  }
  return force;
}

}  // namespace busbar::combat::testing
