// What the core takes by itself, beside bare columns in the same program: ecs_bench MEASURE COUNT prints JSON with the
// ns of COUNT units. A unit is an entity or a query; work is done a million entities at a time, so COUNT only says how
// often.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "ecs/query.h"
#include "ecs/snapshot.h"
#include "ecs/store.h"

namespace {

using namespace busbar::ecs;
using Clock = std::chrono::steady_clock;

constexpr uint32_t kEntities = 1'000'000;
constexpr float kStep = 0.25f;
constexpr const char* kFactions[] = {"f0",  "f1",  "f2",  "f3",  "f4",  "f5",  "f6",  "f7",  "f8",  "f9",
                                     "f10", "f11", "f12", "f13", "f14", "f15", "f16", "f17", "f18", "f19"};

double since_ns(Clock::time_point start) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

void need(const Fault& fault) {
  if (!fault) return;
  std::fprintf(stderr, "%s\n", fault.text.c_str());
  std::exit(1);
}

template <typename T>
ValueColumn column(FieldId field, const std::vector<T>& list) {
  return {field, {reinterpret_cast<const uint8_t*>(list.data()), list.size() * sizeof(T)}, {}};
}

/// ns of `count` units, and something that depends on the work.
struct Measured {
  double ns;
  double sum;
};

/// Runs `once` (which returns the ns of its measured part) often enough for `count` units. Answers with the median: on
/// a machine with other work a run that was interrupted takes as much longer as there are others who want the
/// processor.
Measured repeat(uint64_t count, uint64_t units, const std::function<double(double&)>& once) {
  std::vector<double> rounds(std::max<uint64_t>(1, count / units));
  double sum = 0;
  for (double& ns : rounds) ns = once(sum);
  const auto middle = rounds.begin() + static_cast<long>(rounds.size() / 2);
  std::nth_element(rounds.begin(), middle, rounds.end());
  return {*middle / static_cast<double>(units) * static_cast<double>(count), sum};
}

// --- two components of two floats each -------------------------------------------------------------------------------

struct Floats {
  Floats() {
    for (auto* list : {&x, &y, &dx, &dy}) {
      list->resize(kEntities);
      for (uint32_t i = 0; i < kEntities; i++) (*list)[i] = static_cast<float>(i % 1000);
    }
  }
  std::vector<float> x, y, dx, dy;
};

struct Moving {
  explicit Moving(const Floats& floats) {
    ComponentId position = 0, velocity = 0, tag_id = 0;
    need(store.define_component({"Position", {{"x"}, {"y"}}}, position));
    need(store.define_component({"Velocity", {{"x"}, {"y"}}}, velocity));
    need(store.define_component({"Tag", {}}, tag_id));
    tag = tag_id;
    need(store.table_of(std::vector{position, velocity}, table));
    columns = {column(0, floats.x), column(1, floats.y), column(2, floats.dx), column(3, floats.dy)};
  }
  void create() {
    std::vector<ItemFault> faults;
    need(store.create(table, kEntities, columns, ids.data(), faults));
  }
  Store store;
  TableId table = 0;
  ComponentId tag = 0;
  std::vector<ValueColumn> columns;
  std::vector<EntityId> ids = std::vector<EntityId>(kEntities);
};

/// Each large block comes from the system and goes back there, as for a store in a process that has just begun.
/// Otherwise the allocator's habits decide which of two contestants gets pages of the round before.
void use_fresh_memory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 16);
#endif
}

Measured create(uint64_t count) {
  use_fresh_memory();
  const Floats floats;
  return repeat(count, kEntities, [&](double& sum) {
    Moving moving(floats);
    const auto start = Clock::now();
    moving.create();
    const double ns = since_ns(start);
    sum += static_cast<double>(moving.store.entity_count());
    return ns;
  });
}

