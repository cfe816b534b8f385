// The entities that have the same set of components: one row each, one column per field.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "column.h"
#include "types.h"

namespace busbar::ecs {

class Table {
 public:
  Table(TableId id, std::vector<ComponentId> components, std::vector<Column> columns)
      : id_(id), components_(std::move(components)), columns_(std::move(columns)) {}

  TableId id() const { return id_; }
  /// Ascending.
  std::span<const ComponentId> components() const { return components_; }
  bool has(ComponentId component) const;
  uint32_t rows() const { return rows_; }
  /// One per row; aligned to 64 bytes. Valid until the table changes.
  std::span<const EntityId> ids() const { return {ids_.as<EntityId>(), rows_}; }
  /// Ids ascend from row to row: true while entities were only added, in order, or the last ones removed.
  bool ids_ascend() const { return ascending_; }
  /// In the order of their fields' ids.
  std::span<const Column> columns() const { return columns_; }
  /// nullptr: not in this table.
  const Column* column(FieldId field) const;
  /// Store's clock at the last row that came or went.
  uint64_t version() const { return version_; }
  uint64_t memory_bytes() const;

  // What follows is for the store.
  std::span<Column> mutable_columns() { return columns_; }
  EntityId* mutable_ids() { return ids_.as<EntityId>(); }
  void set_version(uint64_t version) { version_ = version; }
  /// Room for `rows` in all; grows by a quarter at least unless `exact`.
  void reserve(uint64_t rows, bool exact);
  /// The columns have got their rows; `ids` is copied behind those that are there.
  void add_rows(const EntityId* ids, uint32_t count);
  /// As `add_rows`, of entities of the first generation with indexes from `index` on. @param ids receives theirs as well
  void add_new_rows(uint32_t index, uint32_t count, EntityId* ids);
  /// @returns the entity that is now in `row`; null when it was the last
  EntityId swap_remove(uint32_t row);
  /// Where one component more (or less) leads; kNoTable: not known yet.
  TableId edge(ComponentId component, bool adds) const;
  void set_edge(ComponentId component, bool adds, TableId table);

 private:
  TableId id_;
  std::vector<ComponentId> components_;
  std::vector<Column> columns_;
  Buffer ids_;
  uint32_t rows_ = 0;
  uint64_t capacity_ = 0;
  bool ascending_ = true;
  uint64_t version_ = 0;
  /// component << 1 | adds. Only looked up, never walked.
  std::unordered_map<uint64_t, TableId> edges_;
};

}  // namespace busbar::ecs
