#include "constants.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace busbar::combat {
namespace {

struct Known {
  std::string_view name;
  double Constants::*member;
  double low, high;
};

constexpr double kLarge = 1e9;
#define BUSBAR_CONSTANT(member, low, high) \
  { #member, &Constants::member, low, high }
constexpr Known kKnown[] = {
    BUSBAR_CONSTANT(dt, 1e-3, 60),
    BUSBAR_CONSTANT(engage_range, 0, kLarge),
    BUSBAR_CONSTANT(hit_min, 0, 1),
    BUSBAR_CONSTANT(hit_max, 0, 1),
    BUSBAR_CONSTANT(damage_low, 0, kLarge),
    BUSBAR_CONSTANT(damage_high, 0, kLarge),
    BUSBAR_CONSTANT(cover_light, 0, 1),
    BUSBAR_CONSTANT(cover_heavy, 0, 1),
    BUSBAR_CONSTANT(cover_fortified, 0, 1),
    BUSBAR_CONSTANT(armor_half, 1e-9, kLarge),
    BUSBAR_CONSTANT(energy_mitigation, 0, 1),
    BUSBAR_CONSTANT(skill_min, 0, 100),
    BUSBAR_CONSTANT(far_range, 0, kLarge),
    BUSBAR_CONSTANT(far_penalty, 0, 100),
    BUSBAR_CONSTANT(suppressed_penalty, 0, 100),
    BUSBAR_CONSTANT(kite_skill, -100, 100),
    BUSBAR_CONSTANT(kite_range, 0, kLarge),
    BUSBAR_CONSTANT(charge_damage, 0, 1000),
    BUSBAR_CONSTANT(charge_defence, -100, 100),
    BUSBAR_CONSTANT(defend_defence, -100, 100),
    BUSBAR_CONSTANT(strength_scale, 0, kLarge),
    BUSBAR_CONSTANT(global_damage, 0, kLarge),
    BUSBAR_CONSTANT(damage_min, 0, kLarge),
    BUSBAR_CONSTANT(save_max, 0, 1),
    BUSBAR_CONSTANT(mitigation_max, 0, 1),
    BUSBAR_CONSTANT(side_armor, 0, 1000),
    BUSBAR_CONSTANT(rear_armor, 0, 1000),
    BUSBAR_CONSTANT(morale_radius, 0, kLarge),
    BUSBAR_CONSTANT(rest_after, 0, kLarge),
    BUSBAR_CONSTANT(rest_morale, -1000, 1000),
    BUSBAR_CONSTANT(loss_morale, -1000, 1000),
    BUSBAR_CONSTANT(loss_fade, 0, 1),
    BUSBAR_CONSTANT(pinned_morale, -1000, 1000),
    BUSBAR_CONSTANT(suppressed_morale, -1000, 1000),
    BUSBAR_CONSTANT(inspiring_morale, -1000, 1000),
    BUSBAR_CONSTANT(allies_min, 0, kLarge),
    BUSBAR_CONSTANT(allies_morale, -1000, 1000),
    BUSBAR_CONSTANT(rear_morale, -1000, 1000),
    BUSBAR_CONSTANT(flank_morale, -1000, 1000),
    BUSBAR_CONSTANT(fear_morale, -1000, 1000),
    BUSBAR_CONSTANT(terror_morale, -1000, 1000),
    BUSBAR_CONSTANT(terror_rout, 0, 1000),
    BUSBAR_CONSTANT(shaken_below, 0, 1000),
    BUSBAR_CONSTANT(steady_above, 0, 1000),
    BUSBAR_CONSTANT(rally_above, 0, 1000),
    BUSBAR_CONSTANT(suppressed_shots, 1, kLarge),
    BUSBAR_CONSTANT(pinned_shots, 1, kLarge),
    BUSBAR_CONSTANT(projectile_radius, 0, kLarge),
    BUSBAR_CONSTANT(homing_keep, 0, 1),
    BUSBAR_CONSTANT(projectile_life, 0, 3600),
    BUSBAR_CONSTANT(mass_factor, 0, kLarge),
};
#undef BUSBAR_CONSTANT

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t i = 0; i <= b.size(); i++) row[i] = i;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); j++) {
      const size_t above = row[j];
      row[j] = std::min({diagonal + (a[i - 1] == b[j - 1] ? 0 : 1), above + 1, row[j - 1] + 1});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view name, const std::string_view* known, size_t count) {
  if (name.size() > 64) return {};
  std::string_view best;
  size_t distance = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    const size_t found = edit_distance(name, known[i]);
    if (found < distance) distance = found, best = known[i];
  }
  if (distance > std::max<size_t>(1, best.size() / 3)) return {};
  return ", did you mean \"" + std::string(best) + "\"?";
}

Fault set_constant(Constants& constants, std::string_view name, double value) {
  for (const Known& known : kKnown) {
    if (known.name != name) continue;
    if (!(value >= known.low && value <= known.high)) {
      return out_of_range("constant " + std::string(name), value,
                          "write a number from " + text_of(known.low) + " to " + text_of(known.high));
    }
    constants.*known.member = value;
    return {};
  }
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  return {Code::unknown_key, "unknown constant '" + std::string(name.substr(0, 64)) + "'" +
                                 did_you_mean(name, names.data(), names.size())};
}

}  // namespace busbar::combat
