// Little-endian bytes that grow. What MCAP records and the journal are written with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

namespace busbar::blackbox {

/// Memory that keeps its size between uses; nothing is zeroed.
class Bytes {
 public:
  const uint8_t* data() const { return data_.data(); }
  uint8_t* data() { return data_.data(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void cut(size_t size) { size_ = size; }
  /// Gives memory beyond `keep` back, when there is nothing in it.
  void shrink(size_t keep) {
    if (size_ != 0 || data_.size() <= keep) return;
    data_.resize(keep);
    data_.shrink_to_fit();
  }

  /// Room for `bytes` more, which count as written.
  uint8_t* grow(size_t bytes) {
    if (data_.size() - size_ < bytes) data_.resize(std::max(2 * data_.size(), size_ + bytes));
    uint8_t* const at = data_.data() + size_;
    size_ += bytes;
    return at;
  }

  void put(const void* from, size_t bytes) {
    if (bytes > 0) std::memcpy(grow(bytes), from, bytes);
  }

  template <typename Integer>
  void put_number(Integer value) {
    store(grow(sizeof value), value);
  }

  /// u32 length and the text.
  void put_text(std::string_view text) {
    put_number(static_cast<uint32_t>(text.size()));
    put(text.data(), text.size());
  }

  template <typename Integer>
  static void store(uint8_t* at, Integer value) {
    static_assert(std::is_unsigned_v<Integer>);
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the bus itself needs a little-endian computer");
    std::memcpy(at, &value, sizeof value);
  }

 private:
  std::vector<uint8_t> data_;
  size_t size_ = 0;
};

}  // namespace busbar::blackbox
