// The block of bytes that holds a ring, in private memory: zeroed pages of the system, given back with the object, or
// zeroed bytes that somebody else keeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/ring/layout.h"

namespace busbar::ring {

/// Owns the bytes of one ring and has written its header.
class RingMemory {
 public:
  /// @param capacity power of two within [kCapacityBytesMin, kCapacityBytesMax]
  explicit RingMemory(uint32_t capacity);
  /// @param bytes zeroed, `ring_bytes(capacity)` of them, aligned to 8, kept by `holder`
  RingMemory(uint32_t capacity, uint8_t* bytes, std::shared_ptr<void> holder);
  ~RingMemory();
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;

  /// Null when the system has no memory to give.
  uint8_t* bytes() const { return bytes_; }
  size_t size() const { return ring_bytes(capacity_); }
  uint32_t capacity() const { return capacity_; }

 private:
  void write_header();

  uint8_t* bytes_ = nullptr;
  uint32_t capacity_;
  std::shared_ptr<void> holder_;  // null: the bytes are this object's
};

/// A word of the header. Plain memory on the other side (a typed array or a mapping), so atomic by reference.
inline std::atomic_ref<uint32_t> word(uint8_t* ring, uint32_t at) {
  return std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(ring + at));
}

}  // namespace busbar::ring
