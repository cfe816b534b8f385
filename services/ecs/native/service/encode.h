// From the store to messages.
#pragma once

#include <span>
#include <vector>

#include "ecs/query.h"
#include "ecs/store.h"
#include "ecs_generated.h"

namespace busbar::ecs {

using Builder = flatbuffers::FlatBufferBuilder;

/// An empty vector is left out, which reads the same; the builder does not align empty ones.
template <class T>
flatbuffers::Offset<flatbuffers::Vector<T>> put(Builder& builder, std::span<const T> values) {
  if (values.empty()) return {};
  return builder.CreateVector(values.data(), values.size());
}
template <class T>
flatbuffers::Offset<flatbuffers::Vector<T>> put(Builder& builder, const std::vector<T>& values) {
  return put(builder, std::span<const T>(values));
}

/// Archetypes of rows as Rows and EntitiesCreated carry them.
struct Archetypes {
  std::vector<uint32_t> of_row;  ///< 0xFFFF'FFFF: no entity; empty when all rows are of the first
  std::vector<TableId> tables;   ///< in the order of their first row
};
Archetypes archetypes_of(std::span<const Location> rows);
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ComponentSet>>> put_archetypes(
    Builder& builder, const Store& store, std::span<const TableId> tables);

flatbuffers::Offset<::ecs::Column> put_column(Builder& builder, const Store& store, const Gathered& column);
/// Rows [first, first + count) of a table's column as they lie there. Codes of texts stay those of the store.
flatbuffers::Offset<::ecs::Column> put_table_column(Builder& builder, const Store& store, const Column& column,
                                                    uint32_t first, uint32_t count);

/// @param columns of the same rows
flatbuffers::Offset<::ecs::Rows> put_rows(Builder& builder, const Store& store, std::span<const EntityId> ids,
                                          std::span<const Location> rows, std::span<const Gathered> columns);
/// Gathers the fields at the rows and puts them.
flatbuffers::Offset<::ecs::Rows> put_fields(Builder& builder, const Store& store, std::span<const EntityId> ids,
                                            std::span<const Location> rows, std::span<const FieldId> fields);

flatbuffers::Offset<::ecs::ComponentDefinition> put_definition(Builder& builder, const ComponentType& type);
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ComponentDefinition>>> put_components(
    Builder& builder, const Store& store);
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ArchetypeDefinition>>> put_archetype_definitions(
    Builder& builder, const Store& store);
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> put_component_names(
    Builder& builder, const Store& store, std::span<const ComponentId> components, bool by_name);

/// Why items of a request have no result.
struct Refusal {
  uint32_t item;
  uint32_t count;
  Fault fault;
  std::string path;
};
using Refusals = std::vector<Refusal>;
flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ItemError>>> put_errors(Builder& builder,
                                                                                           const Refusals& refusals);

}  // namespace busbar::ecs