/// An id and four floats per entity, copied into columns that were allocated for it: what no store can leave out.
Measured create_bare(uint64_t count) {
  use_fresh_memory();
  const Floats floats;
  return repeat(count, kEntities, [&](double& sum) {
    Buffer ids, columns[4];
    std::vector<EntityId> answer(kEntities);
    const auto start = Clock::now();
    ids.resize(uint64_t{kEntities} * sizeof(EntityId), 0);
    for (uint32_t i = 0; i < kEntities; i++) answer[i] = ids.as<EntityId>()[i] = make_id(1, i);
    const std::vector<float>* sources[] = {&floats.x, &floats.y, &floats.dx, &floats.dy};
    for (int i = 0; i < 4; i++) {
      columns[i].resize(uint64_t{kEntities} * sizeof(float), 0);
      std::memcpy(columns[i].data(), sources[i]->data(), uint64_t{kEntities} * sizeof(float));
    }
    const double ns = since_ns(start);
    sum += static_cast<double>(columns[3].as<float>()[kEntities - 1]) + static_cast<double>(answer[7]);
    return ns;
  });
}

void integrate(float* position, const float* velocity, uint32_t rows) {
  for (uint32_t i = 0; i < rows; i++) position[i] += velocity[i] * kStep;
}

/// Position.x += Velocity.x * dt over all tables that have both.
Measured iterate(uint64_t count) {
  const Floats floats;
  Moving moving(floats);
  moving.create();
  Store& store = moving.store;
  return repeat(count, kEntities, [&](double& sum) {
    const auto start = Clock::now();
    for (const TableId id : store.matching(std::vector<ComponentId>{0, 1})) {
      float* position = store.write_column(id, 0)->mutable_data<float>();
      integrate(position, store.table(id).column(2)->data<float>(), store.table(id).rows());
    }
    const double ns = since_ns(start);
    sum += store.table(moving.table).column(0)->data<float>()[5];
    return ns;
  });
}

Measured iterate_bare(uint64_t count) {
  Floats floats;
  return repeat(count, kEntities, [&](double& sum) {
    const auto start = Clock::now();
    integrate(floats.x.data(), floats.dx.data(), kEntities);
    const double ns = since_ns(start);
    sum += floats.x[5];
    return ns;
  });
}

/// Unit: a component added to an entity and taken from it again; 1,000 entities a call.
Measured add_remove(uint64_t count) {
  const Floats floats;
  Moving moving(floats);
  moving.create();
  constexpr size_t kBatch = 1'000;
  size_t at = 0;
  const std::vector<ComponentId> tag{moving.tag};
  std::vector<ItemFault> faults;
  return repeat(count, kBatch, [&](double& sum) {
    const std::span ids(moving.ids.data() + at, kBatch);
    at = (at + kBatch) % kEntities;
    const auto start = Clock::now();
    need(moving.store.update(ids, tag, {}, {}, faults));
    need(moving.store.update(ids, {}, tag, {}, faults));
    const double ns = since_ns(start);
    sum += static_cast<double>(faults.size());
    return ns;
  });
}

/// Unit: a snapshot of a million entities, read back.
Measured snapshot(uint64_t count) {
  const Floats floats;
  Moving moving(floats);
  moving.create();
  return repeat(count, 1, [&](double& sum) {
    const auto start = Clock::now();
    const auto bytes = write_snapshot(moving.store);
    std::unique_ptr<Store> copy;
    need(read_snapshot(bytes, {}, copy));
    const double ns = since_ns(start);
    sum += static_cast<double>(copy->entity_count());
    return ns;
  });
}

/// Ids and four columns into one piece of memory, and out of it into columns of their own. No check, no sum, no map of
/// ids.
Measured snapshot_bare(uint64_t count) {
  const Floats floats;
  std::vector<EntityId> ids(kEntities);
  for (uint32_t i = 0; i < kEntities; i++) ids[i] = make_id(1, i);
  const std::pair<const void*, uint64_t> parts[] = {{ids.data(), kEntities * sizeof(EntityId)},
                                                    {floats.x.data(), kEntities * sizeof(float)},
                                                    {floats.y.data(), kEntities * sizeof(float)},
                                                    {floats.dx.data(), kEntities * sizeof(float)},
                                                    {floats.dy.data(), kEntities * sizeof(float)}};
  return repeat(count, 1, [&](double& sum) {
    const auto start = Clock::now();
    std::vector<uint8_t> bytes;
    bytes.reserve(kEntities * (sizeof(EntityId) + 4 * sizeof(float)));
    for (const auto& [data, size] : parts) {
      const auto* from = static_cast<const uint8_t*>(data);
      bytes.insert(bytes.end(), from, from + size);
    }
    Buffer copies[std::size(parts)];
    uint64_t at = 0;
    for (size_t i = 0; i < std::size(parts); i++) {
      copies[i].resize(parts[i].second, 0);
      std::memcpy(copies[i].data(), bytes.data() + at, parts[i].second);
      at += parts[i].second;
    }
    const double ns = since_ns(start);
    sum += static_cast<double>(copies[4].as<float>()[kEntities - 1]);
    return ns;
  });
}

