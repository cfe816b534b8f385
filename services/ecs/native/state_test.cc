// Method: snapshots go into another instance and both go on alike; subscriptions are mirrored and held to the query.
#include <gtest/gtest.h>

#include <map>

#include "core/random/random.h"
#include "errors.h"
#include "testing/client.h"

namespace busbar::ecs {
namespace {

using namespace testing;

void fill(Client& client, uint32_t count) {
  client.define("Position", {{"x", Type::f32}, {"y", Type::f32}});
  client.define("Velocity", {{"x", Type::f32}, {"y", Type::f32}});
  client.define("Owner", {{"faction", Type::utf8, true}});
  client.define("Flag", {{"up", Type::boolean, true}});
  auto& b = client.builder;
  random::Stream dice(5, "ecs/state", count);
  std::vector<float> x(count);
  Names owner(count);
  for (uint32_t i = 0; i < count; i++) {
    x[i] = static_cast<float>(dice.below(100));
    owner[i] = "f" + std::to_string(dice.below(7));
  }
  const auto ids = client.made({"Position", "Velocity", "Owner"}, count,
                               {f32s(b, "Position.x", x), f32s(b, "Velocity.x", x), texts(b, "Owner.faction", owner)});
  client.made({"Position", "Flag"}, count, {});
  ASSERT_GE(ids.size(), 6u);
  client.erase({ids[1], ids[2], ids[5]});
  client.update({ids[0]}, {}, {"Flag"}, {"Owner"});
  const std::vector list{names(b, {"Position", "Velocity"})};
  const std::vector archetypes{::ecs::CreateArchetypeDefinition(b, b.CreateString("Ship"), list[0])};
  client.ask<::ecs::DefineReply>(methods::DefineArchetype,
                                 ::ecs::CreateDefineArchetypeRequest(b, b.CreateVector(archetypes)));
  client.tell(messages::FactionTurnStart, ::ecs::CreateFactionTurnStart(b, b.CreateString("red"), 7));
}

/// All parts of a snapshot as bytes of SnapshotPart.
std::vector<std::vector<uint64_t>> parts_of(Client& client, ::ecs::SnapshotForm form) {
  client.ask<::ecs::SnapshotPart>(methods::Snapshot, ::ecs::CreateSnapshotRequest(client.builder, form));
  EXPECT_EQ(client.host().ended, 1) << client.host().text;
  return client.host().answers;
}

const ::ecs::RestoreReply* restore(Client& client, const std::vector<std::vector<uint64_t>>& parts) {
  uint64_t id = 0;
  const ::ecs::RestoreReply* reply = nullptr;
  for (const auto& bytes : parts) {
    const auto* const part = flatbuffers::GetRoot<::ecs::SnapshotPart>(bytes.data());
    // Form bytes is enough here; columns are carried by the test through a real bus in TypeScript.
    auto& b = client.builder;
    const auto list = b.CreateVector(part->bytes()->data(), part->bytes()->size());
    const std::vector one{::ecs::CreateSnapshotPart(b, 0, 0, 0, list, part->offset(), part->total(), part->hash(),
                                                    part->done())};
    reply = client.ask<::ecs::RestoreReply>(methods::Restore,
                                            ::ecs::CreateRestoreRequest(b, id, b.CreateVector(one)));
    if (reply == nullptr) return nullptr;
    id = reply->restore();
  }
  return reply;
}

TEST(EcsState, ASnapshotGoesOnAlike) {
  Client first(1, R"({"part_bytes":4096})"), second(3, R"({"part_bytes":4096})");
  fill(first, 700);
  const auto parts = parts_of(first, ::ecs::SnapshotForm::bytes);
  EXPECT_GT(parts.size(), 3u);
  const auto* reply = restore(second, parts);
  ASSERT_NE(reply, nullptr) << second.host().text;
  EXPECT_TRUE(reply->done());
  EXPECT_EQ(reply->hash(), first.hash());
  EXPECT_EQ(second.hash(), first.hash());
  std::vector<std::vector<uint64_t>> made;
  for (Client* const each : {&first, &second}) {
    EXPECT_EQ(each->run("movement", 0.5)->error(), 0);
    made.push_back(each->made({"Owner"}, 5, {}));
    each->erase({made.back()[2]});
  }
  EXPECT_EQ(made[0], made[1]);
  EXPECT_EQ(second.hash(), first.hash());
}

TEST(EcsState, ADamagedSnapshotIsRefusedAndTheStateStays) {
  Client client;
  fill(client, 50);
  uint64_t length = 0;
  const auto* const service = client.plugin.service;
  ASSERT_EQ(service->snapshot(client.plugin.instance, nullptr, &length), BUSBAR_OK);
  std::vector<uint8_t> bytes(length);
  ASSERT_EQ(service->snapshot(client.plugin.instance, bytes.data(), &length), BUSBAR_OK);
  const uint64_t hash = client.hash();
  random::Stream dice(3, "ecs/damage", 0);
  char error[300] = "";
  for (int i = 0; i < 200; i++) {
    std::vector<uint8_t> damaged = bytes;
    if (i % 2 == 0) {
      damaged[dice.below(length)] ^= static_cast<uint8_t>(1 + dice.below(255));
    } else {
      damaged.resize(dice.below(length));
    }
    EXPECT_EQ(service->restore(client.plugin.instance, damaged.data(), damaged.size(), error, sizeof error),
              BUSBAR_ERROR);
    EXPECT_NE(std::string(error), "");
    ASSERT_EQ(client.hash(), hash);
  }
  EXPECT_EQ(service->restore(client.plugin.instance, bytes.data(), length, error, sizeof error), BUSBAR_OK) << error;
  EXPECT_EQ(client.hash(), hash);
}

TEST(EcsState, RestoresAreCheckedPartByPart) {
  Client client(1, R"({"restore_bytes_max":4096})");
  auto& b = client.builder;
  const auto send = [&](uint64_t id, const std::vector<uint8_t>& bytes, uint64_t offset, uint64_t total, bool done) {
    const auto list = b.CreateVector(bytes);
    const std::vector parts{::ecs::CreateSnapshotPart(b, 0, 0, 0, list, offset, total, 1, done)};
    return client.ask<::ecs::RestoreReply>(methods::Restore, ::ecs::CreateRestoreRequest(b, id, b.CreateVector(parts)));
  };
  EXPECT_EQ(send(9, {1}, 0, 1, true), nullptr);
  EXPECT_EQ(client.host().code, errors::ecs_not_found);
  EXPECT_EQ(send(0, {1, 2}, 0, 5'000, false), nullptr);
  EXPECT_EQ(client.host().code, errors::ecs_limit_exceeded);
  EXPECT_EQ(send(0, {1, 2}, 1, 5, false), nullptr);
  EXPECT_EQ(client.host().code, errors::ecs_corrupt_state);
  EXPECT_EQ(send(0, {1, 2, 3}, 0, 2, false), nullptr);
  EXPECT_EQ(client.host().code, errors::ecs_corrupt_state);
  const auto* reply = send(0, {1, 2}, 0, 3, false);
  ASSERT_NE(reply, nullptr);
  EXPECT_FALSE(reply->done());
  EXPECT_EQ(send(reply->restore(), {3}, 2, 3, true), nullptr);
  EXPECT_EQ(client.host().code, errors::ecs_corrupt_state);
}

TEST(EcsState, WhatWasReadBeforeARestoreIsNeverTakenForCurrent) {
  Client client;
  fill(client, 20);
  const auto parts = parts_of(client, ::ecs::SnapshotForm::bytes);
  const auto ids = client.made({"Position"}, 1, {});
  const uint64_t read = client.get(ids, {})->version();
  ASSERT_NE(restore(client, parts), nullptr) << client.host().text;
  auto& b = client.builder;
  const auto again = client.made({"Position"}, 1, {});
  EXPECT_EQ(again, ids);
  EXPECT_EQ(error_of(client.update(ids, {f32s(b, "Position.x", {1})}, {}, {}, read)), errors::ecs_conflict);
}

/// What a subscriber knows.
struct Mirror {
  std::map<uint64_t, float> rows;
  uint64_t sequence = 0;

  void take(const ::ecs::Rows* from) {
    for (uint32_t i = 0; from != nullptr && from->ids() != nullptr && i < from->ids()->size(); i++) {
      rows[from->ids()->Get(i)] = from->columns()->Get(0)->f32()->Get(i);
    }
  }
  void take(const ::ecs::QueryDelta& delta) {
    EXPECT_EQ(delta.sequence(), sequence + 1);
    sequence = delta.sequence();
    if (delta.fresh()) rows.clear();
    take(delta.entered());
    take(delta.changed());
    for (uint32_t i = 0; delta.left() != nullptr && i < delta.left()->size(); i++) rows.erase(delta.left()->Get(i));
  }
};

uint64_t subscribe(Client& client, Mirror& mirror, uint32_t window, ::ecs::Pace pace = ::ecs::Pace::request) {
  auto& b = client.builder;
  // Position.x from 20 up.
  const auto values = f32s(b, "", {20, 0});
  const std::vector filters{::ecs::CreateFilter(b, b.CreateString("Position.x"), ::ecs::FilterKind::range, values,
                                                ::ecs::Bound::inclusive, ::ecs::Bound::open)};
  const auto filters_at = b.CreateVector(filters);
  const auto select = names(b, {"Position.x"});
  ::ecs::QueryBuilder query(b);
  query.add_filters(filters_at);
  query.add_select(select);
  const auto* reply = client.ask<::ecs::SubscribeQueryReply>(
      methods::SubscribeQuery, ::ecs::CreateSubscribeQueryRequest(b, query.Finish(), pace, window));
  if (reply == nullptr) return 0;
  mirror.take(reply->result()->rows());
  return reply->subscription();
}

std::map<uint64_t, float> truth(Client& client) {
  std::map<uint64_t, float> rows;
  Mirror all;
  all.take(client.query(client.query_of({"Position"}, {"Position.x"}))->rows());
  for (const auto& [id, x] : all.rows) {
    if (x >= 20) rows[id] = x;
  }
  return rows;
}

void acknowledge(Client& client, uint64_t id, uint64_t sequence, bool refresh = false) {
  auto& b = client.builder;
  const std::vector list{::ecs::CreateAcknowledgement(b, id, sequence, refresh)};
  const auto* reply = client.ask<::ecs::AcknowledgeDeltasReply>(
      methods::AcknowledgeDeltas, ::ecs::CreateAcknowledgeDeltasRequest(b, b.CreateVector(list)));
  EXPECT_EQ(error_of(reply), 0) << text_of(reply);
}

size_t drain(Client& client, Mirror& mirror) {
  const auto deltas = client.heard<::ecs::QueryDelta>(messages::QueryDelta);
  for (const auto* const delta : deltas) mirror.take(*delta);
  client.host().published.clear();
  return deltas.size();
}

TEST(EcsState, DeltasKeepAMirrorEqualToTheQuery) {
  Client client;
  fill(client, 100);
  Mirror mirror;
  const uint64_t id = subscribe(client, mirror, 0);
  ASSERT_NE(id, 0u) << client.host().text;
  EXPECT_EQ(mirror.rows, truth(client));
  random::Stream dice(8, "ecs/deltas", 0);
  auto& b = client.builder;
  std::vector<uint64_t> ids;
  for (const auto& [entity, x] : mirror.rows) ids.push_back(entity);
  for (int round = 0; round < 200; round++) {
    const uint64_t entity = ids[dice.below(ids.size())];
    switch (dice.below(5)) {
      case 0:
        ids.push_back(client.made({"Position"}, 1, {f32s(b, "Position.x", {static_cast<float>(dice.below(40))})})[0]);
        break;
      case 1:
        client.erase({entity});
        break;
      case 2:
        client.update({entity}, {}, {"Flag"}, {"Velocity"});
        break;
      case 3:
        client.run("movement", 0.125);
        break;
      default:
        client.update({entity}, {f32s(b, "Position.x", {static_cast<float>(dice.below(40))})});
    }
    drain(client, mirror);
    ASSERT_EQ(mirror.rows, truth(client)) << "round " << round;
    if (round % 8 == 0) acknowledge(client, id, mirror.sequence);
  }
}

TEST(EcsState, ASubscriberThatFallsBehindGetsAFreshResult) {
  Client client;
  fill(client, 100);
  Mirror mirror;
  const uint64_t id = subscribe(client, mirror, 3);
  auto& b = client.builder;
  for (int i = 0; i < 10; i++) client.made({"Position"}, 1, {f32s(b, "Position.x", {50})});
  EXPECT_EQ(drain(client, mirror), 3u) << "its window";
  const auto* stats = client.ask<::ecs::StatsReply>(methods::Stats, ::ecs::CreateStatsRequest(b));
  EXPECT_EQ(stats->subscriptions(), 1u);
  EXPECT_EQ(stats->subscriptions_behind(), 1u);
  EXPECT_NE(mirror.rows, truth(client));
  client.host().published.clear();
  acknowledge(client, id, 3);
  const auto deltas = client.heard<::ecs::QueryDelta>(messages::QueryDelta);
  ASSERT_EQ(deltas.size(), 1u);
  EXPECT_TRUE(deltas[0]->fresh());
  drain(client, mirror);
  EXPECT_EQ(mirror.rows, truth(client));
  // It missed one, and says so.
  client.made({"Position"}, 1, {f32s(b, "Position.x", {60})});
  client.host().published.clear();
  mirror.sequence++;
  acknowledge(client, id, 4, true);
  drain(client, mirror);
  EXPECT_EQ(mirror.rows, truth(client));
}

TEST(EcsState, AnEdgeThatIsFullEndsNothing) {
  Client client;
  fill(client, 30);
  Mirror mirror;
  const uint64_t id = subscribe(client, mirror, 100);
  auto& b = client.builder;
  client.host().publish_status = BUSBAR_FULL;
  client.made({"Position"}, 1, {f32s(b, "Position.x", {50})});
  client.made({"Position"}, 1, {f32s(b, "Position.x", {51})});
  client.host().publish_status = BUSBAR_OK;
  client.made({"Position"}, 1, {f32s(b, "Position.x", {52})});
  EXPECT_EQ(client.heard<::ecs::QueryDelta>(messages::QueryDelta).size(), 0u) << "nothing before somebody reads";
  client.host().published.clear();
  mirror.sequence = 1;  // the one that was lost
  acknowledge(client, id, 1);
  drain(client, mirror);
  EXPECT_EQ(mirror.rows, truth(client));
  const auto* stats = client.ask<::ecs::StatsReply>(methods::Stats, ::ecs::CreateStatsRequest(b));
  EXPECT_EQ(stats->events_refused(), 3u);  // two of the change events, one delta
  EXPECT_EQ(stats->deltas_fresh(), 1u);
}

TEST(EcsState, DeltasPerTurnComeAtItsEnd) {
  Client client;
  fill(client, 30);
  Mirror mirror;
  subscribe(client, mirror, 0, ::ecs::Pace::turn);
  auto& b = client.builder;
  client.made({"Position"}, 1, {f32s(b, "Position.x", {50})});
  EXPECT_EQ(drain(client, mirror), 0u);
  client.tell(messages::FactionTurnEnd, ::ecs::CreateFactionTurnEnd(b, b.CreateString("red"), 8));
  EXPECT_EQ(drain(client, mirror), 1u);
  EXPECT_EQ(mirror.rows, truth(client));
}

TEST(EcsState, SubscriptionsAreBounded) {
  Client client(1, R"({"subscriptions_max":1,"subscription_rows_max":30})");
  fill(client, 20);
  Mirror mirror;
  ASSERT_NE(subscribe(client, mirror, 0), 0u) << client.host().text;
  EXPECT_EQ(subscribe(client, mirror, 0), 0u);
  EXPECT_EQ(client.host().code, errors::ecs_limit_exceeded);
  auto& b = client.builder;
  client.host().published.clear();
  client.made({"Position"}, 31, {f32s(b, "Position.x", std::vector<float>(31, 50.0f))});
  const auto deltas = client.heard<::ecs::QueryDelta>(messages::QueryDelta);
  ASSERT_EQ(deltas.size(), 1u);
  EXPECT_EQ(deltas[0]->error(), errors::ecs_limit_exceeded) << "it has ended, and says why";
  const auto* stats = client.ask<::ecs::StatsReply>(methods::Stats, ::ecs::CreateStatsRequest(b));
  EXPECT_EQ(stats->subscriptions(), 0u);
}

TEST(EcsState, TurnsRunTheirSystemsAndBattlesAreRelayedInOrder) {
  Client client(1, R"({"turn_start":[{"system":"movement","dt":2}],"turn_end":[{"system":"movement","dt":1}]})");
  fill(client, 6);
  client.host().published.clear();
  auto& b = client.builder;
  client.tell(messages::FactionTurnEnd, ::ecs::CreateFactionTurnEnd(b, b.CreateString("blue"), 9));
  const auto moved = client.heard<::ecs::EntityMoved>(messages::EntityMoved);
  ASSERT_EQ(moved.size(), 1u);
  EXPECT_EQ(moved[0]->turn(), 9u);
  const uint64_t before = moved[0]->sequence(), alive = moved[0]->ids()->Get(0);
  const auto attackers = b.CreateVector(std::vector<uint64_t>{alive, 77});
  client.tell(messages::CombatEvent, ::ecs::CreateCombatEvent(b, b.CreateString("c1"), attackers, 0,
                                                              ::ecs::CombatResult::attacker_win));
  const auto relayed = client.heard<::ecs::CombatRelayed>(messages::CombatRelayed);
  ASSERT_EQ(relayed.size(), 1u);
  EXPECT_EQ(relayed[0]->sequence(), before + 1);
  EXPECT_EQ(relayed[0]->faction()->str(), "blue");
  ASSERT_EQ(relayed[0]->gone()->size(), 1u);
  EXPECT_EQ(relayed[0]->gone()->Get(0), 77u);
  EXPECT_EQ(client.tell(messages::CombatEvent, ::ecs::CreateCombatEvent(b, b.CreateString("c2"), 0, 0,
                                                                        static_cast<::ecs::CombatResult>(9))),
            BUSBAR_ERROR);
}

TEST(EcsState, TicksRunTheConfiguredSystems) {
  Client client(1, R"({"tick":[{"system":"movement","dt":0.5}]})");
  fill(client, 6);
  client.host().published.clear();
  const uint64_t before = client.hash();
  EXPECT_EQ(client.plugin.service->on_tick(client.plugin.instance, 1, 1), BUSBAR_OK);
  EXPECT_NE(client.hash(), before);
  EXPECT_EQ(client.heard<::ecs::EntityMoved>(messages::EntityMoved).size(), 1u);
}

TEST(EcsState, AScanShowsEveryRowOnceInParts) {
  Client client(1, R"({"part_bytes":4096})");
  fill(client, 900);
  auto& b = client.builder;
  const auto query = client.query_of({"Position"}, {"Position", "Owner"});
  client.ask<::ecs::ColumnBatch>(methods::Scan, ::ecs::CreateScanRequest(b, query));
  ASSERT_EQ(client.host().ended, 1) << client.host().text;
  const size_t parts = client.host().answers.size();
  EXPECT_GT(parts, 4u);
  uint64_t rows = 0, last = 0;
  for (size_t i = 0; i < parts; i++) {
    const auto* const batch = client.plugin.answer<::ecs::ColumnBatch>(i);
    EXPECT_EQ(batch->first(), rows);
    EXPECT_EQ(batch->done(), i + 1 == parts);
    rows += batch->rows()->ids()->size();
    EXPECT_GT(batch->rows()->ids()->Get(0), last);
    last = batch->rows()->ids()->Get(batch->rows()->ids()->size() - 1);
  }
  EXPECT_EQ(rows, 1'797u);
  // Nothing to show is one empty part.
  client.ask<::ecs::ColumnBatch>(methods::Scan, ::ecs::CreateScanRequest(b, client.query_of({"Velocity", "Flag", "Owner"}, {})));
  ASSERT_EQ(client.host().answers.size(), 1u);
  EXPECT_TRUE(client.plugin.answer<::ecs::ColumnBatch>(0)->done());
}

}  // namespace
}  // namespace busbar::ecs
