// The store and its engines against a model that is too plain to be wrong: random operations, random questions.
#include <gtest/gtest.h>

#include "ecs/query.h"
#include "ecs/snapshot.h"
#include "testing/world.h"

namespace busbar::ecs {
namespace {

using testing::Cell;
using testing::CellColumn;
using testing::MaybeCell;
using testing::Model;

/// Engines that must agree: with everything, without cache, without indexes, with indexes at once, with little memory.
std::vector<EngineOptions> ways() {
  EngineOptions standard, scan, indexed, cached, tight;
  scan.use_cache = scan.use_indexes = false;
  indexed.use_cache = false;
  indexed.hash_index_after = indexed.sorted_index_after = 0;
  indexed.index_share = 1;
  cached.use_indexes = false;
  tight.cache_bytes_max = 4'096;
  tight.index_bytes_max = 2'048;
  tight.hash_index_after = tight.sorted_index_after = 0;
  return {standard, scan, indexed, cached, tight};
}

class Trial {
 public:
  explicit Trial(uint64_t seed) : dice_(seed, "ecs/model", 0), store_(std::make_unique<Store>()) {
    testing::define(*store_);
    restart();
  }

  void operate() {
    switch (dice_.below(12)) {
      case 0:
      case 1:
      case 2:
        return create();
      case 3:
        return erase();
      case 4:
        return move();
      case 5:
        if (dice_.below(8) == 0) reload();
        return;
      default:
        return write();
    }
  }

