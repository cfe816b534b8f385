// The plugin through its C ABI: events, snapshots, sweeps, policies.
#include "testing/plugin_fixture.h"

namespace {

namespace fb = ::payments;
namespace errors = busbar::errors;
namespace methods = busbar::rpc::payments::Payments;
namespace scenes = busbar::payments::testing;
using busbar::testing::FakeHost;
using busbar::testing::PluginClient;
using scenes::Plugin;
using scenes::small_scene;

TEST_F(Plugin, PagesEvents) {
  const uint32_t sim = make(small_scene().json());
  tick(sim, 40);
  uint64_t next = 0, seen = 0;
  for (bool end = false; !end;) {
    fb::GetEventsRequestBuilder request(builder);
    request.add_sim_id(sim);
    request.add_from_seq(next);
    request.add_limit(100);
    const auto* reply = client.ask<fb::EventsReply>(methods::GetEvents, builder, request.Finish());
    for (const auto* event : *reply->events()) EXPECT_EQ(event->seq(), seen++);
    EXPECT_EQ(reply->first_seq(), 0u);
    end = reply->end();
    next = reply->next_seq();
    if (end) {
      EXPECT_EQ(seen, reply->total());
    }
  }
  const auto kinds = builder.CreateVector(std::vector<uint8_t>{static_cast<uint8_t>(fb::EventKind::EndOfDay)});
  flatbuffers::Offset<flatbuffers::Vector<fb::EventKind>> typed(kinds.o);
  fb::GetEventsRequestBuilder request(builder);
  request.add_sim_id(sim);
  request.add_kinds(typed);
  const auto* reply = client.ask<fb::EventsReply>(methods::GetEvents, builder, request.Finish());
  EXPECT_EQ(reply->events()->size(), 2u);
}

TEST_F(Plugin, RestoresWhatItSnapped) {
  const std::string config = small_scene().json();
  const std::string expected = tick(make(config), 40);
  const uint32_t sim = make(config);
  tick(sim, 17);
  const auto* snapped =
      client.ask<fb::SnapshotReply>(methods::Snapshot, builder, fb::CreateSnapshotRequest(builder, sim));
  EXPECT_EQ(snapped->tick(), 17u);
  std::vector<uint8_t> bytes(snapped->bytes()->begin(), snapped->bytes()->end());
  auto list = builder.CreateVector(bytes);
  const auto* restored =
      client.ask<fb::RestoreReply>(methods::Restore, builder, fb::CreateRestoreRequest(builder, list));
  ASSERT_NE(restored, nullptr) << host.text;
  const uint32_t copy = restored->sim_id();
  EXPECT_NE(copy, sim);
  EXPECT_EQ(tick(copy, 1000), expected);
  bytes[bytes.size() / 2] ^= 1;
  list = builder.CreateVector(bytes);
  EXPECT_EQ(client.ask<fb::RestoreReply>(methods::Restore, builder, fb::CreateRestoreRequest(builder, list)), nullptr);
  EXPECT_EQ(host.code, errors::payments_corrupt_state);
}

TEST_F(Plugin, TheWholeInstanceGoesIntoASnapshot) {
  const uint32_t first = make(small_scene().json());
  tick(first, 5);
  make(scenes::banks(2, 100, "null").json());
  uint64_t length = 0;
  ASSERT_EQ(client.service->snapshot(client.instance, nullptr, &length), BUSBAR_OK);
  std::vector<uint8_t> bytes(length);
  ASSERT_EQ(client.service->snapshot(client.instance, bytes.data(), &length), BUSBAR_OK);
  const uint64_t hash = client.service->hash(client.instance);
  const std::string expected = tick(first, 1000);
  FakeHost other_host;
  PluginClient other(other_host);
  char error[200] = "";
  ASSERT_EQ(other.service->restore(other.instance, bytes.data(), length, error, sizeof error), BUSBAR_OK) << error;
  EXPECT_EQ(other.service->hash(other.instance), hash);
  const auto* reply = other.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, first, 1000));
  EXPECT_EQ(reply->run_hash()->str(), expected);
  for (uint64_t cut : {uint64_t{0}, uint64_t{10}, length / 2, length - 1}) {
    EXPECT_NE(other.service->restore(other.instance, bytes.data(), cut, error, sizeof error), BUSBAR_OK) << cut;
  }
}

