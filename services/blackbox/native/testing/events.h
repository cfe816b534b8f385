// For tests and the fuzzer: events, their types, a clock that stands still.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "blackbox/recorder.h"
#include "events_generated.h"

namespace busbar::blackbox::testing {

/// Moved by tests.
inline uint64_t monotonic = 1, wall = 1'000'000;
inline Clock still_clock() {
  return {[] { return monotonic; }, [] { return wall; }};
}

inline std::vector<Type> types() {
  return {{"blackbox.TurnStart", 1, 0x11, "schema of TurnStart", true, 5},
          {"blackbox.DamageDealt", 2, 0x22, "schema of DamageDealt", true, 2},
          {"game.Move", 3, 0x33, "schema of Move", false, -1}};
}

inline std::string damage(uint64_t sequence, uint32_t turn, uint64_t faction = 1, uint64_t time = 0,
                          const std::string& combat = "combat",
                          ::blackbox::EventType event_type = ::blackbox::EventType::damage_dealt) {
  flatbuffers::FlatBufferBuilder builder;
  const ::blackbox::EventHeader header(time == 0 ? 1000 * sequence : time, sequence, faction, turn, event_type);
  builder.Finish(::blackbox::CreateDamageDealt(builder, &header, builder.CreateString(combat), 7, 8, 2.5f));
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

inline Incoming incoming(uint32_t type, const std::string& payload, uint64_t publish_time = 5, std::string_view topic = {}) {
  return {type, publish_time, reinterpret_cast<const uint8_t*>(payload.data()), static_cast<uint32_t>(payload.size()), topic,
          false};
}

}  // namespace busbar::blackbox::testing