/// Bytes that the allocator has handed out: tables, the map of ids, definitions, room that is not used yet.
uint64_t allocated([[maybe_unused]] const Store& store) {
#if defined(__GLIBC__)
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return store.memory().total();
#endif
}

/// "ns" holds bytes here: the store's, or of the ids and values alone. Times `count`, as all measures.
Measured memory(uint64_t count) {
  const Floats floats;
  Moving moving(floats);
  const uint64_t before = allocated(moving.store);
  moving.create();
  const uint64_t after = allocated(moving.store);
  const uint64_t bytes = after - before;
  if (static_cast<double>(moving.store.memory().total()) < 0.995 * static_cast<double>(bytes)) {
    need({Code::limit_exceeded, "the store says less of its memory than the allocator does"});
  }
  return {static_cast<double>(bytes) * static_cast<double>(count), 0};
}
Measured memory_bare(uint64_t count) {
  return {static_cast<double>(kEntities * (sizeof(EntityId) + 4 * sizeof(float))) * static_cast<double>(count), 0};
}

// --- a million units: faction, hp, x, made of their number so that other programs can make the same ------------------

struct Units {
  explicit Units(uint32_t rows, IndexKind faction_index = IndexKind::none, IndexKind x_index = IndexKind::none)
      : store(std::make_unique<Store>()) {
    ComponentId unit = 0;
    need(store->define_component({"Unit",
                                  {{"faction", FieldType::utf8, false, 1, faction_index},
                                   {"hp", FieldType::i32},
                                   {"x", FieldType::f32, false, 1, x_index}}},
                                 unit));
    TableId table = 0;
    need(store->table_of(std::vector{unit}, table));
    uint32_t codes[20];
    for (int i = 0; i < 20; i++) need(store->intern(kFactions[i], codes[i]));
    for (uint64_t i = 1; i <= rows; i++) {
      const auto h = static_cast<uint32_t>(i * 2654435761u), g = static_cast<uint32_t>(i * 2246822519u);
      faction.push_back(codes[h / 32 % 20]);
      hp.push_back(static_cast<int32_t>(h / 1024 % 1000));
      x.push_back(static_cast<float>(g / 256));
    }
    std::vector<EntityId> ids(rows);
    std::vector<ItemFault> faults;
    need(store->create(table, rows, std::vector{column(0, faction), column(1, hp), column(2, x)}, ids.data(), faults));
  }
  static Query question() {
    Query query;
    query.all = {0};
    Filter faction, hp;
    faction.field = 0;
    faction.values = {Value::utf8("f7")};
    hp.kind = FilterKind::range;
    hp.field = 1;
    hp.low = {BoundKind::inclusive, Value::integer(FieldType::i32, 200)};
    hp.high = {BoundKind::exclusive, Value::integer(FieldType::i32, 700)};
    query.filters = {faction, hp};
    query.order_by = {{2, false}};
    query.limit = 100;
    query.select = {1, 2};
    return query;
  }
  std::unique_ptr<Store> store;
  std::vector<uint32_t> faction;
  std::vector<int32_t> hp;
  std::vector<float> x;
};

