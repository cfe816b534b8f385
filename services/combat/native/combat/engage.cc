// Moving, aiming and firing, and the damage that follows: steps 1 to 4 of both rule sets.
#include <algorithm>
#include <cmath>
#include <limits>

#include "battle.h"

namespace busbar::combat {
namespace {

bool absorbs(const Battlefield& field, WeaponKind kind) {
  return field.shields_stop == ShieldsStop::all || kind == WeaponKind::energy || kind == WeaponKind::beam;
}

bool bears(Arc arc, Bearing bearing) {
  switch (arc) {
    case Arc::prow:
      return bearing == Bearing::front;
    case Arc::broadside:
      return bearing == Bearing::side;
    case Arc::aft:
      return bearing == Bearing::rear;
    default:
      return true;
  }
}

Bearing bearing_to(const Battlefield& field, uint32_t unit, double dx, double dy) {
  return bearing_of(field.face_x[unit], field.face_y[unit], dx, dy);
}

/// A unit that need not come closer turns until its first weapon bears.
void turn(Battlefield& field, uint32_t unit, double dx, double dy, double distance) {
  if (distance == 0) return;
  const uint32_t weapon = field.weapon_first[unit];
  const Arc arc = weapon == field.weapon_first[unit + 1] ? Arc::dorsal : field.weapon_arc[weapon];
  double to_x = dx / distance, to_y = dy / distance;
  if (arc == Arc::broadside || arc == Arc::aft) {
    if (bears(arc, bearing_to(field, unit, dx, dy))) return;
    if (arc == Arc::aft) {
      to_x = -to_x, to_y = -to_y;
    } else {
      const double turned = field.face_x[unit] * -to_y + field.face_y[unit] * to_x;
      const double sign = turned >= 0 ? 1 : -1, side_x = -to_y * sign;
      to_y = to_x * sign, to_x = side_x;
    }
  }
  field.face_x[unit] = to_x, field.face_y[unit] = to_y;
}

/// What the basic rules let through to the target, in its state of that moment.
double basic_share(const Battlefield& field, uint32_t target, WeaponKind kind) {
  double passes = 1;
  switch (kind) {
    case WeaponKind::kinetic:
    case WeaponKind::fighter:
    case WeaponKind::melee:
      passes = field.passes_kinetic[target];
      break;
    case WeaponKind::energy:
    case WeaponKind::beam:
      if (field.max_shields[target] > 0)
        passes = 1 - field.constants.energy_mitigation * field.shields[target] / field.max_shields[target];
      break;
    default:
      break;
  }
  return passes * field.exposed[target];
}

double tactical_chance(const Battlefield& field, uint32_t unit, double distance) {
  const Constants& constants = field.constants;
  double skill = field.skill[unit];
  if (distance > constants.far_range) skill -= constants.far_penalty;
  if (field.suppression[unit] != 0) skill -= constants.suppressed_penalty;
  if (field.doctrine[unit] == Doctrine::kite) skill += constants.kite_skill;
  return std::max(constants.skill_min, skill);
}

double tactical_damage(const Battlefield& field, uint32_t unit, uint32_t weapon, uint32_t target, double dx,
                       double dy) {
  const Constants& constants = field.constants;
  double armor = field.armor[target];
  const Bearing bearing = bearing_to(field, target, -dx, -dy);
  if (bearing == Bearing::side) armor *= constants.side_armor;
  if (bearing == Bearing::rear) armor *= constants.rear_armor;
  const double save =
      7 - std::floor(armor / 10) + std::floor(field.penetration[weapon] / 10) - (field.cover[target] != 0 ? 1 : 0);
  double mitigation = std::max((7 - std::clamp(save, 2.0, 7.0)) / 6, field.save[target]);
  mitigation = std::min(mitigation, constants.save_max);
  double defence = field.defence[target];
  if (field.doctrine[target] == Doctrine::charge) defence += constants.charge_defence;
  if (field.doctrine[target] == Doctrine::defend) defence += constants.defend_defence;
  mitigation = std::min(mitigation + defence / 100, constants.mitigation_max);
  double damage = field.strength[weapon] * constants.strength_scale * field.damage[weapon] * (1 - mitigation) *
                  constants.global_damage;
  if (field.doctrine[unit] == Doctrine::charge && field.weapon_kind[weapon] == WeaponKind::melee)
    damage *= constants.charge_damage;
  return std::max(damage, constants.damage_min);
}

/// Copies where the living are, so that a search runs over neighbours in memory.
void list_seen(Battlefield& field) {
  field.seen_x.clear(), field.seen_y.clear(), field.seen_unit.clear(), field.seen_first.clear();
  for (uint32_t faction = 0; faction < field.factions; faction++) {
    field.seen_first.push_back(static_cast<uint32_t>(field.seen_unit.size()));
    for (const uint32_t unit : field.members[faction]) {
      field.seen_x.push_back(field.x[unit]), field.seen_y.push_back(field.y[unit]);
      field.seen_unit.push_back(unit);
    }
  }
  field.seen_first.push_back(static_cast<uint32_t>(field.seen_unit.size()));
}

}  // namespace

void move_units(Battlefield& field) {
  const double dt = field.constants.dt;
  bool moved = false;
  for (const uint32_t unit : field.living) {
    field.next_x[unit] = field.x[unit], field.next_y[unit] = field.y[unit];
    const int32_t target = field.target[unit];
    if (target < 0 || !field.alive(static_cast<uint32_t>(target))) continue;
    const double dx = field.x[target] - field.x[unit], dy = field.y[target] - field.y[unit];
    const double square = dx * dx + dy * dy;
    const bool flees = field.routing(unit);
    if (!flees && square <= field.stop[unit] * field.stop[unit]) {
      if (field.bearings) turn(field, unit, dx, dy, std::sqrt(square));
      continue;
    }
    if (field.suppression[unit] == 2 || field.speed[unit] == 0) continue;
    const double distance = std::sqrt(square);
    double way = field.speed[unit] * dt, to_x = 1, to_y = 0;
    if (distance > 0) to_x = dx / distance, to_y = dy / distance;
    if (flees)
      to_x = -to_x, to_y = -to_y;
    else
      way = std::min(way, distance - field.stop[unit]);
    field.next_x[unit] = field.x[unit] + to_x * way, field.next_y[unit] = field.y[unit] + to_y * way;
    field.face_x[unit] = to_x, field.face_y[unit] = to_y;
    field.active[unit] = 1;
    moved = true;
  }
  if (!moved) return;
  for (const uint32_t unit : field.living) field.x[unit] = field.next_x[unit], field.y[unit] = field.next_y[unit];
}

void take_targets(Battlefield& field) {
  const double* const hp = field.hp.data();
  int32_t* const target = field.target.data();
  bool listed = false;
  for (const uint32_t unit : field.living) {
    if (target[unit] >= 0 && hp[target[unit]] > 0) continue;
    if (!listed) list_seen(field);
    listed = true;
    const double x = field.x[unit], y = field.y[unit];
    double best = std::numeric_limits<double>::infinity();
    uint32_t found = UINT32_MAX;
    for (uint32_t faction = 0; faction < field.factions; faction++) {
      if (faction == field.faction[unit]) continue;
      const double* const seen_x = field.seen_x.data();
      const double* const seen_y = field.seen_y.data();
      for (uint32_t i = field.seen_first[faction], end = field.seen_first[faction + 1]; i < end; i++) {
        const double dx = seen_x[i] - x, dy = seen_y[i] - y, square = dx * dx + dy * dy;
        if (square > best) continue;
        if (square < best || field.seen_unit[i] < found) best = square, found = field.seen_unit[i];
      }
    }
    target[unit] = found == UINT32_MAX ? -1 : static_cast<int32_t>(found);
  }
}

void fire(Battlefield& field) {
  const Constants& constants = field.constants;
  const bool tactical = field.rules == Rules::tactical;
  const double spread = constants.damage_high - constants.damage_low;
  std::fill(field.aimed.begin(), field.aimed.end(), 0u);
  // Copies and plain pointers: a store of a byte may alias every pointer that the field holds.
  random::Stream stream = field.stream;
  const double* const x = field.x.data();
  const double* const y = field.y.data();
  const double* const range = field.range.data();
  double* const ready_in = field.ready_in.data();
  const uint32_t* const weapon_first = field.weapon_first.data();
  uint8_t* const active = field.active.data();
  uint32_t shots = 0;
  size_t hits = 0;
  Shot* const hit_list = field.shots.data();
  for (const uint32_t unit : field.living) {
    const int32_t aim = field.target[unit];
    if (aim < 0 || (tactical && field.routing(unit))) continue;
    const uint32_t target = static_cast<uint32_t>(aim);
    const double dx = x[target] - x[unit], dy = y[target] - y[unit], square = dx * dx + dy * dy;
    const Bearing bearing = field.bearings ? bearing_to(field, unit, dx, dy) : Bearing::front;
    for (uint32_t weapon = weapon_first[unit], end = weapon_first[unit + 1]; weapon < end; weapon++) {
      if (ready_in[weapon] > 0 || square > range[weapon] * range[weapon]) continue;
      if (field.bearings && !bears(field.weapon_arc[weapon], bearing)) continue;
      ready_in[weapon] = field.cooldown[weapon];
      active[unit] = 1;
      field.aimed[target] += 1;
      shots += 1;
      const double distance = tactical || field.projectiles ? std::sqrt(square) : 0;
      const double percent = tactical ? tactical_chance(field, unit, distance) : 0;
      const double chance =
          tactical ? percent / 100
                   : std::clamp(field.accuracy[weapon] - field.evasion[target], constants.hit_min, constants.hit_max);
      if (field.projectiles) {
        const double way = distance > 0 ? field.projectile_speed[weapon] / distance : 0;
        field.flying.push_back(
            {unit, weapon, target, x[unit], y[unit], dx * way, dy * way, constants.projectile_life, chance});
        continue;
      }
      // Two draws a shot under the basic rules, hit or miss.
      const bool lucky = tactical ? 1 + static_cast<double>(stream.below(100)) <= percent : stream.real() < chance;
      const double luck = tactical ? 0 : stream.real();
      if (field.use_accuracy && !lucky) {
        field.event(EventKind::miss, field.id[unit], field.id[target], 0);
        continue;
      }
      const double amount = tactical ? tactical_damage(field, unit, weapon, target, dx, dy)
                                     : field.damage[weapon] * (constants.damage_low + spread * luck);
      hit_list[hits++] = {unit, weapon, target, amount};
    }
  }
  field.shot_count = hits;
  field.stream = stream;
  field.statistic(kShots) += shots;
  field.statistic(kHits) += static_cast<double>(hits);
  if (!field.projectiles) field.statistic(kMisses) += shots - static_cast<double>(hits);
}

void apply_shots(Battlefield& field) {
  for (size_t i = 0; i < field.shot_count; i++) {
    const Shot& shot = field.shots[i];
    const uint32_t target = shot.target;
    const uint64_t by = field.id[shot.attacker];
    if (!field.alive(target)) {
      field.statistic(kWasted) += shot.amount;
      field.event(EventKind::wasted, by, field.id[target], shot.amount);
      continue;
    }
    const WeaponKind kind = field.weapon_kind[shot.weapon];
    const double amount = field.rules == Rules::tactical ? shot.amount : shot.amount * basic_share(field, target, kind);
    field.statistic_of(kAttackerDamage, field.side[shot.attacker]) += amount;
    const double lost = wound(field, target, amount, absorbs(field, kind));
    field.event(EventKind::hit, by, field.id[target], amount);
    if (field.out->has_damage)
      field.out->sides[field.side[target]].damage.add(field.row[target], field.step, lost, kind, by);
    if (!field.alive(target)) destroy(field, target, by);
  }
  field.shot_count = 0;
}

void fly(Battlefield& field) {
  const Constants& constants = field.constants;
  const double dt = constants.dt, radius = constants.projectile_radius;
  size_t kept = 0;
  for (Projectile& shell : field.flying) {
    const double speed = field.projectile_speed[shell.weapon];
    const WeaponKind kind = field.weapon_kind[shell.weapon];
    if ((kind == WeaponKind::missile || kind == WeaponKind::fighter) && field.alive(shell.target)) {
      const double dx = field.x[shell.target] - shell.x, dy = field.y[shell.target] - shell.y;
      const double distance = std::sqrt(dx * dx + dy * dy), toward = distance > 0 ? speed / distance : 0;
      const double keep = constants.homing_keep;
      double vx = keep * shell.vx + (1 - keep) * dx * toward, vy = keep * shell.vy + (1 - keep) * dy * toward;
      const double length = std::sqrt(vx * vx + vy * vy);
      if (length > 0) vx *= speed / length, vy *= speed / length;
      shell.vx = vx, shell.vy = vy;
    }
    // The first enemy whose circle the way of this step enters; on a tie the lower id.
    const double way_x = shell.vx * dt, way_y = shell.vy * dt, a = way_x * way_x + way_y * way_y;
    double first = 2;
    int32_t met = -1;
    for (const uint32_t unit : field.living) {
      if (field.faction[unit] == field.faction[shell.attacker]) continue;
      const double px = shell.x - field.x[unit], py = shell.y - field.y[unit];
      const double c = px * px + py * py - radius * radius, b = px * way_x + py * way_y;
      double at = 0;
      if (c > 0) {
        const double root = b * b - a * c;
        if (a == 0 || b >= 0 || root < 0) continue;
        at = (-b - std::sqrt(root)) / a;
        if (at > 1) continue;
      }
      if (at < first) first = at, met = static_cast<int32_t>(unit);
    }
    if (met >= 0) {
      const uint32_t target = static_cast<uint32_t>(met);
      const bool tactical = field.rules == Rules::tactical;
      const bool hit = !field.use_accuracy || field.stream.real() < shell.chance;
      if (!hit) {
        field.statistic(kMisses) += 1;
        field.event(EventKind::miss, field.id[shell.attacker], field.id[target], 0);
        continue;
      }
      field.statistic(kHits) += 1;
      const double amount =
          tactical ? tactical_damage(field, shell.attacker, shell.weapon, target, way_x, way_y)
                   : field.damage[shell.weapon] *
                         (constants.damage_low + (constants.damage_high - constants.damage_low) * field.stream.real());
      if (field.shot_count == field.shots.size()) field.shots.emplace_back();
      field.shots[field.shot_count++] = {shell.attacker, shell.weapon, target, amount};
      continue;
    }
    shell.x += way_x, shell.y += way_y, shell.life -= dt;
    if (shell.life <= 0) {
      field.statistic(kMisses) += 1;
      field.event(EventKind::expired, field.id[shell.attacker], field.id[shell.target], 0);
      continue;
    }
    field.flying[kept++] = shell;
  }
  field.flying.resize(kept);
}

}  // namespace busbar::combat
