// From a query to its result: cache, then table by table an index or a scan, then the first rows of the order.
#include <algorithm>
#include <span>

#include "cache.h"
#include "index.h"
#include "plan.h"
#include "query.h"
#include "query_check.h"
#include "top.h"

namespace busbar::ecs {

struct QueryEngine::State {
  State(const Store& from, EngineOptions chosen)
      : store(from), options(chosen), indexes(store, options, stats), cache(options.cache_bytes_max) {}

  /// Adds the rows of a table that match. @returns how many
  uint64_t collect(const Table& table, const Query& query, Top& top, uint64_t keep, bool by_id);
  /// Adds the first rows of a table of which all match, when an index has them in the order of the query.
  bool take_in_order(const Table& table, const Query& query, Top& top, uint64_t keep);

  const Store& store;
  EngineOptions options;
  EngineStats stats;
  Indexes indexes;
  ResultCache cache;
};

namespace {

/// Rows that have to be known in order: offset and limit together; 0: all.
uint64_t rows_to_keep(const Query& query) {
  if (query.limit == 0) return 0;
  return query.limit > UINT64_MAX - query.offset ? UINT64_MAX : query.limit + query.offset;
}

}  // namespace

bool QueryEngine::State::take_in_order(const Table& table, const Query& query, Top& top, uint64_t keep) {
  if (query.order_by.empty()) return false;
  const auto& [field, descending] = query.order_by[0];
  const Column* const column = table.column(field);
  const Index* const index = column == nullptr ? nullptr : indexes.of(table, *column);
  std::vector<uint32_t> rows;
  if (index == nullptr || !index->first(keep, descending, rows)) return false;
  top.add(table, rows);
  return true;
}

uint64_t QueryEngine::State::collect(const Table& table, const Query& query, Top& top, uint64_t keep, bool by_id) {
  const TablePlan plan(store, table, query);
  if (plan.never()) return 0;
  if (plan.everything()) {
    if (take_in_order(table, query, top, keep)) {
      stats.tables_indexed++;
      return table.rows();
    }
  } else if (const auto rows = plan.by_index(indexes, options.index_share)) {
    stats.tables_indexed++;
    top.add(table, *rows);
    return rows->size();
  }
  stats.tables_scanned++;
  // Where ids ascend with the rows, rows after the first `keep` only count.
  const bool in_order = by_id && keep != 0 && table.ids_ascend();
  uint64_t count = 0;
  for (uint32_t first = 0; first < table.rows(); first += kBlockRows) {
    if (plan.everything() && in_order && count >= keep) return table.rows();
    uint64_t mask[kBlockWords];
    const uint32_t matches = plan.block(first, std::min(kBlockRows, table.rows() - first), mask);
    if (matches > 0 && !(in_order && count >= keep)) top.add(table, first, mask);
    count += matches;
  }
  return count;
}

QueryEngine::QueryEngine(const Store& store, EngineOptions options) : state_(new State(store, options)) {}
QueryEngine::~QueryEngine() = default;

void QueryEngine::clear() {
  state_->cache.clear();
  state_->indexes.clear();
}

EngineStats QueryEngine::stats() const {
  EngineStats stats = state_->stats;
  stats.cache_bytes = state_->cache.bytes();
  stats.cache_entries = state_->cache.entries();
  return stats;
}

Fault QueryEngine::run(const Query& query, std::shared_ptr<const Result>& result) {
  State& state = *state_;
  if (Fault fault = check_query(state.store, state.options, query)) return fault;
  state.stats.queries++;
  std::string key;
  if (state.options.use_cache) {
    key = canonical(query);
    if (auto known = state.cache.find(state.store, key)) {
      state.stats.cache_hits++;
      result = std::move(known);
      return {};
    }
  }
  ReadSet reads(state.store, query);
  const uint64_t keep = rows_to_keep(query);
  const RowOrder order(state.store, query.order_by);
  Top top(order, keep);
  auto found = std::make_shared<Result>();
  for (const TableId id : reads.tables()) {
    found->total += state.collect(state.store.table(id), query, top, keep, order.by_id());
  }
  const Candidates rows = top.take();
  const auto answer = std::span(rows).subspan(std::min<uint64_t>(query.offset, rows.size()));
  found->ids.resize(answer.size());
  found->rows.resize(answer.size());
  TableId table = kNoTable;
  const EntityId* ids = nullptr;
  for (size_t i = 0; i < answer.size(); i++) {
    if (answer[i].table != table) {
      table = answer[i].table;
      ids = state.store.table(table).ids().data();
    }
    found->ids[i] = ids[answer[i].row];
    found->rows[i] = {table, answer[i].row};
  }
  found->has_more = query.offset < found->total && found->total - query.offset > found->ids.size();
  found->columns = gather(state.store, query.select, found->rows);
  if (state.options.use_cache) state.cache.put(std::move(key), std::move(reads), found);
  result = std::move(found);
  return {};
}

uint64_t Result::memory_bytes() const {
  uint64_t sum = sizeof *this + ids.capacity() * sizeof(EntityId) + rows.capacity() * sizeof(Location);
  for (const Gathered& column : columns) sum += sizeof column + column.values.capacity() + column.validity.capacity();
  return sum;
}

}  // namespace busbar::ecs
