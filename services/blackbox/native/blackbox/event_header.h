// The header that every event of schema/service/blackbox/events.fbs begins with, read without decoding the rest.
#pragma once

#include <cstdint>
#include <cstring>

namespace busbar::blackbox {

struct EventHeader {
  uint64_t timestamp = 0;
  uint64_t sequence = 0;
  uint64_t faction = 0;
  uint32_t turn = 0;
  uint8_t event_type = 0;
};

inline constexpr uint32_t kEventHeaderBytes = 32;

/// Reads field 0 of the root table of a FlatBuffer, a struct of 32 bytes. The bytes may be hostile: every offset is checked
/// before it is followed. @returns false when there is no such field within the payload
inline bool read_event_header(const uint8_t* payload, uint32_t length, EventHeader& out) {
  const auto u16 = [&](uint64_t at) {
    uint16_t value;
    std::memcpy(&value, payload + at, 2);
    return value;
  };
  const auto u32 = [&](uint64_t at) {
    uint32_t value;
    std::memcpy(&value, payload + at, 4);
    return value;
  };
  const auto u64 = [&](uint64_t at) {
    uint64_t value;
    std::memcpy(&value, payload + at, 8);
    return value;
  };
  if (length < 8) return false;
  const uint64_t table = u32(0);
  if (table < 4 || table % 4 != 0 || table + 4 > length) return false;
  const int64_t vtable = static_cast<int64_t>(table) - static_cast<int32_t>(u32(table));
  if (vtable < 0 || vtable % 2 != 0 || vtable + 6 > static_cast<int64_t>(length)) return false;
  // Sizes of vtable and table, then the offset of field 0.
  const uint16_t field = u16(static_cast<uint64_t>(vtable) + 4);
  if (u16(static_cast<uint64_t>(vtable)) < 6 || field < 4) return false;
  const uint64_t at = table + field;
  if (at % 8 != 0 || at + kEventHeaderBytes > length) return false;
  out.timestamp = u64(at);
  out.sequence = u64(at + 8);
  out.faction = u64(at + 16);
  out.turn = u32(at + 24);
  out.event_type = payload[at + 28];
  return true;
}

}  // namespace busbar::blackbox
