// Frame layout (docs/wire.md, section 1): 64 fixed bytes, TLV extensions, payload; little endian. The twin of
// bus/wire/frame.ts; test/conformance/vectors/frames.json holds both to the same bytes.
// Everything works in place, allocates nothing and trusts nothing before `check` has passed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace busbar::frame {

inline constexpr uint8_t kMagic = 0x42;
inline constexpr uint8_t kVersion = 1;
inline constexpr uint32_t kHeaderBytes = 64;
/// The payload offset is one byte, in units of 8.
inline constexpr uint32_t kExtensionsBytesMax = 255 * 8 - kHeaderBytes;
inline constexpr uint32_t kMessageBytesMax = 16u << 20;
inline constexpr uint64_t kSequenceMax = (uint64_t{1} << 53) - 1;

namespace kind {
inline constexpr uint8_t kData = 1, kRequest = 2, kResponse = 3, kError = 4, kStreamItem = 5, kStreamEnd = 6,
                         kCancel = 7;
inline constexpr uint8_t kHello = 16, kWelcome = 17, kRefuse = 18, kPing = 19, kPong = 20, kBye = 21, kSchema = 22;
inline constexpr uint8_t kAck = 23, kSubscribe = 24, kCredit = 25, kPad = 255;
}  // namespace kind

namespace flag {
inline constexpr uint16_t kAckWanted = 1, kNotFlatBuffers = 2, kCrc32 = 4, kReplayed = 8, kSampledTrace = 16;
inline constexpr uint16_t kLastOfStream = 32;
}  // namespace flag

namespace lane {
inline constexpr uint8_t kData = 0, kControl = 1;
}

namespace extension {
inline constexpr uint16_t kTopic = 1, kTrace = 2, kReplyTo = 3, kCrc32 = 4, kError = 6, kKey = 7;
inline constexpr uint16_t kCritical = 0x8000;
}  // namespace extension

/// The fields of a header by value. `payload_offset` counts from the start of the frame: 64 plus extensions.
struct Header {
  uint32_t length = kHeaderBytes;
  uint8_t kind = 0;
  uint32_t payload_offset = kHeaderBytes;
  uint32_t type_id = 0;
  uint32_t source_id = 0;
  uint64_t schema = 0;
  uint64_t sequence = 0;
  uint64_t timestamp = 0;
  uint64_t correlation = 0;
  uint32_t epoch = 0;
  uint32_t topic_id = 0;
  uint32_t ttl_ms = 0;
  uint16_t flags = 0;
  uint8_t lane = 0;
};

/// Names are those of the conformance vectors.
enum class Fault : uint8_t { kNone, kShort, kBadMagic, kBadVersion, kLength, kExt, kCriticalExt, kCrc };
const char* fault_name(Fault fault);

/// What a frame of `length` bytes takes in a batch or a ring.
constexpr uint64_t padded_bytes(uint64_t length) { return (length + 7) & ~uint64_t{7}; }

/// Bounds check of the frame at `frame` with `available` bytes at hand. Reads nothing beyond them.
Fault check(const uint8_t* frame, size_t available);
/// Whether the payload matches the CRC32 extension; true without one. After `check` only.
bool crc_matches(const uint8_t* frame);
uint32_t crc32(const uint8_t* bytes, size_t count);

/// Writes all 64 bytes; `out` needs that much room.
void write_header(uint8_t* out, const Header& header);
/// After `check` only.
Header read_header(const uint8_t* frame);

/// Writes one extension at byte `at` (a multiple of 8) of a frame, below byte `limit`.
/// @returns offset behind it, or 0 when it does not fit
uint32_t write_extension(uint8_t* frame, uint32_t at, uint32_t limit, uint16_t type, std::span<const uint8_t> value);
/// Value of the first extension `type` (criticality ignored) of a checked frame; data() is null when there is none.
std::span<const uint8_t> find_extension(const uint8_t* frame, uint16_t type);

}  // namespace busbar::frame
