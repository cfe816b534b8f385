// Definitions, ids, rows and columns, one rule at a time.
#include "ecs/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "core/random/random.h"
#include "ecs/query.h"
#include "ecs/snapshot.h"
#include "ecs/sorting.h"

namespace busbar::ecs {
namespace {

template <typename T>
ValueColumn values(FieldId field, const std::vector<T>& list, const std::vector<uint8_t>& validity = {}) {
  return {field, {reinterpret_cast<const uint8_t*>(list.data()), list.size() * sizeof(T)}, validity};
}

/// Position {x, y} and Tag, with one table each way.
struct World {
  World() {
    const ComponentType type{"Position", {{"x"}, {"y", FieldType::f32, true}}};
    EXPECT_FALSE(store.define_component(type, position));
    EXPECT_FALSE(store.define_component({"Tag", {}}, tag));
    EXPECT_FALSE(store.table_of(std::vector{position}, table));
    x = *store.find_field("Position.x");
    y = *store.find_field("Position.y");
  }
  std::vector<EntityId> create(const std::vector<float>& xs) {
    std::vector<EntityId> ids(xs.size());
    EXPECT_FALSE(store.create(table, static_cast<uint32_t>(xs.size()), std::vector{values(x, xs)}, ids.data(), faults));
    return ids;
  }
  Store store;
  ComponentId position = 0, tag = 0;
  TableId table = 0;
  FieldId x = 0, y = 0;
  std::vector<ItemFault> faults;
};

TEST(Store, FreeIndexesAreReusedLowestFirstWithTheNextGeneration) {
  World world;
  const auto ids = world.create({1, 2, 3, 4});
  EXPECT_EQ(ids, (std::vector<EntityId>{make_id(1, 0), make_id(1, 1), make_id(1, 2), make_id(1, 3)}));
  world.store.erase(std::vector{ids[2], ids[0], ids[2]}, world.faults);
  ASSERT_EQ(world.faults.size(), 1u);
  EXPECT_EQ(world.faults[0].item, 2u);
  EXPECT_EQ(world.faults[0].fault.code, Code::stale_id);
  EXPECT_EQ(world.create({5, 6, 7}), (std::vector<EntityId>{make_id(2, 0), make_id(2, 2), make_id(1, 4)}));
  Location at;
  EXPECT_EQ(world.store.locate(ids[0], at).code, Code::stale_id);
  EXPECT_EQ(world.store.locate(make_id(3, 0), at).code, Code::not_found);
  EXPECT_EQ(world.store.locate(make_id(1, 99), at).code, Code::not_found);
  EXPECT_EQ(world.store.locate(kNullEntity, at).code, Code::not_found);
  EXPECT_EQ(world.store.entity_count(), 5u);
}

TEST(Store, ABadItemSpoilsNoNeighbour) {
  World world;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto ids = world.create({1, nan, 3});
  EXPECT_EQ(ids[1], kNullEntity);
  ASSERT_EQ(world.faults.size(), 1u);
  EXPECT_EQ(world.faults[0].fault.code, Code::out_of_range);
  EXPECT_EQ(world.store.table(world.table).rows(), 2u);
  EXPECT_EQ(world.store.table(world.table).column(world.x)->data<float>()[1], 3);
  EXPECT_EQ(world.store.table(world.table).column(world.y)->null_count(), 2u);
}

// What was copied before a bad value was met leaves no trace: the state is that of a store that was only given the
// others.
TEST(Store, TheStateIsThatOfTheSoundItemsAlone) {
  constexpr float kBad = std::numeric_limits<float>::infinity();
  for (const std::vector<uint32_t>& bad : {std::vector<uint32_t>{}, {9'999}, {0}, {0, 1, 63, 64, 5'000, 9'999}}) {
    World mixed, alone;
    std::vector<float> xs(10'000), ys(xs.size()), sound_xs, sound_ys;
    for (uint32_t i = 0; i < xs.size(); i++) {
      xs[i] = static_cast<float>(i);
      ys[i] = std::find(bad.begin(), bad.end(), i) == bad.end() ? static_cast<float>(2 * i) : kBad;
      if (ys[i] != kBad) sound_xs.push_back(xs[i]), sound_ys.push_back(ys[i]);
    }
    const auto create = [](World& world, const std::vector<float>& x, const std::vector<float>& y) {
      const auto first = world.create({-1, -2, -3});
      world.store.erase(std::vector{first[1]}, world.faults);
      std::vector<EntityId> ids(x.size());
      EXPECT_FALSE(world.store.create(world.table, static_cast<uint32_t>(x.size()),
                                      std::vector{values(world.x, x), values(world.y, y)}, ids.data(), world.faults));
      return ids;
    };
    auto ids = create(mixed, xs, ys);
    ASSERT_EQ(mixed.faults.size(), bad.size());
    for (size_t i = 0; i < bad.size(); i++) {
      EXPECT_EQ(mixed.faults[i].item, bad[i]);
      EXPECT_EQ(mixed.faults[i].fault.code, Code::out_of_range);
      EXPECT_EQ(ids[bad[i]], kNullEntity);
    }
    std::erase(ids, kNullEntity);
    EXPECT_EQ(ids, create(alone, sound_xs, sound_ys));
    EXPECT_EQ(StateHash().of(mixed.store), StateHash().of(alone.store));
    EXPECT_EQ(write_snapshot(mixed.store), write_snapshot(alone.store));
    EXPECT_EQ(mixed.store.table(mixed.table).ids_ascend(), alone.store.table(alone.table).ids_ascend());
    for (uint32_t i = 0; i < ids.size(); i += 97) {
      Location at;
      ASSERT_FALSE(mixed.store.locate(ids[i], at));
      EXPECT_EQ(mixed.store.table(at.table).column(mixed.x)->data<float>()[at.row], sound_xs[i]);
    }
  }
}

TEST(Store, AnUpdateAddsAndRemovesComponents) {
  World world;
  const auto ids = world.create({1, 2, 3});
  const std::vector<float> nine{9};
  EXPECT_FALSE(world.store.update(std::vector{ids[0]}, std::vector{world.tag}, {}, std::vector{values(world.y, nine)},
                                  world.faults));
  EXPECT_TRUE(world.faults.empty());
  Location at;
  EXPECT_FALSE(world.store.locate(ids[0], at));
  EXPECT_NE(at.table, world.table);
  EXPECT_EQ(world.store.table(at.table).column(world.x)->data<float>()[at.row], 1);
  EXPECT_EQ(world.store.table(at.table).column(world.y)->data<float>()[at.row], 9);
  EXPECT_EQ(world.store.table(world.table).ids()[0], ids[2]);
  EXPECT_FALSE(world.store.update(std::vector{ids[0]}, {}, std::vector{world.tag, world.position}, {}, world.faults));
  EXPECT_FALSE(world.store.update(std::vector{ids[0]}, {}, {}, std::vector{values(world.x, nine)}, world.faults));
  ASSERT_EQ(world.faults.size(), 1u);
  EXPECT_EQ(world.faults[0].fault.code, Code::not_found);
}

TEST(Store, SetsOfComponentsHaveALimitByName) {
  Store store;
  std::vector<ComponentId> tags(16);
  for (size_t i = 0; i < tags.size(); i++) ASSERT_FALSE(store.define_component({"T" + std::to_string(i), {}}, tags[i]));
  const auto subset = [&](uint32_t bits) {
    std::vector<ComponentId> some;
    for (size_t i = 0; i < tags.size(); i++) {
      if ((bits >> i & 1) != 0) some.push_back(tags[i]);
    }
    return some;
  };
  TableId table = 0;
  for (uint32_t bits = 0; bits < kTablesMax; bits++) ASSERT_FALSE(store.table_of(subset(bits), table));
  ASSERT_EQ(table, kTablesMax - 1);
  EntityId id = kNullEntity;
  std::vector<ItemFault> faults;
  ASSERT_FALSE(store.create(table, 1, {}, &id, faults));
  Location at;
  ASSERT_FALSE(store.locate(id, at));
  EXPECT_EQ(at, (Location{kTablesMax - 1, 0}));
  const Fault fault = store.table_of(subset(kTablesMax), table);
  EXPECT_EQ(fault.code, Code::limit_exceeded);
  EXPECT_NE(fault.text.find("65535"), std::string::npos) << fault.text;
  // The entity lacks one tag only; what would make the set too many leaves it where it is.
  const auto has = store.table(at.table).components();
  for (const ComponentId tag : tags) {
    if (std::find(has.begin(), has.end(), tag) != has.end()) continue;
    ASSERT_FALSE(store.update(std::vector{id}, std::vector{tag}, {}, {}, faults));
  }
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].fault.code, Code::limit_exceeded);
  ASSERT_FALSE(store.locate(id, at));
  EXPECT_EQ(at.table, kTablesMax - 1);
}

TEST(Query, ManyRowsComeInTheOrderOfASort) {
  World world;
  std::vector<float> xs(3'000);
  // Few enough values that many are equal; both zeros, which are equal, too.
  for (uint32_t i = 0; i < xs.size(); i++) xs[i] = static_cast<float>(static_cast<int32_t>(i * 2654435761u) >> 22) / 8;
  xs[17] = -0.0f;
  const auto ids = world.create(xs);
  for (const bool descending : {false, true}) {
    std::vector<uint32_t> rows(xs.size());
    for (uint32_t i = 0; i < rows.size(); i++) rows[i] = i;
    std::stable_sort(rows.begin(), rows.end(),
                     [&](uint32_t a, uint32_t b) { return descending ? xs[b] < xs[a] : xs[a] < xs[b]; });
    Query query;
    query.order_by = {{world.x, descending}};
    QueryEngine engine(world.store);
    std::shared_ptr<const Result> result;
    ASSERT_FALSE(engine.run(query, result));
    ASSERT_EQ(result->ids.size(), rows.size());
    for (size_t i = 0; i < rows.size(); i++) ASSERT_EQ(result->ids[i], ids[rows[i]]) << i;
  }
}

TEST(Query, AnIndexGivesTheOrderOfAScan) {
  Store store;
  ComponentId thing = 0, tag = 0;
  const ComponentType type{
      "Thing",
      {{"few", FieldType::i32, true, 1, IndexKind::hash}, {"many", FieldType::f32, false, 1, IndexKind::sorted}}};
  ASSERT_FALSE(store.define_component(type, thing));
  ASSERT_FALSE(store.define_component({"Tag", {}}, tag));
  const FieldId few = *store.find_field("Thing.few"), many = *store.find_field("Thing.many");
  std::vector<ItemFault> faults;
  random::Stream dice(6, "ecs/order", 0);
  std::vector<EntityId> ids;
  // Two tables; in both, entities come and go, so that ids do not ascend with the rows. Some of `few` are null.
  for (int i = 0; i < 1'200; i++) {
    TableId table = 0;
    ASSERT_FALSE(store.table_of(i % 3 == 0 ? std::vector{thing, tag} : std::vector{thing}, table));
    const std::vector one{static_cast<float>(dice.below(500)) - 250};
    const std::vector other{static_cast<int32_t>(dice.below(6))};
    std::vector columns{values(many, one)};
    if (i % 4 != 0) columns.push_back(values(few, other));
    ids.emplace_back();
    ASSERT_FALSE(store.create(table, 1, columns, &ids.back(), faults));
    if (i % 5 == 4) store.erase(std::vector{ids[dice.below(ids.size())]}, faults);
  }
  EngineOptions scanning, indexed;
  scanning.use_cache = scanning.use_indexes = indexed.use_cache = false;
  indexed.hash_index_after = indexed.sorted_index_after = 0;
  QueryEngine slow(store, scanning), fast(store, indexed);
  const std::vector<std::vector<OrderKey>> orders = {{{many, false}},
                                                     {{many, true}},
                                                     {{few, false}},
                                                     {{few, true}},
                                                     {{few, true}, {many, false}},
                                                     {{many, false}, {few, true}}};
  for (const auto& order_by : orders) {
    for (const auto& [limit, offset] : std::vector<std::pair<uint64_t, uint64_t>>{
             {0, 0}, {1, 0}, {10, 0}, {10, 95}, {300, 300}, {5'000, 0}, {10, 5'000}}) {
      Query query;
      query.all = {thing};
      query.order_by = order_by;
      query.limit = limit;
      query.offset = offset;
      query.select = {few, many};
      std::shared_ptr<const Result> expected, result;
      ASSERT_FALSE(slow.run(query, expected));
      ASSERT_FALSE(fast.run(query, result));
      EXPECT_EQ(result->ids, expected->ids) << "limit " << limit << ", offset " << offset;
      EXPECT_EQ(result->total, expected->total);
      EXPECT_EQ(result->has_more, expected->has_more);
    }
  }
  EXPECT_EQ(slow.stats().tables_indexed, 0u);
  // In both tables: all but those for which rows without a value are needed.
  EXPECT_EQ(fast.stats().tables_indexed, 2u * (3 * 7 + 3 * 3));
}

TEST(Query, RowsPlacedByTheBytesOfTheirKeysAreInTheOrderOfASort) {
  World world;
  // Entities that come and go leave rows whose ids are in no order.
  const std::vector<EntityId> first = world.create(std::vector<float>(6'000));
  for (uint32_t i = 0; i < 6'000; i += 3) world.store.erase(std::vector{first[i]}, world.faults);
  world.create(std::vector<float>(1'000));
  const Table& table = world.store.table(world.table);
  ASSERT_EQ(table.rows(), 5'000u);
  ASSERT_FALSE(table.ids_ascend());
  const RowOrder order(world.store, {{world.x, false}});
  const auto before = [&order](const Candidate& a, const Candidate& b) { return order(a, b); };
  random::Stream dice(5, "ecs/sorting", 0);
  // What the keys differ in: nothing, one bit, single bytes, the ends, everything.
  for (const uint64_t mask :
       {0ull, 1ull << 63, 0xFFull << 20, 0xFF00'0000'0000'00FFull, 0x0000'7F80'0007'8000ull, ~0ull}) {
    for (const size_t count : {0, 1, 2, 191, 192, 193, 1'000, 5'000}) {
      for (const uint64_t nulls : {0, 2}) {
        Candidates rows(count);
        for (size_t i = 0; i < count; i++) {
          const bool null = nulls > 0 && dice.below(nulls) == 0;
          const uint64_t key = null ? 0 : (dice.next() & mask) | (0x1234'5678'9ABC'DEF0 & ~mask);
          // A factor without a divisor of 5,000: each row once, in no order.
          rows[i] = {key, static_cast<uint32_t>(i * 2'693 % 5'000), world.table, null};
        }
        Candidates expected = rows;
        std::sort(expected.begin(), expected.end(), before);
        sort_candidates(rows, order);
        for (size_t i = 0; i < count; i++) ASSERT_EQ(rows[i].row, expected[i].row) << count << " rows, mask " << mask;
      }
    }
  }
}

TEST(Snapshot, BringsBackHashAndFreeIndexes) {
  World world;
  const auto ids = world.create({1, 2, 3});
  world.store.erase(std::vector{ids[1]}, world.faults);
  std::unique_ptr<Store> copy;
  const auto bytes = write_snapshot(world.store);
  const Fault fault = read_snapshot(bytes, {}, copy);
  ASSERT_FALSE(fault) << fault.text;
  EXPECT_EQ(write_snapshot(*copy), bytes);
  StateHash one, other;
  EXPECT_EQ(one.of(world.store), other.of(*copy));
}

}  // namespace
}  // namespace busbar::ecs
