// Method: random queries are subscribed to while random requests change the state. Whoever applies the deltas to what
// he has must have what the query answers now: entities, their components and values, and the order. Seeds are fixed.
#include <gtest/gtest.h>

#include <map>

#include "core/random/random.h"
#include "testing/client.h"

namespace busbar::ecs {
namespace {

using namespace testing;

const Names kComponents = {"Position", "Velocity", "Owner", "Flag"};
const Names kFactions = {"red", "blue", "grün"};

/// A query in plain words, so that it can be written twice.
struct Spec {
  Names all, any_of, select;
  int x_from = -1;  ///< -1: no such filter
  bool owned = false, no_flag = false;
  std::vector<std::pair<std::string, bool>> order;
  uint32_t limit = 0, offset = 0;
};

Names some(random::Stream& dice, const Names& from, uint64_t one_in) {
  Names list;
  for (const std::string& name : from) {
    if (dice.below(one_in) == 0) list.push_back(name);
  }
  return list;
}

Spec random_spec(random::Stream& dice) {
  Spec spec;
  spec.all = some(dice, kComponents, 5);
  spec.any_of = dice.below(3) == 0 ? some(dice, kComponents, 2) : Names{};
  spec.select = some(dice, {"Position.x", "Owner.faction", "Flag.up", "Velocity"}, 2);
  if (dice.below(2) == 0) spec.x_from = static_cast<int>(dice.below(30));
  spec.owned = dice.below(4) == 0;
  spec.no_flag = dice.below(4) == 0;
  if (dice.below(2) == 0) spec.order.emplace_back("Owner.faction", dice.below(2) == 0);
  if (dice.below(2) == 0) spec.order.emplace_back("Position.x", dice.below(2) == 0);
  constexpr uint32_t kLimits[] = {0, 0, 1, 5, 20}, kOffsets[] = {0, 0, 0, 2};
  spec.limit = kLimits[dice.below(5)];
  spec.offset = kOffsets[dice.below(4)];
  return spec;
}

flatbuffers::Offset<::ecs::Query> write(Builder& b, const Spec& spec) {
  std::vector<flatbuffers::Offset<::ecs::Filter>> filters;
  if (spec.x_from >= 0) {
    const auto values = f32s(b, "", {static_cast<float>(spec.x_from), 0});
    filters.push_back(::ecs::CreateFilter(b, b.CreateString("Position.x"), ::ecs::FilterKind::range, values,
                                          ::ecs::Bound::inclusive, ::ecs::Bound::open));
  }
  if (spec.owned) {
    const auto values = texts(b, "", {"red", "grün"});
    filters.push_back(::ecs::CreateFilter(b, b.CreateString("Owner.faction"), ::ecs::FilterKind::in_set, values));
  }
  if (spec.no_flag) {
    filters.push_back(::ecs::CreateFilter(b, b.CreateString("Flag.up"), ::ecs::FilterKind::not_exists));
  }
  std::vector<flatbuffers::Offset<::ecs::OrderKey>> order;
  for (const auto& [field, descending] : spec.order) {
    order.push_back(::ecs::CreateOrderKey(b, b.CreateString(field), descending));
  }
  const auto all = names(b, spec.all), any = names(b, spec.any_of), select = names(b, spec.select);
  const auto filters_at = b.CreateVector(filters);
  const auto order_at = b.CreateVector(order);
  return ::ecs::CreateQuery(b, all, any, filters_at, 0, order_at, spec.limit, spec.offset, select);
}

/// Components and values of a row, as text.
std::string row_of(const ::ecs::Rows& rows, uint32_t row) {
  std::string text;
  const uint32_t archetype = rows.archetype() == nullptr ? 0 : rows.archetype()->Get(row);
  const auto* const names = rows.archetypes()->Get(archetype)->components();
  for (uint32_t i = 0; names != nullptr && i < names->size(); i++) text += names->GetAsString(i)->str() + " ";
  for (uint32_t i = 0; rows.columns() != nullptr && i < rows.columns()->size(); i++) {
    const ::ecs::Column& column = *rows.columns()->Get(i);
    text += "|" + column.field()->str() + "=";
    if (column.validity() != nullptr && ((column.validity()->Get(row / 8) >> (row % 8)) & 1) == 0) continue;
    if (column.f32() != nullptr) text += std::to_string(column.f32()->Get(row));
    if (column.codes() != nullptr) text += column.dictionary()->GetAsString(column.codes()->Get(row))->str();
    if (column.bits() != nullptr) text += (column.bits()->Get(row / 8) >> (row % 8)) & 1 ? "yes" : "no";
  }
  return text;
}

/// What a subscriber has made of the answer and the deltas.
struct Mirror {
  Spec spec;
  uint64_t id = 0, sequence = 0, acknowledged = 0;
  uint32_t window = 0;
  std::map<uint64_t, std::string> rows;
  std::vector<uint64_t> order;

