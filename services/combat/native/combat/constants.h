// The numbers of the rules, by the names that config and requests use.
#pragma once

#include <string>
#include <string_view>

#include "fault.h"

namespace busbar::combat {

/// Rates are per second; distances are in the units of the map. Sources: the rule tables of the service's README.
struct Constants {
  double dt = 1;
  double engage_range = 20;
  double hit_min = 0.05, hit_max = 0.95;
  double damage_low = 0.9, damage_high = 1.1;
  double cover_light = 0.25, cover_heavy = 0.5, cover_fortified = 0.75;
  double armor_half = 100;
  double energy_mitigation = 0.5;
  // tactical: hits
  double skill_min = 5, far_range = 24, far_penalty = 10, suppressed_penalty = 20;
  double kite_skill = 15, kite_range = 5, charge_damage = 1.2, charge_defence = -10, defend_defence = 20;
  // tactical: damage
  double strength_scale = 10, global_damage = 2, damage_min = 1, save_max = 0.9, mitigation_max = 0.95;
  double side_armor = 0.75, rear_armor = 0.5;
  // tactical: morale
  double morale_radius = 15, rest_after = 10, rest_morale = 5, loss_morale = -0.5, loss_fade = 0.2;
  double pinned_morale = -15, suppressed_morale = -2, inspiring_morale = 10, allies_min = 3, allies_morale = 1;
  double rear_morale = -20, flank_morale = -10, fear_morale = -5, terror_morale = -15, terror_rout = 20;
  double shaken_below = 30, steady_above = 40, rally_above = 50;
  /// Shots aimed at a unit within one step.
  double suppressed_shots = 5, pinned_shots = 10;
  // projectiles
  double projectile_radius = 2, homing_keep = 0.8, projectile_life = 5;
  // mass battles
  double mass_factor = 0.8;
};

/// @returns combat/unknown-key with a suggestion, combat/out-of-range, or nothing
Fault set_constant(Constants& constants, std::string_view name, double value);

/// @returns ', did you mean "x"?' for the known name that differs in at most a third of its letters, else ""
std::string did_you_mean(std::string_view name, const std::string_view* known, size_t count);

}  // namespace busbar::combat
