// One battle: what is asked, the state while it is fought, and what comes out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config.h"
#include "core/random/random.h"
#include "fault.h"
#include "skirmish.h"

namespace busbar::combat {

/// Numbers as in schema/service/combat/combat.fbs.
enum class Rules : uint8_t { basic, tactical, lanchester_square, lanchester_linear };
enum class WeaponKind : uint8_t { kinetic, fighter, energy, beam, explosive, missile, melee };
enum class Arc : uint8_t { dorsal, prow, broadside, aft };
enum class Doctrine : uint8_t { none, charge, kite, defend };
enum class ShieldsStop : uint8_t { all, energy_only };
enum class BattleResult : uint8_t { unknown, attacker_win, defender_win, draw, mutual_destruction };
enum class UnitState : uint8_t { steady, shaken, routing, destroyed };
enum class EventKind : uint8_t { hit, miss, destroyed, shaken, routing, rallied, wasted, expired };

inline constexpr uint32_t kInspiring = 1, kFear = 2, kTerror = 4, kFearless = 8, kTagsAll = 15;
inline constexpr std::string_view kBattleStream = "combat/battle";

/// A borrowed column; null when it was left out.
template <class T>
struct Column {
  const T* data = nullptr;
  size_t size = 0;
  explicit operator bool() const { return data != nullptr; }
  T at(size_t i, T otherwise) const { return data == nullptr ? otherwise : data[i]; }
};

struct WeaponColumns {
  Column<uint8_t> kind, arc;
  Column<double> damage, range, cooldown, accuracy, strength, penetration, speed;
};

struct UnitColumns {
  Column<uint64_t> id, faction;
  Column<double> hp, max_hp, shields, max_shields, armor, speed, evasion, x, y, facing, morale, max_morale, skill,
      defence;
  Column<uint8_t> cover, invulnerable_save, doctrine;
  Column<uint32_t> tags;
  Column<uint16_t> weapon_count;
  WeaponColumns weapons;
};

struct NamedConstant {
  std::string_view name;
  double value;
};

struct BattleRequest {
  UnitColumns sides[2];  // attackers, defenders
  uint8_t rules = 0;
  uint8_t shields_stop = 0;
  bool use_accuracy = true, mass = false, projectiles = false, events = false, damage = false;
  uint32_t steps_max = 500;
  double attacker_rate = 0, defender_rate = 0, until = 0;
  std::vector<NamedConstant> constants;
};

/// The order of Outcome.statistics.
enum Statistic : uint32_t {
  kAttackersStart,
  kDefendersStart,
  kAttackersAlive,
  kDefendersAlive,
  kAttackersRouted,
  kDefendersRouted,
  kShots,
  kHits,
  kMisses,
  kAttackerDamage,
  kDefenderDamage,
  kAttackerHpLost,
  kDefenderHpLost,
  kAttackerShieldsLost,
  kDefenderShieldsLost,
  kOverkill,
  kWasted,
  kSeconds,
  kStatistics
};
inline constexpr std::string_view kStatisticNames[kStatistics] = {"attackers_start",
                                                                  "defenders_start",
                                                                  "attackers_alive",
                                                                  "defenders_alive",
                                                                  "attackers_routed",
                                                                  "defenders_routed",
                                                                  "shots",
                                                                  "hits",
                                                                  "misses",
                                                                  "attacker_damage",
                                                                  "defender_damage",
                                                                  "attacker_hp_lost",
                                                                  "defender_hp_lost",
                                                                  "attacker_shields_lost",
                                                                  "defender_shields_lost",
                                                                  "overkill",
                                                                  "wasted_damage",
                                                                  "seconds"};

struct DamageLog {
  std::vector<uint32_t> unit, tick;
  std::vector<double> amount;
  std::vector<uint8_t> type;
  std::vector<uint64_t> source;
  void clear() { unit.clear(), tick.clear(), amount.clear(), type.clear(), source.clear(); }
  void add(uint32_t of, uint32_t when, double lost, WeaponKind kind, uint64_t by) {
    unit.push_back(of), tick.push_back(when), amount.push_back(lost);
    type.push_back(static_cast<uint8_t>(kind)), source.push_back(by);
  }
};

struct EventLog {
  std::vector<uint32_t> tick;
  std::vector<uint8_t> kind;
  std::vector<uint64_t> unit, target;
  std::vector<double> amount;
  void clear() { tick.clear(), kind.clear(), unit.clear(), target.clear(), amount.clear(); }
};

/// Rows in the order of the request.
struct SideResult {
  std::vector<uint64_t> id, faction;
  std::vector<double> hp, max_hp, shields, morale, max_morale, fatigue, x, y;
  std::vector<uint8_t> state;
  DamageLog damage;
};

struct BattleOutcome {
  Fault fault;
  BattleResult result = BattleResult::unknown;
  uint32_t steps = 0;
  double statistics[kStatistics] = {};
  SideResult sides[2];
  EventLog events;
  uint64_t hash = 0;
  bool has_events = false, has_damage = false;
};

/// A shot that hit, or a projectile's impact, waiting to be applied.
struct Shot {
  uint32_t attacker, weapon, target;
  double amount;
};

struct Projectile {
  uint32_t attacker, weapon, target;
  double x, y, vx, vy, life, chance;
};

/// The state of a battle: units in the order of their ids, one array per field. Kept by a worker between battles, so
/// that a battle allocates nothing once the arrays are large enough.
struct Battlefield {
  Rules rules = Rules::basic;
  ShieldsStop shields_stop = ShieldsStop::all;
  bool use_accuracy = true, projectiles = false, mass = false, bearings = false;
  uint32_t steps_max = 0, events_max = 0, step = 0, deaths = 0;
  double attacker_rate = 0, defender_rate = 0, until = 0;
  Constants constants;
  random::Stream stream{0};

