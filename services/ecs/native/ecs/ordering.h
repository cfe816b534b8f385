// Values of all types as unsigned numbers that are in the same order.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <utility>

#include "column.h"
#include "dictionary.h"
#include "types.h"

namespace busbar::ecs {

/// Calls `body` with a value of the C++ type that columns of `type` hold; not for boolean and vec_f32.
template <typename Body>
decltype(auto) with_type(FieldType type, Body&& body) {
  switch (type) {
    case FieldType::i8:
      return body(int8_t{});
    case FieldType::i16:
      return body(int16_t{});
    case FieldType::i32:
      return body(int32_t{});
    case FieldType::i64:
      return body(int64_t{});
    case FieldType::u8:
      return body(uint8_t{});
    case FieldType::u16:
      return body(uint16_t{});
    case FieldType::u32:
    case FieldType::utf8:
      return body(uint32_t{});
    case FieldType::f32:
      return body(float{});
    case FieldType::f64:
      return body(double{});
    default:
      return body(uint64_t{});
  }
}

/// a < b exactly when ordered(a) < ordered(b), equal when equal: -0.0 counts as 0.0. No NaN is stored.
template <typename T>
uint64_t ordered(T value) {
  if constexpr (std::same_as<T, float>) {
    const auto word = std::bit_cast<uint32_t>(value + 0.0f);  // -0.0 + 0.0 is 0.0
    return word >> 31 ? static_cast<uint32_t>(~word) : word | 0x8000'0000u;
  } else if constexpr (std::same_as<T, double>) {
    const auto word = std::bit_cast<uint64_t>(value + 0.0);
    return word >> 63 ? ~word : word | uint64_t{1} << 63;
  } else if constexpr (std::signed_integral<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ uint64_t{1} << 63;
  } else {
    return value;
  }
}

/// The same of a filter's value; not for utf8.
inline uint64_t ordered(const Value& value) {
  if (value.type == FieldType::boolean) return value.bits;
  return with_type(value.type, [&]<typename T>(T stored) {
    std::memcpy(&stored, &value.bits, sizeof stored);
    return ordered(stored);
  });
}

/// Order of a row by one column. utf8: by prefix; equal prefixes need the texts.
inline uint64_t ordered_at(const Column& column, const Dictionary& texts, uint64_t row) {
  if (column.type() == FieldType::boolean) return bits::get(column.value_bits(), row);
  if (column.type() == FieldType::utf8) return texts.prefix(column.data<uint32_t>()[row]);
  return with_type(column.type(), [&]<typename T>(T) { return ordered(column.data<T>()[row]); });
}

}  // namespace busbar::ecs
