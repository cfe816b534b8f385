#include "block_run.h"

#include <cmath>
#include <cstring>

#include "ecs/bits.h"
#include "workers.h"

namespace busbar::ecs {
namespace {

struct Part {
  size_t run;
  uint32_t first, rows;
  uint64_t before;  ///< rows of the whole run before it
};

/// Bytes of rows [0, rows) of a column; booleans whole words.
uint64_t bytes_of(const Column& column, uint32_t rows) {
  return column.stride() == 0 ? bits::words_of(rows) * 8 : uint64_t{rows} * column.stride();
}

/// Values behind nulls are 0, always.
void clear_nulls(const Column& column, uint8_t* written, uint32_t first, uint32_t rows) {
  const uint64_t* const validity = column.validity();
  if (validity == nullptr) return;
  for (uint32_t row = first; row < first + rows; row++) {
    if (bits::get(validity, row)) continue;
    if (column.stride() == 0) {
      bits::set(reinterpret_cast<uint64_t*>(written), row, false);
    } else {
      std::memset(written + uint64_t{row} * column.stride(), 0, column.stride());
    }
  }
}

template <class T>
bool finite(const uint8_t* bytes, uint64_t count) {
  const T* const values = reinterpret_cast<const T*>(bytes);
  bool all = true;
  for (uint64_t i = 0; i < count; i++) all &= std::isfinite(values[i]);
  return all;
}

/// What no system may leave behind.
Fault check_written(const Store& store, const std::string& system, const Column& column, const uint8_t* written,
                    uint32_t first, uint32_t rows) {
  const FieldInfo& info = store.field(column.field());
  const uint8_t* const bytes = written + uint64_t{first} * column.stride();
  bool sound = true;
  if (column.type() == FieldType::f32 || column.type() == FieldType::vec_f32) {
    sound = finite<float>(bytes, uint64_t{rows} * column.stride() / 4);
  } else if (column.type() == FieldType::f64) {
    sound = finite<double>(bytes, rows);
  } else if (column.type() == FieldType::utf8) {
    for (uint32_t i = 0; i < rows; i++) {
      uint32_t code = 0;
      std::memcpy(&code, bytes + uint64_t{i} * 4, 4);
      sound &= code < store.dictionary().size();
    }
    if (!sound) return {Code::bad_system, "system " + system + " wrote a text into " + info.path + " that is not there"};
  }
  if (sound) return {};
  return {Code::out_of_range, "system " + system + ": " + info.path + " would be infinite or no number"};
}

void compare(const Column& column, const uint8_t* written, uint32_t first, uint32_t rows, uint64_t* changed) {
  const uint64_t stride = column.stride();
  const uint8_t* const before = column.bytes();
  if (stride == 0) {
    const auto* const words = reinterpret_cast<const uint64_t*>(written);
    for (uint32_t word = first / 64; word < bits::words_of(first + rows); word++) {
      changed[word] = words[word] ^ column.value_bits()[word];
    }
    return;
  }
  if (std::memcmp(before + first * stride, written + first * stride, rows * stride) == 0) return;
  const auto each = [&](auto differs) {
    for (uint32_t row = first; row < first + rows; row += 64) {
      uint64_t word = 0;
      const uint32_t end = std::min(64u, first + rows - row);
      for (uint32_t i = 0; i < end; i++) word |= uint64_t{differs(row + i)} << i;
      changed[row / 64] = word;
    }
  };
  if (stride == 4) {
    each([&](uint64_t row) {
      return reinterpret_cast<const uint32_t*>(before)[row] != reinterpret_cast<const uint32_t*>(written)[row];
    });
  } else if (stride == 8) {
    each([&](uint64_t row) {
      return reinterpret_cast<const uint64_t*>(before)[row] != reinterpret_cast<const uint64_t*>(written)[row];
    });
  } else {
    each([&](uint64_t row) { return std::memcmp(before + row * stride, written + row * stride, stride) != 0; });
  }
}

Fault run_part(const RunContext& context, const std::string& system, std::span<const FieldUse> uses, TableRun& run,
               const Part& part, const BlockFn& fn) {
  const Table& table = context.store.table(run.table);
  std::vector<busbar_ecs_column> columns(uses.size());
  for (size_t i = 0; i < uses.size(); i++) {
    const Column* const column = run.columns[i];
    if (column == nullptr) continue;
    const uint64_t offset = column->stride() == 0 ? part.first / 8 : uint64_t{part.first} * column->stride();
    columns[i].values = column->bytes() + offset;
    columns[i].validity = column->validity() == nullptr ? nullptr : column->validity() + part.first / 64;
    columns[i].width = context.store.field(uses[i].field).field.width;
    if (!uses[i].writes) continue;
    const uint64_t bytes = bytes_of(*column, part.first + part.rows) - offset;
    std::memcpy(run.written[i].data() + offset, column->bytes() + offset, bytes);
    columns[i].written = run.written[i].data() + offset;
  }
  char error[256] = "";
  Block block{};
  block.abi.size = sizeof block.abi;
  block.abi.rows = part.rows;
  block.abi.dt = context.dt;
  block.abi.ids = table.ids().data() + part.first;
  block.abi.columns = columns.data();
  block.abi.first = part.before;
  block.abi.error = error;
  block.abi.error_max = sizeof error;
  block.marks = run.marks.data() + part.first / 64;
  if (Fault fault = fn(block)) return fault;
  for (size_t i = 0; i < uses.size(); i++) {
    const Column* const column = run.columns[i];
    if (column == nullptr || !uses[i].writes) continue;
    uint8_t* const written = run.written[i].data();
    clear_nulls(*column, written, part.first, part.rows);
    if (column->stride() == 0 && (part.first + part.rows) % 64 != 0) {
      // Bits behind the last row are 0, whatever the system did to its words.
      uint64_t& last = reinterpret_cast<uint64_t*>(written)[(part.first + part.rows) / 64];
      last &= bits::low_mask((part.first + part.rows) % 64);
    }
    if (Fault fault = check_written(context.store, system, *column, written, part.first, part.rows)) return fault;
    compare(*column, written, part.first, part.rows, run.changed[i].data());
  }
  return {};
}

void take_over(const RunContext& context, std::span<const FieldUse> uses, const TableRun& run, RunReport& report) {
  const size_t words = bits::words_of(run.rows);
  std::vector<uint64_t> any(words);
  for (size_t i = 0; i < uses.size(); i++) {
    if (run.columns[i] == nullptr || !uses[i].writes) continue;
    uint64_t all = 0;
    for (size_t word = 0; word < words; word++) {
      any[word] |= run.changed[i][word];
      all |= run.changed[i][word];
    }
    if (all == 0) continue;
    Column* const column = context.store.write_column(run.table, uses[i].field);
    std::memcpy(column->mutable_data<uint8_t>(), run.written[i].data(), bytes_of(*column, run.rows));
  }
  const std::span<const EntityId> ids = context.store.table(run.table).ids();
  std::vector<FieldId> fields;
  for (size_t word = 0; word < words; word++) {
    for (uint64_t left = any[word]; left != 0; left &= left - 1) {
      const uint32_t row = static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(std::countr_zero(left));
      fields.clear();
      for (size_t i = 0; i < uses.size(); i++) {
        if (!run.changed[i].empty() && bits::get(run.changed[i].data(), row)) fields.push_back(uses[i].field);
      }
      context.changes.updated(ids[row], fields, {});
      report.rows_changed++;
    }
  }
}

}  // namespace

Fault run_blocks(const RunContext& context, const std::string& system, std::span<const TableId> tables,
                 std::span<const FieldUse> uses, const BlockFn& fn, const std::function<void(const TableRun&)>& commit,
                 RunReport& report) {
  std::vector<TableRun> runs;
  std::vector<Part> parts;
  uint64_t rows = 0;
  for (const TableId id : tables) {
    const Table& table = context.store.table(id);
    if (table.rows() == 0) continue;
    TableRun& run = runs.emplace_back();
    run.table = id;
    run.rows = table.rows();
    run.written.resize(uses.size());
    run.changed.resize(uses.size());
    run.marks.resize(bits::words_of(run.rows));
    for (size_t i = 0; i < uses.size(); i++) {
      run.columns.push_back(table.column(uses[i].field));
      if (run.columns[i] == nullptr || !uses[i].writes) continue;
      run.written[i].resize(bytes_of(*run.columns[i], run.rows), 0);
      run.changed[i].resize(bits::words_of(run.rows));
    }
    for (uint32_t first = 0; first < run.rows; first += context.block_rows) {
      parts.push_back({runs.size() - 1, first, std::min(context.block_rows, run.rows - first), rows + first});
    }
    rows += run.rows;
  }
  std::vector<Fault> faults(parts.size());
  for_each_index(context.host, static_cast<uint32_t>(parts.size()), [&](uint32_t i) {
    faults[i] = run_part(context, system, uses, runs[parts[i].run], parts[i], fn);
  });
  for (Fault& fault : faults) {
    if (fault) return std::move(fault);
  }
  report.rows_visited = rows;
  for (const TableRun& run : runs) {
    if (commit) commit(run);
    take_over(context, uses, run, report);
  }
  return {};
}

}  // namespace busbar::ecs