TEST_F(Plugin, ASweepGivesWhatSingleRunsGive) {
  const std::string one = small_scene().json();
  scenes::Scene other_scene = small_scene();
  other_scene.deferred = true;
  const std::string two = other_scene.json();
  const auto sweep = [&](uint32_t threads) {
    host.threads = threads;
    const auto configs = builder.CreateVectorOfStrings({one, two, std::string("{}")});
    std::vector<uint32_t> numbers;
    std::vector<uint64_t> seeds;
    for (uint32_t i = 0; i < 20; ++i) {
      numbers.push_back(i % 2);
      seeds.push_back(100 + i);
    }
    numbers[3] = 2;
    numbers[4] = 9;
    const auto number_list = builder.CreateVector(numbers);
    const auto seed_list = builder.CreateVector(seeds);
    client.ask<fb::SweepProgress>(methods::Sweep, builder,
                                  fb::CreateSweepRequest(builder, configs, number_list, seed_list));
    EXPECT_EQ(host.ended, 1) << host.text;
    return host.answers;
  };
  const auto serial = sweep(1);
  for (const uint32_t threads : {2u, 3u, 8u}) EXPECT_EQ(sweep(threads), serial) << threads;
  ASSERT_EQ(host.answers.size(), 2u);
  std::vector<std::string> hashes;
  for (size_t part = 0; part < 2; ++part) {
    const auto* progress = client.answer<fb::SweepProgress>(part);
    EXPECT_EQ(progress->first_item(), 16 * part);
    EXPECT_EQ(progress->items_total(), 20u);
    for (const auto* result : *progress->results()) {
      hashes.push_back(result->error() == nullptr ? result->run_hash()->str()
                                                  : std::to_string(result->error()->code()));
    }
  }
  ASSERT_EQ(hashes.size(), 20u);
  EXPECT_EQ(hashes[3], std::to_string(errors::payments_missing_key));
  EXPECT_EQ(hashes[4], std::to_string(errors::payments_not_found));
  for (const uint32_t i : {0u, 7u, 18u}) {
    const auto text = builder.CreateString(i % 2 == 0 ? one : two);
    const auto* made =
        client.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, text, 100 + i, true));
    EXPECT_EQ(tick(made->sim_id(), 1000), hashes[i]) << i;
  }
  host.threads = 2;
  host.cancel_after = 0;
  const auto configs = builder.CreateVectorOfStrings({one});
  const auto numbers = builder.CreateVector(std::vector<uint32_t>{0});
  const auto seeds = builder.CreateVector(std::vector<uint64_t>{1});
  client.ask<fb::SweepProgress>(methods::Sweep, builder, fb::CreateSweepRequest(builder, configs, numbers, seeds));
  EXPECT_EQ(host.code, errors::core_cancelled);
}

TEST_F(Plugin, ChangesPoliciesBankByBank) {
  const uint32_t sim = make(small_scene().json());
  const auto item = [&](const char* agent, const char* policy) {
    const auto name = builder.CreateString(agent);
    const auto text = builder.CreateString(policy);
    return fb::CreatePolicyItem(builder, name, text);
  };
  const std::vector<flatbuffers::Offset<fb::PolicyItem>> items = {
      item("BANK_0000", R"({"type":"Deadline","urgency_threshold":3})"), item("NOBODY", R"({"type":"Fifo"})"),
      item("BANK_0001", R"({"type":"Fifoo"})"), item("BANK_0002", "{")};
  const auto list = builder.CreateVector(items);
  const auto* reply =
      client.ask<fb::ItemsReply>(methods::UpdatePolicy, builder, fb::CreateUpdatePolicyRequest(builder, sim, list));
  EXPECT_EQ(reply->done(), 1u);
  ASSERT_EQ(reply->errors()->size(), 3u);
  EXPECT_EQ(reply->errors()->Get(1)->code(), errors::payments_unknown_name);
  EXPECT_NE(reply->errors()->Get(1)->text()->str().find("did you mean 'Fifo'"), std::string::npos);
  EXPECT_EQ(reply->errors()->Get(2)->code(), errors::payments_malformed);
}

