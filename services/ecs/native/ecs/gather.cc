// Values of chosen rows side by side.
#include "query.h"

namespace busbar::ecs {
namespace {

/// Calls `body` for rows of the same table that follow each other: their column (null: it has none), the first, how many.
template <typename Body>
void each_run(const Store& store, FieldId field, std::span<const Location> rows, Body&& body) {
  for (size_t first = 0; first < rows.size();) {
    const TableId table = rows[first].table;
    size_t end = first + 1;
    while (end < rows.size() && rows[end].table == table) end++;
    body(table == kNoTable ? nullptr : store.table(table).column(field), first, end - first);
    first = end;
  }
}

template <typename Word>
void copy_words(const Store& store, FieldId field, std::span<const Location> rows, Word* out) {
  each_run(store, field, rows, [&](const Column* column, size_t first, size_t count) {
    if (column == nullptr) {
      std::memset(out + first, 0, count * sizeof(Word));
      return;
    }
    const Word* const values = column->data<Word>();
    for (size_t i = first; i < first + count; i++) out[i] = values[rows[i].row];
  });
}

void copy_wide(const Store& store, FieldId field, std::span<const Location> rows, uint32_t stride, uint8_t* out) {
  each_run(store, field, rows, [&](const Column* column, size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) {
      uint8_t* const to = out + i * stride;
      if (column == nullptr) {
        std::memset(to, 0, stride);
      } else {
        std::memcpy(to, column->bytes() + uint64_t{rows[i].row} * stride, stride);
      }
    }
  });
}

void copy_bits(const Store& store, FieldId field, std::span<const Location> rows, uint8_t* out) {
  each_run(store, field, rows, [&](const Column* column, size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) {
      out[i] = column != nullptr && bits::get(column->value_bits(), rows[i].row);
    }
  });
}

uint64_t copy_validity(const Store& store, FieldId field, std::span<const Location> rows, uint64_t* out) {
  uint64_t nulls = 0;
  bits::fill(out, 0, rows.size());
  each_run(store, field, rows, [&](const Column* column, size_t first, size_t count) {
    if (column != nullptr && column->null_count() == 0) return;
    for (size_t i = first; i < first + count; i++) {
      if (column != nullptr && !column->is_null(rows[i].row)) continue;
      bits::set(out, i, false);
      nulls++;
    }
  });
  return nulls;
}

}  // namespace

void gather(const Store& store, FieldId field, std::span<const Location> rows, Gathered& out) {
  const Field& type = store.field(field).field;
  out.field = field;
  out.rows = rows.size();
  out.values.resize(rows.size() * plain_stride_of(type.type, type.width), 0);
  out.validity.resize_zeroed((rows.size() + 7) / 8, 0);
  out.null_count = copy_validity(store, field, rows, out.validity.as<uint64_t>());
  if (type.type == FieldType::boolean) return copy_bits(store, field, rows, out.values.data());
  switch (stride_of(type.type, type.width)) {
    case 1:
      return copy_words(store, field, rows, out.values.as<uint8_t>());
    case 2:
      return copy_words(store, field, rows, out.values.as<uint16_t>());
    case 4:
      return copy_words(store, field, rows, out.values.as<uint32_t>());
    case 8:
      return copy_words(store, field, rows, out.values.as<uint64_t>());
    default:
      return copy_wide(store, field, rows, stride_of(type.type, type.width), out.values.data());
  }
}

}  // namespace busbar::ecs
