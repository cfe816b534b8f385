// Values of chosen rows side by side.
#include "query.h"

namespace busbar::ecs {
namespace {

/// Rows of the same table that follow each other.
struct Run {
  TableId table;
  size_t first, count;
};

std::vector<Run> runs_of(std::span<const Location> rows) {
  std::vector<Run> runs;
  for (size_t first = 0; first < rows.size();) {
    const TableId table = rows[first].table;
    size_t end = first + 1;
    while (end < rows.size() && rows[end].table == table) end++;
    runs.push_back({table, first, end - first});
    first = end;
  }
  return runs;
}

/// Where a column of an answer comes from.
struct Source {
  const Store& store;
  FieldId field;
  std::span<const Location> rows;
  std::span<const Run> runs;
};

/// Calls `body` for each run: its column (null: it has none), the first, how many.
template <typename Body>
void each_run(const Source& from, Body&& body) {
  for (const Run& run : from.runs) {
    body(run.table == kNoTable ? nullptr : from.store.table(run.table).column(from.field), run.first, run.count);
  }
}

template <typename Word>
void copy_words(const Source& from, Word* out) {
  each_run(from, [&](const Column* column, size_t first, size_t count) {
    if (column == nullptr) {
      std::memset(out + first, 0, count * sizeof(Word));
      return;
    }
    const Word* const values = column->data<Word>();
    for (size_t i = first; i < first + count; i++) out[i] = values[from.rows[i].row];
  });
}

void copy_wide(const Source& from, uint32_t stride, uint8_t* out) {
  each_run(from, [&](const Column* column, size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) {
      uint8_t* const to = out + i * stride;
      if (column == nullptr) {
        std::memset(to, 0, stride);
      } else {
        std::memcpy(to, column->bytes() + uint64_t{from.rows[i].row} * stride, stride);
      }
    }
  });
}

void copy_bits(const Source& from, uint8_t* out) {
  each_run(from, [&](const Column* column, size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) {
      out[i] = column != nullptr && bits::get(column->value_bits(), from.rows[i].row);
    }
  });
}

uint64_t copy_validity(const Source& from, uint64_t* out) {
  uint64_t nulls = 0;
  bits::fill(out, 0, from.rows.size());
  each_run(from, [&](const Column* column, size_t first, size_t count) {
    if (column != nullptr && column->null_count() == 0) return;
    for (size_t i = first; i < first + count; i++) {
      if (column != nullptr && !column->is_null(from.rows[i].row)) continue;
      bits::set(out, i, false);
      nulls++;
    }
  });
  return nulls;
}

void gather_one(const Source& from, Gathered& out) {
  const Field& type = from.store.field(from.field).field;
  const size_t rows = from.rows.size();
  out.field = from.field;
  out.rows = rows;
  out.values.resize(rows * plain_stride_of(type.type, type.width), 0);
  out.validity.resize_zeroed((rows + 7) / 8, 0);
  out.null_count = copy_validity(from, out.validity.as<uint64_t>());
  if (type.type == FieldType::boolean) return copy_bits(from, out.values.data());
  switch (stride_of(type.type, type.width)) {
    case 1:
      return copy_words(from, out.values.as<uint8_t>());
    case 2:
      return copy_words(from, out.values.as<uint16_t>());
    case 4:
      return copy_words(from, out.values.as<uint32_t>());
    case 8:
      return copy_words(from, out.values.as<uint64_t>());
    default:
      return copy_wide(from, stride_of(type.type, type.width), out.values.data());
  }
}

}  // namespace

std::vector<Gathered> gather(const Store& store, std::span<const FieldId> fields, std::span<const Location> rows) {
  const std::vector<Run> runs = runs_of(rows);
  std::vector<Gathered> columns(fields.size());
  for (size_t i = 0; i < fields.size(); i++) gather_one({store, fields[i], rows, runs}, columns[i]);
  return columns;
}

}  // namespace busbar::ecs
