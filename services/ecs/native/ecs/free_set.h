// Which indexes are free, and the lowest of them: bits, with bits above that say which words have any.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace busbar::ecs {

/// One bit per index and a 63rd more. Adding, removing and finding the lowest cost one word per level (six at most).
class FreeSet {
 public:
  uint64_t size() const { return size_; }
  bool contains(uint32_t index) const {
    return !levels_.empty() && index / 64 < levels_[0].size() && ((levels_[0][index / 64] >> (index % 64)) & 1) != 0;
  }
  /// It must not be in.
  void add(uint32_t index) {
    grow(index);
    uint64_t at = index;
    for (auto& level : levels_) {
      uint64_t& word = level[at / 64];
      const bool known = word != 0;
      word |= uint64_t{1} << (at % 64);
      if (known) break;
      at /= 64;
    }
    size_++;
  }
  /// There must be one.
  uint32_t take_lowest() {
    uint64_t at = 0;
    for (size_t level = levels_.size(); level-- > 0;) at = at * 64 + std::countr_zero(levels_[level][at]);
    const auto index = static_cast<uint32_t>(at);
    for (auto& level : levels_) {
      level[at / 64] &= ~(uint64_t{1} << (at % 64));
      if (level[at / 64] != 0) break;
      at /= 64;
    }
    size_--;
    return index;
  }
  uint64_t memory_bytes() const {
    uint64_t sum = 0;
    for (const auto& level : levels_) sum += level.capacity() * 8;
    return sum;
  }

 private:
  void grow(uint32_t index) {
    uint64_t words = index / 64 + 1;
    if (levels_.empty()) levels_.emplace_back();
    if (levels_[0].size() >= words) return;
    for (size_t level = 0;; level++) {
      const uint64_t before = levels_[level].size();
      if (before < words) levels_[level].resize(words);
      if (levels_[level].size() == 1) break;
      words = (levels_[level].size() + 63) / 64;
      if (level + 1 == levels_.size()) {
        // A new top: it has to know what the level below has.
        levels_.emplace_back(words);
        for (uint64_t i = 0; i < before; i++) {
          if (levels_[level][i] != 0) levels_[level + 1][i / 64] |= uint64_t{1} << (i % 64);
        }
      }
    }
  }

  std::vector<std::vector<uint64_t>> levels_;
  uint64_t size_ = 0;
};

}  // namespace busbar::ecs
