// Entities: made, read and deleted in batches.
#include "answers.h"
#include "decode.h"

namespace busbar::ecs {
namespace {

/// The table of a group's archetype and components.
Fault table_of(Store& store, const std::string& path, const ::ecs::CreateGroup& group, TableId& table) {
  std::vector<ComponentId> components;
  const std::string_view name = view_of(group.archetype());
  if (!name.empty()) {
    const auto found = store.find_archetype(name);
    if (!found) {
      std::vector<std::string_view> names;
      for (const auto& [known, unused] : store.archetypes()) names.push_back(known);
      return {Code::unknown_name, path + ".archetype: there is no archetype '" + std::string(name.substr(0, 80)) + "'" +
                                      did_you_mean(name, names)};
    }
    const auto known = store.table(*found).components();
    components.assign(known.begin(), known.end());
  } else if (group.components() == nullptr) {
    return {Code::malformed, path + " has neither archetype nor components"};
  }
  if (Fault fault = read_components(store, path + ".components", group.components(), components)) return fault;
  return store.table_of(components, table);
}

Fault create_group(Instance& self, const std::string& path, const ::ecs::CreateGroup& group, EntityId* ids,
                   std::vector<ItemFault>& faults, TableId& table) {
  GroupColumns columns;
  if (Fault fault = columns.read(*self.store, path, group.columns(), group.count())) return fault;
  if (Fault fault = table_of(*self.store, path, group, table)) return fault;
  return self.store->create(table, group.count(), columns.columns(), ids, faults);
}

}  // namespace

void answer_create(Answer& answer) {
  const auto* const request = answer.read<::ecs::CreateEntitiesRequest>();
  if (request == nullptr) return;
  Instance& self = answer.self();
  const uint32_t groups = request->groups() == nullptr ? 0 : request->groups()->size();
  if (answer.refuses_items("groups", groups)) return;
  uint64_t total = 0;
  for (uint32_t g = 0; g < groups; g++) total += request->groups()->Get(g)->count();
  if (answer.refuses_items("entities", total)) return;
  std::vector<EntityId> ids(total);
  Refusals refusals;
  self.changes.begin({});
  const uint64_t clock = self.store->clock();
  uint32_t first = 0;
  bool cancelled = false;
  for (uint32_t g = 0; g < groups && !cancelled; g++) {
    const ::ecs::CreateGroup& group = *request->groups()->Get(g);
    const std::string path = at("groups", g);
    std::vector<ItemFault> faults;
    TableId table = 0;
    if (Fault fault = create_group(self, path, group, ids.data() + first, faults, table)) {
      refusals.push_back({first, group.count(), std::move(fault), path});
      std::fill_n(ids.begin() + first, group.count(), kNullEntity);
    } else {
      for (ItemFault& item : faults) refusals.push_back({first + item.item, 1, std::move(item.fault), path});
      for (uint32_t i = first; i < first + group.count(); i++) {
        if (ids[i] != kNullEntity) self.changes.created(ids[i], table);
      }
    }
    first += group.count();
    cancelled = g + 1 < groups && answer.cancelled();
  }
  if (self.store->clock() != clock) self.step++;
  if (cancelled) {
    answer.fail({Code::cancelled, "the request was cancelled; the groups before it are made"});
  } else {
    Builder& builder = answer.builder();
    builder.Clear();
    const auto errors = put_errors(builder, refusals);
    answer.send(::ecs::CreateCreateEntitiesReply(builder, put(builder, ids), errors, self.version()));
  }
  self.publish_changes();
  self.publish_deltas(false);
}

void answer_delete(Answer& answer) {
  const auto* const request = answer.read<::ecs::DeleteEntitiesRequest>();
  if (request == nullptr) return;
  if (answer.refuses_items("ids", request->ids()->size())) return;
  Instance& self = answer.self();
  const std::vector<EntityId> ids = read_ids(request->ids());
  std::vector<ItemFault> faults;
  self.changes.begin({});
  self.store->erase(ids, faults);
  std::vector<bool> failed(ids.size());
  Refusals refusals;
  for (ItemFault& item : faults) {
    failed[item.item] = true;
    refusals.push_back({item.item, 1, std::move(item.fault), at("ids", item.item)});
  }
  for (size_t i = 0; i < ids.size(); i++) {
    if (!failed[i]) self.changes.deleted(ids[i]);
  }
  if (self.changes.any()) self.step++;
  Builder& builder = answer.builder();
  builder.Clear();
  const auto errors = put_errors(builder, refusals);
  answer.send(::ecs::CreateDeleteEntitiesReply(builder, static_cast<uint32_t>(ids.size() - refusals.size()), errors,
                                               self.version()));
  self.publish_changes();
  self.publish_deltas(false);
}

void answer_get(Answer& answer) {
  const auto* const request = answer.read<::ecs::GetEntitiesRequest>();
  if (request == nullptr) return;
  if (answer.refuses_items("ids", request->ids()->size())) return;
  Instance& self = answer.self();
  std::vector<FieldId> fields;
  if (Fault fault = read_fields(*self.store, "select", request->select(), fields)) return answer.fail(fault);
  const std::vector<EntityId> ids = read_ids(request->ids());
  std::vector<Location> rows(ids.size(), Location{kNoTable, 0});
  Refusals refusals;
  for (size_t i = 0; i < ids.size(); i++) {
    Location found{};
    if (Fault fault = self.store->locate(ids[i], found)) {
      refusals.push_back({static_cast<uint32_t>(i), 1, std::move(fault), at("ids", i)});
    } else {
      rows[i] = found;
    }
  }
  Builder& builder = answer.builder();
  builder.Clear();
  const auto errors = put_errors(builder, refusals);
  const auto list = put_fields(builder, *self.store, ids, rows, fields);
  answer.send(::ecs::CreateGetEntitiesReply(builder, list, errors, self.version()));
}

}  // namespace busbar::ecs
