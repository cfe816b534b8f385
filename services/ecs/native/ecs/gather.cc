// Values of chosen rows side by side.
#include "query.h"

namespace busbar::ecs {
namespace {

template <typename Word>
void copy_words(const Store& store, FieldId field, std::span<const Location> rows, Word* out) {
  TableId table = kNoTable;
  const Word* values = nullptr;
  for (size_t i = 0; i < rows.size(); i++) {
    if (rows[i].table != table) {
      table = rows[i].table;
      const Column* column = table == kNoTable ? nullptr : store.table(table).column(field);
      values = column == nullptr ? nullptr : column->data<Word>();
    }
    out[i] = values == nullptr ? Word{0} : values[rows[i].row];
  }
}

void copy_wide(const Store& store, FieldId field, std::span<const Location> rows, uint32_t stride, uint8_t* out) {
  for (size_t i = 0; i < rows.size(); i++, out += stride) {
    const Column* column = rows[i].table == kNoTable ? nullptr : store.table(rows[i].table).column(field);
    if (column == nullptr) {
      std::memset(out, 0, stride);
    } else {
      std::memcpy(out, column->bytes() + uint64_t{rows[i].row} * stride, stride);
    }
  }
}

void copy_bits(const Store& store, FieldId field, std::span<const Location> rows, uint8_t* out) {
  for (size_t i = 0; i < rows.size(); i++) {
    const Column* column = rows[i].table == kNoTable ? nullptr : store.table(rows[i].table).column(field);
    out[i] = column != nullptr && bits::get(column->value_bits(), rows[i].row);
  }
}

uint64_t copy_validity(const Store& store, FieldId field, std::span<const Location> rows, uint64_t* out) {
  TableId table = kNoTable;
  const Column* column = nullptr;
  uint64_t nulls = 0;
  bits::fill(out, 0, rows.size());
  for (size_t i = 0; i < rows.size(); i++) {
    if (rows[i].table != table) {
      table = rows[i].table;
      column = table == kNoTable ? nullptr : store.table(table).column(field);
    }
    if (column != nullptr && !column->is_null(rows[i].row)) continue;
    bits::set(out, i, false);
    nulls++;
  }
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
