// Components, archetypes and the tables they lead to.
#include <algorithm>
#include <set>

#include "store.h"

namespace busbar::ecs {
namespace {

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || name.size() > 64 || !letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

constexpr const char* kNameRule = "; a name is 1 to 64 letters, digits and _, not beginning with a digit";

Fault check_component(const ComponentType& type, const Limits& limits) {
  if (!is_name(type.name)) return {Code::malformed, "component '" + type.name + "'" + kNameRule};
  if (type.fields.size() > limits.fields_max) {
    return limit_exceeded("the number of fields of " + type.name, type.fields.size(), limits.fields_max);
  }
  std::set<std::string_view> names;
  for (const Field& field : type.fields) {
    const std::string path = type.name + "." + field.name;
    if (!is_name(field.name)) return {Code::malformed, path + kNameRule};
    if (!names.insert(field.name).second) return {Code::duplicate, path + " is defined twice"};
    if (static_cast<uint8_t>(field.type) >= kFieldTypes) {
      return {Code::malformed, path + " has type " + std::to_string(static_cast<int>(field.type)) +
                                   ", which this version does not know"};
    }
    const bool is_vector = field.type == FieldType::vec_f32;
    if (is_vector ? field.width < 1 || field.width > 16 : field.width != 1) {
      return {Code::malformed, path + " has width " + std::to_string(field.width) + "; write " +
                                   (is_vector ? "1 to 16" : "1, only vec_f32 is wider")};
    }
    if (field.index > IndexKind::sorted) return {Code::malformed, path + " has an index of an unknown kind"};
    if (field.index != IndexKind::none && is_vector) return {Code::malformed, path + ": vec_f32 cannot be indexed"};
  }
  return {};
}

}  // namespace

Fault Store::define_component(const ComponentType& type, ComponentId& id) {
  if (Fault fault = check_component(type, limits_)) return fault;
  const auto known = component_names_.find(type.name);
  if (known != component_names_.end()) {
    if (components_[known->second].type != type) {
      return {Code::duplicate, "component " + type.name + " is defined with other fields already"};
    }
    id = known->second;
    return {};
  }
  if (components_.size() >= limits_.components_max) {
    return limit_exceeded("the number of components", components_.size() + 1, limits_.components_max);
  }
  id = component_count();
  components_.push_back({type, field_count()});
  component_names_.emplace(type.name, id);
  for (const Field& field : type.fields) {
    const FieldId field_id = field_count();
    fields_.push_back({field_id, id, field, type.name + "." + field.name});
    field_names_.emplace(fields_.back().path, field_id);
  }
  ++clock_;
  return {};
}

std::optional<ComponentId> Store::find_component(std::string_view name) const {
  const auto at = component_names_.find(name);
  return at == component_names_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<FieldId> Store::find_field(std::string_view path) const {
  const auto at = field_names_.find(path);
  return at == field_names_.end() ? std::nullopt : std::optional(at->second);
}

Fault Store::make_table(std::vector<ComponentId> sorted, TableId& table) {
  const auto known = table_ids_.find(sorted);
  if (known != table_ids_.end()) {
    table = known->second;
    return {};
  }
  if (tables_.size() >= limits_.tables_max) {
    return limit_exceeded("the number of sets of components", tables_.size() + 1, limits_.tables_max);
  }
  std::vector<Column> columns;
  for (const ComponentId component : sorted) {
    const Component& known_component = components_[component];
    for (uint32_t i = 0; i < known_component.type.fields.size(); i++) {
      columns.emplace_back(known_component.first_field + i, known_component.type.fields[i]);
    }
  }
  table = table_count();
  table_ids_.emplace(sorted, table);
  tables_.emplace_back(table, std::move(sorted), std::move(columns));
  tables_version_ = ++clock_;
  tables_.back().set_version(clock_);
  return {};
}

Fault Store::table_of(std::span<const ComponentId> components, TableId& table) {
  std::vector<ComponentId> sorted(components.begin(), components.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  if (!sorted.empty() && sorted.back() >= components_.size()) {
    return {Code::unknown_name, "there is no component " + std::to_string(sorted.back())};
  }
  return make_table(std::move(sorted), table);
}

Fault Store::define_archetype(const std::string& name, std::span<const ComponentId> components, TableId& table) {
  if (!is_name(name)) return {Code::malformed, "archetype '" + name + "'" + kNameRule};
  const auto known = archetypes_.find(name);
  if (known == archetypes_.end() && archetypes_.size() >= limits_.archetypes_max) {
    return limit_exceeded("the number of archetypes", archetypes_.size() + 1, limits_.archetypes_max);
  }
  TableId found = 0;
  if (Fault fault = table_of(components, found)) return fault;
  if (known != archetypes_.end() && known->second != found) {
    return {Code::duplicate, "archetype " + name + " is defined with other components already"};
  }
  archetypes_.emplace(name, found);
  table = found;
  return {};
}

std::optional<TableId> Store::find_archetype(std::string_view name) const {
  const auto at = archetypes_.find(name);
  return at == archetypes_.end() ? std::nullopt : std::optional(at->second);
}

Fault Store::step(TableId from, ComponentId component, bool adds, TableId& to) {
  to = tables_[from].edge(component, adds);
  if (to != kNoTable) return {};
  const auto list = tables_[from].components();
  std::vector<ComponentId> sorted(list.begin(), list.end());
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), component);
  const bool there = at != sorted.end() && *at == component;
  if (adds && !there) sorted.insert(at, component);
  if (!adds && there) sorted.erase(at);
  if (Fault fault = make_table(std::move(sorted), to)) return fault;
  tables_[from].set_edge(component, adds, to);
  return {};
}

}  // namespace busbar::ecs
