// Memory of a column: aligned to 64 bytes and a multiple of 64 long, as Arrow recommends.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace busbar::ecs {

/// Owns its bytes; not initialised unless said. Moves, does not copy.
class Buffer {
 public:
  static constexpr uint64_t kAlignment = 64;

  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() { std::free(data_); }

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <typename T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }
  uint64_t capacity() const { return capacity_; }

  /// Room for exactly `bytes`, rounded up; keeps the first `kept` bytes.
  void resize(uint64_t bytes, uint64_t kept) {
    const uint64_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (rounded == capacity_) return;
    uint8_t* fresh = nullptr;
    if (rounded > 0) {
      fresh = static_cast<uint8_t*>(std::aligned_alloc(kAlignment, rounded));
      if (fresh == nullptr) throw std::bad_alloc();
      if (kept > 0) std::memcpy(fresh, data_, kept);
    }
    std::free(data_);
    data_ = fresh;
    capacity_ = rounded;
  }
  /// As `resize`; what follows the kept bytes is 0.
  void resize_zeroed(uint64_t bytes, uint64_t kept) {
    resize(bytes, kept);
    if (capacity_ > kept) std::memset(data_ + kept, 0, capacity_ - kept);
  }

 private:
  uint8_t* data_ = nullptr;
  uint64_t capacity_ = 0;
};

}  // namespace busbar::ecs
