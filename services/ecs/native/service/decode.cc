#include "decode.h"

#include <algorithm>
#include <cstring>

#include "config.h"

namespace busbar::ecs {
namespace {

std::string quoted(std::string_view text) {
  constexpr size_t kShown = 80;
  return "'" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...'" : "'");
}

std::vector<std::string_view> component_names(const Store& store) {
  std::vector<std::string_view> names;
  for (ComponentId id = 0; id < store.component_count(); id++) names.push_back(store.component(id).name);
  return names;
}

std::vector<std::string_view> field_names(const Store& store) {
  std::vector<std::string_view> names;
  for (FieldId id = 0; id < store.field_count(); id++) names.push_back(store.field(id).path);
  return names;
}

}  // namespace

std::vector<EntityId> read_ids(const flatbuffers::Vector<uint64_t>* ids) {
  std::vector<EntityId> out(ids == nullptr ? 0 : ids->size());
  if (!out.empty()) std::memcpy(out.data(), ids->Data(), out.size() * sizeof(EntityId));
  return out;
}

Fault read_component(const Store& store, const std::string& path, std::string_view name, ComponentId& id) {
  const auto found = store.find_component(name);
  if (found) {
    id = *found;
    return {};
  }
  return {Code::unknown_name,
          path + ": there is no component " + quoted(name) + did_you_mean(name, component_names(store))};
}

Fault read_components(const Store& store, const std::string& path, const Texts* names, std::vector<ComponentId>& ids) {
  for (uint32_t i = 0; names != nullptr && i < names->size(); i++) {
    ComponentId id = 0;
    if (Fault fault = read_component(store, at(path, i), view_of(names->Get(i)), id)) return fault;
    ids.push_back(id);
  }
  return {};
}

Fault read_field(const Store& store, const std::string& path, std::string_view name, FieldId& id) {
  const auto found = store.find_field(name);
  if (found) {
    id = *found;
    return {};
  }
  return {Code::unknown_name, path + ": there is no field " + quoted(name) + did_you_mean(name, field_names(store))};
}

Fault read_fields(const Store& store, const std::string& path, const Texts* names, std::vector<FieldId>& ids) {
  std::vector<bool> seen(store.field_count());
  const auto add = [&](FieldId id) {
    if (!seen[id]) ids.push_back(id);
    seen[id] = true;
  };
  for (uint32_t i = 0; names != nullptr && i < names->size(); i++) {
    const std::string_view name = view_of(names->Get(i));
    if (const auto component = store.find_component(name)) {
      const FieldId first = store.first_field(*component);
      for (size_t f = 0; f < store.component(*component).fields.size(); f++) add(first + static_cast<FieldId>(f));
      continue;
    }
    FieldId id = 0;
    if (name.find('.') == std::string_view::npos) {
      ComponentId unused = 0;
      return read_component(store, at(path, i), name, unused);
    }
    if (Fault fault = read_field(store, at(path, i), name, id)) return fault;
    add(id);
  }
  return {};
}

Fault read_definition(const std::string& path, const ::ecs::ComponentDefinition& from, ComponentType& to) {
  to.name = std::string(view_of(from.name()));
  for (uint32_t i = 0; from.fields() != nullptr && i < from.fields()->size(); i++) {
    const ::ecs::FieldDefinition& field = *from.fields()->Get(i);
    const std::string place = at(path + ".fields", i);
    const auto type = static_cast<uint8_t>(field.type());
    if (type < 1 || type > kFieldTypes) {
      return {Code::malformed, place + ".type is " + std::to_string(type) + "; write one of FieldType"};
    }
    const bool vector = type == static_cast<uint8_t>(::ecs::FieldType::f32_vector);
    if (field.width() > 16 || (!vector && field.width() > 1)) {
      return {Code::malformed, place + ".width is " + std::to_string(field.width()) + "; write " +
                                   (vector ? "1 to 16" : "0 or 1, only f32_vector is wider")};
    }
    const auto index = static_cast<uint8_t>(field.index());
    if (index > 2) return {Code::malformed, place + ".index is " + std::to_string(index) + "; write one of IndexKind"};
    to.fields.push_back({std::string(view_of(field.name())), static_cast<FieldType>(type - 1), field.nullable(),
                         static_cast<uint8_t>(vector ? field.width() : 1), static_cast<IndexKind>(index)});
  }
  return {};
}

}  // namespace busbar::ecs
