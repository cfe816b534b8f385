// Entities: ids, rows, and what moves between tables. Definitions are in definitions.cc, checks in checks.cc.
#include "store.h"

#include <algorithm>

namespace busbar::ecs {

void Store::take_ids(Table& table, EntityId* ids, uint32_t count) {
  const uint32_t row = table.rows(), reused = static_cast<uint32_t>(std::min<uint64_t>(count, free_.size()));
  slots_.reserve(slots_.size() + count - reused);
  for (uint32_t i = 0; i < reused; i++) {
    const uint32_t index = free_.take_lowest();
    ids[i] = make_id(slots_[index].number(), index);
    slots_[index] = {table.id(), row + i};
  }
  table.add_rows(ids, reused);
  // Indexes that were never used, side by side.
  table.add_new_rows(static_cast<uint32_t>(slots_.size()), count - reused, ids + reused);
  slots_.append(table.id(), row + reused, count - reused);
}

Fault Store::create(TableId table_id, uint32_t count, std::span<const ValueColumn> columns, EntityId* ids,
                    std::vector<ItemFault>& faults) {
  if (table_id >= tables_.size()) return {Code::unknown_name, "there is no table " + std::to_string(table_id)};
  Table& table = tables_[table_id];
  if (Fault fault = check_columns(columns, count)) return fault;
  for (const ValueColumn& column : columns) {
    if (table.column(column.field) == nullptr) {
      return {Code::not_found, fields_[column.field].path + ": its component is not in this archetype; add it"};
    }
  }
  if (count == 0) return {};
  if (slots_.size() + count > limits_.entities_max + free_.size()) {
    return limit_exceeded("the number of entities", entity_count_ + count, limits_.entities_max);
  }
  const bool exact = count > 4096 && table.rows() == 0;
  if (copy_sound(table, columns, count, exact)) {
    append_rows(table, 0, count, columns, ids, true);
    table.set_version(++clock_);
    return {};
  }
  const size_t first_fault = faults.size();
  check_values(columns, count, faults);
  const auto added = static_cast<uint32_t>(count - (faults.size() - first_fault));
  if (added > 0) table.reserve(uint64_t{table.rows()} + added, exact);
  // Runs of items that are sound, up to each that is not.
  uint32_t from = 0;
  for (size_t i = first_fault; i <= faults.size(); i++) {
    const uint32_t bad = i < faults.size() ? faults[i].item : count;
    if (bad > from) append_rows(table, from, bad - from, columns, ids, false);
    if (bad < count) ids[bad] = kNullEntity;
    from = bad + 1;
  }
  if (added > 0) table.set_version(++clock_);
  return {};
}

void Store::append_rows(Table& table, uint32_t from, uint32_t count, std::span<const ValueColumn> columns,
                        EntityId* ids, bool copied) {
  const uint32_t rows = table.rows();
  take_ids(table, ids + from, count);
  for (Column& column : table.mutable_columns()) {
    const auto source = std::find_if(columns.begin(), columns.end(),
                                     [&](const ValueColumn& given) { return given.field == column.field(); });
    if (source == columns.end()) {
      column.append_default(rows, count);
    } else if (copied) {
      column.append_copied(rows, count);
    } else {
      column.append(rows, *source, from, count);
    }
  }
  entity_count_ += count;
}

bool Store::alive(EntityId id) const {
  const uint32_t index = index_of(id);
  if (index >= slots_.size() || slots_[index].table() == kNoTable) return false;
  return tables_[slots_[index].table()].ids()[slots_[index].number()] == id;
}

Fault Store::locate(EntityId id, Location& location) const {
  if (alive(id)) {
    const Slot& slot = slots_[index_of(id)];
    location = {slot.table(), slot.number()};
    return {};
  }
  if (id == kNullEntity) return {Code::not_found, "the id is 0, which is no entity"};
  const std::string text = "entity " + std::to_string(id);
  const uint32_t index = index_of(id), generation = generation_of(id);
  if (index >= slots_.size() || generation == 0) return {Code::not_found, text + " was never created"};
  const Slot& slot = slots_[index];
  if (slot.table() != kNoTable) {
    const EntityId now = tables_[slot.table()].ids()[slot.number()];
    if (generation > generation_of(now)) return {Code::not_found, text + " was never created"};
    return {Code::stale_id, text + " is gone; its index is now used by " + std::to_string(now)};
  }
  if (slot.number() != 0 && generation >= slot.number()) return {Code::not_found, text + " was never created"};
  return {Code::stale_id, text + " is gone"};
}

void Store::remove_row(Location at) {
  Table& table = tables_[at.table];
  const EntityId moved = table.swap_remove(at.row);
  if (moved != kNullEntity) slots_[index_of(moved)].set_number(at.row);
  table.set_version(++clock_);
}

void Store::erase(std::span<const EntityId> ids, std::vector<ItemFault>& faults) {
  for (uint32_t i = 0; i < ids.size(); i++) {
    Location at;
    if (Fault fault = locate(ids[i], at)) {
      faults.push_back({i, std::move(fault)});
      continue;
    }
    remove_row(at);
    const uint32_t index = index_of(ids[i]), generation = generation_of(ids[i]);
    // A generation that would wrap retires the index: an id is never given out twice.
    slots_[index] = {kNoTable, generation == kGenerationMax ? 0 : generation + 1};
    if (generation != kGenerationMax) free_.add(index);
    entity_count_--;
  }
}

void Store::move(Location from, Table& to) {
  const Table& source = tables_[from.table];
  const EntityId id = source.ids()[from.row];
  const uint32_t row = to.rows();
  to.reserve(uint64_t{row} + 1, false);
  for (Column& column : to.mutable_columns()) {
    const Column* old = source.column(column.field());
    if (old == nullptr) {
      column.append_default(row, 1);
    } else {
      column.append_copy(row, *old, from.row);
    }
  }
  to.add_rows(&id, 1);
  to.set_version(++clock_);
  remove_row(from);
  slots_[index_of(id)] = {to.id(), row};
}

Fault Store::update(std::span<const EntityId> ids, std::span<const ComponentId> add,
                    std::span<const ComponentId> remove, std::span<const ValueColumn> columns,
                    std::vector<ItemFault>& faults) {
  if (ids.size() > 0xFFFF'FFFE) return limit_exceeded("the number of items", ids.size(), 0xFFFF'FFFE);
  const auto count = static_cast<uint32_t>(ids.size());
  if (Fault fault = check_columns(columns, count)) return fault;
  for (const auto& list : {add, remove}) {
    for (const ComponentId component : list) {
      if (component >= components_.size()) {
        return {Code::unknown_name, "there is no component " + std::to_string(component)};
      }
    }
  }
  for (const ComponentId component : add) {
    if (std::find(remove.begin(), remove.end(), component) != remove.end()) {
      return {Code::conflict, components_[component].type.name + " is both to be added and to be removed"};
    }
  }
  std::vector<ItemFault> bad;
  check_values(columns, count, bad);
  size_t next_bad = 0;
  // Items of one table lead to one table: what was found for the last item mostly holds for the next.
  TableId from = kNoTable, to = kNoTable;
  Fault refused;
  std::vector<Column*> targets(columns.size());
  for (uint32_t i = 0; i < count; i++) {
    if (next_bad < bad.size() && bad[next_bad].item == i) {
      faults.push_back(std::move(bad[next_bad++]));
      continue;
    }
    Location at;
    if (Fault fault = locate(ids[i], at)) {
      faults.push_back({i, std::move(fault)});
      continue;
    }
    if (at.table != from) {
      from = to = at.table;
      refused = {};
      for (size_t k = 0; k < add.size() && !refused; k++) refused = step(to, add[k], true, to);
      for (size_t k = 0; k < remove.size() && !refused; k++) refused = step(to, remove[k], false, to);
      for (size_t k = 0; k < columns.size() && !refused; k++) {
        targets[k] = const_cast<Column*>(tables_[to].column(columns[k].field));
        if (targets[k] != nullptr) continue;
        const FieldInfo& info = fields_[columns[k].field];
        refused = {Code::not_found, info.path + ": the entity has no " + components_[info.component].type.name +
                                        "; name it among the components to add"};
      }
    }
    if (refused) {
      faults.push_back({i, refused});
      continue;
    }
    if (to != at.table) {
      const uint32_t row = tables_[to].rows();
      move(at, tables_[to]);
      at = {to, row};
    }
    if (columns.empty()) continue;
    ++clock_;
    for (size_t k = 0; k < columns.size(); k++) {
      targets[k]->set(at.row, columns[k], i);
      targets[k]->set_version(clock_);
    }
  }
  return {};
}

std::vector<FreeIndex> Store::free_indexes() const {
  std::vector<FreeIndex> found;
  for (uint32_t index = 0; index < slots_.size(); index++) {
    if (slots_[index].table() == kNoTable) found.push_back({index, slots_[index].number()});
  }
  return found;
}

std::vector<TableId> Store::matching(std::span<const ComponentId> all, std::span<const ComponentId> any_of) const {
  std::vector<TableId> found;
  for (const Table& table : tables_) {
    const auto has = [&](ComponentId component) { return table.has(component); };
    if (!std::all_of(all.begin(), all.end(), has)) continue;
    if (!any_of.empty() && std::none_of(any_of.begin(), any_of.end(), has)) continue;
    found.push_back(table.id());
  }
  return found;
}

Column* Store::write_column(TableId table, FieldId field) {
  auto* column = const_cast<Column*>(tables_[table].column(field));
  if (column != nullptr) column->set_version(++clock_);
  return column;
}

MemoryUse Store::memory() const {
  MemoryUse use;
  for (const Table& table : tables_) use.columns += table.memory_bytes();
  use.entities = slots_.memory_bytes() + free_.memory_bytes();
  use.dictionary = dictionary_.memory_bytes();
  return use;
}

}  // namespace busbar::ecs
