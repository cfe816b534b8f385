#include "messages_battle.h"

#include "core/hash/hash.h"

namespace busbar::combat {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

void read_units(const ::combat::Units& from, ColumnReader& columns, UnitColumns& to) {
  to.id = columns(from.id());
  to.faction = columns(from.faction());
  to.hp = columns(from.hp()), to.max_hp = columns(from.max_hp());
  to.shields = columns(from.shields()), to.max_shields = columns(from.max_shields());
  to.armor = columns(from.armor()), to.speed = columns(from.speed()), to.evasion = columns(from.evasion());
  to.x = columns(from.x()), to.y = columns(from.y()), to.facing = columns(from.facing());
  to.morale = columns(from.morale()), to.max_morale = columns(from.max_morale());
  to.skill = columns(from.skill()), to.defence = columns(from.defence());
  to.cover = columns(from.cover()), to.invulnerable_save = columns(from.invulnerable_save());
  to.doctrine = columns(from.doctrine()), to.tags = columns(from.tags());
  to.weapon_count = columns(from.weapon_count());
  to.weapons = {};
  if (const ::combat::Weapons* weapons = from.weapons()) {
    to.weapons.kind = columns(weapons->kind()), to.weapons.arc = columns(weapons->arc());
    to.weapons.damage = columns(weapons->damage()), to.weapons.range = columns(weapons->range());
    to.weapons.cooldown = columns(weapons->cooldown()), to.weapons.accuracy = columns(weapons->accuracy());
    to.weapons.strength = columns(weapons->strength()), to.weapons.penetration = columns(weapons->penetration());
    to.weapons.speed = columns(weapons->speed());
  }
}

flatbuffers::Offset<::combat::SideOutcome> write_side(Builder& builder, const SideResult& side, bool with_damage) {
  flatbuffers::Offset<::combat::DamageColumns> damage;
  if (with_damage) {
    const DamageLog& log = side.damage;
    const auto unit = put_column(builder, log.unit), tick = put_column(builder, log.tick);
    const auto amount = put_column(builder, log.amount);
    const auto type = put_column(builder, log.type);
    const auto source = put_column(builder, log.source);
    damage = ::combat::CreateDamageColumns(builder, unit, tick, amount, type, source);
  }
  const auto id = put_column(builder, side.id), faction = put_column(builder, side.faction);
  const auto hp = put_column(builder, side.hp), max_hp = put_column(builder, side.max_hp);
  const auto shields = put_column(builder, side.shields), morale = put_column(builder, side.morale);
  const auto max_morale = put_column(builder, side.max_morale), fatigue = put_column(builder, side.fatigue);
  const auto state = put_column(builder, side.state);
  const auto x = put_column(builder, side.x), y = put_column(builder, side.y);
  return ::combat::CreateSideOutcome(builder, id, faction, hp, max_hp, shields, morale, max_morale, fatigue, state, x,
                                     y, damage);
}

flatbuffers::Offset<::combat::Outcome> write_outcome(Builder& builder, const ::combat::Battle& battle,
                                                     const BattleOutcome& outcome) {
  const auto id = battle.combat_id() == nullptr
                      ? flatbuffers::Offset<flatbuffers::String>{}
                      : builder.CreateString(battle.combat_id()->c_str(), battle.combat_id()->size());
  if (outcome.fault) {
    const auto text = builder.CreateString(outcome.fault.text);
    ::combat::OutcomeBuilder out(builder);
    if (!id.IsNull()) out.add_combat_id(id);
    out.add_turn_number(battle.turn_number());
    out.add_error(static_cast<uint16_t>(outcome.fault.code));
    out.add_error_text(text);
    return out.Finish();
  }
  const auto attackers = write_side(builder, outcome.sides[0], outcome.has_damage);
  const auto defenders = write_side(builder, outcome.sides[1], outcome.has_damage);
  const auto statistics = builder.CreateVector(outcome.statistics, kStatistics);
  flatbuffers::Offset<::combat::Events> events;
  if (outcome.has_events) {
    const EventLog& log = outcome.events;
    const auto tick = put_column(builder, log.tick);
    const auto kind = put_column(builder, log.kind);
    const auto unit = put_column(builder, log.unit), target = put_column(builder, log.target);
    const auto amount = put_column(builder, log.amount);
    events = ::combat::CreateEvents(builder, tick, kind, unit, target, amount);
  }
  ::combat::OutcomeBuilder out(builder);
  if (!id.IsNull()) out.add_combat_id(id);
  out.add_turn_number(battle.turn_number());
  out.add_attackers(attackers), out.add_defenders(defenders);
  out.add_result(static_cast<::combat::CombatResult>(outcome.result));
  out.add_steps(outcome.steps), out.add_statistics(statistics);
  if (!events.IsNull()) out.add_events(events);
  out.add_hash(outcome.hash);
  return out.Finish();
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> write_names(Builder& builder) {
  flatbuffers::Offset<flatbuffers::String> names[kStatistics];
  for (uint32_t i = 0; i < kStatistics; i++)
    names[i] = builder.CreateString(kStatisticNames[i].data(), kStatisticNames[i].size());
  return builder.CreateVector(names, kStatistics);
}

}  // namespace

void read_battle(const ::combat::Battle& message, ColumnReader& columns, BattleRequest& out) {
  std::vector<NamedConstant> constants = std::move(out.constants);
  out = {};
  out.constants = std::move(constants);
  out.constants.clear();
  read_units(*message.attackers(), columns, out.sides[0]);
  read_units(*message.defenders(), columns, out.sides[1]);
  const ::combat::BattleConfig* config = message.config();
  if (config == nullptr) return;
  out.rules = static_cast<uint8_t>(config->rules());
  out.shields_stop = static_cast<uint8_t>(config->shields_stop());
  out.use_accuracy = config->use_accuracy(), out.mass = config->mass(), out.projectiles = config->projectiles();
  out.events = config->events(), out.damage = config->damage();
  out.steps_max = config->max_steps();
  out.attacker_rate = config->attacker_rate(), out.defender_rate = config->defender_rate(), out.until = config->until();
  if (config->constants() == nullptr) return;
  for (const ::combat::Constant* constant : *config->constants())
    out.constants.push_back({{constant->name()->c_str(), constant->name()->size()}, constant->value()});
}

void write_single(Builder& builder, const ::combat::Battle& battle, const BattleOutcome& outcome) {
  builder.Clear();
  const auto names = write_names(builder);
  builder.Finish(::combat::CreateResolveResponse(builder, write_outcome(builder, battle, outcome), names));
}

void write_batch(Builder& builder, OutcomeOffsets& offsets,
                 const flatbuffers::Vector<flatbuffers::Offset<::combat::Battle>>* battles,
                 const BattleOutcome* outcomes) {
  builder.Clear();
  offsets.clear();
  const auto names = write_names(builder);
  hash::Xxh64 hash;
  for (uint32_t i = 0; battles != nullptr && i < battles->size(); i++) {
    offsets.push_back(write_outcome(builder, *battles->Get(i), outcomes[i]));
    hash.update_value(outcomes[i].hash);
  }
  builder.Finish(::combat::CreateResolveBatchResponse(builder, builder.CreateVector(offsets), names, hash.digest()));
}

void write_progress(Builder& builder, OutcomeOffsets& offsets,
                    const flatbuffers::Vector<flatbuffers::Offset<::combat::Battle>>& battles,
                    const BattleOutcome* outcomes, uint32_t first, uint32_t count, uint64_t hash_so_far) {
  builder.Clear();
  offsets.clear();
  const auto names = write_names(builder);
  for (uint32_t i = 0; i < count; i++) offsets.push_back(write_outcome(builder, *battles.Get(first + i), outcomes[i]));
  builder.Finish(::combat::CreateResolveProgress(builder, first, builder.CreateVector(offsets), names, first + count,
                                                 battles.size(), hash_so_far));
}

}  // namespace busbar::combat
