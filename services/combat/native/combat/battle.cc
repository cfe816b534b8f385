// The order of a step, its end, and what is reported.
#include "battle.h"

#include <algorithm>
#include <bit>

#include "core/hash/hash.h"

namespace busbar::combat {
namespace {

void list_living(Battlefield& field) {
  for (uint32_t faction = 0; faction < field.factions; faction++) field.members[faction].clear();
  field.living.clear();
  for (uint32_t unit = 0; unit < field.units; unit++) {
    if (!field.alive(unit)) continue;
    field.living.push_back(unit);
    field.members[field.faction[unit]].push_back(unit);
  }
}

/// Takes the dead out of the lists; they keep their order.
void forget_dead(Battlefield& field) {
  if (field.deaths == 0) return;
  field.deaths = 0;
  const auto dead = [&](uint32_t unit) { return !field.alive(unit); };
  std::erase_if(field.living, dead);
  for (uint32_t faction = 0; faction < field.factions; faction++) std::erase_if(field.members[faction], dead);
}

/// True when at most one faction can fight; `result` is then set.
bool is_over(const Battlefield& field, BattleResult& result) {
  uint32_t fighting = 0, side = 0;
  bool living[2] = {};
  for (uint32_t faction = 0; faction < field.factions; faction++) {
    bool fights = false;
    for (const uint32_t unit : field.members[faction]) {
      living[field.side[unit]] = true;
      if (field.routing(unit)) continue;
      fights = true;
      break;
    }
    if (!fights) continue;
    fighting += 1;
    side = field.faction_sides[faction];
  }
  if (fighting > 1) return false;
  const auto win = [](uint32_t of) { return of == 0 ? BattleResult::attacker_win : BattleResult::defender_win; };
  if (fighting == 1)
    result = win(side);
  else if (living[0] != living[1])
    result = win(living[0] ? 0 : 1);
  else
    result = living[0] ? BattleResult::draw : BattleResult::mutual_destruction;
  return true;
}

void cool_down(Battlefield& field) {
  const double dt = field.constants.dt;
  for (double& left : field.ready_in) left = std::max(left - dt, 0.0);
  double* const fatigue = field.fatigue.data();
  const uint8_t* const active = field.active.data();
  for (const uint32_t unit : field.living) fatigue[unit] += active[unit] * dt;
}

void put(hash::Xxh64& hash, const std::vector<double>& column) {
  static_assert(std::endian::native == std::endian::little, "hashes are taken over little-endian bytes");
  hash.update(column.data(), column.size() * sizeof(double));
}

void report(Battlefield& field, BattleOutcome& out) {
  for (uint32_t side = 0; side < 2; side++) {
    SideResult& rows = out.sides[side];
    const size_t n = static_cast<size_t>(out.statistics[kAttackersStart + side]);
    for (auto* column :
         {&rows.hp, &rows.max_hp, &rows.shields, &rows.morale, &rows.max_morale, &rows.fatigue, &rows.x, &rows.y})
      column->resize(n);
    rows.id.resize(n), rows.faction.resize(n), rows.state.resize(n);
  }
  for (uint32_t unit = 0; unit < field.units; unit++) {
    SideResult& rows = out.sides[field.side[unit]];
    const uint32_t row = field.row[unit];
    rows.id[row] = field.id[unit], rows.faction[row] = field.faction_ids[field.faction[unit]];
    rows.hp[row] = field.hp[unit], rows.max_hp[row] = field.max_hp[unit], rows.shields[row] = field.shields[unit];
    rows.morale[row] = field.morale[unit], rows.max_morale[row] = field.max_morale[unit];
    rows.fatigue[row] = field.fatigue[unit], rows.state[row] = field.state[unit];
    rows.x[row] = field.x[unit], rows.y[row] = field.y[unit];
    if (field.alive(unit)) {
      out.statistics[kAttackersAlive + field.side[unit]] += 1;
      if (field.routing(unit)) out.statistics[kAttackersRouted + field.side[unit]] += 1;
    }
  }
  hash::Xxh64 hash;
  hash.update_value(static_cast<uint32_t>(out.result));
  hash.update_value(out.steps);
  for (const SideResult& rows : out.sides) {
    hash.update_value(static_cast<uint64_t>(rows.id.size()));
    hash.update(rows.id.data(), rows.id.size() * sizeof(uint64_t));
    for (const auto* column : {&rows.hp, &rows.shields, &rows.morale, &rows.fatigue, &rows.x, &rows.y})
      put(hash, *column);
    hash.update(rows.state.data(), rows.state.size());
  }
  hash.update(out.statistics, sizeof out.statistics);
  out.hash = hash.digest();
}

void fight(Battlefield& field, BattleOutcome& out) {
  list_living(field);
  if (Skirmish::suits(field)) {
    field.skirmish.fight(field);
    list_living(field);
  }
  while (!is_over(field, out.result)) {
    if (field.step == field.steps_max) {
      out.result = BattleResult::defender_win;
      break;
    }
    std::fill(field.active.begin(), field.active.end(), uint8_t{0});
    std::fill(field.hurt.begin(), field.hurt.end(), uint8_t{0});
    if (field.mass) {
      mass_step(field);
    } else {
      move_units(field);
      take_targets(field);
      fire(field);
      if (field.projectiles) fly(field);
      apply_shots(field);
      if (field.rules == Rules::tactical) change_morale(field);
    }
    cool_down(field);
    forget_dead(field);
    field.step += 1;
    if (out.events.tick.size() > field.events_max) return;
  }
}

}  // namespace

void destroy(Battlefield& field, uint32_t unit, uint64_t by) {
  field.deaths += 1;
  field.state[unit] = static_cast<uint8_t>(UnitState::destroyed);
  field.event(EventKind::destroyed, by, field.id[unit], 0);
}

void resolve(const BattleRequest& request, const Config& config, const std::string& path, uint64_t seed, uint64_t index,
             Battlefield& field, BattleOutcome& out) {
  out.result = BattleResult::unknown, out.steps = 0, out.hash = 0;
  std::fill(std::begin(out.statistics), std::end(out.statistics), 0.0);
  out.events.clear(), out.sides[0].damage.clear(), out.sides[1].damage.clear();
  out.has_events = request.events, out.has_damage = request.damage;
  out.fault = prepare(request, config, path, field);
  if (out.fault) return;
  field.stream = random::Stream(seed, kBattleStream, index);
  field.out = &out;
  for (uint32_t side = 0; side < 2; side++)
    out.statistics[kAttackersStart + side] = static_cast<double>(request.sides[side].id.size);
  if (field.rules == Rules::lanchester_square || field.rules == Rules::lanchester_linear) {
    lanchester(field);
  } else {
    fight(field, out);
    out.statistics[kSeconds] = field.step * field.constants.dt;
  }
  if (out.events.tick.size() > field.events_max) {
    out.fault = limit_exceeded(path + ": number of events", out.events.tick.size(), field.events_max);
    return;
  }
  out.steps = field.step;
  report(field, out);
}

}  // namespace busbar::combat
