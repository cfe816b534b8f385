// What components are made of, and the ids of entities.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::ecs {

static_assert(std::endian::native == std::endian::little, "columns are Arrow's little-endian layout in place");

/// generation << 32 | index. Generations begin at 1, so that a small number is never an entity; 0 is null.
using EntityId = uint64_t;
/// Order of definition, from 0.
using ComponentId = uint32_t;
/// All fields of all components, in order of definition, from 0.
using FieldId = uint32_t;
/// Order of first use of a set of components, from 0.
using TableId = uint32_t;

inline constexpr EntityId kNullEntity = 0;
inline constexpr uint32_t kGenerationMax = 0xFFFF'FFFF;
constexpr uint32_t index_of(EntityId id) { return static_cast<uint32_t>(id); }
constexpr uint32_t generation_of(EntityId id) { return static_cast<uint32_t>(id >> 32); }
constexpr EntityId make_id(uint32_t generation, uint32_t index) { return uint64_t{generation} << 32 | index; }

/// Stored in snapshots: numbers are never reused.
enum class FieldType : uint8_t {
  boolean = 0,  ///< one bit, least first, as Arrow's bool
  i8 = 1,
  i16 = 2,
  i32 = 3,
  i64 = 4,
  u8 = 5,
  u16 = 6,
  u32 = 7,
  u64 = 8,
  f32 = 9,
  f64 = 10,
  utf8 = 11,    ///< u32 code of the store's one dictionary, as Arrow's dictionary arrays
  entity = 12,  ///< u64; may name an entity that is gone
  vec_f32 = 13  ///< `width` f32 side by side, as Arrow's fixed-size list
};
inline constexpr uint8_t kFieldTypes = 14;

/// Which secondary index queries may build. Results are the same with and without.
enum class IndexKind : uint8_t {
  none = 0,
  hash = 1,   ///< few distinct values: `exact` and `in`
  sorted = 2  ///< any: `exact`, `in` and `range`
};

struct Field {
  std::string name;
  FieldType type = FieldType::f32;
  bool nullable = false;
  uint8_t width = 1;  ///< vec_f32: 1..16; others: 1
  IndexKind index = IndexKind::none;
  bool operator==(const Field&) const = default;
};

/// Names are identifiers of at most 64 bytes ([A-Za-z_][A-Za-z0-9_]*), unique per store and per component. A component
/// without fields is a tag.
struct ComponentType {
  std::string name;
  std::vector<Field> fields;
  bool operator==(const ComponentType&) const = default;
};

/// Bytes of one value in a column; 0 for boolean, which is a bit there.
constexpr uint32_t stride_of(FieldType type, uint8_t width = 1) {
  switch (type) {
    case FieldType::boolean:
      return 0;
    case FieldType::i8:
    case FieldType::u8:
      return 1;
    case FieldType::i16:
    case FieldType::u16:
      return 2;
    case FieldType::i32:
    case FieldType::u32:
    case FieldType::f32:
    case FieldType::utf8:
      return 4;
    case FieldType::vec_f32:
      return 4u * width;
    default:
      return 8;
  }
}

/// Bytes of one value in requests and answers (ValueColumn, Gathered): as in a column, but a boolean is one byte, 0 or 1.
constexpr uint32_t plain_stride_of(FieldType type, uint8_t width = 1) {
  return type == FieldType::boolean ? 1 : stride_of(type, width);
}

std::string_view name_of(FieldType type);

/// One value of a field with its type: a bound of a filter.
struct Value {
  FieldType type = FieldType::i64;
  uint64_t bits = 0;  ///< integers sign-extended, boolean 0 or 1, f32 in the low half, f64 and entity whole
  std::string text;   ///< utf8

  static Value boolean(bool value) { return {FieldType::boolean, value ? 1u : 0u, {}}; }
  /// i8..i64; a value beyond the type is refused by the query.
  static Value integer(FieldType type, int64_t value) { return {type, static_cast<uint64_t>(value), {}}; }
  /// u8..u64, entity.
  static Value natural(FieldType type, uint64_t value) { return {type, value, {}}; }
  static Value f32(float value) { return {FieldType::f32, std::bit_cast<uint32_t>(value), {}}; }
  static Value f64(double value) { return {FieldType::f64, std::bit_cast<uint64_t>(value), {}}; }
  static Value utf8(std::string_view value) { return {FieldType::utf8, 0, std::string(value)}; }
  bool operator==(const Value&) const = default;
};

/// Values of one field for the items of a batch; borrowed, any alignment.
struct ValueColumn {
  FieldId field = 0;
  /// One value per item, plain_stride_of bytes each; utf8: u32 codes from Store::dictionary().
  std::span<const uint8_t> values;
  /// Bit i, least first: item i has a value. Empty: all have.
  std::span<const uint8_t> validity;
};

/// Where an entity is, until the next change of the set of entities or components.
struct Location {
  TableId table;
  uint32_t row;
  bool operator==(const Location&) const = default;
};

/// No table: what `gather` takes for an entity that is not there.
inline constexpr TableId kNoTable = 0xFFFF'FFFF;

}  // namespace busbar::ecs
