// Changes of entities: fields, components, and only on what the caller has seen.
#include <algorithm>
#include <unordered_set>

#include "answers.h"
#include "decode.h"

namespace busbar::ecs {
namespace {

/// One group, resolved.
struct Group {
  std::string path;
  uint32_t first = 0;  ///< item of its first id
  std::vector<EntityId> ids;
  std::vector<ComponentId> add, remove;
  std::vector<FieldId> reads;
  uint64_t read_version = 0;
  Fault fault;                  ///< of the group as a whole
  std::vector<Fault> conflict;  ///< of each id; empty when none was asked for
};

Group read_group(const Instance& self, const ::ecs::UpdateGroup& from, std::string path, uint32_t first) {
  Group group;
  group.path = std::move(path);
  group.first = first;
  group.ids = read_ids(from.ids());
  group.read_version = from.read_version();
  const Store& store = *self.store;
  group.fault = read_components(store, group.path + ".add", from.add(), group.add);
  if (!group.fault) group.fault = read_components(store, group.path + ".remove", from.remove(), group.remove);
  if (!group.fault) group.fault = read_fields(store, group.path + ".reads", from.reads(), group.reads);
  return group;
}

/// Holds what the caller has read against what is there, before the request changes anything.
void check_conflicts(const Instance& self, const Columns* columns, Group& group) {
  if (group.read_version == 0 || group.fault) return;
  std::vector<FieldId> fields = group.reads;
  for (uint32_t i = 0; columns != nullptr && i < columns->size(); i++) {
    if (const auto field = self.store->find_field(view_of(columns->Get(i)->field()))) fields.push_back(*field);
  }
  const std::string read = "read_version is " + std::to_string(group.read_version);
  if (group.read_version > self.version() || group.read_version < self.version_base) {
    group.fault = {Code::conflict, group.path + "." + read + ", which is of another life of this state; read again"};
    return;
  }
  const uint64_t seen = group.read_version - self.version_base;
  group.conflict.resize(group.ids.size());
  for (size_t i = 0; i < group.ids.size(); i++) {
    Location at{};
    if (Fault gone = self.store->locate(group.ids[i], at)) continue;  // the store has the better sentence
    const Table& table = self.store->table(at.table);
    std::string what;
    if (table.version() > seen) what = "entities came to its table or left it";
    for (const FieldId field : fields) {
      const Column* const column = table.column(field);
      if (what.empty() && column != nullptr && column->version() > seen) {
        what = self.store->field(field).path + " was written";
      }
    }
    if (what.empty()) continue;
    group.conflict[i] = {Code::conflict, "entity " + std::to_string(group.ids[i]) + ": " + what + " since " + read +
                                             "; read again"};
  }
}

/// Positions before a group is applied, for EntityMoved.
struct Positions {
  std::vector<FieldId> axes;
  std::vector<double> values;
  std::vector<bool> known;

  bool read(const Store& store, EntityId id, double* out) const {
    Location at{};
    if (Fault gone = store.locate(id, at)) return false;
    for (size_t axis = 0; axis < axes.size(); axis++) {
      const Column* const column = store.table(at.table).column(axes[axis]);
      if (column == nullptr) return false;
      out[axis] = float_at(column->bytes(), column->type() == FieldType::f32, at.row);
    }
    return true;
  }

  void before(const Store& store, const Group& group, const std::vector<ValueColumn>& columns) {
    axes = position_axes(store);
    const bool touched = std::any_of(columns.begin(), columns.end(), [&](const ValueColumn& column) {
      return std::find(axes.begin(), axes.end(), column.field) != axes.end();
    });
    if (!touched) axes.clear();
    if (axes.empty()) return;
    values.resize(group.ids.size() * axes.size());
    known.resize(group.ids.size());
    for (size_t i = 0; i < group.ids.size(); i++) known[i] = read(store, group.ids[i], &values[i * axes.size()]);
  }

