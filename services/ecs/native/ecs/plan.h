// A query made ready for one table.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "index.h"
#include "predicate.h"

namespace busbar::ecs {

/// Groups of predicates: each group must hold, and does when one of its predicates holds.
class TablePlan {
 public:
  TablePlan(const Store& store, const Table& table, const Query& query);

  bool never() const { return never_; }
  bool everything() const { return !never_ && groups_.empty(); }
  /// Bits of the rows from `first` that match. @returns how many
  uint32_t block(uint32_t first, uint32_t rows, uint64_t* mask) const { return block(first, rows, mask, nullptr); }
  bool holds(uint32_t row) const;
  /// Rows that match, ascending, found through an index; nothing when no index leaves less than one in `share` rows.
  std::optional<std::vector<uint32_t>> by_index(Indexes& indexes, uint32_t share) const;

 private:
  using Group = std::vector<Predicate>;
  /// Without the group `met`.
  uint32_t block(uint32_t first, uint32_t rows, uint64_t* mask, const Group* met) const;
  void narrow(std::vector<uint32_t>& rows, const Group& met) const;
  void add(const Store& store, std::span<const Filter> filters);

  const Table& table_;
  std::vector<Group> groups_;
  bool never_ = false;
};

}  // namespace busbar::ecs
