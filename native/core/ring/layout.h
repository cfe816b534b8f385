// Layout of a ring in memory: a header of 4 KiB and behind it the data, a power of two of bytes. This file and
// bus/transport/ring/layout.ts are twins; a test compares them through the addon.
//
// One producer, one consumer. Each word that one side writes in the hot path has a 128-byte line of its own (two
// 64-byte lines, because processors fetch them in pairs). Words:
//
//   tail             producer -> consumer  bytes ever published, modulo 2^32
//   head             consumer -> producer  bytes ever released, modulo 2^32
//   sleeping         1 = the consumer is about to sleep or sleeps: whoever publishes takes it back and rings its bell
//   waiting          1 = the producer found no room: whoever releases a quarter of the ring takes it back and rings
//   report_wanted    1 = the producer wants a ring once the consumer's counters have moved
//   producer_closed, consumer_closed   1 = that side will not touch the ring again
//   delivered, dropped[reason]   the consumer's counters, modulo 2^32, written before `head`
//
// Records are frames at multiples of 8 bytes, never split. Where a frame does not fit before the end of the data, a PAD
// record fills the rest: u32 length (to the end), then magic, version, kind 255 and 0; 8 bytes are enough for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::ring {

inline constexpr uint32_t kMagic = 0x31524242;  // "BBR1"
inline constexpr uint32_t kHeaderBytes = 4096;
inline constexpr uint32_t kLineBytes = 128;
inline constexpr uint32_t kCapacityBytesMin = 4096;
/// Cursors are compared as signed differences, so a ring may hold less than 2^31 bytes.
inline constexpr uint32_t kCapacityBytesMax = 1u << 30;
inline constexpr uint32_t kDropReasons = 9;

namespace at {
inline constexpr uint32_t kMagicWord = 0;
inline constexpr uint32_t kCapacity = 4;
inline constexpr uint32_t kTail = 1 * kLineBytes;
inline constexpr uint32_t kHead = 2 * kLineBytes;
inline constexpr uint32_t kSleeping = 3 * kLineBytes;
inline constexpr uint32_t kWaiting = 4 * kLineBytes;
inline constexpr uint32_t kReportWanted = 5 * kLineBytes;
inline constexpr uint32_t kProducerClosed = 6 * kLineBytes;
inline constexpr uint32_t kConsumerClosed = 7 * kLineBytes;
inline constexpr uint32_t kDelivered = 8 * kLineBytes;
inline constexpr uint32_t kDropped = 8 * kLineBytes + 4;
}  // namespace at

/// Index of a reason in `dropped`; as DROP_REASONS in bus/transport/transport.ts.
enum class Drop : uint32_t {
  kFullNewest,
  kFullOldest,
  kConflated,
  kTimeout,
  kExpired,
  kLinkLost,
  kRefusedSchema,
  kMalformed,
  kClosed,
};

/// Bytes of a ring with that much data.
constexpr size_t ring_bytes(uint32_t capacity) { return size_t{kHeaderBytes} + capacity; }

/// Smallest allowed capacity in which a frame of `frame_bytes_max` always finds room once the ring has run empty:
/// wherever the cursors stand, one of the two stretches before and behind them is at least half of the data.
constexpr uint32_t capacity_for(uint32_t wanted, uint32_t frame_bytes_max) {
  const uint64_t least = frame_bytes_max > kCapacityBytesMax / 2 ? kCapacityBytesMax : uint64_t{frame_bytes_max} * 2;
  uint64_t capacity = kCapacityBytesMin;
  while (capacity < kCapacityBytesMax && (capacity < wanted || capacity < least)) capacity *= 2;
  return static_cast<uint32_t>(capacity);
}

}  // namespace busbar::ring