  void after(const Store& store, const Group& group, Changes& changes) const {
    if (axes.empty()) return;
    std::unordered_set<EntityId> done;  // an id may come twice; it has moved once
    double now[3] = {};
    for (size_t i = 0; i < group.ids.size(); i++) {
      const double* const old = &values[i * axes.size()];
      if (!known[i] || !done.insert(group.ids[i]).second || !read(store, group.ids[i], now)) continue;
      if (std::equal(old, old + axes.size(), now)) continue;
      changes.moved(group.ids[i], static_cast<uint32_t>(axes.size()), old, now);
    }
  }
};

/// Components that an update will bring to or take from the entity.
std::vector<ComponentId> component_changes(const Store& store, EntityId id, const Group& group) {
  std::vector<ComponentId> changes;
  Location at{};
  if ((group.add.empty() && group.remove.empty()) || store.locate(id, at)) return changes;
  const Table& table = store.table(at.table);
  for (const ComponentId component : group.add) {
    if (!table.has(component)) changes.push_back(component);
  }
  for (const ComponentId component : group.remove) {
    if (table.has(component)) changes.push_back(component);
  }
  return changes;
}

/// @returns how many entities were changed
uint32_t apply(Instance& self, Group& group, const Columns* from, Refusals& refusals) {
  Store& store = *self.store;
  const auto count = static_cast<uint32_t>(group.ids.size());
  GroupColumns columns;
  if (!group.fault) group.fault = columns.read(store, group.path, from, count);
  std::vector<ItemFault> faults;
  std::vector<std::vector<ComponentId>> moved(group.add.empty() && group.remove.empty() ? 0 : count);
  for (size_t i = 0; i < moved.size(); i++) moved[i] = component_changes(store, group.ids[i], group);
  Positions positions;
  if (!group.fault) {
    positions.before(store, group, columns.columns());
    std::vector<EntityId> ids = group.ids;
    for (size_t i = 0; i < group.conflict.size(); i++) {
      if (group.conflict[i]) ids[i] = kNullEntity;  // refused as not there, and renamed below
    }
    group.fault = store.update(ids, group.add, group.remove, columns.columns(), faults);
  }
  if (group.fault) {
    refusals.push_back({group.first, count, std::move(group.fault), group.path});
    return 0;
  }
  std::vector<bool> failed(count);
  for (ItemFault& item : faults) {
    failed[item.item] = true;
    Fault& fault = !group.conflict.empty() && group.conflict[item.item] ? group.conflict[item.item] : item.fault;
    refusals.push_back({group.first + item.item, 1, std::move(fault), at(group.path + ".ids", item.item)});
  }
  std::vector<FieldId> fields;
  for (const ValueColumn& column : columns.columns()) fields.push_back(column.field);
  for (uint32_t i = 0; i < count; i++) {
    if (failed[i]) continue;
    const std::vector<ComponentId> none;
    const std::vector<ComponentId>& components = moved.empty() ? none : moved[i];
    if (!fields.empty() || !components.empty()) self.changes.updated(group.ids[i], fields, components);
  }
  positions.after(store, group, self.changes);
  return count - static_cast<uint32_t>(faults.size());
}

}  // namespace

void answer_update(Answer& answer) {
  const auto* const request = answer.read<::ecs::UpdateEntitiesRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const uint32_t count = request->groups() == nullptr ? 0 : request->groups()->size();
  if (answer.refuses_items("groups", count)) return;
  uint64_t total = 0;
  for (uint32_t g = 0; g < count; g++) total += request->groups()->Get(g)->ids()->size();
  if (answer.refuses_items("ids", total)) return;
  std::vector<Group> groups;
  uint32_t first = 0;
  for (uint32_t g = 0; g < count; g++) {
    const ::ecs::UpdateGroup& from = *request->groups()->Get(g);
    groups.push_back(read_group(self, from, at("groups", g), first));
    check_conflicts(self, from.columns(), groups.back());
    first += from.ids()->size();
  }
  self.changes.begin({});
  const uint64_t clock = self.store->clock();
  Refusals refusals;
  uint32_t updated = 0;
  bool cancelled = false;
  for (uint32_t g = 0; g < count && !cancelled; g++) {
    updated += apply(self, groups[g], request->groups()->Get(g)->columns(), refusals);
    cancelled = g + 1 < count && answer.cancelled();
  }
  if (self.store->clock() != clock) self.step++;
  if (cancelled) {
    answer.fail({Code::cancelled, "the request was cancelled; the groups before it are done"});
  } else {
    Builder& builder = answer.builder();
    builder.Clear();
    const auto errors = put_errors(builder, refusals);
    answer.send(::ecs::CreateUpdateEntitiesReply(builder, updated, errors, self.version()));
  }
  self.publish_changes();
  self.publish_deltas(false);
}

}  // namespace busbar::ecs
