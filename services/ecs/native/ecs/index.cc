#include "index.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "ordering.h"

namespace busbar::ecs {
namespace {

/// Beyond this share of the rows, values are not few.
constexpr uint32_t kRowsPerValueMin = 16;
constexpr uint32_t kValuesAlwaysFew = 64;

/// As Index's keys: utf8 by code, since codes are equal exactly when texts are.
uint64_t key_at(const Store& store, const Column& column, uint32_t row) {
  if (column.type() == FieldType::utf8) return column.data<uint32_t>()[row];
  return ordered_at(column, store.dictionary(), row);
}

/// Numbers given to keys in the order they come: open addressing, grown to stay under half full.
class Numbering {
 public:
  uint32_t of(uint64_t key) {
    for (uint64_t at = place(key);; at = (at + 1) & mask_) {
      if (slots_[at] == kEmpty) return add(at, key);
      if (keys_[slots_[at]] == key) return slots_[at];
    }
  }
  std::vector<uint64_t>& keys() { return keys_; }

 private:
  static constexpr uint32_t kEmpty = 0xFFFF'FFFF;
  uint64_t place(uint64_t key) const { return (key * 0x9E3779B97F4A7C15ull >> 32) & mask_; }
  uint32_t add(uint64_t at, uint64_t key) {
    const auto number = static_cast<uint32_t>(keys_.size());
    slots_[at] = number;
    keys_.push_back(key);
    if (keys_.size() * 2 > slots_.size()) {
      mask_ = mask_ * 2 + 1;
      slots_.assign(mask_ + 1, kEmpty);
      for (uint32_t i = 0; i < keys_.size(); i++) {
        uint64_t free = place(keys_[i]);
        while (slots_[free] != kEmpty) free = (free + 1) & mask_;
        slots_[free] = i;
      }
    }
    return number;
  }

  uint64_t mask_ = 255;
  std::vector<uint32_t> slots_ = std::vector<uint32_t>(256, kEmpty);
  std::vector<uint64_t> keys_;
};

}  // namespace

std::unique_ptr<Index> Index::build(const Store& store, const Table& table, const Column& column, IndexKind kind) {
  std::unique_ptr<Index> index(new Index(store, column, kind));
  // Texts repeat in nearly every use, and sorting them compares them.
  if (kind == IndexKind::hash) {
    if (!index->build_by_counting(column, table.rows())) return nullptr;
  } else {
    index->build_by_sorting(column, table.rows());
  }
  if (column.type() == FieldType::utf8) index->sort_texts();
  return index;
}

bool Index::build_by_counting(const Column& column, uint32_t rows) {
  const uint32_t most = std::max(kValuesAlwaysFew, rows / kRowsPerValueMin);
  Numbering numbering;
  std::vector<uint32_t> number_of(rows), counts;
  for (uint32_t row = 0; row < rows; row++) {
    if (column.is_null(row)) continue;
    const uint32_t number = numbering.of(key_at(store_, column, row));
    if (number == counts.size()) {
      if (counts.size() == most) return false;
      counts.push_back(0);
    }
    number_of[row] = number;
    counts[number]++;
  }
  const auto& found = numbering.keys();
  std::vector<uint32_t> order(found.size()), next(found.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return found[a] < found[b]; });
  uint32_t at = 0;
  for (const uint32_t number : order) {
    keys_.push_back(found[number]);
    starts_.push_back(at);
    next[number] = at;
    at += counts[number];
  }
  starts_.push_back(at);
  rows_.resize(at);
  for (uint32_t row = 0; row < rows; row++) {
    if (!column.is_null(row)) rows_[next[number_of[row]]++] = row;
  }
  return true;
}

void Index::build_by_sorting(const Column& column, uint32_t rows) {
  std::vector<std::pair<uint64_t, uint32_t>> pairs;
  pairs.reserve(rows - column.null_count());
  for (uint32_t row = 0; row < rows; row++) {
    if (!column.is_null(row)) pairs.emplace_back(key_at(store_, column, row), row);
  }
  std::sort(pairs.begin(), pairs.end());
  rows_.reserve(pairs.size());
  for (const auto& [key, row] : pairs) {
    if (keys_.empty() || keys_.back() != key) {
      keys_.push_back(key);
      starts_.push_back(static_cast<uint32_t>(rows_.size()));
    }
    rows_.push_back(row);
  }
  starts_.push_back(static_cast<uint32_t>(rows_.size()));
}

void Index::sort_texts() {
  const Dictionary& texts = store_.dictionary();
  std::vector<uint32_t> order(keys_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return texts.text(static_cast<uint32_t>(keys_[a])) < texts.text(static_cast<uint32_t>(keys_[b]));
  });
  std::vector<uint64_t> keys;
  std::vector<uint32_t> starts, rows;
  rows.reserve(rows_.size());
  for (const uint32_t at : order) {
    keys.push_back(keys_[at]);
    starts.push_back(static_cast<uint32_t>(rows.size()));
    rows.insert(rows.end(), rows_.begin() + starts_[at], rows_.begin() + starts_[at + 1]);
  }
  starts.push_back(static_cast<uint32_t>(rows.size()));
  keys_ = std::move(keys);
  starts_ = std::move(starts);
  rows_ = std::move(rows);
}

