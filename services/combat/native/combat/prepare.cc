// A request checked column by column and laid out by id.
#include <algorithm>
#include <cmath>

#include "battle.h"
#include "core/math/math.h"

namespace busbar::combat {
namespace {

constexpr double kLarge = 1e12;
constexpr uint32_t kFactionsMax = 64;
constexpr uint32_t kUnitsOfDuel = 50;  // more units than this may fight in mass

/// Checks columns of one side; the first fault stays.
class Checker {
 public:
  Checker(std::string path, size_t rows) : path_(std::move(path)), rows_(rows) {}

  template <class T>
  void length(const char* name, const Column<T>& column) {
    if (fault || !column || column.size == rows_) return;
    fault = {Code::malformed, path_ + "." + name + " has " + std::to_string(column.size) + " values for " +
                                  std::to_string(rows_) + " rows; give one per row, or leave the column out"};
  }
  void number(const char* name, const Column<double>& column, double low, double high) {
    length(name, column);
    if (fault || !column) return;
    bool good = true;
    for (size_t i = 0; i < rows_; i++) good &= column.data[i] >= low && column.data[i] <= high;  // false for NaN
    if (good) return;
    for (size_t i = 0; i < rows_; i++) {
      if (column.data[i] >= low && column.data[i] <= high) continue;
      fault = out_of_range(path_ + "." + name + "[" + std::to_string(i) + "]", column.data[i],
                           "write a number from " + text_of(low) + " to " + text_of(high));
      return;
    }
  }
  void choice(const char* name, const Column<uint8_t>& column, uint8_t last, const char* what) {
    length(name, column);
    for (size_t i = 0; !fault && column && i < rows_; i++) {
      if (column.data[i] <= last) continue;
      fault = {Code::unknown_name, path_ + "." + name + "[" + std::to_string(i) + "] is " +
                                       std::to_string(column.data[i]) + ", which is no " + what + "; they are 0 to " +
                                       std::to_string(last)};
    }
  }
  const std::string& path() const { return path_; }

  Fault fault;

