// One run of a system over the rows of all tables that have its components: in blocks of fixed size, on copies, wholly or
// not at all.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "busbar_ecs_system.h"
#include "busbar_service.h"
#include "ecs/store.h"
#include "events.h"

namespace busbar::ecs {

struct RunReport {
  uint64_t rows_visited = 0;
  uint64_t rows_changed = 0;
};

struct RunContext {
  Store& store;
  const busbar_host& host;
  Changes& changes;
  double dt;
  uint32_t block_rows;
};

struct FieldUse {
  FieldId field;
  bool writes;
};

/// What a system did to one table.
struct TableRun {
  TableId table;
  uint32_t rows;
  std::vector<const Column*> columns;          ///< as the uses; nullptr: the table lacks it
  std::vector<Buffer> written;                 ///< as the uses; empty where nothing is written
  std::vector<std::vector<uint64_t>> changed;  ///< as the uses: rows whose bytes differ
  std::vector<uint64_t> marks;                 ///< rows that the system marked
};

/// Of one block: the C ABI's part, and the marks of its rows.
struct Block {
  busbar_ecs_block abi;
  uint64_t* marks;
};
/// Any thread. @returns no fault, or why the whole run is refused
using BlockFn = std::function<Fault(const Block&)>;

/// Runs over the tables and, when no block failed, calls `commit` for each table before its columns are taken over, then
/// reports the changed fields. The fault of the first block that failed is the run's.
Fault run_blocks(const RunContext& context, const std::string& system, std::span<const TableId> tables,
                 std::span<const FieldUse> uses, const BlockFn& fn, const std::function<void(const TableRun&)>& commit,
                 RunReport& report);

}  // namespace busbar::ecs