size_t Index::lower(const Value& value, bool after_equal) const {
  if (type_ == FieldType::utf8) {
    const Dictionary& texts = store_.dictionary();
    const auto at = std::partition_point(keys_.begin(), keys_.end(), [&](uint64_t code) {
      const int order = texts.text(static_cast<uint32_t>(code)).compare(value.text);
      return order < 0 || (order == 0 && after_equal);
    });
    return static_cast<size_t>(at - keys_.begin());
  }
  const uint64_t key = ordered(value);
  const auto at = after_equal ? std::upper_bound(keys_.begin(), keys_.end(), key)
                              : std::lower_bound(keys_.begin(), keys_.end(), key);
  return static_cast<size_t>(at - keys_.begin());
}

void Index::add_run(size_t from, size_t end, std::vector<std::span<const uint32_t>>& runs) const {
  if (from < end) runs.emplace_back(rows_.data() + starts_[from], starts_[end] - starts_[from]);
}

bool Index::find(const Filter& filter, std::vector<std::span<const uint32_t>>& runs) const {
  runs.clear();
  if (filter.kind == FilterKind::exact || filter.kind == FilterKind::in) {
    std::vector<size_t> found;
    for (const Value& value : filter.values) {
      const size_t at = lower(value, false);
      if (at < lower(value, true)) found.push_back(at);
    }
    // A value that is named twice, or as both zeros, is found once.
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    for (const size_t at : found) add_run(at, at + 1, runs);
    return true;
  }
  if (filter.kind != FilterKind::range || kind_ != IndexKind::sorted) return false;
  const bool low_open = filter.low.kind == BoundKind::open, high_open = filter.high.kind == BoundKind::open;
  const size_t from = low_open ? 0 : lower(filter.low.value, filter.low.kind == BoundKind::exclusive);
  const size_t end = high_open ? keys_.size() : lower(filter.high.value, filter.high.kind == BoundKind::inclusive);
  add_run(from, end, runs);
  return true;
}

bool Index::first(uint64_t count, bool descending, std::vector<uint32_t>& rows) const {
  const bool all = count == 0 || count >= rows_.size();
  if (all && nulls_) return false;
  if (!descending) {
    const auto end = all ? rows_.size() : *std::lower_bound(starts_.begin(), starts_.end(), count);
    rows.assign(rows_.begin(), rows_.begin() + static_cast<ptrdiff_t>(end));
    return true;
  }
  rows.clear();
  rows.reserve(all ? rows_.size() : count);
  for (size_t at = keys_.size(); at > 0 && (all || rows.size() < count); at--) {
    for (uint32_t i = starts_[at - 1]; i < starts_[at]; i++) rows.push_back(rows_[i]);
  }
  return true;
}

const Index* Indexes::of(const Table& table, const Column& column) {
  const IndexKind kind = store_.field(column.field()).field.index;
  if (kind == IndexKind::none || !options_.use_indexes) return nullptr;
  Entry& entry = entries_[{table.id(), column.field()}];
  if (entry.table_version != table.version() || entry.column_version != column.version()) {
    drop(entry);
    entry = Entry{};
    entry.table_version = table.version();
    entry.column_version = column.version();
  }
  entry.used = ++uses_;
  if (entry.index != nullptr) return entry.index.get();
  const uint32_t after = kind == IndexKind::hash ? options_.hash_index_after : options_.sorted_index_after;
  if (entry.refused || entry.asked++ < after) return nullptr;
  entry.index = Index::build(store_, table, column, kind);
  entry.refused = entry.index == nullptr || entry.index->memory_bytes() > options_.index_bytes_max;
  if (entry.refused) {
    entry.index.reset();
    return nullptr;
  }
  stats_.indexes_built++;
  stats_.index_bytes += entry.index->memory_bytes();
  make_room(entry);
  return entry.index.get();
}

void Indexes::drop(Entry& entry) {
  if (entry.index == nullptr) return;
  stats_.index_bytes -= entry.index->memory_bytes();
  entry.index.reset();
  entry.asked = 0;
}

void Indexes::make_room(const Entry& keep) {
  while (stats_.index_bytes > options_.index_bytes_max) {
    Entry* oldest = nullptr;
    for (auto& [key, entry] : entries_) {
      if (entry.index == nullptr || &entry == &keep) continue;
      if (oldest == nullptr || entry.used < oldest->used) oldest = &entry;
    }
    if (oldest == nullptr) return;
    drop(*oldest);
  }
}

void Indexes::clear() {
  for (auto& [key, entry] : entries_) drop(entry);
  entries_.clear();
}

}  // namespace busbar::ecs