  void put(const ::ecs::Rows* from) {
    for (uint32_t i = 0; from != nullptr && from->ids() != nullptr && i < from->ids()->size(); i++) {
      rows[from->ids()->Get(i)] = row_of(*from, i);
    }
  }
  void take_order(const flatbuffers::Vector<uint64_t>* ids) {
    order.clear();
    if (ids != nullptr) order.assign(ids->begin(), ids->end());
  }
  void take(const ::ecs::QueryDelta& delta) {
    ASSERT_EQ(delta.error(), 0) << delta.error_text()->str();
    ASSERT_EQ(delta.sequence(), sequence + 1);
    sequence = delta.sequence();
    if (delta.fresh()) rows.clear();
    const size_t before = rows.size();
    put(delta.entered());
    if (delta.entered() != nullptr && delta.entered()->ids() != nullptr) {
      ASSERT_EQ(rows.size(), before + delta.entered()->ids()->size()) << "one entered that was there";
    }
    const size_t entered = rows.size();
    put(delta.changed());
    ASSERT_EQ(rows.size(), entered) << "one changed that was not there";
    for (uint32_t i = 0; delta.left() != nullptr && i < delta.left()->size(); i++) {
      ASSERT_EQ(rows.erase(delta.left()->Get(i)), 1u) << "one left that was not there";
    }
    if (!spec.order.empty()) take_order(delta.order());
  }
  /// Nothing comes before what was sent is acknowledged.
  bool behind() const { return sequence - acknowledged >= window; }
};

class Watched {
 public:
  explicit Watched(uint64_t seed) : dice_(seed, "ecs/subscriptions", 0) {
    client_.define("Position", {{"x", Type::f32}, {"y", Type::f32}});
    client_.define("Velocity", {{"x", Type::f32}, {"y", Type::f32}});
    client_.define("Owner", {{"faction", Type::utf8, true}});
    client_.define("Flag", {{"up", Type::boolean, true}});
    for (int i = 0; i < 30; i++) create();
  }

  void subscribe() {
    Mirror mirror;
    mirror.spec = random_spec(dice_);
    mirror.window = 1 + static_cast<uint32_t>(dice_.below(6));
    Builder& b = client_.builder;
    const auto query = write(b, mirror.spec);
    const auto* const reply = client_.ask<::ecs::SubscribeQueryReply>(
        methods::SubscribeQuery, ::ecs::CreateSubscribeQueryRequest(b, query, ::ecs::Pace::request, mirror.window));
    ASSERT_NE(reply, nullptr) << client_.host().text;
    mirror.id = reply->subscription();
    mirror.put(reply->result()->rows());
    mirror.take_order(reply->result()->rows()->ids());
    mirrors_.push_back(std::move(mirror));
  }

