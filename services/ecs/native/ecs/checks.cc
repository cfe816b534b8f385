// What comes from outside, before anything is changed.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "store.h"

namespace busbar::ecs {
namespace {

/// Looks at values, at any alignment. With kCopies they go to `to` in the same pass: reading them twice costs more.
template <typename Bits, bool kCopies, typename Bad>
bool none_bad(const uint8_t* __restrict values, uint64_t count, [[maybe_unused]] uint8_t* __restrict to, Bad bad) {
  uint32_t found = 0;
  for (uint64_t i = 0; i < count; i++) {
    Bits word;
    std::memcpy(&word, values + i * sizeof word, sizeof word);
    if constexpr (kCopies) std::memcpy(to + i * sizeof word, &word, sizeof word);
    found |= bad(word);
  }
  return found == 0;
}

/// Exponents of all ones are NaN and infinity.
constexpr auto kNotFinite32 = [](uint32_t word) { return (word & 0x7F80'0000) == 0x7F80'0000; };
constexpr auto kNotFinite64 = [](uint64_t word) { return (word & 0x7FF0'0000'0000'0000) == 0x7FF0'0000'0000'0000; };

template <bool kCopies>
bool sound(const uint8_t* values, uint64_t count, const Field& field, uint32_t texts, uint8_t* to) {
  switch (field.type) {
    case FieldType::boolean:
      return none_bad<uint8_t, kCopies>(values, count, to, [](uint8_t value) { return value > 1; });
    case FieldType::f32:
    case FieldType::vec_f32:
      return none_bad<uint32_t, kCopies>(values, count * field.width, to, kNotFinite32);
    case FieldType::f64:
      return none_bad<uint64_t, kCopies>(values, count, to, kNotFinite64);
    case FieldType::utf8:
      return none_bad<uint32_t, kCopies>(values, count, to, [=](uint32_t code) { return code >= texts; });
    default:
      if constexpr (kCopies) std::memcpy(to, values, count * stride_of(field.type, field.width));
      return true;
  }
}

bool sound(const uint8_t* values, uint64_t count, const Field& field, uint32_t texts) {
  return sound<false>(values, count, field, texts, nullptr);
}

Fault why_unsound(const FieldInfo& info) {
  switch (info.field.type) {
    case FieldType::boolean:
      return {Code::out_of_range, info.path + " is neither 0 nor 1"};
    case FieldType::utf8:
      return {Code::out_of_range, info.path + " is a code that the dictionary does not have"};
    default:
      return {Code::out_of_range, info.path + " is NaN or infinite; write a finite number"};
  }
}

}  // namespace

Fault Store::check_columns(std::span<const ValueColumn> columns, uint32_t count) const {
  for (size_t i = 0; i < columns.size(); i++) {
    const ValueColumn& column = columns[i];
    if (column.field >= fields_.size()) {
      return {Code::unknown_name, "there is no field " + std::to_string(column.field)};
    }
    const FieldInfo& info = fields_[column.field];
    for (size_t k = 0; k < i; k++) {
      if (columns[k].field == column.field) return {Code::duplicate, info.path + " is given twice"};
    }
    const uint64_t needed = uint64_t{count} * plain_stride_of(info.field.type, info.field.width);
    if (column.values.size() != needed) {
      return {Code::malformed, info.path + " has " + std::to_string(column.values.size()) + " bytes of values, " +
                                   std::to_string(count) + " items need " + std::to_string(needed)};
    }
    if (!column.validity.empty() && column.validity.size() < (uint64_t{count} + 7) / 8) {
      return {Code::malformed, info.path + " has " + std::to_string(column.validity.size()) + " bytes of validity, " +
                                   std::to_string(count) + " items need " + std::to_string((uint64_t{count} + 7) / 8)};
    }
  }
  return {};
}

bool Store::copy_sound(Table& table, std::span<const ValueColumn> columns, uint32_t count, bool exact) const {
  for (const ValueColumn& column : columns) {
    // Bits beyond the last row have to stay 0, and what is behind a null may be odd.
    if (!column.validity.empty() || fields_[column.field].field.type == FieldType::boolean) return false;
  }
  table.reserve(uint64_t{table.rows()} + count, exact);
  for (Column& column : table.mutable_columns()) {
    const auto given = std::find_if(columns.begin(), columns.end(),
                                    [&](const ValueColumn& one) { return one.field == column.field(); });
    if (given == columns.end()) continue;
    uint8_t* const to = column.mutable_data<uint8_t>() + uint64_t{table.rows()} * column.stride();
    if (!sound<true>(given->values.data(), count, fields_[given->field].field, dictionary_.size(), to)) return false;
  }
  return true;
}

bool Store::check_values(std::span<const ValueColumn> columns, uint32_t count, std::vector<ItemFault>& faults) const {
  bool clean = true;
  for (const ValueColumn& column : columns) {
    const FieldInfo& info = fields_[column.field];
    // A null in a column that has none, or something odd, which may be behind a null: looked at one by one.
    clean = clean && sound(column.values.data(), count, info.field, dictionary_.size()) &&
            (info.field.nullable || column.validity.empty());
  }
  if (clean) return false;
  const size_t before = faults.size();
  for (uint32_t i = 0; i < count; i++) {
    for (const ValueColumn& column : columns) {
      const FieldInfo& info = fields_[column.field];
      const bool null = !column.validity.empty() && !bits::get_byte(column.validity.data(), i);
      const uint64_t stride = plain_stride_of(info.field.type, info.field.width);
      if (null && !info.field.nullable) {
        faults.push_back({i, {Code::malformed, info.path + " is null, which it may not be; define it nullable"}});
        break;
      }
      if (!null && !sound(column.values.data() + i * stride, 1, info.field, dictionary_.size())) {
        faults.push_back({i, why_unsound(info)});
        break;
      }
    }
  }
  return faults.size() > before;
}

Fault Store::intern(std::string_view text, uint32_t& code) {
  if (const auto known = dictionary_.find(text)) {
    code = *known;
    return {};
  }
  if (!is_utf8(text)) return {Code::malformed, "a text is not UTF-8"};
  if (text.size() > limits_.text_bytes_max - dictionary_.text_bytes()) {
    return limit_exceeded("the bytes of all texts", dictionary_.text_bytes() + text.size(), limits_.text_bytes_max);
  }
  if (dictionary_.size() >= limits_.texts_max) {
    return limit_exceeded("the number of texts", dictionary_.size() + uint64_t{1}, limits_.texts_max);
  }
  code = dictionary_.intern(text);
  return {};
}

uint32_t Store::first_not_finite(TableId table_id, FieldId field) const {
  const Table& table = tables_[table_id];
  const Column* column = table.column(field);
  const Field& type = fields_[field].field;
  if (column == nullptr || table.rows() == 0 || column->stride() == 0 || type.type == FieldType::utf8 ||
      sound(column->bytes(), table.rows(), type, 0)) {
    return table.rows();
  }
  uint32_t row = 0;
  while (sound(column->bytes() + uint64_t{row} * column->stride(), 1, type, 0)) row++;
  return row;
}

}  // namespace busbar::ecs
