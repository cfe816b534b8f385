// Queries: what may be asked, and the engine that answers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "buffer.h"
#include "fault.h"
#include "store.h"
#include "types.h"

namespace busbar::ecs {

enum class BoundKind : uint8_t { open = 0, inclusive = 1, exclusive = 2 };
struct Bound {
  BoundKind kind = BoundKind::open;
  Value value;
};

/// A field that is null, or whose component the entity lacks, meets `not_exists` only.
enum class FilterKind : uint8_t {
  exact = 0,       ///< equal to values[0]; -0.0 equals 0.0
  range = 1,       ///< between low and high; utf8 by bytes, false before true
  in = 2,          ///< equal to one of values; none of none
  exists = 3,      ///< the entity has the component, and the field is not null
  not_exists = 4,
  has = 5,         ///< the entity has `component`
  has_not = 6
};

/// Bounds and values have exactly the field's type, else ecs/type-mismatch; NaN and infinity are ecs/out-of-range (leave
/// a bound open instead). vec_f32 fields know exists and not_exists only.
struct Filter {
  FilterKind kind = FilterKind::exact;
  FieldId field = 0;          ///< all but has, has_not
  ComponentId component = 0;  ///< has, has_not
  Bound low, high;
  std::vector<Value> values;
};

/// Holds when one of them holds; never, when there is none.
using OrGroup = std::vector<Filter>;

struct OrderKey {
  FieldId field = 0;  ///< not vec_f32
  bool descending = false;  ///< nulls come last either way
};

struct Query {
  std::vector<ComponentId> all;
  std::vector<ComponentId> any_of;  ///< empty: no matter
  std::vector<Filter> filters;      ///< all must hold
  std::vector<OrGroup> any;         ///< each must hold
  std::vector<OrderKey> order_by;   ///< entity id ascending is the last key
  uint64_t limit = 0;               ///< 0: none
  uint64_t offset = 0;
  std::vector<FieldId> select;
};

/// Values of one field for chosen rows, in their order; as ValueColumn: a boolean is a byte, utf8 a code.
struct Gathered {
  FieldId field = 0;
  uint64_t rows = 0;
  uint64_t null_count = 0;  ///< a table without the field counts as null
  Buffer values;            ///< plain_stride_of bytes each; 0 behind a null
  Buffer validity;          ///< bit i, least first; always there
};

/// The fields' values at `rows`; Location{kNoTable, 0} gives null.
std::vector<Gathered> gather(const Store& store, std::span<const FieldId> fields, std::span<const Location> rows);

struct Result {
  std::vector<EntityId> ids;
  std::vector<Location> rows;  ///< of each id, at the time of the query
  std::vector<Gathered> columns;  ///< as `select`
  uint64_t total = 0;             ///< matches without limit and offset
  bool has_more = false;          ///< offset + ids.size() < total
  uint64_t memory_bytes() const;
};

struct EngineOptions {
  bool use_cache = true;
  bool use_indexes = true;
  uint64_t cache_bytes_max = 33'554'432;
  uint64_t index_bytes_max = 268'435'456;
  /// A column that was asked about this often since it last changed gets its index: sorting one costs some hundred scans.
  uint32_t hash_index_after = 8;
  uint32_t sorted_index_after = 64;
  /// An index is used where it leaves less than one in this many rows.
  uint32_t index_share = 10;
  uint32_t filters_max = 256;  ///< of a query, groups included
  uint32_t values_max = 65'536;  ///< of a query
  uint32_t order_keys_max = 16;
  uint32_t select_max = 1'024;
};

/// How queries were answered; never part of a result.
struct EngineStats {
  uint64_t queries = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_bytes = 0;
  uint64_t cache_entries = 0;
  uint64_t tables_scanned = 0;
  uint64_t tables_indexed = 0;
  uint64_t indexes_built = 0;
  uint64_t index_bytes = 0;
};

/// Answers queries over one store, which must outlive it. Same thread as the store. Results are the same whatever the
/// options and whatever was asked before.
class QueryEngine {
 public:
  explicit QueryEngine(const Store& store, EngineOptions options = {});
  ~QueryEngine();

  /// @param result stays as it is while someone holds it, whatever becomes of the store
  /// Faults: unknown-name (component or field id), type-mismatch, out-of-range, malformed (a value too many or too few),
  /// limit-exceeded.
  Fault run(const Query& query, std::shared_ptr<const Result>& result);
  /// Forgets results and indexes: after the store was restored.
  void clear();
  EngineStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Canonical bytes of a query: equal for queries that differ only in the order of components, filters, groups and values.
std::string canonical(const Query& query);

}  // namespace busbar::ecs
