// A step is done in passes that choose without a branch: what is written is then kept or not. Who fires, hits or loses
// its target is luck, and a branch on luck is mispredicted every other time.
#include "skirmish.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "battle.h"

namespace busbar::combat {

namespace {

using Pair [[gnu::vector_size(16)]] = double;

inline Pair load(const double* from) {
  Pair pair;
  std::memcpy(&pair, from, sizeof pair);
  return pair;
}
inline void store(Pair pair, double* to) { std::memcpy(to, &pair, sizeof pair); }

}  // namespace

bool Skirmish::suits(const Battlefield& field) {
  return field.rules == Rules::basic && !field.bearings && !field.projectiles && !field.mass && !field.out->has_events;
}

void Skirmish::fight(Battlefield& field) {
  tally_ = {};
  make_room(field);
  enter(field);
  lost_ = true;
  while (factions_left_ > 1 && field.step < field.steps_max) {
    look();
    const bool moved = movers_ > 0;
    if (moved) move();
    for (uint32_t i = 0; i < seekers_; i++) target_[seeker_[i]] = nearest(seeker_[i]);
    if (moved) measure();
    choose_weapons();
    shoot(field);
    wound(field);
    rest(field.constants.dt);
    lost_ = fallen_ > 0;
    if (lost_) bury(field);
    field.step += 1;
  }
  leave(field);
  add_up(field);
}

/// Lists who has to move and who has no target. Distances are known: nobody has moved since they were measured.
void Skirmish::look() {
  const double* const reach = reach_.data();
  double* const away = away_.data();
  const uint32_t slots = slots_;
  uint32_t movers = 0, seekers = 0;
  if (lost_) {
    const double* const hp = hp_.data();
    const uint32_t* const target_of = target_.data();
    uint32_t* const seeker = seeker_.data();
    for (uint32_t slot = 0; slot < slots; slot++) {
      const bool has_target = hp[target_of[slot]] > 0;
      seeker[seekers] = slot;
      seekers += !has_target;
      away[slot] *= has_target;  // who has none need not come closer; only a ghost's is infinite, and those have one
    }
  }
  uint32_t* const mover = mover_.data();
  for (uint32_t slot = 0; slot < slots; slot++) {
    mover[movers] = slot;
    movers += away[slot] > reach[slot];
  }
  movers_ = movers, seekers_ = seekers;
}

/// All from one snapshot of positions.
void Skirmish::move() {
  for (uint32_t i = 0; i < movers_; i++) {
    const uint32_t slot = mover_[i], target = target_[slot];
    const double dx = x_[target] - x_[slot], dy = y_[target] - y_[slot], distance = std::sqrt(away_[slot]);
    const double way = std::min(way_[slot], distance - stop_[slot]);
    next_x_[i] = x_[slot] + dx / distance * way, next_y_[i] = y_[slot] + dy / distance * way;
  }
  for (uint32_t i = 0; i < movers_; i++) {
    const uint32_t slot = mover_[i];
    x_[slot] = next_x_[i], y_[slot] = next_y_[i], active_[slot] = 1;
  }
}

void Skirmish::measure() {
  const double* const x = x_.data();
  const double* const y = y_.data();
  const uint32_t* const target_of = target_.data();
  double* const away = away_.data();
  for (uint32_t slot = 0, slots = slots_; slot < slots; slot++) {
    const uint32_t target = target_of[slot];
    const double dx = x[target] - x[slot], dy = y[target] - y[slot];
    away[slot] = dx * dx + dy * dy;
  }
}

/// The nearest enemy; on a tie the one with the lowest id.
uint32_t Skirmish::nearest(uint32_t slot) {
  const double x = x_[slot], y = y_[slot];
  const uint32_t own = faction_[slot];
  double best = kNever;
  uint32_t found = nobody_;
  for (uint32_t faction = 0; faction < factions_; faction++) {
    if (faction == own || living_[faction] == 0) continue;
    double square;
    const uint32_t near = loops_.nearest(x_.data(), y_.data(), first_[faction], first_[faction + 1], x, y, square);
    if (square < best || (square == best && unit_[near] < unit_[found])) best = square, found = near;
  }
  away_[slot] = best;
  return found;
}

/// Lists the weapons that are ready and in range.
void Skirmish::choose_weapons() {
  const double* const away = away_.data();
  const double* const range = range_.data();
  const double* const ready_in = ready_in_.data();
  const uint32_t* const slot_of_weapon = weapon_slot_.data();
  uint32_t* const firing = firing_weapon_.data();
  uint32_t count = 0;
  for (uint32_t weapon = 0, weapons = weapons_; weapon < weapons; weapon++) {
    firing[count] = weapon;
    count += (ready_in[weapon] <= 0) & (away[slot_of_weapon[weapon]] <= range[weapon]);
  }
  firing_ = count;
}

/// Two draws a shot, hit or miss.
void Skirmish::shoot(Battlefield& field) {
  const Constants& constants = field.constants;
  const double low = constants.damage_low, spread = constants.damage_high - low;
  const double hit_min = constants.hit_min, hit_max = constants.hit_max;
  const bool certain = !field.use_accuracy;
  random::Stream stream = field.stream;
  const uint32_t* const firing = firing_weapon_.data();
  const uint32_t* const slot_of_weapon = weapon_slot_.data();
  const uint32_t* const target_of = target_.data();
  const double* const accuracy = accuracy_.data();
  const double* const evasion = evasion_.data();
  const double* const damage = damage_.data();
  const double* const cooldown = cooldown_.data();
  double* const ready_in = ready_in_.data();
  double* const active = active_.data();
  Hit* const hit = hit_.data();
  uint32_t hits = 0;
  for (uint32_t i = 0, count = firing_; i < count; i++) {
    const uint32_t weapon = firing[i], slot = slot_of_weapon[weapon], target = target_of[slot];
    ready_in[weapon] = cooldown[weapon];
    active[slot] = 1;
    const double chance = std::min(std::max(accuracy[weapon] - evasion[target], hit_min), hit_max);
    const bool lucky = certain | (stream.real() < chance);
    hit[hits] = {weapon, target, damage[weapon] * (low + spread * stream.real())};
    hits += lucky;
  }
  field.stream = stream;
  hits_ = hits;
  tally_.shots += firing_, tally_.hits += hits;
}

void Skirmish::wound(Battlefield& field) {
  const double energy_mitigation = field.constants.energy_mitigation;
  const bool energy_only = field.shields_stop == ShieldsStop::energy_only, logs = field.out->has_damage;
  const Hit* const hits = hit_.data();
  const WeaponKind* const kind_of = kind_.data();
  const uint32_t* const slot_of_weapon = weapon_slot_.data();
  const uint8_t* const side_of = side_.data();
  const double* const exposed = exposed_.data();
  const double* const passes_kinetic = passes_kinetic_.data();
  double* const hp_of = hp_.data();
  double* const shields_of = shields_.data();
  Tally tally = tally_;
  fallen_ = 0;
  for (uint32_t i = 0, count = hits_; i < count; i++) {
    const auto [weapon, target, full] = hits[i];
    const double hp = hp_of[target], all_shields = shields_of[target];
    if (!(hp > 0)) {
      tally.wasted += full;
      continue;
    }
    const WeaponKind kind = kind_of[weapon];
    double passes = passes_kinetic[target], shields = all_shields;
    if (kind >= WeaponKind::energy && kind != WeaponKind::melee) {
      passes = exposed[target];
      if (kind <= WeaponKind::beam && max_shields_[target] > 0)
        passes *= 1 - energy_mitigation * all_shields / max_shields_[target];
    }
    if (energy_only && kind != WeaponKind::energy && kind != WeaponKind::beam) shields = 0;
    const double amount = full * passes;
    // Whoever takes all that a unit has kills it: no rounding leaves a last breath.
    const bool kills = amount >= shields + hp;
    const double absorbed = kills ? shields : std::min(shields, amount);
    const double lost = kills ? hp : std::min(hp, amount - absorbed), left = hp - lost;
    shields_of[target] = all_shields - absorbed;
    hp_of[target] = left;
    const uint32_t attacker = slot_of_weapon[weapon], of = side_of[target];
    tally.damage[side_of[attacker]] += amount;
    tally.shields_lost[of] += absorbed, tally.hp_lost[of] += lost;
    if (kills) tally.overkill += std::max(0.0, amount - absorbed - lost);
    if (!(left > 0)) fallen_slot_[fallen_++] = target;
    if (logs)
      field.out->sides[of].damage.add(field.row[unit_[target]], field.step, absorbed + lost, kind,
                                      field.id[unit_[attacker]]);
  }
  tally_ = tally;
}

void Skirmish::rest(double dt) {
  // Both arrays are filled up to a multiple of two.
  double* const ready_in = ready_in_.data();
  for (uint32_t weapon = 0, weapons = weapons_; weapon < weapons; weapon += 2) {
    const Pair left = load(ready_in + weapon) - dt;
    store(left > 0 ? left : Pair{}, ready_in + weapon);
  }
  double* const fatigue = fatigue_.data();
  double* const active = active_.data();
  for (uint32_t slot = 0, slots = slots_; slot < slots; slot += 2) {
    store(load(fatigue + slot) + load(active + slot) * dt, fatigue + slot);
    store(Pair{}, active + slot);
  }
}

/// The dead of this step become ghosts.
void Skirmish::bury(Battlefield& field) {
  for (uint32_t i = 0; i < fallen_; i++) {
    const uint32_t slot = fallen_slot_[i];
    leave_unit(field, slot);
    field.state[unit_[slot]] = static_cast<uint8_t>(UnitState::destroyed);
    make_ghost(slot);
    if (--living_[faction_[slot]] == 0) factions_left_ -= 1;
  }
  buried_ += fallen_;
  if (buried_ * kGhostShare < slots_ || factions_left_ < 2) return;
  leave(field);
  enter(field);
  measure();
}

}  // namespace busbar::combat
