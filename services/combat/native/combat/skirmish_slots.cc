// From the field, where units stand by id, to the slots of a skirmish and back.
#include <algorithm>

#include "battle.h"
#include "skirmish.h"

namespace busbar::combat {

void Skirmish::make_room(const Battlefield& field) {
  const size_t slots = field.units + size_t{field.factions} * (kNearestLanes - 1) + 2;
  const size_t weapons = field.damage.size() + 1;  // filled up, and room in lists for one that is not kept
  for (auto* column : {&x_, &y_, &next_x_, &next_y_, &hp_, &shields_, &max_shields_, &passes_kinetic_, &exposed_,
                       &evasion_, &stop_, &reach_, &way_, &away_, &active_, &fatigue_}) {
    if (column->size() < slots) column->resize(slots);
  }
  for (auto* column : {&unit_, &faction_, &target_, &weapon_first_, &weapon_end_, &mover_, &seeker_, &fallen_slot_}) {
    if (column->size() < slots) column->resize(slots);
  }
  if (side_.size() < slots) side_.resize(slots);
  for (auto* column : {&ready_in_, &range_, &accuracy_, &damage_, &cooldown_}) {
    if (column->size() < weapons) column->resize(weapons);
  }
  for (auto* column : {&weapon_, &weapon_slot_, &firing_weapon_}) {
    if (column->size() < weapons) column->resize(weapons);
  }
  if (kind_.size() < weapons) kind_.resize(weapons);
  if (hit_.size() < weapons) hit_.resize(weapons);
  if (slot_of_.size() < field.units) slot_of_.resize(field.units);
  first_.resize(size_t{field.factions} + 1), living_.resize(field.factions);
}

void Skirmish::enter(const Battlefield& field) {
  uint32_t slot = 0;
  factions_ = field.factions, factions_left_ = 0, buried_ = 0;
  for (uint32_t faction = 0; faction < factions_; faction++) {
    const uint32_t first = first_[faction] = slot;
    for (const uint32_t unit : field.members[faction]) {
      if (!field.alive(unit)) continue;
      slot_of_[unit] = slot;
      enter_unit(field, unit, slot++);
    }
    living_[faction] = slot - first;
    factions_left_ += slot > first;
    for (; slot % kNearestLanes != 0; slot++) enter_ghost(slot, faction);
  }
  first_[factions_] = slots_ = slot;
  nobody_ = slot, idle_ = slot + 1;
  enter_ghost(nobody_, factions_), enter_ghost(idle_, factions_);
  x_[nobody_] = x_[idle_] = 0, hp_[idle_] = 1;
  for (slot = 0; slot < slots_; slot++) {
    const uint32_t unit = unit_[slot];
    if (unit == kNoUnit) {
      target_[slot] = idle_;
      continue;
    }
    const int32_t target = field.target[unit];
    away_[slot] = 0;
    target_[slot] = target >= 0 && field.alive(static_cast<uint32_t>(target)) ? slot_of_[target] : nobody_;
  }
  enter_weapons(field);
}

void Skirmish::enter_unit(const Battlefield& field, uint32_t unit, uint32_t slot) {
  unit_[slot] = unit, faction_[slot] = field.faction[unit], side_[slot] = field.side[unit], active_[slot] = 0;
  x_[slot] = field.x[unit], y_[slot] = field.y[unit], hp_[slot] = field.hp[unit], shields_[slot] = field.shields[unit];
  max_shields_[slot] = field.max_shields[unit];
  exposed_[slot] = field.exposed[unit], passes_kinetic_[slot] = field.passes_kinetic[unit] * exposed_[slot];
  evasion_[slot] = field.evasion[unit], fatigue_[slot] = field.fatigue[unit];
  stop_[slot] = field.stop[unit], way_[slot] = field.speed[unit] * field.constants.dt;
  reach_[slot] = field.speed[unit] == 0 ? kNever : stop_[slot] * stop_[slot];
}

/// Who is too far away to be aimed at, aims at somebody who cannot be hit, and has no weapons.
void Skirmish::enter_ghost(uint32_t slot, uint32_t faction) {
  unit_[slot] = kNoUnit, faction_[slot] = faction, side_[slot] = 0, active_[slot] = 0;
  evasion_[slot] = fatigue_[slot] = 0;
  weapon_first_[slot] = weapon_end_[slot] = 0;
  make_ghost(slot);
}

void Skirmish::make_ghost(uint32_t slot) {
  x_[slot] = kNever, y_[slot] = 0, hp_[slot] = 0, reach_[slot] = kNever, target_[slot] = idle_;
  for (uint32_t weapon = weapon_first_[slot]; weapon < weapon_end_[slot]; weapon++) ready_in_[weapon] = kNever;
}

void Skirmish::enter_weapons(const Battlefield& field) {
  uint32_t to = 0;
  for (const uint32_t unit : field.living) {
    if (!field.alive(unit)) continue;
    const uint32_t slot = slot_of_[unit];
    weapon_first_[slot] = to;
    for (uint32_t weapon = field.weapon_first[unit]; weapon < field.weapon_first[unit + 1]; weapon++, to++) {
      weapon_[to] = weapon, weapon_slot_[to] = slot, kind_[to] = field.weapon_kind[weapon];
      ready_in_[to] = field.ready_in[weapon], range_[to] = field.range[weapon] * field.range[weapon];
      accuracy_[to] = field.accuracy[weapon], damage_[to] = field.damage[weapon];
      cooldown_[to] = field.cooldown[weapon];
    }
    weapon_end_[slot] = to;
  }
  weapons_ = to;
  ready_in_[to] = kNever;
}

void Skirmish::leave_unit(Battlefield& field, uint32_t slot) const {
  const uint32_t unit = unit_[slot], target = target_[slot];
  field.x[unit] = x_[slot], field.y[unit] = y_[slot], field.hp[unit] = hp_[slot], field.shields[unit] = shields_[slot];
  field.fatigue[unit] = fatigue_[slot];
  field.target[unit] = unit_[target] == kNoUnit ? -1 : static_cast<int32_t>(unit_[target]);
}

void Skirmish::leave(Battlefield& field) const {
  for (uint32_t slot = 0; slot < slots_; slot++) {
    if (hp_[slot] > 0) leave_unit(field, slot);
  }
  for (uint32_t weapon = 0; weapon < weapons_; weapon++) {
    if (ready_in_[weapon] < kNever) field.ready_in[weapon_[weapon]] = ready_in_[weapon];
  }
}

void Skirmish::add_up(Battlefield& field) const {
  for (uint32_t side = 0; side < 2; side++) {
    field.statistic_of(kAttackerDamage, side) += tally_.damage[side];
    field.statistic_of(kAttackerShieldsLost, side) += tally_.shields_lost[side];
    field.statistic_of(kAttackerHpLost, side) += tally_.hp_lost[side];
  }
  field.statistic(kOverkill) += tally_.overkill, field.statistic(kWasted) += tally_.wasted;
  field.statistic(kShots) += static_cast<double>(tally_.shots);
  field.statistic(kHits) += static_cast<double>(tally_.hits);
  field.statistic(kMisses) += static_cast<double>(tally_.shots - tally_.hits);
}

}  // namespace busbar::combat