TEST_F(Plugin, SaysWhatPoliciesMaySay) {
  const auto* schema =
      client.ask<fb::PolicySchemaReply>(methods::PolicySchema, builder, fb::CreateSchemaRequest(builder));
  EXPECT_EQ(schema->fields()->size(), 72u);
  EXPECT_EQ(schema->actions()->size(), 17u);
  EXPECT_EQ(
      client.ask<fb::CostSchemaReply>(methods::CostSchema, builder, fb::CreateSchemaRequest(builder))->costs()->size(),
      13u);
  auto text = builder.CreateString(R"({"type":"Inline","decision_trees":{"version":"1.0","policy_id":"p","bank_tree":
      {"type":"action","node_id":"a","action":"Release"}}})");
  const auto* bad =
      client.ask<fb::ValidateReply>(methods::ValidatePolicy, builder, fb::CreateValidatePolicyRequest(builder, text));
  EXPECT_FALSE(bad->valid());
  EXPECT_EQ(bad->errors()->Get(0)->path()->str(), "policy.decision_trees.bank_tree.action");
  text = builder.CreateString(small_scene().json());
  EXPECT_TRUE(
      client.ask<fb::ValidateReply>(methods::ValidateConfig, builder, fb::CreateValidateConfigRequest(builder, text))
          ->valid());
}

std::string run_hash_of(PluginClient& client, flatbuffers::FlatBufferBuilder& builder, uint32_t sim) {
  return client.ask<fb::MetricsReply>(methods::GetMetrics, builder, fb::CreateSimRequest(builder, sim))->run_hash()->str();
}

TEST_F(Plugin, WithTheClockATickIsOneOfEverySimulation) {
  const std::string config = small_scene().json();
  const uint32_t by_request = make(config);
  std::string expected = tick(by_request, 1000);
  FakeHost other;
  PluginClient clocked(other, R"({"follow_clock":true})");
  const auto make_clocked = [&] {
    const auto text = builder.CreateString(config);
    return clocked.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, text))->sim_id();
  };
  const auto on_tick = [&](uint64_t number) {
    return clocked.service->on_tick(clocked.instance, number, number * 1'000'000'000);
  };
  uint64_t clock = 0;
  EXPECT_EQ(on_tick(++clock), BUSBAR_OK);  // nothing there yet
  const uint32_t early = make_clocked();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(on_tick(++clock), BUSBAR_OK);
  const uint32_t late = make_clocked();
  uint64_t hash = clocked.service->hash(clocked.instance);
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(on_tick(++clock), BUSBAR_OK);
    EXPECT_NE(clocked.service->hash(clocked.instance), hash);
    hash = clocked.service->hash(clocked.instance);
  }
  EXPECT_EQ(run_hash_of(clocked, builder, early), expected);
  EXPECT_NE(run_hash_of(clocked, builder, late), expected);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(on_tick(++clock), BUSBAR_OK);
  EXPECT_EQ(run_hash_of(clocked, builder, late), expected);
  hash = clocked.service->hash(clocked.instance);
  ASSERT_EQ(on_tick(++clock), BUSBAR_OK);  // all have ended
  EXPECT_EQ(clocked.service->hash(clocked.instance), hash);

  clocked.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, late, 1));
  EXPECT_EQ(other.code, errors::payments_conflict);
  EXPECT_NE(other.text.find("follow_clock"), std::string::npos) << other.text;
}

TEST_F(Plugin, WithoutFollowClockATickOfTheClockMovesNothing) {
  const uint32_t sim = make(small_scene().json());
  const uint64_t hash = client.service->hash(client.instance);
  EXPECT_EQ(client.service->on_tick(client.instance, 1, 1), BUSBAR_OK);
  EXPECT_EQ(client.service->hash(client.instance), hash);
  EXPECT_EQ(ask_sim<fb::NumberReply>(methods::CurrentTick, sim)->value(), 0u);
}

}  // namespace
