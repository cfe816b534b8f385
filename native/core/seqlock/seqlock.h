// A cell in memory that two processes may share, where only the newest value matters: one writer, any number of readers,
// nobody waits. A reader gets a whole value or is told that it could not.
//
// Layout: u64 version, then `words` u64 of payload behind it, all at multiples of 8. The version is odd while a write is
// in progress; a writer that died there leaves it odd, and readers say so instead of showing half a value.
// Source: H. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012: payload words are
// atomic, so that a torn read is defined behaviour and is then thrown away. Release and acquire on each word in place of
// fences: the same instructions on x86, and checkable by the thread sanitizer.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace busbar::seqlock {

inline constexpr size_t kVersionBytes = 8;

/// Bytes of a cell with that much payload.
constexpr size_t cell_bytes(size_t words) { return kVersionBytes + words * 8; }

inline std::atomic_ref<uint64_t> word(uint8_t* cell, size_t index) {
  return std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(cell + index * 8));
}

/// Publishes `words` u64 from `values`. One thread at a time. Never waits, allocates nothing.
inline void publish(uint8_t* cell, const uint64_t* values, size_t words) {
  auto version = word(cell, 0);
  const uint64_t now = version.load(std::memory_order_relaxed);  // this thread's own
  version.store(now | 1, std::memory_order_relaxed);
  // release; pairs with the acquire loads in `read`: who sees a payload word of this write sees the odd version too
  for (size_t i = 0; i < words; i++) word(cell, 1 + i).store(values[i], std::memory_order_release);
  // release; pairs with the first acquire load in `read`
  version.store((now | 1) + 1, std::memory_order_release);
}

/// Reads a whole value into `values`. @param tries_max looks that may fail because a write was in progress
/// @returns the version (even; it grows with each publish), or 0 when no whole value could be had
inline uint64_t read(uint8_t* cell, uint64_t* values, size_t words, uint32_t tries_max = 1000) {
  auto version = word(cell, 0);
  for (uint32_t tries = 0; tries < tries_max; tries++) {
    const uint64_t before = version.load(std::memory_order_acquire);  // pairs with the last store in `publish`
    if ((before & 1) != 0 || before == 0) continue;
    // acquire; pairs with the release stores in `publish`, and keeps the second look at the version behind them
    for (size_t i = 0; i < words; i++) values[i] = word(cell, 1 + i).load(std::memory_order_acquire);
    if (version.load(std::memory_order_relaxed) == before) return before;
  }
  return 0;
}

}  // namespace busbar::seqlock
