// Queries of requests: names to ids, columns to typed bounds.
#include <algorithm>
#include <cstring>

#include "decode.h"

namespace busbar::ecs {
namespace {

template <class T>
Fault read_numbers(const flatbuffers::Vector<T>* from, FieldType type, std::vector<Value>& to) {
  for (uint32_t i = 0; from != nullptr && i < from->size(); i++) {
    T value;
    std::memcpy(&value, from->Data() + uint64_t{i} * sizeof(T), sizeof(T));
    if constexpr (std::is_same_v<T, float>) {
      to.push_back(Value::f32(value));
    } else if constexpr (std::is_same_v<T, double>) {
      to.push_back(Value::f64(value));
    } else if constexpr (std::is_signed_v<T>) {
      to.push_back(Value::integer(type, value));
    } else {
      to.push_back(Value::natural(type, value));
    }
  }
  return {};
}

Fault read_texts(const std::string& path, const ::ecs::Column& from, std::vector<Value>& to) {
  const uint32_t texts = from.dictionary() == nullptr ? 0 : from.dictionary()->size();
  if (from.codes() == nullptr || from.codes()->size() == 0) {
    for (uint32_t i = 0; i < texts; i++) to.push_back(Value::utf8(view_of(from.dictionary()->Get(i))));
    return {};
  }
  for (uint32_t i = 0; i < from.codes()->size(); i++) {
    uint32_t code = 0;
    std::memcpy(&code, from.codes()->Data() + uint64_t{i} * 4, 4);
    if (code >= texts) {
      return {Code::malformed, at(path + ".codes", i) + " is " + std::to_string(static_cast<int32_t>(code)) +
                                   "; the dictionary has " + std::to_string(texts) + " texts"};
    }
    to.push_back(Value::utf8(view_of(from.dictionary()->Get(code))));
  }
  return {};
}

/// The rows of a column that stands alone.
Fault read_values(const std::string& path, const ::ecs::Column& from, const FieldInfo& info, uint32_t values_max,
                  std::vector<Value>& to) {
  const ::ecs::FieldType wanted = schema_type(info.field.type);
  if (from.type() != wanted) {
    const auto given = static_cast<uint8_t>(from.type());
    return {Code::type_mismatch,
            path + " has type " + (given <= 14 ? ::ecs::EnumNameFieldType(from.type()) : std::to_string(given)) +
                ", " + info.path + " is " + ::ecs::EnumNameFieldType(wanted)};
  }
  switch (info.field.type) {
    case FieldType::boolean: {
      const uint64_t rows = from.rows();
      const uint64_t bits = from.bits() == nullptr ? 0 : uint64_t{from.bits()->size()} * 8;
      if (rows > bits || rows > values_max) {
        return {Code::malformed, path + ".rows is " + std::to_string(rows) + "; there are " + std::to_string(bits) +
                                     " bits"};
      }
      for (uint64_t i = 0; i < rows; i++) to.push_back(Value::boolean(bits::get_byte(from.bits()->Data(), i)));
      return {};
    }
    case FieldType::i8:
      return read_numbers(from.i8(), info.field.type, to);
    case FieldType::i16:
      return read_numbers(from.i16(), info.field.type, to);
    case FieldType::i32:
      return read_numbers(from.i32(), info.field.type, to);
    case FieldType::i64:
      return read_numbers(from.i64(), info.field.type, to);
    case FieldType::u8:
      return read_numbers(from.u8(), info.field.type, to);
    case FieldType::u16:
      return read_numbers(from.u16(), info.field.type, to);
    case FieldType::u32:
      return read_numbers(from.u32(), info.field.type, to);
    case FieldType::u64:
    case FieldType::entity:
      return read_numbers(from.u64(), info.field.type, to);
    case FieldType::f32:
      return read_numbers(from.f32(), info.field.type, to);
    case FieldType::f64:
      return read_numbers(from.f64(), info.field.type, to);
    case FieldType::utf8:
      return read_texts(path, from, to);
    case FieldType::vec_f32:
      break;
  }
  return {Code::type_mismatch, path + ": " + info.path + " is f32_vector, which is only asked for exists and not_exists"};
}

Fault read_filter(const Store& store, const std::string& path, const ::ecs::Filter& from, Filter& to) {
  constexpr uint32_t kValuesMax = 65'536;
  const std::string_view name = view_of(from.field());
  const auto kind = static_cast<uint8_t>(from.kind());
  if (kind > 4) return {Code::malformed, path + ".kind is " + std::to_string(kind) + "; write one of FilterKind"};
  const bool presence = kind >= 3;
  if (presence && name.find('.') == std::string_view::npos) {
    to.kind = kind == 3 ? FilterKind::has : FilterKind::has_not;
    return read_component(store, path + ".field", name, to.component);
  }
  to.kind = static_cast<FilterKind>(kind);
  if (Fault fault = read_field(store, path + ".field", name, to.field)) return fault;
  if (presence) return {};
  if (from.values() == nullptr) return {Code::malformed, path + ".values is missing"};
  if (Fault fault = read_values(path + ".values", *from.values(), store.field(to.field), kValuesMax, to.values)) {
    return fault;
  }
  const size_t rows = to.values.size();
  if (kind == 0 && rows != 1) {
    return {Code::malformed, path + ".values has " + std::to_string(rows) + " rows; exact takes one"};
  }
  if (kind != 1) return {};
  if (rows != 2) return {Code::malformed, path + ".values has " + std::to_string(rows) + " rows; range takes two"};
  const auto bound = [&](const char* which, ::ecs::Bound given, size_t row, Bound& out) -> Fault {
    switch (given) {
      case ::ecs::Bound::open:
        return {};
      case ::ecs::Bound::inclusive:
      case ::ecs::Bound::exclusive:
        out.kind = given == ::ecs::Bound::inclusive ? BoundKind::inclusive : BoundKind::exclusive;
        out.value = std::move(to.values[row]);
        return {};
    }
    return {Code::malformed, path + "." + which + " is " + std::to_string(static_cast<int>(given)) +
                                 "; write one of Bound"};
  };
  if (Fault fault = bound("low", from.low(), 0, to.low)) return fault;
  if (Fault fault = bound("high", from.high(), 1, to.high)) return fault;
  to.values.clear();
  return {};
}

}  // namespace

Fault read_query(const Store& store, const std::string& path, const ::ecs::Query& from, uint32_t rows_max,
                 uint32_t filters_max, Query& to) {
  if (Fault fault = read_components(store, path + ".components", from.components(), to.all)) return fault;
  if (Fault fault = read_components(store, path + ".any_of", from.any_of(), to.any_of)) return fault;
  uint64_t filters = from.filters() == nullptr ? 0 : from.filters()->size();
  for (uint32_t g = 0; from.groups() != nullptr && g < from.groups()->size(); g++) {
    const auto* any = from.groups()->Get(g)->any();
    filters += any == nullptr ? 1 : any->size();
  }
  if (filters > filters_max) return limit_exceeded(path + ": the number of filters", filters, filters_max);
  for (uint32_t i = 0; from.filters() != nullptr && i < from.filters()->size(); i++) {
    if (Fault fault = read_filter(store, at(path + ".filters", i), *from.filters()->Get(i), to.filters.emplace_back())) {
      return fault;
    }
  }
  for (uint32_t g = 0; from.groups() != nullptr && g < from.groups()->size(); g++) {
    const auto* any = from.groups()->Get(g)->any();
    OrGroup& group = to.any.emplace_back();
    for (uint32_t i = 0; any != nullptr && i < any->size(); i++) {
      const std::string place = at(at(path + ".groups", g) + ".any", i);
      if (Fault fault = read_filter(store, place, *any->Get(i), group.emplace_back())) return fault;
    }
  }
  for (uint32_t i = 0; from.order_by() != nullptr && i < from.order_by()->size(); i++) {
    const ::ecs::OrderKey& key = *from.order_by()->Get(i);
    FieldId field = 0;
    if (Fault fault = read_field(store, at(path + ".order_by", i), view_of(key.field()), field)) return fault;
    to.order_by.push_back({field, key.descending()});
  }
  if (Fault fault = read_fields(store, path + ".select", from.select(), to.select)) return fault;
  if (rows_max > 0 && from.limit() > rows_max) {
    return {Code::limit_exceeded, path + ".limit is " + std::to_string(from.limit()) + ", the limit is " +
                                      std::to_string(rows_max) + "; ask for pages, or use Scan"};
  }
  to.limit = from.limit() == 0 ? rows_max : from.limit();
  to.offset = from.offset();
  return {};
}

}  // namespace busbar::ecs
