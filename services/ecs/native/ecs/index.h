// Secondary indexes: rows of one column by value.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "predicate.h"
#include "query.h"
#include "store.h"

namespace busbar::ecs {

/// Rows of one column, by value and then by row, nulls left out. Good for the versions it was built at.
class Index {
 public:
  /// @returns nullptr when a hash index would not help: more values than a sixteenth of the rows
  static std::unique_ptr<Index> build(const Store& store, const Table& table, const Column& column, IndexKind kind);

  /// Runs of rows that meet an exact, in or range filter; false: this kind cannot say.
  bool find(const Filter& filter, std::vector<std::span<const uint32_t>>& runs) const;
  /// Rows in the order of their values, then of the rows: `count` and whatever has the value of the last; 0: all.
  /// @returns false when that needs rows without a value, which are not here
  bool first(uint64_t count, bool descending, std::vector<uint32_t>& rows) const;
  uint64_t memory_bytes() const { return keys_.capacity() * 8 + starts_.capacity() * 4 + rows_.capacity() * 4; }

 private:
  Index(const Store& store, const Column& column, IndexKind kind)
      : store_(store), type_(column.type()), kind_(kind), nulls_(column.null_count() > 0) {}

  bool build_by_counting(const Column& column, uint32_t rows);
  void build_by_sorting(const Column& column, uint32_t rows);
  void sort_texts();
  size_t lower(const Value& value, bool after_equal) const;
  void add_run(size_t from, size_t end, std::vector<std::span<const uint32_t>>& runs) const;

  const Store& store_;
  FieldType type_;
  IndexKind kind_;
  bool nulls_;  ///< rows of the table are left out
  /// Distinct values in order: ordered() of them; utf8: codes, in the order of texts.
  std::vector<uint64_t> keys_;
  /// Of value i: rows_[starts_[i] .. starts_[i + 1]).
  std::vector<uint32_t> starts_;
  std::vector<uint32_t> rows_;
};

/// Indexes of one store. They are built when a column was asked about often enough without a change between, since
/// building one costs as much as many scans.
class Indexes {
 public:
  Indexes(const Store& store, const EngineOptions& options, EngineStats& stats)
      : store_(store), options_(options), stats_(stats) {}

  /// An index that is up to date; nullptr: none, scan. Valid until the next call.
  const Index* of(const Table& table, const Column& column);
  void clear();

 private:
  struct Entry {
    uint64_t table_version = 0, column_version = 0;
    uint32_t asked = 0;
    bool refused = false;
    uint64_t used = 0;
    std::unique_ptr<Index> index;
  };
  void drop(Entry& entry);
  void make_room(const Entry& keep);

  const Store& store_;
  const EngineOptions& options_;
  EngineStats& stats_;
  std::map<std::pair<TableId, FieldId>, Entry> entries_;
  uint64_t uses_ = 0;
};

}  // namespace busbar::ecs
