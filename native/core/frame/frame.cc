#include "core/frame/frame.h"

#include <array>
#include <bit>

namespace busbar::frame {
namespace {

// Offsets of the header's fields.
constexpr size_t kAtLength = 0, kAtMagic = 4, kAtVersion = 5, kAtKind = 6, kAtPayload = 7, kAtType = 8, kAtSource = 12;
constexpr size_t kAtSchema = 16, kAtSequence = 24, kAtTimestamp = 32, kAtCorrelation = 40, kAtEpoch = 48, kAtTopic = 52;
constexpr size_t kAtTtl = 56, kAtFlags = 60, kAtLane = 62, kAtReserved = 63;

// Byte order is spelled out rather than assumed; compilers make one move of it on little-endian machines.
template <typename Integer>
void put(uint8_t* at, Integer value) {
  for (size_t i = 0; i < sizeof value; i++) at[i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> (8 * i));
}
template <typename Integer>
Integer get(const uint8_t* at) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); i++) value |= static_cast<uint64_t>(at[i]) << (8 * i);
  return static_cast<Integer>(value);
}

constexpr bool known(uint16_t type) {
  return type == extension::kTopic || type == extension::kTrace || type == extension::kReplyTo ||
         type == extension::kCrc32 || type == extension::kError || type == extension::kKey;
}

constexpr auto kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

}  // namespace

const char* fault_name(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "";
    case Fault::kShort:
      return "SHORT";
    case Fault::kBadMagic:
      return "MAGIC";
    case Fault::kBadVersion:
      return "VERSION";
    case Fault::kLength:
      return "LENGTH";
    case Fault::kExt:
      return "EXT";
    case Fault::kCriticalExt:
      return "CRITICAL_EXT";
    case Fault::kCrc:
      return "CRC";
  }
  return "";
}

Fault check(const uint8_t* frame, size_t available) {
  if (available < kHeaderBytes) return Fault::kShort;
  if (frame[kAtMagic] != kMagic) return Fault::kBadMagic;
  if (frame[kAtVersion] != kVersion) return Fault::kBadVersion;
  const uint32_t length = get<uint32_t>(frame + kAtLength);
  const uint32_t payload = frame[kAtPayload] * 8u;
  if (length > available || payload < kHeaderBytes || payload > length) return Fault::kLength;
  for (uint32_t at = kHeaderBytes; at < payload;) {
    const auto type = get<uint16_t>(frame + at);
    const auto bytes = static_cast<uint32_t>(padded_bytes(4u + get<uint16_t>(frame + at + 2)));
    if (bytes > payload - at) return Fault::kExt;
    if ((type & extension::kCritical) != 0 && !known(static_cast<uint16_t>(type & ~extension::kCritical))) {
      return Fault::kCriticalExt;
    }
    at += bytes;
  }
  return Fault::kNone;
}

uint32_t crc32(const uint8_t* bytes, size_t count) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < count; i++) crc = kCrcTable[(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

bool crc_matches(const uint8_t* frame) {
  const auto value = find_extension(frame, extension::kCrc32);
  if (value.data() == nullptr) return true;
  const uint32_t payload = frame[kAtPayload] * 8u;
  return value.size() == 4 && get<uint32_t>(value.data()) == crc32(frame + payload, get<uint32_t>(frame) - payload);
}

void write_header(uint8_t* out, const Header& header) {
  put(out + kAtLength, header.length);
  out[kAtMagic] = kMagic;
  out[kAtVersion] = kVersion;
  out[kAtKind] = header.kind;
  out[kAtPayload] = static_cast<uint8_t>(header.payload_offset / 8);
  put(out + kAtType, header.type_id);
  put(out + kAtSource, header.source_id);
  put(out + kAtSchema, header.schema);
  put(out + kAtSequence, header.sequence);
  put(out + kAtTimestamp, header.timestamp);
  put(out + kAtCorrelation, header.correlation);
  put(out + kAtEpoch, header.epoch);
  put(out + kAtTopic, header.topic_id);
  put(out + kAtTtl, header.ttl_ms);
  put(out + kAtFlags, header.flags);
  out[kAtLane] = header.lane;
  out[kAtReserved] = 0;
}

Header read_header(const uint8_t* frame) {
  Header header;
  header.length = get<uint32_t>(frame + kAtLength);
  header.kind = frame[kAtKind];
  header.payload_offset = frame[kAtPayload] * 8u;
  header.type_id = get<uint32_t>(frame + kAtType);
  header.source_id = get<uint32_t>(frame + kAtSource);
  header.schema = get<uint64_t>(frame + kAtSchema);
  header.sequence = get<uint64_t>(frame + kAtSequence);
  header.timestamp = get<uint64_t>(frame + kAtTimestamp);
  header.correlation = get<uint64_t>(frame + kAtCorrelation);
  header.epoch = get<uint32_t>(frame + kAtEpoch);
  header.topic_id = get<uint32_t>(frame + kAtTopic);
  header.ttl_ms = get<uint32_t>(frame + kAtTtl);
  header.flags = get<uint16_t>(frame + kAtFlags);
  header.lane = frame[kAtLane];
  return header;
}

uint32_t write_extension(uint8_t* frame, uint32_t at, uint32_t limit, uint16_t type, std::span<const uint8_t> value) {
  const uint64_t bytes = padded_bytes(4 + value.size());
  if (value.size() > 0xFFFF || at > limit || bytes > limit - at) return 0;
  std::memset(frame + at, 0, bytes);
  put(frame + at, type);
  put(frame + at + 2, static_cast<uint16_t>(value.size()));
  if (!value.empty()) std::memcpy(frame + at + 4, value.data(), value.size());
  return at + static_cast<uint32_t>(bytes);
}

std::span<const uint8_t> find_extension(const uint8_t* frame, uint16_t type) {
  const uint32_t payload = frame[kAtPayload] * 8u;
  for (uint32_t at = kHeaderBytes; at < payload;) {
    const uint32_t bytes = get<uint16_t>(frame + at + 2);
    if ((get<uint16_t>(frame + at) & ~extension::kCritical) == type) return {frame + at + 4, bytes};
    at += static_cast<uint32_t>(padded_bytes(4 + bytes));
  }
  return {};
}

}  // namespace busbar::frame