  /// Tables of several blocks, so that indexes leave under a tenth and masks have ends.
  void fill() {
    for (const auto& [components, count] :
         {std::pair{std::vector<ComponentId>{0, 1, 2, 3}, 4'700u}, {{1, 3, 4, 5, 6}, 2'048u}, {{0, 1, 4, 5, 7}, 2'111u}}) {
      create(components, count);
    }
  }

  void ask() {
    // Asked again sometimes, so that caches and indexes have something to do.
    if (asked_.size() < 12 || dice_.below(3) == 0) {
      asked_.push_back(testing::random_query(dice_, *store_));
      if (asked_.size() > 24) asked_.erase(asked_.begin());
    }
    const Query& query = asked_[dice_.below(asked_.size())];
    const Model::Answer expected = model_->answer(query);
    for (size_t way = 0; way < engines_.size(); way++) {
      std::shared_ptr<const Result> result;
      const Fault fault = engines_[way]->run(query, result);
      ASSERT_FALSE(fault) << fault.text;
      ASSERT_EQ(result->ids, expected.ids) << "way " << way;
      ASSERT_EQ(result->total, expected.total) << "way " << way;
      ASSERT_EQ(result->has_more, expected.has_more) << "way " << way;
      check_columns(query, *result);
    }
  }

  void check_state() {
    ASSERT_EQ(store_->entity_count(), model_->entities().size());
    for (const auto& [id, entity] : model_->entities()) {
      Location at;
      const Fault fault = store_->locate(id, at);
      ASSERT_FALSE(fault) << fault.text;
      const auto components = store_->table(at.table).components();
      ASSERT_EQ(std::vector<ComponentId>(components.begin(), components.end()),
                std::vector<ComponentId>(entity.components.begin(), entity.components.end()));
      for (const auto& [field, cell] : entity.fields) {
        ASSERT_EQ(testing::cell_of(*store_, field, at), cell) << store_->field(field).path;
      }
    }
    for (const EntityId id : gone_) {
      Location at;
      ASSERT_EQ(store_->locate(id, at).code, Code::stale_id);
    }
  }
  void reload() {
    const auto bytes = write_snapshot(*store_);
    StateHash before, after;
    std::unique_ptr<Store> copy;
    const Fault fault = read_snapshot(bytes, {}, copy);
    ASSERT_FALSE(fault) << fault.text;
    ASSERT_EQ(hash_.of(*store_), before.of(*store_));
    ASSERT_EQ(before.of(*store_), after.of(*copy));
    ASSERT_EQ(write_snapshot(*copy), bytes);
    auto model = std::make_unique<Model>(*model_);
    store_ = std::move(copy);
    restart(model.get());
  }
  uint64_t hits() const { return engines_[0]->stats().cache_hits; }
  uint64_t indexed() const { return engines_[2]->stats().tables_indexed; }

 private:
  void restart(const Model* model = nullptr) {
    model_ = model == nullptr ? std::make_unique<Model>(*store_) : std::make_unique<Model>(*model, *store_);
    engines_.clear();
    for (const EngineOptions& options : ways()) engines_.push_back(std::make_unique<QueryEngine>(*store_, options));
    hash_ = {};
  }

  std::vector<ComponentId> some_components(uint64_t most) {
    std::vector<ComponentId> list;
    for (uint64_t n = dice_.below(most + 1); n > 0; n--) {
      list.push_back(static_cast<ComponentId>(dice_.below(store_->component_count())));
    }
    return list;
  }

  std::vector<EntityId> some_ids(uint64_t most) {
    std::vector<EntityId> ids;
    for (uint64_t n = dice_.below(most + 1); n > 0 && !known_.empty(); n--) ids.push_back(known_[dice_.below(known_.size())]);
    return ids;
  }

  /// Cells for some fields of these components, and their columns.
  std::map<FieldId, std::vector<MaybeCell>> some_cells(const std::vector<ComponentId>& components, size_t count) {
    std::map<FieldId, std::vector<MaybeCell>> cells;
    for (const ComponentId component : components) {
      for (uint32_t i = 0; i < store_->component(component).fields.size(); i++) {
        if (dice_.below(4) == 0) continue;
        auto& column = cells[store_->first_field(component) + i];
        column.clear();
        for (size_t k = 0; k < count; k++) {
          column.push_back(testing::random_cell(dice_, store_->component(component).fields[i]));
        }
      }
    }
    return cells;
  }

  void create() {
    const auto components = some_components(4);
    create(components, static_cast<uint32_t>(dice_.below(9)));
  }

  void create(const std::vector<ComponentId>& components, uint32_t count) {
    TableId table = 0;
    ASSERT_FALSE(store_->table_of(components, table));
    const auto cells = some_cells(components, count);
    std::vector<CellColumn> columns;
    for (const auto& [field, list] : cells) columns.emplace_back(*store_, field, list);
    std::vector<ValueColumn> views;
    for (const CellColumn& column : columns) views.push_back(column.view());
    std::vector<EntityId> ids(count);
    std::vector<ItemFault> faults;
    const Fault fault = store_->create(table, count, views, ids.data(), faults);
    ASSERT_FALSE(fault) << fault.text;
    ASSERT_TRUE(faults.empty());
    for (uint32_t i = 0; i < count; i++) {
      const bool again = model_->ever_made(ids[i]);
      ASSERT_FALSE(again) << "an id was given out twice";
      ASSERT_EQ(model_->create(components), ids[i]);
      for (const auto& [field, list] : cells) model_->find(ids[i])->fields[field] = list[i];
      known_.push_back(ids[i]);
    }
  }

  void erase() {
    const auto ids = some_ids(4);
    std::vector<ItemFault> faults;
    store_->erase(ids, faults);
    size_t next = 0;
    for (uint32_t i = 0; i < ids.size(); i++) {
      if (model_->find(ids[i]) == nullptr) {
        ASSERT_LT(next, faults.size());
        ASSERT_EQ(faults[next].item, i);
        ASSERT_EQ(faults[next++].fault.code, Code::stale_id);
        continue;
      }
      model_->erase(ids[i]);
      gone_.push_back(ids[i]);
    }
    ASSERT_EQ(next, faults.size());
  }

  void move() { update(some_components(2), some_components(2)); }
  void write() { update({}, {}); }

  void update(std::vector<ComponentId> add, std::vector<ComponentId> remove) {
    std::erase_if(remove, [&](ComponentId c) { return std::find(add.begin(), add.end(), c) != add.end(); });
    const auto ids = some_ids(5);
    std::vector<ComponentId> written = add;
    const auto more = some_components(1);
    written.insert(written.end(), more.begin(), more.end());
    const auto cells = some_cells(written, ids.size());
    std::vector<CellColumn> columns;
    for (const auto& [field, list] : cells) columns.emplace_back(*store_, field, list);
    std::vector<ValueColumn> views;
    for (const CellColumn& column : columns) views.push_back(column.view());
    std::vector<ItemFault> faults;
    const Fault fault = store_->update(ids, add, remove, views, faults);
    ASSERT_FALSE(fault) << fault.text;
    size_t next = 0;
    for (uint32_t i = 0; i < ids.size(); i++) {
      auto* entity = model_->find(ids[i]);
      Code expected = entity == nullptr ? Code::stale_id : Code::none;
      if (entity != nullptr) {
        auto components = entity->components;
        components.insert(add.begin(), add.end());
        for (const ComponentId component : remove) components.erase(component);
        for (const auto& [field, list] : cells) {
          if (components.count(store_->field(field).component) == 0) expected = Code::not_found;
        }
      }
      if (expected != Code::none) {
        ASSERT_LT(next, faults.size());
        ASSERT_EQ(faults[next].item, i);
        ASSERT_EQ(faults[next++].fault.code, expected);
        continue;
      }
      for (const ComponentId component : add) model_->add(ids[i], component);
      for (const ComponentId component : remove) model_->remove(ids[i], component);
      for (const auto& [field, list] : cells) entity->fields[field] = list[i];
    }
    ASSERT_EQ(next, faults.size());
  }

  void check_columns(const Query& query, const Result& result) {
    for (size_t i = 0; i < query.select.size(); i++) {
      const Gathered& column = result.columns[i];
      const Field& field = store_->field(query.select[i]).field;
      const uint32_t stride = plain_stride_of(field.type, field.width);
      uint64_t nulls = 0;
      for (size_t row = 0; row < result.ids.size(); row++) {
        const auto& fields = model_->find(result.ids[row])->fields;
        const auto at = fields.find(query.select[i]);
        const MaybeCell cell = at == fields.end() ? MaybeCell{} : at->second;
        ASSERT_EQ(bits::get(column.validity.as<uint64_t>(), row), cell.has_value());
        nulls += !cell.has_value();
        const CellColumn expected(*store_, query.select[i], {cell});
        ASSERT_EQ(std::memcmp(column.values.data() + row * stride, expected.values.data(), stride), 0);
      }
      ASSERT_EQ(column.null_count, nulls);
    }
  }

  random::Stream dice_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Model> model_;
  std::vector<std::unique_ptr<QueryEngine>> engines_;
  StateHash hash_;
  std::vector<Query> asked_;
  std::vector<EntityId> known_, gone_;
};

TEST(Model, RandomOperationsAndQuestionsAgree) {
  uint64_t hits = 0;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial trial(seed);
    for (int i = 0; i < 150; i++) {
      trial.operate();
      if (HasFatalFailure()) return;
      for (int k = 0; k < 3; k++) trial.ask();
      if (HasFatalFailure()) return;
    }
    hits += trial.hits();
    trial.check_state();
    trial.reload();
    if (HasFatalFailure()) return;
    trial.ask();
  }
  EXPECT_GT(hits, 100u) << "the cache was idle, so that this shows nothing about it";
}

TEST(Model, LargeTablesAgreeWithFewChanges) {
  for (uint64_t seed = 101; seed <= 102; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial trial(seed);
    trial.fill();
    for (int i = 0; i < 12; i++) {
      trial.operate();
      if (HasFatalFailure()) return;
      for (int k = 0; k < 8; k++) trial.ask();
      if (HasFatalFailure()) return;
    }
    EXPECT_GT(trial.indexed(), 10u) << "indexes were idle, so that this shows nothing about them";
    trial.check_state();
  }
}

}  // namespace
}  // namespace busbar::ecs
