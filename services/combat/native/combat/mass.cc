// Battles of many: the Lanchester step, and the pure laws as exact stochastic processes.
// Sources: Lanchester 1916; simulation of the jump process after Gillespie 1977.
#include <algorithm>
#include <cmath>
#include <limits>

#include "battle.h"
#include "core/math/math.h"

namespace busbar::combat {

void mass_step(Battlefield& field) {
  const Constants& constants = field.constants;
  double fires[64] = {}, incoming[64] = {};
  uint32_t present = 0;
  for (uint32_t faction = 0; faction < field.factions; faction++) {
    if (field.members[faction].empty()) continue;
    present += 1;
    for (const uint32_t unit : field.members[faction]) {
      field.active[unit] = 1;
      for (uint32_t weapon = field.weapon_first[unit]; weapon < field.weapon_first[unit + 1]; weapon++) {
        const double shots = constants.dt / std::max(field.cooldown[weapon], constants.dt);
        fires[faction] += field.damage[weapon] * shots * field.accuracy[weapon];
      }
    }
    fires[faction] *= constants.mass_factor;
  }
  if (present < 2) return;
  for (uint32_t faction = 0; faction < field.factions; faction++) {
    for (uint32_t enemy = 0; enemy < field.factions; enemy++) {
      if (enemy != faction && !field.members[faction].empty() && !field.members[enemy].empty())
        incoming[enemy] += fires[faction] / (present - 1);
    }
    field.statistic_of(kAttackerDamage, field.faction_sides[faction]) += fires[faction];
  }
  for (uint32_t faction = 0; faction < field.factions; faction++) {
    if (field.members[faction].empty() || incoming[faction] == 0) continue;
    field.order = field.members[faction];
    for (size_t i = field.order.size() - 1; i > 0; i--)
      std::swap(field.order[i], field.order[field.stream.below(i + 1)]);
    double left = incoming[faction];
    for (const uint32_t unit : field.order) {
      if (left <= 0) break;
      const double taken = std::min(left, field.hp[unit] + field.shields[unit]);
      const double lost = wound(field, unit, taken, true);
      left -= taken;
      field.event(EventKind::hit, 0, field.id[unit], taken);
      if (field.out->has_damage) {
        DamageLog& log = field.out->sides[field.side[unit]].damage;
        log.unit.push_back(field.row[unit]), log.tick.push_back(field.step), log.amount.push_back(lost);
        log.type.push_back(0), log.source.push_back(0);
      }
      if (!field.alive(unit)) destroy(field, unit, 0);
    }
    field.statistic(kOverkill) += std::max(left, 0.0);
  }
}

void lanchester(Battlefield& field) {
  // Rates of the next loss: of a defender a x (square) or a x y (linear), of an attacker b y or b x y.
  std::vector<uint32_t> sides[2];
  for (uint32_t unit = 0; unit < field.units; unit++) {
    if (field.alive(unit)) sides[field.side[unit]].push_back(unit);
  }
  const bool linear = field.rules == Rules::lanchester_linear;
  double time = 0;
  while (!sides[0].empty() && !sides[1].empty()) {
    const double x = static_cast<double>(sides[0].size()), y = static_cast<double>(sides[1].size());
    const double kills = field.attacker_rate * (linear ? x * y : x),
                 losses = field.defender_rate * (linear ? x * y : y);
    if (kills + losses == 0) break;
    const double wait = -math::log(1 - field.stream.real()) / (kills + losses);
    if (field.until > 0 && time + wait > field.until) {
      time = field.until;
      break;
    }
    time += wait;
    auto& hit = sides[field.stream.real() * (kills + losses) < kills ? 1 : 0];
    const size_t which = field.stream.below(hit.size());
    const uint32_t unit = hit[which];
    hit[which] = hit.back();
    hit.pop_back();
    wound(field, unit, field.hp[unit] + field.shields[unit], true);
    destroy(field, unit, 0);
    field.step += 1;
  }
  BattleResult& result = field.out->result;
  if (sides[0].empty() && sides[1].empty())
    result = BattleResult::mutual_destruction;
  else if (sides[1].empty())
    result = BattleResult::attacker_win;
  else if (sides[0].empty())
    result = BattleResult::defender_win;
  field.statistic(kSeconds) = time;
}

}  // namespace busbar::combat
