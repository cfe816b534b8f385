// Mutates snapshots and mends their sum, so that what lies behind it is read; each is refused as corrupt, or is a store
// that answers, changes and writes itself again (run it under the asan preset).
#include <cstring>

#include "core/hash/hash.h"
#include "ecs/query.h"
#include "ecs/snapshot.h"
#include "testing/fuzz.h"
#include "testing/world.h"

namespace {

using namespace busbar::ecs;

void use(Store& store) {
  busbar::random::Stream dice(1, "ecs/fuzz", 0);
  QueryEngine engine(store);
  std::vector<EntityId> ids;
  for (TableId table = 0; table < store.table_count(); table++) {
    ids.insert(ids.end(), store.table(table).ids().begin(), store.table(table).ids().end());
    std::vector<ItemFault> faults;
    std::vector<EntityId> made(3);
    if (!store.create(table, 3, {}, made.data(), faults)) ids.insert(ids.end(), made.begin(), made.end());
  }
  if (store.field_count() > 0) {
    for (int i = 0; i < 4; i++) {
      std::shared_ptr<const Result> result;
      if (engine.run(testing::random_query(dice, store), result)) continue;
      for (const EntityId id : result->ids) {
        if (!store.alive(id)) std::abort();
      }
    }
  }
  std::vector<ItemFault> faults;
  store.erase(ids, faults);
  if (store.entity_count() != 0) std::abort();
}

void one(const uint8_t* data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  if (bytes.size() >= 16) {
    const uint64_t sum = busbar::hash::xxh64(bytes.data() + 16, bytes.size() - 16);
    std::memcpy(bytes.data() + 8, &sum, sizeof sum);
  }
  Limits limits;
  limits.entities_max = 100'000;
  std::unique_ptr<Store> store;
  if (const Fault fault = read_snapshot(bytes, limits, store)) {
    if (fault.code != Code::corrupt_state && fault.code != Code::unsupported_version &&
        fault.code != Code::limit_exceeded) {
      std::abort();
    }
    return;
  }
  // What was accepted is sound: it can be written, read and compared.
  const auto again = write_snapshot(*store);
  std::unique_ptr<Store> copy;
  if (read_snapshot(again, limits, copy) || write_snapshot(*copy) != again) std::abort();
  StateHash left, right;
  if (left.of(*store) != right.of(*copy)) std::abort();
  use(*store);
}

busbar::testing::Input seed(busbar::random::Stream& dice) {
  Store store;
  testing::define(store);
  std::vector<EntityId> ids;
  for (uint64_t n = 1 + dice.below(4); n > 0; n--) {
    std::vector<ComponentId> components;
    for (uint64_t k = dice.below(4); k > 0; k--) {
      components.push_back(static_cast<ComponentId>(dice.below(store.component_count())));
    }
    TableId table = 0;
    if (store.define_archetype("kind_" + std::to_string(n), components, table)) std::abort();
    const auto count = static_cast<uint32_t>(dice.below(70));
    std::vector<testing::CellColumn> columns;
    for (const Column& column : store.table(table).columns()) {
      std::vector<testing::MaybeCell> cells(count);
      for (auto& cell : cells) cell = testing::random_cell(dice, store.field(column.field()).field);
      columns.emplace_back(store, column.field(), cells);
    }
    std::vector<ValueColumn> views;
    for (const auto& column : columns) views.push_back(column.view());
    std::vector<EntityId> made(count);
    std::vector<ItemFault> faults;
    if (store.create(table, count, views, made.data(), faults) || !faults.empty()) std::abort();
    ids.insert(ids.end(), made.begin(), made.end());
  }
  std::vector<ItemFault> faults;
  std::erase_if(ids, [&](EntityId) { return dice.below(3) != 0; });
  store.erase(ids, faults);
  return write_snapshot(store);
}

}  // namespace

BUSBAR_FUZZ_MAIN(one, seed)