Measured ask(uint64_t count, const Store& store, const Query& query, const EngineOptions& options) {
  QueryEngine engine(store, options);
  std::shared_ptr<const Result> result;
  const uint32_t asked = options.use_indexes ? options.sorted_index_after + 1 : 12;
  for (uint32_t i = 0; i < asked; i++) need(engine.run(query, result));
  return repeat(count, 1, [&](double& sum) {
    const auto start = Clock::now();
    need(engine.run(query, result));
    const double ns = since_ns(start);
    // Numbers of the rows that were found: what every contestant must agree on.
    sum = static_cast<double>(result->total);
    for (const EntityId id : result->ids) sum += index_of(id);
    return ns;
  });
}

EngineOptions scanning() {
  EngineOptions options;
  options.use_cache = options.use_indexes = false;
  return options;
}

Measured query(uint64_t count) {
  const Units units(kEntities);
  return ask(count, *units.store, Units::question(), scanning());
}

EngineOptions indexed() {
  EngineOptions options;
  options.use_cache = false;
  return options;
}

Measured query_indexed(uint64_t count) {
  const Units units(kEntities, IndexKind::hash);
  return ask(count, *units.store, Units::question(), indexed());
}

Measured query_cached(uint64_t count) {
  const Units units(kEntities);
  return ask(count, *units.store, Units::question(), {});
}

/// By hand: one loop over bare columns, the best hundred in a heap.
Measured query_bare(uint64_t count) {
  const Units units(kEntities);
  const uint32_t wanted = *units.store->dictionary().find("f7");
  return repeat(count, 1, [&](double& sum) {
    const auto start = Clock::now();
    std::vector<std::pair<float, uint32_t>> heap;
    uint64_t total = 0;
    for (uint32_t i = 0; i < kEntities; i++) {
      if (units.faction[i] != wanted || units.hp[i] < 200 || units.hp[i] >= 700) continue;
      total++;
      const std::pair candidate(units.x[i], i);
      if (heap.size() == 100 && !(candidate < heap[0])) continue;
      if (heap.size() == 100) {
        std::pop_heap(heap.begin(), heap.end());
        heap.pop_back();
      }
      heap.push_back(candidate);
      std::push_heap(heap.begin(), heap.end());
    }
    std::sort_heap(heap.begin(), heap.end());
    const double ns = since_ns(start);
    sum = static_cast<double>(total);
    for (const auto& [x, i] : heap) sum += i;
    return ns;
  });
}

/// All of a thousand, ordered by x, two columns: nothing to skip.
Query all_by_x() {
  Query query = Units::question();
  query.filters.clear();
  query.limit = 0;
  return query;
}

Measured query1000(uint64_t count) {
  const Units units(1'000);
  return ask(count, *units.store, all_by_x(), scanning());
}

Measured query1000_indexed(uint64_t count) {
  const Units units(1'000, IndexKind::none, IndexKind::sorted);
  return ask(count, *units.store, all_by_x(), indexed());
}

const std::map<std::string, Measured (*)(uint64_t)> kMeasures = {{"create", create},
                                                                 {"create-bare", create_bare},
                                                                 {"iterate2", iterate},
                                                                 {"iterate2-bare", iterate_bare},
                                                                 {"add_remove", add_remove},
                                                                 {"snapshot1m", snapshot},
                                                                 {"snapshot1m-bare", snapshot_bare},
                                                                 {"memory_ratio", memory},
                                                                 {"memory_ratio-bare", memory_bare},
                                                                 {"query1m", query},
                                                                 {"query1m-bare", query_bare},
                                                                 {"query1000", query1000},
                                                                 {"query1000_indexed", query1000_indexed},
                                                                 {"query1m_indexed", query_indexed},
                                                                 {"query1m_cached", query_cached}};

}  // namespace

int main(int count, char** arguments) {
  const auto at = count == 3 ? kMeasures.find(arguments[1]) : kMeasures.end();
  if (at == kMeasures.end()) {
    std::fprintf(stderr, "usage: ecs_bench MEASURE COUNT\n");
    for (const auto& [name, measure] : kMeasures) std::fprintf(stderr, "  %s\n", name.c_str());
    return 2;
  }
  const Measured measured = at->second(std::strtoull(arguments[2], nullptr, 10));
  std::printf("{\"ns\": %.1f, \"sum\": %.1f}\n", measured.ns, measured.sum);
}