 private:
  std::string path_;
  size_t rows_;
};

Fault check_units(const UnitColumns& units, const std::string& path) {
  Checker check(path, units.id.size);
  check.length("faction", units.faction);
  check.number("hp", units.hp, 0, kLarge);
  check.number("max_hp", units.max_hp, 0, kLarge);
  check.number("shields", units.shields, 0, kLarge);
  check.number("max_shields", units.max_shields, 0, kLarge);
  check.number("armor", units.armor, 0, kLarge);
  check.number("speed", units.speed, 0, kLarge);
  check.number("evasion", units.evasion, 0, 1);
  check.number("x", units.x, -kLarge, kLarge);
  check.number("y", units.y, -kLarge, kLarge);
  check.number("facing", units.facing, -360, 360);
  check.number("morale", units.morale, 0, 1000);
  check.number("max_morale", units.max_morale, 0, 1000);
  check.number("skill", units.skill, 0, 100);
  check.number("defence", units.defence, -100, 100);
  check.choice("cover", units.cover, 3, "cover");
  check.choice("doctrine", units.doctrine, 3, "doctrine");
  check.choice("invulnerable_save", units.invulnerable_save, 6, "save");
  check.length("tags", units.tags);
  check.length("weapon_count", units.weapon_count);
  if (check.fault) return check.fault;
  for (size_t i = 0; i < units.id.size; i++) {
    const bool too_hale = units.hp && units.max_hp && units.hp.data[i] > units.max_hp.data[i];
    const bool too_shielded =
        units.shields && units.max_shields && units.shields.data[i] > units.max_shields.data[i];
    const bool untagged = (units.tags.at(i, 0) & ~kTagsAll) == 0;
    if (!too_hale && !too_shielded && untagged) continue;
    const std::string row = "[" + std::to_string(i) + "]";
    if (too_hale)
      return out_of_range(path + ".hp" + row, units.hp.data[i], "max_hp is " + text_of(units.max_hp.data[i]));
    if (too_shielded)
      return out_of_range(path + ".shields" + row, units.shields.data[i],
                          "max_shields is " + text_of(units.max_shields.data[i]));
    return {Code::unknown_name, path + ".tags" + row + " is " + std::to_string(units.tags.data[i]) +
                                    ", which has unknown bits; known are 1 inspiring, 2 fear, 4 terror, 8 fearless"};
  }
  return {};
}

size_t weapon_rows(const WeaponColumns& weapons) {
  return std::max({weapons.kind.size, weapons.arc.size, weapons.damage.size, weapons.range.size, weapons.cooldown.size,
                   weapons.accuracy.size, weapons.strength.size, weapons.penetration.size, weapons.speed.size});
}

Fault check_weapons(const UnitColumns& units, const std::string& path, const Limits& limits) {
  const WeaponColumns& weapons = units.weapons;
  const size_t rows = weapon_rows(weapons);
  Checker check(path + ".weapons", rows);
  check.choice("kind", weapons.kind, 6, "kind of weapon");
  check.choice("arc", weapons.arc, 3, "arc");
  check.number("damage", weapons.damage, 0, kLarge);
  check.number("range", weapons.range, 0, kLarge);
  check.number("cooldown", weapons.cooldown, 0, kLarge);
  check.number("accuracy", weapons.accuracy, 0, 1);
  check.number("strength", weapons.strength, 0, kLarge);
  check.number("penetration", weapons.penetration, 0, kLarge);
  check.number("speed", weapons.speed, 1e-6, kLarge);
  if (check.fault) return check.fault;
  const size_t count = units.id.size;
  if (!units.weapon_count) {
    if (count == 0 ? rows == 0 : rows % count == 0 && rows / count <= limits.weapons_max) return {};
    if (count != 0 && rows % count == 0)
      return limit_exceeded(path + ".weapons of a unit", rows / count, limits.weapons_max);
    return {Code::malformed, path + ".weapons has " + std::to_string(rows) + " rows for " + std::to_string(count) +
                                 " units; give weapon_count, or the same number of weapons to each"};
  }
  size_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (units.weapon_count.data[i] > limits.weapons_max)
      return limit_exceeded(path + ".weapon_count[" + std::to_string(i) + "]", units.weapon_count.data[i],
                            limits.weapons_max);
    sum += units.weapon_count.data[i];
  }
  if (sum == rows) return {};
  return {Code::malformed, path + ".weapon_count adds up to " + std::to_string(sum) + ", weapons has " +
                               std::to_string(rows) + " rows; both must be equal"};
}

Fault check_options(const BattleRequest& request, const std::string& path, const Limits& limits) {
  const auto range = [&](const char* name, double value) {
    return value >= 0 && value <= kLarge
               ? Fault{}
               : out_of_range(path + ".config." + name, value, "write a number from 0 to " + text_of(kLarge));
  };
  if (request.rules > 3)
    return {Code::unknown_name, path + ".config.rules is " + std::to_string(request.rules) +
                                    ", which is no rule set; they are 0 basic, 1 tactical, 2 lanchester_square, 3 "
                                    "lanchester_linear"};
  if (request.shields_stop > 1)
    return {Code::unknown_name, path + ".config.shields_stop is " + std::to_string(request.shields_stop) +
                                    ", which is no choice; they are 0 all, 1 energy_only"};
  if (request.steps_max > limits.steps_max)
    return limit_exceeded(path + ".config.max_steps", request.steps_max, limits.steps_max);
  for (const Fault& fault : {range("attacker_rate", request.attacker_rate),
                             range("defender_rate", request.defender_rate), range("until", request.until)}) {
    if (fault) return fault;
  }
  return {};
}

/// Numbers factions in ascending order of their ids. A faction on both sides would be its own enemy.
Fault number_factions(const BattleRequest& request, const std::string& path, Battlefield& field) {
  field.faction_ids.clear();
  for (uint32_t side = 0; side < 2; side++) {
    const UnitColumns& units = request.sides[side];
    for (size_t i = 0; i < units.id.size; i++) {
      const uint64_t faction = units.faction.at(i, side + 1);
      if (!field.faction_ids.empty() && field.faction_ids.back() == faction) continue;
      if (std::find(field.faction_ids.begin(), field.faction_ids.end(), faction) == field.faction_ids.end())
        field.faction_ids.push_back(faction);
      if (field.faction_ids.size() > kFactionsMax)
        return limit_exceeded(path + ": number of factions", field.faction_ids.size(), kFactionsMax);
    }
  }
  std::sort(field.faction_ids.begin(), field.faction_ids.end());
  field.factions = static_cast<uint32_t>(field.faction_ids.size());
  field.faction_sides.assign(field.factions, 2);
  return {};
}

Fault sort_by_id(const BattleRequest& request, const std::string& path, Battlefield& field) {
  const size_t attackers = request.sides[0].id.size;
  const auto id_of = [&](uint32_t place) {
    return place < attackers ? request.sides[0].id.data[place] : request.sides[1].id.data[place - attackers];
  };
  field.order.resize(field.units);
  for (uint32_t i = 0; i < field.units; i++) field.order[i] = i;
  const auto less = [&](uint32_t a, uint32_t b) { return id_of(a) < id_of(b); };
  if (!std::is_sorted(field.order.begin(), field.order.end(), less))
    std::sort(field.order.begin(), field.order.end(), less);
  for (uint32_t i = 1; i < field.units; i++) {
    if (id_of(field.order[i - 1]) == id_of(field.order[i]))
      return {Code::duplicate, path + ": unit id " + std::to_string(id_of(field.order[i])) +
                                   " is given twice; ids are unique within a battle"};
  }
  return {};
}

void resize(Battlefield& field, size_t weapons) {
  const size_t n = field.units;
  for (auto* column :
       {&field.hp,      &field.max_hp,  &field.shields, &field.max_shields, &field.armor,      &field.passes_kinetic,
        &field.speed,   &field.evasion, &field.exposed, &field.x,           &field.y,          &field.next_x,
        &field.next_y,  &field.face_x,  &field.face_y,  &field.morale,      &field.max_morale, &field.skill,
        &field.defence, &field.save,    &field.stop,    &field.change})
    column->resize(n);
  for (auto* column : {&field.fatigue, &field.unhurt, &field.loss}) column->assign(n, 0.0);
  for (auto* column : {&field.state, &field.suppression, &field.hurt, &field.active}) column->assign(n, 0);
  field.side.resize(n), field.cover.resize(n), field.id.resize(n), field.row.resize(n), field.tags.resize(n);
  field.faction.resize(n), field.doctrine.resize(n), field.weapon_first.resize(n + 1);
  field.aimed.assign(n, 0), field.target.assign(n, -1);
  field.weapon_kind.resize(weapons), field.weapon_arc.resize(weapons);
  for (auto* column : {&field.damage, &field.range, &field.cooldown, &field.ready_in, &field.accuracy, &field.strength,
                       &field.penetration, &field.projectile_speed})
    column->resize(weapons);
  if (field.members.size() < field.factions) field.members.resize(field.factions);
  if (field.shots.size() < weapons + 1) field.shots.resize(weapons + 1);
  field.shot_count = 0, field.flying.clear();
}

void place_unit(const UnitColumns& units, uint32_t row, uint32_t side, uint32_t to, Battlefield& field) {
  const Constants& constants = field.constants;
  field.id[to] = units.id.data[row], field.row[to] = row, field.side[to] = static_cast<uint8_t>(side);
  field.hp[to] = units.hp.at(row, units.max_hp.at(row, 100)), field.max_hp[to] = units.max_hp.at(row, field.hp[to]);
  field.shields[to] = units.shields.at(row, units.max_shields.at(row, 0));
  field.max_shields[to] = units.max_shields.at(row, field.shields[to]);
  field.armor[to] = units.armor.at(row, 0);
  field.passes_kinetic[to] = 1 - field.armor[to] / (field.armor[to] + constants.armor_half);
  field.speed[to] = units.speed.at(row, 0);
  field.evasion[to] = units.evasion.at(row, 0), field.x[to] = units.x.at(row, 0), field.y[to] = units.y.at(row, 0);
  field.max_morale[to] = units.max_morale.at(row, std::max(units.morale.at(row, 100), 100.0));
  field.morale[to] = std::min(units.morale.at(row, field.max_morale[to]), field.max_morale[to]);
  field.skill[to] = units.skill.at(row, 50), field.defence[to] = units.defence.at(row, 0);
  field.doctrine[to] = static_cast<Doctrine>(units.doctrine.at(row, 0)), field.tags[to] = units.tags.at(row, 0);
  const uint8_t save = units.invulnerable_save.at(row, 0);
  field.save[to] = save == 0 ? 0 : (7 - save) / 6.0;
  const double covers[] = {0, constants.cover_light, constants.cover_heavy, constants.cover_fortified};
  field.cover[to] = units.cover.at(row, 0), field.exposed[to] = 1 - covers[field.cover[to]];
  if (field.bearings) {
    math::sin_cos(units.facing.at(row, 0) * (math::kPi / 180), field.face_y[to], field.face_x[to]);
  }
  const uint64_t faction = units.faction.at(row, side + 1);
  const auto at = std::lower_bound(field.faction_ids.begin(), field.faction_ids.end(), faction);
  field.faction[to] = static_cast<uint16_t>(at - field.faction_ids.begin());
  if (!field.alive(to)) field.state[to] = static_cast<uint8_t>(UnitState::destroyed);
}

/// @returns the place after its last weapon
uint32_t place_weapons(const UnitColumns& units, size_t from, uint32_t count, uint32_t to, uint32_t unit,
                       Battlefield& field) {
  const bool tactical = field.rules == Rules::tactical;
  const WeaponColumns& weapons = units.weapons;
  double shortest = 0, longest = 0;
  for (size_t row = from; row < from + count; row++, to++) {
    field.weapon_kind[to] = static_cast<WeaponKind>(weapons.kind.at(row, 0));
    field.weapon_arc[to] = static_cast<Arc>(weapons.arc.at(row, 0));
    field.damage[to] = weapons.damage.at(row, tactical ? 1 : 10);
    field.range[to] = weapons.range.at(row, 24);
    if (tactical && field.doctrine[unit] == Doctrine::kite) field.range[to] += field.constants.kite_range;
    field.cooldown[to] = weapons.cooldown.at(row, 1), field.ready_in[to] = 0;
    field.accuracy[to] = weapons.accuracy.at(row, 0.7), field.strength[to] = weapons.strength.at(row, 4);
    field.penetration[to] = weapons.penetration.at(row, 0), field.projectile_speed[to] = weapons.speed.at(row, 50);
    shortest = row == from ? field.range[to] : std::min(shortest, field.range[to]);
    longest = std::max(longest, field.range[to]);
  }
  // Who stopped out of reach of its own weapons would wait for the end of the battle.
  const bool charges = tactical && field.doctrine[unit] == Doctrine::charge;
  field.stop[unit] =
      count == 0 ? field.constants.engage_range : std::min(field.constants.engage_range, charges ? shortest : longest);
  return to;
}

}  // namespace

