#include "testing/world.h"

#include <cstdlib>
#include <cstring>
#include <limits>

#include "ecs/bits.h"

namespace busbar::ecs::testing {

std::vector<ComponentType> components() {
  using enum FieldType;
  return {{"Position", {{"x", f32, false, 1, IndexKind::sorted}, {"y", f32}, {"where", vec_f32, false, 3}}},
          {"Owner", {{"faction", utf8, false, 1, IndexKind::hash}, {"lord", entity, true}}},
          {"Health", {{"hp", i32, true, 1, IndexKind::sorted}, {"alive", boolean}, {"cursed", boolean, true}}},
          {"Money", {{"amount", i64, false, 1, IndexKind::sorted}, {"debt", f64, true, 1, IndexKind::sorted}}},
          {"Name", {{"text", utf8, true, 1, IndexKind::sorted}}},
          {"Small", {{"a", i8, false, 1, IndexKind::hash}, {"b", u8, true}, {"c", i16}, {"d", u16, true, 1, IndexKind::hash}}},
          {"Wide", {{"serial", u64, false, 1, IndexKind::hash}, {"number", u32, true}, {"arms", vec_f32, true, 2}}},
          {"Tag", {}}};
}

void define(Store& store) {
  for (const ComponentType& type : components()) {
    ComponentId id = 0;
    const Fault fault = store.define_component(type, id);
    if (fault) std::abort();
  }
}

namespace {

template <typename T, size_t N>
const T& one_of(random::Stream& dice, const T (&list)[N]) {
  return list[dice.below(N)];
}

Value random_value(random::Stream& dice, const Field& field) {
  static const std::string kTexts[] = {"", "a", "b", "templars", "templars of old", "templarsA", "orks", "zebra", "äther"};
  static const float kFloats[] = {0.0f, -0.0f, 1, -1, 2.5f, 1e-40f, std::numeric_limits<float>::max(),
                                  std::numeric_limits<float>::lowest(), 3, 4, 5, 6, 7, 8};
  static const double kDoubles[] = {0.0, -0.0, 1, -1, 0.1, 5e-324, std::numeric_limits<double>::max(), 3, 4, 5};
  static const uint64_t kLarge[] = {0,
                                    1,
                                    2,
                                    (uint64_t{1} << 53) - 1,
                                    uint64_t{1} << 53,
                                    (uint64_t{1} << 53) + 1,
                                    (uint64_t{1} << 63) - 1,
                                    uint64_t{1} << 63,
                                    (uint64_t{1} << 63) + 1,
                                    ~uint64_t{0}};
  const uint32_t width = 8 * stride_of(field.type, field.width);
  switch (field.type) {
    case FieldType::boolean:
      return Value::boolean(dice.below(2) == 1);
    case FieldType::f32:
      return Value::f32(one_of(dice, kFloats));
    case FieldType::f64:
      return Value::f64(one_of(dice, kDoubles));
    case FieldType::utf8:
      return Value::utf8(one_of(dice, kTexts));
    case FieldType::u64:
    case FieldType::entity:
    case FieldType::i64:
      return {field.type, one_of(dice, kLarge), {}};
    case FieldType::vec_f32: {
      Value value{field.type, 0, {}};
      for (int i = 0; i < field.width; i++) {
        const float part = one_of(dice, kFloats);
        value.text.append(reinterpret_cast<const char*>(&part), sizeof part);
      }
      return value;
    }
    case FieldType::u8:
    case FieldType::u16:
    case FieldType::u32:
      return Value::natural(field.type, dice.below(4) == 0 ? bits::low_mask(width) : dice.below(9));
    default: {
      const int64_t most = static_cast<int64_t>(bits::low_mask(width - 1));
      const auto pick = dice.below(8);
      return Value::integer(field.type, pick == 0 ? most : pick == 1 ? -most - 1 : static_cast<int64_t>(dice.below(9)) - 4);
    }
  }
}

Filter random_filter(random::Stream& dice, const Store& store) {
  Filter filter;
  filter.kind = static_cast<FilterKind>(dice.below(7));
  filter.component = static_cast<ComponentId>(dice.below(store.component_count()));
  filter.field = static_cast<FieldId>(dice.below(store.field_count()));
  const Field& field = store.field(filter.field).field;
  if (field.type == FieldType::vec_f32 && filter.kind < FilterKind::exists) filter.kind = FilterKind::exists;
  if (filter.kind == FilterKind::exact) filter.values.push_back(random_value(dice, field));
  if (filter.kind == FilterKind::in) {
    for (uint64_t n = dice.below(dice.below(4) == 0 ? 14 : 4); n > 0; n--) filter.values.push_back(random_value(dice, field));
  }
  if (filter.kind == FilterKind::range) {
    filter.low = {static_cast<BoundKind>(dice.below(3)), random_value(dice, field)};
    filter.high = {static_cast<BoundKind>(dice.below(3)), random_value(dice, field)};
  }
  return filter;
}

}  // namespace

MaybeCell random_cell(random::Stream& dice, const Field& field) {
  if (field.nullable && dice.below(4) == 0) return {};
  return Cell{random_value(dice, field)};
}

Query random_query(random::Stream& dice, const Store& store) {
  Query query;
  const auto component = [&] { return static_cast<ComponentId>(dice.below(store.component_count())); };
  for (uint64_t n = dice.below(3); n > 0; n--) query.all.push_back(component());
  if (dice.below(4) == 0) query.any_of = {component(), component()};
  for (uint64_t n = dice.below(3); n > 0; n--) query.filters.push_back(random_filter(dice, store));
  for (uint64_t n = dice.below(4) / 2; n > 0; n--) {
    OrGroup group;
    for (uint64_t k = dice.below(4); k > 0; k--) group.push_back(random_filter(dice, store));
    query.any.push_back(std::move(group));
  }
  for (uint64_t n = dice.below(4); n > 0; n--) {
    const auto field = static_cast<FieldId>(dice.below(store.field_count()));
    if (store.field(field).field.type != FieldType::vec_f32) query.order_by.push_back({field, dice.below(2) == 1});
  }
  if (dice.below(2) == 0) query.limit = 1 + dice.below(20);
  if (dice.below(3) == 0) query.offset = dice.below(12);
  for (uint64_t n = dice.below(3); n > 0; n--) query.select.push_back(static_cast<FieldId>(dice.below(store.field_count())));
  return query;
}

CellColumn::CellColumn(Store& store, FieldId id, const std::vector<MaybeCell>& cells) : field(id) {
  const Field& type = store.field(id).field;
  const uint32_t stride = plain_stride_of(type.type, type.width);
  values.assign(cells.size() * stride, 0);
  if (type.nullable) validity.assign((cells.size() + 7) / 8, 0);
  for (size_t i = 0; i < cells.size(); i++) {
    if (!cells[i]) continue;
    const Value& value = cells[i]->value;
    uint64_t bits = value.bits;
    if (type.type == FieldType::utf8) {
      uint32_t code = 0;
      if (store.intern(value.text, code)) std::abort();
      bits = code;
    }
    const void* from = type.type == FieldType::vec_f32 ? static_cast<const void*>(value.text.data()) : &bits;
    std::memcpy(values.data() + i * stride, from, stride);
    if (type.nullable) validity[i / 8] = static_cast<uint8_t>(validity[i / 8] | 1u << (i % 8));
  }
}

MaybeCell cell_of(const Store& store, FieldId field, Location at) {
  const Column* column = store.table(at.table).column(field);
  if (column == nullptr || column->is_null(at.row)) return {};
  Cell cell{{column->type(), 0, {}}};
  uint64_t& bits = cell.value.bits;
  if (column->type() == FieldType::boolean) {
    bits = bits::get(column->value_bits(), at.row);
    return cell;
  }
  const uint8_t* from = column->bytes() + uint64_t{at.row} * column->stride();
  if (column->type() == FieldType::vec_f32) {
    cell.value.text.assign(reinterpret_cast<const char*>(from), column->stride());
    return cell;
  }
  std::memcpy(&bits, from, column->stride());
  if (column->type() == FieldType::utf8) cell.value = Value::utf8(store.dictionary().text(static_cast<uint32_t>(bits)));
  const bool is_signed = column->type() >= FieldType::i8 && column->type() <= FieldType::i32;
  const uint32_t shift = 64 - 8 * column->stride();
  if (is_signed) bits = static_cast<uint64_t>(static_cast<int64_t>(bits << shift) >> shift);
  return cell;
}

}  // namespace busbar::ecs::testing