  uint32_t units = 0, factions = 0;
  std::vector<uint64_t> faction_ids;  // ascending
  std::vector<uint8_t> faction_sides;
  std::vector<uint64_t> id;
  std::vector<uint32_t> row, tags, weapon_first, aimed;
  std::vector<uint16_t> faction;
  std::vector<uint8_t> side, state, suppression;  // suppression: 0 none, 1 suppressed, 2 pinned
  std::vector<Doctrine> doctrine;
  std::vector<int32_t> target;
  // passes_kinetic, exposed: the shares of damage that armor and cover let through under the basic rules.
  std::vector<double> hp, max_hp, shields, max_shields, armor, passes_kinetic, speed, evasion, exposed, x, y, next_x,
      next_y, face_x, face_y, morale, max_morale, skill, defence, save, stop, fatigue, unhurt, loss;
  std::vector<uint8_t> cover, hurt, active;
  std::vector<WeaponKind> weapon_kind;
  std::vector<Arc> weapon_arc;
  std::vector<double> damage, range, cooldown, ready_in, accuracy, strength, penetration, projectile_speed;

  std::vector<uint32_t> living;                // ascending
  std::vector<std::vector<uint32_t>> members;  // of each faction, living, ascending
  std::vector<Shot> shots;                     // the first shot_count are waiting
  size_t shot_count = 0;
  std::vector<Projectile> flying;
  std::vector<double> change;
  std::vector<uint32_t> order;
  std::vector<uint64_t> sorting;
  // Where each living unit is, faction after faction, for whoever looks for a target.
  std::vector<double> seen_x, seen_y;
  std::vector<uint32_t> seen_unit, seen_first;

  Skirmish skirmish;

  BattleOutcome* out = nullptr;

  bool alive(uint32_t unit) const { return hp[unit] > 0; }
  bool routing(uint32_t unit) const { return state[unit] == static_cast<uint8_t>(UnitState::routing); }
  void event(EventKind kind, uint64_t unit, uint64_t whom, double amount) {
    if (out->has_events) record(kind, unit, whom, amount);
  }
  void record(EventKind kind, uint64_t unit, uint64_t whom, double amount) {
    out->events.tick.push_back(step);
    out->events.kind.push_back(static_cast<uint8_t>(kind));
    out->events.unit.push_back(unit);
    out->events.target.push_back(whom);
    out->events.amount.push_back(amount);
  }
  double& statistic(Statistic which) { return out->statistics[which]; }
  /// The same statistic of attackers and defenders are neighbours.
  double& statistic_of(Statistic attackers, uint32_t of_side) { return out->statistics[attackers + of_side]; }
};

/// Where a point lies as seen from a unit: front within 45 degrees, rear within 45 degrees of the back, else side.
enum class Bearing : uint8_t { front, side, rear };
/// @param face_x, face_y a unit vector; no angle is computed: 2 dot^2 >= d^2 says |angle| <= 45 degrees
inline Bearing bearing_of(double face_x, double face_y, double dx, double dy) {
  const double dot = face_x * dx + face_y * dy, square = dx * dx + dy * dy;
  if (2 * dot * dot < square) return Bearing::side;
  return dot >= 0 ? Bearing::front : Bearing::rear;
}

/// Checks a request and lays out the field. @param path names the battle in texts, such as "battles[3]"
Fault prepare(const BattleRequest& request, const Config& config, const std::string& path, Battlefield& field);

/// Fights a battle to its end; draws from derive(seed, "combat/battle", index).
void resolve(const BattleRequest& request, const Config& config, const std::string& path, uint64_t seed, uint64_t index,
             Battlefield& field, BattleOutcome& out);

// Steps of a battle, in separate files.
void move_units(Battlefield& field);
void take_targets(Battlefield& field);
void fire(Battlefield& field);
void apply_shots(Battlefield& field);
void fly(Battlefield& field);
void change_morale(Battlefield& field);
void mass_step(Battlefield& field);
void lanchester(Battlefield& field);

/// A unit's death: its state, the event.
void destroy(Battlefield& field, uint32_t unit, uint64_t by);

/// Takes `amount`, already mitigated, from a living unit. @returns what shields and hp lost
inline double wound(Battlefield& field, uint32_t unit, double amount, bool shields_absorb) {
  double* const statistics = field.out->statistics + field.side[unit];
  const double shields = shields_absorb ? field.shields[unit] : 0, hp = field.hp[unit];
  // Whoever takes all that a unit has kills it: no rounding leaves a last breath.
  const bool kills = amount >= shields + hp;
  const double absorbed = kills ? shields : std::min(shields, amount);
  const double lost = kills ? hp : std::min(hp, amount - absorbed);
  field.shields[unit] -= absorbed;
  field.hp[unit] = hp - lost;
  field.hurt[unit] = 1;
  if (field.rules == Rules::tactical && field.max_hp[unit] > 0) field.loss[unit] += 100 * lost / field.max_hp[unit];
  statistics[kAttackerShieldsLost] += absorbed;
  statistics[kAttackerHpLost] += lost;
  if (kills) field.out->statistics[kOverkill] += std::max(0.0, amount - absorbed - lost);
  return absorbed + lost;
}

}  // namespace busbar::combat
