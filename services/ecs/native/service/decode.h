// From verified messages to what the store takes. Every name, length, type and number is checked here or in the store.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "ecs/query.h"
#include "ecs/store.h"
#include "ecs_generated.h"

namespace busbar::ecs {

using Texts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;
using Columns = flatbuffers::Vector<flatbuffers::Offset<::ecs::Column>>;

/// FieldType of the schema is that of the store plus one, none being 0.
constexpr ::ecs::FieldType schema_type(FieldType type) {
  return static_cast<::ecs::FieldType>(static_cast<uint8_t>(type) + 1);
}

inline std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}
inline std::string at(const std::string& path, size_t i) { return path + "[" + std::to_string(i) + "]"; }

/// Ids may lie at any byte of a message.
std::vector<EntityId> read_ids(const flatbuffers::Vector<uint64_t>* ids);

Fault read_component(const Store& store, const std::string& path, std::string_view name, ComponentId& id);
/// An absent list is an empty one.
Fault read_components(const Store& store, const std::string& path, const Texts* names, std::vector<ComponentId>& ids);
Fault read_field(const Store& store, const std::string& path, std::string_view name, FieldId& id);
/// Fields, or whole components; each field once.
Fault read_fields(const Store& store, const std::string& path, const Texts* names, std::vector<FieldId>& ids);
Fault read_definition(const std::string& path, const ::ecs::ComponentDefinition& from, ComponentType& to);

/// Columns of one group of a request, as the store takes them. Texts become codes of the store's dictionary.
class GroupColumns {
 public:
  /// Nothing is changed before all columns have been found sound. What a text of an item is wrong with is the item's own
  /// fault, which the store finds.
  Fault read(Store& store, const std::string& path, const Columns* columns, uint32_t rows);
  /// For snapshots: codes are taken as they are.
  Fault read_coded(const Store& store, const std::string& path, const Columns* columns, uint32_t rows);
  const std::vector<ValueColumn>& columns() const { return columns_; }

 private:
  Fault check(const Store& store, const std::string& path, const Columns* columns, uint32_t rows, bool coded);
  std::vector<ValueColumn> columns_;
  std::deque<std::vector<uint8_t>> memory_;
};

/// @param rows_max of the answer: a limit beyond it is refused, no limit becomes it; 0: any
Fault read_query(const Store& store, const std::string& path, const ::ecs::Query& from, uint32_t rows_max,
                 uint32_t filters_max, Query& to);

}  // namespace busbar::ecs
