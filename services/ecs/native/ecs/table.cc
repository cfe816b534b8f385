#include "table.h"

#include <algorithm>

namespace busbar::ecs {

bool Table::has(ComponentId component) const {
  return std::binary_search(components_.begin(), components_.end(), component);
}

const Column* Table::column(FieldId field) const {
  const auto at = std::lower_bound(columns_.begin(), columns_.end(), field,
                                   [](const Column& column, FieldId id) { return column.field() < id; });
  return at != columns_.end() && at->field() == field ? &*at : nullptr;
}

uint64_t Table::memory_bytes() const {
  uint64_t sum = ids_.capacity();
  for (const Column& column : columns_) sum += column.memory_bytes();
  return sum;
}

void Table::reserve(uint64_t rows, bool exact) {
  if (rows <= capacity_) return;
  // A quarter, not twice: at a million rows, unused room costs more than the copies do.
  uint64_t capacity = exact ? rows : std::max(rows, capacity_ + capacity_ / 4 + 64);
  capacity = (capacity + 63) / 64 * 64;
  for (Column& column : columns_) column.set_capacity(capacity, rows_);
  ids_.resize(capacity * sizeof(EntityId), rows_ * sizeof(EntityId));
  capacity_ = capacity;
}

void Table::add_rows(const EntityId* ids, uint32_t count) {
  if (count == 0) return;
  uint32_t falls = rows_ > 0 && ids[0] <= mutable_ids()[rows_ - 1];
  for (uint32_t i = 1; i < count; i++) falls += ids[i] <= ids[i - 1];
  ascending_ = ascending_ && falls == 0;
  std::memcpy(mutable_ids() + rows_, ids, count * sizeof(EntityId));
  rows_ += count;
}

void Table::add_new_rows(uint32_t index, uint32_t count, EntityId* ids) {
  if (count == 0) return;
  EntityId* const to = mutable_ids() + rows_;
  ascending_ = ascending_ && (rows_ == 0 || to[-1] < make_id(1, index));
  for (uint32_t i = 0; i < count; i++) to[i] = ids[i] = make_id(1, index + i);
  rows_ += count;
}

EntityId Table::swap_remove(uint32_t row) {
  const uint32_t last = rows_ - 1;
  for (Column& column : columns_) column.swap_remove(row, last);
  const EntityId moved = mutable_ids()[last];
  mutable_ids()[row] = moved;
  rows_--;
  ascending_ = rows_ <= 1 || (ascending_ && row == last);
  return row == last ? kNullEntity : moved;
}

TableId Table::edge(ComponentId component, bool adds) const {
  const auto at = edges_.find(uint64_t{component} << 1 | adds);
  return at == edges_.end() ? kNoTable : at->second;
}

void Table::set_edge(ComponentId component, bool adds, TableId table) {
  edges_[uint64_t{component} << 1 | adds] = table;
}

}  // namespace busbar::ecs
