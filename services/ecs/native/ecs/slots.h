// Where the entity of each index is.
#pragma once

#include <algorithm>

#include "buffer.h"
#include "types.h"

namespace busbar::ecs {

/// A table's number has two bytes here, and one value of them means that there is none.
inline constexpr uint32_t kTablesMax = 65'535;

/// Of an entity that lives: table and row. Of a free or retired index: kNoTable and the next generation (0: retired).
/// Six bytes without padding: one per entity is a good part of what a small entity costs.
class Slot {
 public:
  Slot(TableId table, uint32_t number) : table_(static_cast<uint16_t>(table)) { set_number(number); }
  TableId table() const { return table_ == kNone ? kNoTable : table_; }
  /// The row, or the next generation.
  uint32_t number() const { return uint32_t{high_} << 16 | low_; }
  void set_number(uint32_t number) {
    low_ = static_cast<uint16_t>(number);
    high_ = static_cast<uint16_t>(number >> 16);
  }

 private:
  static constexpr uint16_t kNone = static_cast<uint16_t>(kNoTable);
  static_assert(kTablesMax <= kNone);
  uint16_t table_, low_, high_;
};
static_assert(sizeof(Slot) == 6);

/// One slot per index. Not a vector: that writes each new slot twice, and memory that is touched for the first time is most of
/// what a new entity costs.
class Slots {
 public:
  uint64_t size() const { return size_; }
  Slot& operator[](uint64_t index) { return buffer_.as<Slot>()[index]; }
  const Slot& operator[](uint64_t index) const { return buffer_.as<Slot>()[index]; }
  uint64_t memory_bytes() const { return buffer_.capacity(); }

  /// Room for `size` in all; grows by a quarter at least.
  void reserve(uint64_t size) {
    if (size * sizeof(Slot) <= buffer_.capacity()) return;
    buffer_.resize(std::max(size, size_ + size_ / 4 + 64) * sizeof(Slot), size_ * sizeof(Slot));
  }
  /// `count` new indexes, whose entities are in `table` from `row` on.
  void append(TableId table, uint32_t row, uint32_t count) {
    reserve(size_ + count);
    Slot* const to = buffer_.as<Slot>() + size_;
    for (uint32_t i = 0; i < count; i++) new (to + i) Slot(table, row + i);
    size_ += count;
  }
  /// `size` indexes without entity, all retired.
  void assign_retired(uint64_t size) {
    buffer_.resize(size * sizeof(Slot), 0);
    std::fill_n(buffer_.as<Slot>(), size, Slot(kNoTable, 0));
    size_ = size;
  }

 private:
  Buffer buffer_;
  uint64_t size_ = 0;
};

}  // namespace busbar::ecs
