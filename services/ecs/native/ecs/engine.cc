#include <algorithm>
#include <bit>

#include "query.h"
#include "query_check.h"

namespace busbar::ecs {

struct QueryEngine::State {
  const Store& store;
  EngineOptions options;
  EngineStats stats;
};

namespace {

struct Key { bool null; uint64_t key; };

template <typename T> uint64_t ordered(T v) {
  if constexpr (std::is_same_v<T, float>) { v += 0.0f; const auto b = std::bit_cast<uint32_t>(v == 0 ? 0.0f : v); return b >> 31 ? uint32_t(~b) : b | 0x80000000u; }
  else if constexpr (std::is_same_v<T, double>) { const auto b = std::bit_cast<uint64_t>(v == 0 ? 0.0 : v); return b >> 63 ? ~b : b | 1ull << 63; }
  else if constexpr (std::is_signed_v<T>) return uint64_t(int64_t(v)) ^ 1ull << 63;
  else return v;
}

uint64_t plain(const Store& store, const Column& c, uint32_t row) {
  switch (c.type()) {
    case FieldType::boolean: return bits::get(c.value_bits(), row);
    case FieldType::i8: return ordered(c.data<int8_t>()[row]);
    case FieldType::i16: return ordered(c.data<int16_t>()[row]);
    case FieldType::i32: return ordered(c.data<int32_t>()[row]);
    case FieldType::i64: return ordered(c.data<int64_t>()[row]);
    case FieldType::u8: return c.data<uint8_t>()[row];
    case FieldType::u16: return c.data<uint16_t>()[row];
    case FieldType::u32: return c.data<uint32_t>()[row];
    case FieldType::f32: return ordered(c.data<float>()[row]);
    case FieldType::f64: return ordered(c.data<double>()[row]);
    case FieldType::utf8: return store.dictionary().ranks()[c.data<uint32_t>()[row]];
    default: return c.data<uint64_t>()[row];
  }
}

int compare(const Store& store, const Column& c, uint32_t row, const Value& v) {
  if (v.type == FieldType::utf8) return store.dictionary().text(c.data<uint32_t>()[row]).compare(v.text);
  uint64_t a = plain(store, c, row), b = v.bits;
  switch (v.type) {
    case FieldType::i8: case FieldType::i16: case FieldType::i32: case FieldType::i64: b = ordered(int64_t(b)); break;
    case FieldType::f32: b = ordered(std::bit_cast<float>(uint32_t(b))); break;
    case FieldType::f64: b = ordered(std::bit_cast<double>(b)); break;
    default: break;
  }
  return a < b ? -1 : a > b;
}

bool holds(const Store& store, const Table& table, uint32_t row, const Filter& f) {
  if (f.kind == FilterKind::has) return table.has(f.component);
  if (f.kind == FilterKind::has_not) return !table.has(f.component);
  const Column* c = table.column(f.field);
  const bool there = table.has(store.field(f.field).component) && c != nullptr && !c->is_null(row);
  if (f.kind == FilterKind::exists) return there;
  if (f.kind == FilterKind::not_exists) return !there;
  if (!there) return false;
  if (f.kind == FilterKind::range) {
    const auto low = f.low.kind == BoundKind::open ? 1 : compare(store, *c, row, f.low.value);
    const auto high = f.high.kind == BoundKind::open ? -1 : compare(store, *c, row, f.high.value);
    return (low > 0 || (low == 0 && f.low.kind == BoundKind::inclusive)) && (high < 0 || (high == 0 && f.high.kind == BoundKind::inclusive));
  }
  return std::any_of(f.values.begin(), f.values.end(), [&](const Value& v) { return compare(store, *c, row, v) == 0; });
}

}  // namespace

QueryEngine::QueryEngine(const Store& store, EngineOptions options) : state_(new State{store, options, {}}) {}
QueryEngine::~QueryEngine() = default;
void QueryEngine::clear() {}
const EngineStats& QueryEngine::stats() const { return state_->stats; }

Fault QueryEngine::run(const Query& query, std::shared_ptr<const Result>& result) {
  const Store& store = state_->store;
  if (Fault fault = check_query(store, state_->options, query)) return fault;
  state_->stats.queries++;
  struct Row { std::vector<Key> keys; EntityId id; Location at; };
  std::vector<Row> rows;
  for (const TableId t : store.matching(query.all, query.any_of)) {
    const Table& table = store.table(t);
    for (uint32_t row = 0; row < table.rows(); row++) {
      const auto one = [&](const Filter& f) { return holds(store, table, row, f); };
      if (!std::all_of(query.filters.begin(), query.filters.end(), one)) continue;
      if (!std::all_of(query.any.begin(), query.any.end(), [&](const OrGroup& g) { return std::any_of(g.begin(), g.end(), one); })) continue;
      Row found{{}, table.ids()[row], {t, row}};
      for (const OrderKey& key : query.order_by) {
        const Column* c = table.column(key.field);
        if (c == nullptr || c->is_null(row)) { found.keys.push_back({true, 0}); continue; }
        const uint64_t k = plain(store, *c, row);
        found.keys.push_back({false, key.descending ? ~k : k});
      }
      rows.push_back(std::move(found));
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    for (size_t i = 0; i < a.keys.size(); i++) {
      if (a.keys[i].null != b.keys[i].null) return b.keys[i].null;
      if (a.keys[i].key != b.keys[i].key) return a.keys[i].key < b.keys[i].key;
    }
    return a.id < b.id;
  });
  auto out = std::make_shared<Result>();
  out->total = rows.size();
  const uint64_t from = std::min<uint64_t>(query.offset, rows.size());
  const uint64_t end = query.limit == 0 ? rows.size() : std::min<uint64_t>(rows.size(), from + std::min<uint64_t>(query.limit, rows.size()));
  for (uint64_t i = from; i < end; i++) { out->ids.push_back(rows[i].id); out->rows.push_back(rows[i].at); }
  out->has_more = end < rows.size() && query.offset <= rows.size();
  for (const FieldId f : query.select) { out->columns.emplace_back(); gather(store, f, out->rows, out->columns.back()); }
  result = std::move(out);
  return {};
}

uint64_t Result::memory_bytes() const {
  uint64_t sum = sizeof *this + ids.capacity() * sizeof(EntityId) + rows.capacity() * sizeof(Location);
  for (const Gathered& column : columns) sum += sizeof column + column.values.capacity() + column.validity.capacity();
  return sum;
}

}  // namespace busbar::ecs