  void change() {
    Builder& b = client_.builder;
    const std::vector<uint64_t> some = {ids_[dice_.below(ids_.size())], ids_[dice_.below(ids_.size())]};
    switch (dice_.below(8)) {
      case 0:
      case 1:
        return create();
      case 2:
        client_.erase({some[0]});
        return;
      case 3:
        client_.update(some, {}, some_components(), some_components());
        return;
      case 4:
        client_.update(some, {texts(b, "Owner.faction", {faction(), faction()})});
        return;
      case 5:
        client_.run("movement", 0.25);
        return;
      default:
        client_.update(some, {f32s(b, "Position.x", {number(), number()})});
    }
  }

  void hear() {
    for (const auto* const delta : client_.heard<::ecs::QueryDelta>(messages::QueryDelta)) {
      for (Mirror& mirror : mirrors_) {
        if (mirror.id == delta->subscription()) mirror.take(*delta);
      }
      deltas_++;
      fresh_ += delta->fresh();
    }
    client_.host().published.clear();
  }

  void acknowledge(Mirror& mirror) {
    Builder& b = client_.builder;
    const std::vector list{::ecs::CreateAcknowledgement(b, mirror.id, mirror.sequence, false)};
    mirror.acknowledged = mirror.sequence;
    client_.ask<::ecs::AcknowledgeDeltasReply>(methods::AcknowledgeDeltas,
                                               ::ecs::CreateAcknowledgeDeltasRequest(b, b.CreateVector(list)));
    hear();
  }

  void compare(Mirror& mirror) {
    if (dice_.below(3) == 0) acknowledge(mirror);
    if (mirror.behind()) return;
    const auto* const result = client_.query(write(client_.builder, mirror.spec));
    ASSERT_NE(result, nullptr) << client_.host().text;
    Mirror now;
    now.put(result->rows());
    now.take_order(result->rows()->ids());
    ASSERT_EQ(mirror.rows, now.rows);
    if (!mirror.spec.order.empty()) {
      ASSERT_EQ(mirror.order, now.order);
    }
    compared_++;
  }

  std::vector<Mirror>& mirrors() { return mirrors_; }
  uint64_t deltas_ = 0, fresh_ = 0, compared_ = 0;

 private:
  float number() { return static_cast<float>(dice_.below(40)) / 2; }
  std::string faction() { return kFactions[dice_.below(kFactions.size())]; }
  Names some_components() { return {kComponents[dice_.below(kComponents.size())]}; }

  void create() {
    Builder& b = client_.builder;
    const Names components = some(dice_, kComponents, 2);
    std::vector<ColumnOffset> columns;
    for (const std::string& name : components) {
      if (name == "Position") columns.push_back(f32s(b, "Position.x", {number()}));
      if (name == "Velocity") columns.push_back(f32s(b, "Velocity.x", {number() - 10}));
      if (name == "Owner" && dice_.below(4) > 0) columns.push_back(texts(b, "Owner.faction", {faction()}));
    }
    ids_.push_back(client_.made(components, 1, columns)[0]);
  }

  Client client_;
  random::Stream dice_;
  std::vector<uint64_t> ids_;
  std::vector<Mirror> mirrors_;
};

TEST(EcsSubscriptions, DeltasAppliedToTheOldResultAreTheNewResult) {
  uint64_t deltas = 0, fresh = 0, compared = 0;
  for (uint64_t seed = 1; seed <= 25; seed++) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Watched watched(seed);
    for (int step = 0; step < 120; step++) {
      SCOPED_TRACE("step " + std::to_string(step));
      if (step % 12 == 0) watched.subscribe();
      watched.change();
      watched.hear();
      for (Mirror& mirror : watched.mirrors()) watched.compare(mirror);
      if (::testing::Test::HasFailure()) return;
    }
    deltas += watched.deltas_;
    fresh += watched.fresh_;
    compared += watched.compared_;
  }
  EXPECT_GT(deltas, 2'000u);
  EXPECT_GT(fresh, 100u) << "nobody fell behind, so that this shows nothing about it";
  EXPECT_GT(compared, 5'000u);
}

}  // namespace
}  // namespace busbar::ecs
