#include "encode.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "decode.h"

namespace busbar::ecs {
namespace {

constexpr uint32_t kNoArchetype = 0xFFFF'FFFF;

template <class T>
flatbuffers::Offset<flatbuffers::Vector<T>> put_bytes(Builder& builder, const void* values, uint64_t count) {
  return put(builder, std::span<const T>(static_cast<const T*>(values), count));
}

/// Puts `count` values of plain width where the column of `type` has them.
void add_values(Builder& builder, FieldType type, const void* values, uint64_t count,
                flatbuffers::uoffset_t (&out)[kFieldTypes]) {
  const auto slot = static_cast<size_t>(type);
  switch (type) {
    case FieldType::i8:
    case FieldType::u8:
    case FieldType::boolean:
      out[slot] = put_bytes<uint8_t>(builder, values, count).o;
      return;
    case FieldType::i16:
    case FieldType::u16:
      out[slot] = put_bytes<uint16_t>(builder, values, count).o;
      return;
    case FieldType::i32:
    case FieldType::u32:
    case FieldType::utf8:
      out[slot] = put_bytes<uint32_t>(builder, values, count).o;
      return;
    case FieldType::i64:
    case FieldType::u64:
    case FieldType::entity:
      out[slot] = put_bytes<uint64_t>(builder, values, count).o;
      return;
    case FieldType::f32:
    case FieldType::vec_f32:
      out[slot] = put_bytes<float>(builder, values, count).o;
      return;
    case FieldType::f64:
      out[slot] = put_bytes<double>(builder, values, count).o;
      return;
  }
}

using Dictionary_ = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>>;

flatbuffers::Offset<::ecs::Column> finish_column(Builder& builder, const FieldInfo& info, const void* values,
                                                 uint64_t count, uint64_t rows,
                                                 flatbuffers::Offset<flatbuffers::Vector<uint8_t>> validity,
                                                 Dictionary_ dictionary) {
  flatbuffers::uoffset_t at[kFieldTypes] = {};
  add_values(builder, info.field.type, values, count, at);
  const auto name = builder.CreateSharedString(info.path);
  const auto of = [&](FieldType type) { return at[static_cast<size_t>(type)]; };
  ::ecs::ColumnBuilder column(builder);
  column.add_field(name);
  column.add_type(schema_type(info.field.type));
  if (info.field.type == FieldType::vec_f32) column.add_width(info.field.width);
  column.add_validity(validity);
  column.add_bits(of(FieldType::boolean));
  column.add_i8(of(FieldType::i8));
  column.add_i16(of(FieldType::i16));
  column.add_i32(of(FieldType::i32));
  column.add_i64(of(FieldType::i64));
  column.add_u8(of(FieldType::u8));
  column.add_u16(of(FieldType::u16));
  column.add_u32(of(FieldType::u32));
  column.add_u64(of(FieldType::u64) | of(FieldType::entity));
  column.add_f32(of(FieldType::f32) | of(FieldType::vec_f32));
  column.add_f64(of(FieldType::f64));
  column.add_codes(of(FieldType::utf8));
  column.add_dictionary(dictionary);
  column.add_rows(static_cast<uint32_t>(rows));
  return column.Finish();
}

/// Bits [first, first + count) of words, from bit 0 on.
std::vector<uint8_t> slice_bits(const uint64_t* words, uint32_t first, uint32_t count) {
  std::vector<uint8_t> out((count + 7) / 8);
  for (uint32_t i = 0; i < count; i++) {
    if (bits::get(words, first + i)) out[i / 8] = static_cast<uint8_t>(out[i / 8] | 1u << (i % 8));
  }
  return out;
}

}  // namespace

Archetypes archetypes_of(std::span<const Location> rows) {
  Archetypes out;
  if (rows.empty()) return out;
  const auto differs = [&](const Location& row) { return row.table != rows[0].table; };
  if (rows[0].table != kNoTable && std::none_of(rows.begin(), rows.end(), differs)) {
    out.tables.push_back(rows[0].table);
    return out;
  }
  out.of_row.resize(rows.size(), kNoArchetype);
  std::vector<uint32_t> place;  // by table
  for (size_t first = 0; first < rows.size();) {
    const TableId table = rows[first].table;
    size_t end = first + 1;
    while (end < rows.size() && rows[end].table == table) end++;
    if (table != kNoTable) {
      if (table >= place.size()) place.resize(table + 1, kNoArchetype);
      if (place[table] == kNoArchetype) {
        place[table] = static_cast<uint32_t>(out.tables.size());
        out.tables.push_back(table);
      }
      std::fill(out.of_row.begin() + static_cast<ptrdiff_t>(first), out.of_row.begin() + static_cast<ptrdiff_t>(end),
                place[table]);
    }
    first = end;
  }
  return out;
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> put_component_names(
    Builder& builder, const Store& store, std::span<const ComponentId> components, bool by_name) {
  std::vector<std::string_view> names;
  for (const ComponentId id : components) names.push_back(store.component(id).name);
  if (by_name) std::sort(names.begin(), names.end());
  std::vector<flatbuffers::Offset<flatbuffers::String>> texts;
  for (const std::string_view name : names) texts.push_back(builder.CreateSharedString(name.data(), name.size()));
  return put(builder, texts);
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ComponentSet>>> put_archetypes(
    Builder& builder, const Store& store, std::span<const TableId> tables) {
  std::vector<flatbuffers::Offset<::ecs::ComponentSet>> sets;
  for (const TableId table : tables) {
    const auto names = put_component_names(builder, store, store.table(table).components(), true);
    sets.push_back(::ecs::CreateComponentSet(builder, names));
  }
  return put(builder, sets);
}

flatbuffers::Offset<::ecs::Column> put_column(Builder& builder, const Store& store, const Gathered& column) {
  const FieldInfo& info = store.field(column.field);
  const uint64_t rows = column.rows;
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> validity;
  if (column.null_count > 0) validity = put_bytes<uint8_t>(builder, column.validity.data(), (rows + 7) / 8);
  if (info.field.type == FieldType::boolean) {
    std::vector<uint8_t> packed((rows + 7) / 8);
    for (uint64_t i = 0; i < rows; i++) {
      packed[i / 8] = static_cast<uint8_t>(packed[i / 8] | (column.values.data()[i] & 1u) << (i % 8));
    }
    return finish_column(builder, info, packed.data(), packed.size(), rows, validity, {});
  }
  if (info.field.type == FieldType::utf8) {
    std::vector<uint32_t> codes(rows);
    std::unordered_map<uint32_t, uint32_t> places;  // only looked up, never walked
    std::vector<flatbuffers::Offset<flatbuffers::String>> texts;
    const auto* const from = column.values.as<uint32_t>();
    for (uint64_t i = 0; i < rows; i++) {
      if (column.null_count > 0 && !bits::get(column.validity.as<uint64_t>(), i)) continue;
      const auto [place, fresh] = places.try_emplace(from[i], static_cast<uint32_t>(texts.size()));
      if (fresh) {
        const std::string_view text = store.dictionary().text(from[i]);
        texts.push_back(builder.CreateString(text.data(), text.size()));
      }
      codes[i] = place->second;
    }
    return finish_column(builder, info, codes.data(), rows, rows, validity, put(builder, texts));
  }
  const uint64_t count = info.field.type == FieldType::vec_f32 ? rows * info.field.width : rows;
  return finish_column(builder, info, column.values.data(), count, rows, validity, {});
}

flatbuffers::Offset<::ecs::Column> put_table_column(Builder& builder, const Store& store, const Column& column,
                                                    uint32_t first, uint32_t count) {
  const FieldInfo& info = store.field(column.field());
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> validity;
  if (column.validity() != nullptr) validity = put(builder, slice_bits(column.validity(), first, count));
  if (info.field.type == FieldType::boolean) {
    const std::vector<uint8_t> packed = slice_bits(column.value_bits(), first, count);
    return finish_column(builder, info, packed.data(), packed.size(), count, validity, {});
  }
  const uint64_t values = info.field.type == FieldType::vec_f32 ? uint64_t{count} * info.field.width : count;
  return finish_column(builder, info, column.bytes() + uint64_t{first} * column.stride(), values, count, validity, {});
}

flatbuffers::Offset<::ecs::Rows> put_rows(Builder& builder, const Store& store, std::span<const EntityId> ids,
                                          std::span<const Location> rows, std::span<const Gathered> columns) {
  std::vector<flatbuffers::Offset<::ecs::Column>> offsets;
  for (const Gathered& column : columns) offsets.push_back(put_column(builder, store, column));
  const auto column_list = put(builder, offsets);
  const Archetypes archetypes = archetypes_of(rows);
  const auto sets = put_archetypes(builder, store, archetypes.tables);
  const auto of_row = put(builder, archetypes.of_row);
  return ::ecs::CreateRows(builder, put(builder, ids), of_row, sets, column_list);
}

flatbuffers::Offset<::ecs::Rows> put_fields(Builder& builder, const Store& store, std::span<const EntityId> ids,
                                            std::span<const Location> rows, std::span<const FieldId> fields) {
  return put_rows(builder, store, ids, rows, gather(store, fields, rows));
}

flatbuffers::Offset<::ecs::ComponentDefinition> put_definition(Builder& builder, const ComponentType& type) {
  std::vector<flatbuffers::Offset<::ecs::FieldDefinition>> fields;
  for (const Field& field : type.fields) {
    const auto name = builder.CreateString(field.name);
    fields.push_back(::ecs::CreateFieldDefinition(builder, name, schema_type(field.type),
                                                  field.type == FieldType::vec_f32 ? field.width : uint16_t{0},
                                                  field.nullable, static_cast<::ecs::IndexKind>(field.index)));
  }
  const auto list = put(builder, fields);
  return ::ecs::CreateComponentDefinition(builder, builder.CreateString(type.name), list);
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ComponentDefinition>>> put_components(
    Builder& builder, const Store& store) {
  std::vector<flatbuffers::Offset<::ecs::ComponentDefinition>> list;
  for (ComponentId id = 0; id < store.component_count(); id++) {
    list.push_back(put_definition(builder, store.component(id)));
  }
  return put(builder, list);
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ArchetypeDefinition>>> put_archetype_definitions(
    Builder& builder, const Store& store) {
  std::vector<flatbuffers::Offset<::ecs::ArchetypeDefinition>> list;
  for (const auto& [name, table] : store.archetypes()) {
    const auto components = put_component_names(builder, store, store.table(table).components(), true);
    list.push_back(::ecs::CreateArchetypeDefinition(builder, builder.CreateString(name), components));
  }
  return put(builder, list);
}

flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<::ecs::ItemError>>> put_errors(Builder& builder,
                                                                                           const Refusals& refusals) {
  std::vector<flatbuffers::Offset<::ecs::ItemError>> list;
  for (const Refusal& refusal : refusals) {
    const auto path = builder.CreateString(refusal.path);
    const auto text = builder.CreateString(refusal.fault.text);
    list.push_back(::ecs::CreateItemError(builder, refusal.item, refusal.count,
                                          static_cast<uint16_t>(refusal.fault.code), path, text));
  }
  return put(builder, list);
}

}  // namespace busbar::ecs
