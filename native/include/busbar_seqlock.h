// A cell in memory that two processes may share, where only the newest value matters: one writer, any number of readers,
// nobody waits. A reader gets a whole value or is told that it could not.
//
// Layout: u64 version, then u64 words of payload behind it, all at multiples of 8. The version is odd while a write is
// in progress; a writer that died there leaves it odd, and readers say so instead of showing half a value.
// Source: H. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012: payload words are
// atomic, so that a torn read is defined behaviour and is then thrown away. Release and acquire on each word in place of
// fences: the same instructions on x86, and checkable by the thread sanitizer.
//
// C++20, header only, no allocation, no system call.
#ifndef BUSBAR_SEQLOCK_H
#define BUSBAR_SEQLOCK_H

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

/// One payload word on its way through a read. acquire; pairs with the release in `put`, and keeps the second look at the
/// version behind it. The memory may be mapped read-only.
inline uint64_t get(const uint8_t* cell, size_t index) {
  return word(const_cast<uint8_t*>(cell), index).load(std::memory_order_acquire);
}

/// Begins a write of some of the words. One thread at a time. @returns the odd version, for `end`
inline uint64_t begin(uint8_t* cell) {
  auto version = word(cell, 0);
  const uint64_t odd = version.load(std::memory_order_relaxed) | 1;  // this thread's own
  version.store(odd, std::memory_order_relaxed);
  return odd;
}

/// Between `begin` and `end`. release; pairs with the acquire in `get`: who sees a payload word of this write sees the odd
/// version too
inline void put(uint8_t* cell, size_t index, uint64_t value) { word(cell, index).store(value, std::memory_order_release); }

/// release; pairs with the first acquire load in `read`
inline void end(uint8_t* cell, uint64_t odd) { word(cell, 0).store(odd + 1, std::memory_order_release); }

/// Publishes `words` u64 from `values`. One thread at a time. Never waits, allocates nothing.
inline void publish(uint8_t* cell, const uint64_t* values, size_t words) {
  const uint64_t odd = begin(cell);
  for (size_t i = 0; i < words; i++) put(cell, 1 + i, values[i]);
  end(cell, odd);
}

/// Calls `copy` (which looks at the payload through acquire loads alone) until nothing was written meanwhile.
/// @param tries_max looks that may fail because a write was in progress
/// @returns the version (even; it grows with each publish), or 0 when no whole value could be had
template <typename Copy>
uint64_t read_with(const uint8_t* cell, uint32_t tries_max, Copy copy) {
  auto version = word(const_cast<uint8_t*>(cell), 0);
  for (uint32_t tries = 0; tries < tries_max; tries++) {
    const uint64_t before = version.load(std::memory_order_acquire);  // pairs with the store in `end`
    if ((before & 1) != 0 || before == 0) continue;
    copy();
    if (version.load(std::memory_order_relaxed) == before) return before;
  }
  return 0;
}

/// Reads a whole value into `values`. @returns as `read_with`
inline uint64_t read(const uint8_t* cell, uint64_t* values, size_t words, uint32_t tries_max = 1000) {
  return read_with(cell, tries_max, [&] {
    for (size_t i = 0; i < words; i++) values[i] = get(cell, 1 + i);
  });
}

}  // namespace busbar::seqlock
#endif
