// What others publish to the service: turns and battles.
#include "answers.h"
#include "busbar_types.h"
#include "decode.h"

namespace busbar::ecs {
namespace {

constexpr size_t kFactionBytesMax = 4'096;

template <class Table>
const Table* read(Instance& self, const busbar_message& message) {
  if (message.verified == 0) {
    flatbuffers::Verifier verifier(message.payload, message.payload_length, 64, 10'000'000);
    if (!verifier.VerifyBuffer<Table>(nullptr)) {
      self.log(40, "a message to ecs is not a valid FlatBuffer");
      return nullptr;
    }
  }
  return flatbuffers::GetRoot<Table>(message.payload);
}

bool set_turn(Instance& self, const flatbuffers::String* faction, uint32_t turn) {
  if (faction->size() > kFactionBytesMax) {
    self.log(40, "a faction's name has " + std::to_string(faction->size()) + " bytes, the limit is 4096");
    return false;
  }
  self.turn = turn;
  self.faction = faction->str();
  self.step++;
  return true;
}

}  // namespace

busbar_status follow_turn_start(Instance& self, const busbar_message& message) {
  const auto* const event = read<::ecs::FactionTurnStart>(self, message);
  if (event == nullptr || !set_turn(self, event->faction(), event->turn())) return BUSBAR_ERROR;
  self.run_scheduled(self.config.turn_start);
  self.publish_deltas(false);
  return BUSBAR_OK;
}

busbar_status follow_turn_end(Instance& self, const busbar_message& message) {
  const auto* const event = read<::ecs::FactionTurnEnd>(self, message);
  if (event == nullptr || !set_turn(self, event->faction(), event->turn())) return BUSBAR_ERROR;
  self.run_scheduled(self.config.turn_end);
  self.publish_deltas(true);
  return BUSBAR_OK;
}

busbar_status follow_combat(Instance& self, const busbar_message& message) {
  const auto* const event = read<::ecs::CombatEvent>(self, message);
  if (event == nullptr) return BUSBAR_ERROR;
  const std::vector<EntityId> attackers = read_ids(event->attackers()), defenders = read_ids(event->defenders());
  if (attackers.size() + defenders.size() > self.config.items_max) {
    self.log(40, "a CombatEvent has " + std::to_string(attackers.size() + defenders.size()) +
                     " entities, the limit is " + std::to_string(self.config.items_max));
    return BUSBAR_ERROR;
  }
  if (event->result() > ::ecs::CombatResult::mutual_destruction) {
    self.log(40, "a CombatEvent's result is none of CombatResult");
    return BUSBAR_ERROR;
  }
  if (!self.config.events) return BUSBAR_OK;
  std::vector<EntityId> gone;
  for (const auto* const side : {&attackers, &defenders}) {
    for (const EntityId id : *side) {
      if (!self.store->alive(id)) gone.push_back(id);
    }
  }
  Builder& builder = self.builder;
  builder.Clear();
  const auto faction = builder.CreateString(self.faction), id = builder.CreateString(event->id());
  const auto attacker_list = put(builder, attackers), defender_list = put(builder, defenders);
  const auto gone_list = put(builder, gone);
  builder.Finish(::ecs::CreateCombatRelayed(builder, ++self.event_sequence, self.turn, faction, id, attacker_list,
                                            defender_list, event->result(), gone_list));
  const types::Type& type = types::ecs::CombatRelayed;
  publish_message(self.host, builder, type.id, type.fingerprint, {}, self.counters.events_sent,
                  self.counters.events_refused);
  return BUSBAR_OK;
}

}  // namespace busbar::ecs
