#include "plan.h"

#include <algorithm>
#include <bit>

namespace busbar::ecs {
namespace {

/// From so many rows of a block on, comparing the whole block is cheaper than looking at each of them.
constexpr size_t kDenseRows = 16;

}  // namespace

TablePlan::TablePlan(const Store& store, const Table& table, const Query& query) : table_(table) {
  if (table.rows() == 0) never_ = true;
  for (size_t i = 0; i < query.filters.size() && !never_; i++) add(store, std::span(&query.filters[i], 1));
  for (size_t i = 0; i < query.any.size() && !never_; i++) add(store, query.any[i]);
}

void TablePlan::add(const Store& store, std::span<const Filter> filters) {
  Group group;
  for (const Filter& filter : filters) {
    Predicate predicate(store, table_, filter);
    if (predicate.always()) return;
    if (!predicate.never()) group.push_back(std::move(predicate));
  }
  never_ = group.empty();
  if (!never_) groups_.push_back(std::move(group));
}

uint32_t TablePlan::block(uint32_t first, uint32_t rows, uint64_t* mask, const Group* met) const {
  for (uint32_t i = 0; i < kBlockWords; i++) {
    mask[i] = i * 64 >= rows ? 0 : bits::low_mask(rows - i * 64);
  }
  for (const Group& group : groups_) {
    if (&group == met) continue;
    uint64_t any[kBlockWords], one[kBlockWords];
    group[0].block(first, rows, any);
    for (size_t i = 1; i < group.size(); i++) {
      group[i].block(first, rows, one);
      for (uint32_t word = 0; word < kBlockWords; word++) any[word] |= one[word];
    }
    uint64_t left = 0;
    for (uint32_t word = 0; word < kBlockWords; word++) left |= mask[word] &= any[word];
    if (left == 0) return 0;
  }
  uint32_t count = 0;
  for (uint32_t word = 0; word < kBlockWords; word++) count += static_cast<uint32_t>(std::popcount(mask[word]));
  return count;
}

bool TablePlan::holds(uint32_t row) const {
  return std::all_of(groups_.begin(), groups_.end(), [row](const Group& group) {
    return std::any_of(group.begin(), group.end(), [row](const Predicate& one) { return one.holds(row); });
  });
}

std::optional<std::vector<uint32_t>> TablePlan::by_index(Indexes& indexes, uint32_t share) const {
  std::vector<std::span<const uint32_t>> runs;
  // Copied, since the next index may push this one out.
  std::vector<uint32_t> candidates;
  uint64_t fewest = table_.rows() / std::max(share, 1u);
  const Group* met = nullptr;
  for (const Group& group : groups_) {
    // An OR needs all of its sides; an index helps with one.
    if (group.size() != 1 || group[0].column() == nullptr) continue;
    const FilterKind kind = group[0].filter().kind;
    if (kind != FilterKind::exact && kind != FilterKind::in && kind != FilterKind::range) continue;
    const Index* index = indexes.of(table_, *group[0].column());
    if (index == nullptr || !index->find(group[0].filter(), runs)) continue;
    uint64_t rows = 0;
    for (const auto& run : runs) rows += run.size();
    if (rows >= fewest) continue;
    fewest = rows;
    met = &group;
    candidates.clear();
    for (const auto& run : runs) candidates.insert(candidates.end(), run.begin(), run.end());
  }
  if (met == nullptr) return std::nullopt;
  // Runs are ascending, but not one behind the other.
  if (!std::is_sorted(candidates.begin(), candidates.end())) std::sort(candidates.begin(), candidates.end());
  narrow(candidates, *met);
  return candidates;
}

/// Leaves the rows that meet the other groups, too. Rows are ascending.
void TablePlan::narrow(std::vector<uint32_t>& rows, const Group& met) const {
  if (groups_.size() == 1) return;
  size_t kept = 0;
  for (size_t at = 0; at < rows.size();) {
    const uint32_t first = rows[at] / kBlockRows * kBlockRows;
    size_t end = at;
    while (end < rows.size() && rows[end] < first + kBlockRows) end++;
    if (end - at < kDenseRows) {
      for (; at < end; at++) {
        if (holds(rows[at])) rows[kept++] = rows[at];
      }
      continue;
    }
    uint64_t mask[kBlockWords];
    block(first, std::min(kBlockRows, table_.rows() - first), mask, &met);
    for (; at < end; at++) {
      const uint32_t row = rows[at];
      rows[kept] = row;
      kept += bits::get(mask, row - first);
    }
  }
  rows.resize(kept);
}

}  // namespace busbar::ecs
