// The store: components declared at run time, entities in archetype tables, versions of everything.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dictionary.h"
#include "fault.h"
#include "free_set.h"
#include "slots.h"
#include "table.h"
#include "types.h"

namespace busbar::ecs {

struct Limits {
  uint32_t components_max = 4'096;
  uint32_t fields_max = 256;  ///< of a component
  uint32_t tables_max = kTablesMax;  ///< sets of components; at most kTablesMax
  uint32_t archetypes_max = 65'536;  ///< named ones
  uint64_t entities_max = 16'777'216;  ///< retired indexes included; at most 2^32 - 2
  uint64_t text_bytes_max = 268'435'456;  ///< of the dictionary
  uint32_t texts_max = 16'777'216;
};

/// An index without entity. generation: that of the next entity; 0: the index is retired.
struct FreeIndex {
  uint32_t index;
  uint32_t generation;
};

struct FieldInfo {
  FieldId id;
  ComponentId component;
  Field field;
  std::string path;  ///< "Component.field"
};

struct MemoryUse {
  uint64_t columns = 0;     ///< values, validity and ids of all tables
  uint64_t entities = 0;    ///< the map from index to row, and the free indexes
  uint64_t dictionary = 0;  ///< texts; an estimate
  uint64_t total() const { return columns + entities + dictionary; }
};

/// One thread at a time. Nothing here throws but std::bad_alloc; what is wrong with a request comes back as a Fault and
/// has changed nothing, what is wrong with one item of a batch as an ItemFault, and the others are done.
/// Results depend on the order of calls only.
class Store {
 public:
  explicit Store(Limits limits = {}) : limits_(limits) {
    limits_.tables_max = std::min(limits.tables_max, kTablesMax);
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // --- types ---------------------------------------------------------------------------------------------------------

  /// The same definition again gives the same id.
  /// Faults: malformed (name, width), duplicate (name with other fields; two fields of one name), limit-exceeded.
  Fault define_component(const ComponentType& type, ComponentId& id);
  uint32_t component_count() const { return static_cast<uint32_t>(components_.size()); }
  const ComponentType& component(ComponentId id) const { return components_[id].type; }
  FieldId first_field(ComponentId id) const { return components_[id].first_field; }
  std::optional<ComponentId> find_component(std::string_view name) const;
  uint32_t field_count() const { return static_cast<uint32_t>(fields_.size()); }
  const FieldInfo& field(FieldId id) const { return fields_[id]; }
  /// @param path "Component.field"
  std::optional<FieldId> find_field(std::string_view path) const;

  /// Finds or makes the table of a set of components (any order; twice the same is once; none is allowed).
  /// Faults: unknown-name (no such component), limit-exceeded.
  Fault table_of(std::span<const ComponentId> components, TableId& table);
  /// A name for a set of components. The same again is fine. Faults: malformed, duplicate, and those of table_of.
  Fault define_archetype(const std::string& name, std::span<const ComponentId> components, TableId& table);
  std::optional<TableId> find_archetype(std::string_view name) const;
  /// Sorted by name.
  const std::map<std::string, TableId, std::less<>>& archetypes() const { return archetypes_; }

  /// Faults: malformed (no UTF-8), limit-exceeded.
  Fault intern(std::string_view text, uint32_t& code);
  const Dictionary& dictionary() const { return dictionary_; }

  // --- entities ------------------------------------------------------------------------------------------------------

  /// `count` new entities in one table. Fields without a column are null, or 0, false, "" where they cannot be null.
  /// @param ids receives `count` ids; null for refused items
  /// Faults: malformed (length of a column), not-found (field that the table lacks), duplicate (field twice),
  /// limit-exceeded. Of items: out-of-range (NaN, infinity, boolean above 1, unknown code), malformed (null where none
  /// may be).
  Fault create(TableId table, uint32_t count, std::span<const ValueColumn> columns, EntityId* ids,
               std::vector<ItemFault>& faults);

  /// Sets the named fields, after adding and removing components: item i is entity ids[i], in order, so an id may come
  /// twice. Adding what is there and removing what is not changes nothing. A field whose component the entity then
  /// lacks is not-found. Faults as of create; unknown-name, conflict (a component both added and removed). Of items
  /// also not-found, stale-id.
  Fault update(std::span<const EntityId> ids, std::span<const ComponentId> add, std::span<const ComponentId> remove,
               std::span<const ValueColumn> columns, std::vector<ItemFault>& faults);

  /// Item i is entity ids[i]. Of items: not-found, stale-id (also for an id that came earlier in the same call).
  void erase(std::span<const EntityId> ids, std::vector<ItemFault>& faults);

  bool alive(EntityId id) const;
  /// Faults: not-found (null, or never given out), stale-id (gone).
  Fault locate(EntityId id, Location& location) const;
  uint64_t entity_count() const { return entity_count_; }
  /// Indexes ever given out: live, free and retired ones together are [0, index_count).
  uint32_t index_count() const { return static_cast<uint32_t>(slots_.size()); }
  /// Free and retired indexes, ascending.
  std::vector<FreeIndex> free_indexes() const;

  // --- tables --------------------------------------------------------------------------------------------------------

  uint32_t table_count() const { return static_cast<uint32_t>(tables_.size()); }
  const Table& table(TableId id) const { return tables_[id]; }
  /// Tables with all of `all` and, unless empty, one of `any_of`, ascending.
  std::vector<TableId> matching(std::span<const ComponentId> all, std::span<const ComponentId> any_of = {}) const;
  /// For systems: the column to write in place, counted as changed. nullptr: not in this table. What is written must
  /// keep the rules of Column (finite floats, codes of the dictionary, booleans by bits).
  Column* write_column(TableId table, FieldId field);
  /// Row of the first NaN or infinity of an f32, f64 or vec_f32 column; `rows()` when there is none.
  uint32_t first_not_finite(TableId table, FieldId field) const;

  /// Rises with every change; what a column, a table or the set of tables last changed at.
  uint64_t clock() const { return clock_; }
  uint64_t tables_version() const { return tables_version_; }
  MemoryUse memory() const;
  const Limits& limits() const { return limits_; }

 private:
  friend class Restorer;

  struct Component {
    ComponentType type;
    FieldId first_field;
  };

  Fault check_columns(std::span<const ValueColumn> columns, uint32_t count) const;
  /// Adds a fault for each bad item, in order. @returns whether there was any
  bool check_values(std::span<const ValueColumn> columns, uint32_t count, std::vector<ItemFault>& faults) const;
  /// The usual case in one pass over what is given: copies values to where they will be appended, and looks at them on the way.
  /// @param exact as of Table::reserve
  /// @returns false: something in them has to be looked at one by one, and nothing has changed but the room
  bool copy_sound(Table& table, std::span<const ValueColumn> columns, uint32_t count, bool exact) const;
  Fault make_table(std::vector<ComponentId> sorted, TableId& table);
  Fault step(TableId from, ComponentId component, bool adds, TableId& to);
  /// `count` new rows, whose columns the caller fills: free indexes first, lowest first, then new ones.
  void take_ids(Table& table, EntityId* ids, uint32_t count);
  /// Items [from, from + count), which are sound and for which there is room. Their ids are put at `ids` + from.
  /// @param copied by copy_sound
  void append_rows(Table& table, uint32_t from, uint32_t count, std::span<const ValueColumn> columns, EntityId* ids,
                   bool copied);
  void move(Location from, Table& to);
  void remove_row(Location at);

  Limits limits_;
  std::vector<Component> components_;
  std::deque<FieldInfo> fields_;
  std::map<std::string, ComponentId, std::less<>> component_names_;
  std::map<std::string, FieldId, std::less<>> field_names_;
  std::map<std::string, TableId, std::less<>> archetypes_;
  std::deque<Table> tables_;
  std::map<std::vector<ComponentId>, TableId> table_ids_;
  Dictionary dictionary_;
  Slots slots_;
  FreeSet free_;
  uint64_t entity_count_ = 0;
  uint64_t clock_ = 0;
  uint64_t tables_version_ = 0;
};

}  // namespace busbar::ecs