Fault prepare(const BattleRequest& request, const Config& config, const std::string& path, Battlefield& field) {
  if (Fault fault = check_options(request, path, config.limits)) return fault;
  const size_t count = request.sides[0].id.size + request.sides[1].id.size;
  if (count > config.limits.units_max)
    return limit_exceeded(path + ": number of units", count, config.limits.units_max);
  static const char* const kSides[] = {".attackers", ".defenders"};
  for (uint32_t side = 0; side < 2; side++) {
    if (Fault fault = check_units(request.sides[side], path + kSides[side])) return fault;
    if (Fault fault = check_weapons(request.sides[side], path + kSides[side], config.limits)) return fault;
  }
  field.constants = config.constants;
  for (const NamedConstant& constant : request.constants) {
    Fault fault = set_constant(field.constants, constant.name, constant.value);
    if (fault) return {fault.code, path + ".config.constants: " + fault.text};
  }
  field.units = static_cast<uint32_t>(count);
  field.rules = static_cast<Rules>(request.rules), field.shields_stop = static_cast<ShieldsStop>(request.shields_stop);
  field.use_accuracy = request.use_accuracy, field.projectiles = request.projectiles;
  field.mass = request.mass && count > kUnitsOfDuel;
  field.steps_max = request.steps_max, field.events_max = config.limits.events_max, field.step = 0;
  field.attacker_rate = request.attacker_rate, field.defender_rate = request.defender_rate, field.until = request.until;
  field.bearings = field.rules == Rules::tactical;
  for (const UnitColumns& units : request.sides) {
    for (size_t i = 0; i < units.weapons.arc.size; i++) field.bearings |= units.weapons.arc.data[i] != 0;
  }
  if (Fault fault = number_factions(request, path, field)) return fault;
  if (Fault fault = sort_by_id(request, path, field)) return fault;

  const size_t attackers = request.sides[0].id.size;
  const size_t rows[2] = {weapon_rows(request.sides[0].weapons), weapon_rows(request.sides[1].weapons)};
  resize(field, rows[0] + rows[1]);
  // Where each unit's weapons begin in its side's columns.
  field.sorting.resize(count);
  for (uint32_t side = 0; side < 2; side++) {
    const UnitColumns& units = request.sides[side];
    const uint64_t each = units.id.size == 0 ? 0 : rows[side] / units.id.size;
    uint64_t at = 0;
    for (size_t i = 0; i < units.id.size; i++) {
      field.sorting[side * attackers + i] = at;
      at += units.weapon_count.at(i, static_cast<uint16_t>(each));
    }
  }
  uint32_t weapon = 0;
  for (uint32_t to = 0; to < field.units; to++) {
    const uint32_t place = field.order[to], side = place < attackers ? 0 : 1;
    const uint32_t row = side == 0 ? place : place - static_cast<uint32_t>(attackers);
    const UnitColumns& units = request.sides[side];
    place_unit(units, row, side, to, field);
    uint8_t& of = field.faction_sides[field.faction[to]];
    if (of != 2 && of != side)
      return {Code::conflict, path + ": faction " + std::to_string(field.faction_ids[field.faction[to]]) +
                                  " is on both sides; a faction fights for one"};
    of = static_cast<uint8_t>(side);
    field.weapon_first[to] = weapon;
    const uint64_t each = rows[side] / units.id.size;
    weapon = place_weapons(units, field.sorting[place], units.weapon_count.at(row, static_cast<uint16_t>(each)), weapon,
                           to, field);
  }
  field.weapon_first[field.units] = weapon;
  return {};
}

}  // namespace busbar::combat
