// The plugin through its C ABI: runs, items, columns, streams, versions.
#include "testing/plugin_fixture.h"

namespace {

namespace fb = ::payments;
namespace errors = busbar::errors;
namespace methods = busbar::rpc::payments::Payments;
namespace scenes = busbar::payments::testing;
using busbar::testing::PluginClient;
using scenes::Plugin;
using scenes::small_scene;

TEST_F(Plugin, DescribesItself) {
  EXPECT_STREQ(client.service->name, "payments");
  EXPECT_EQ(client.service->type_count, 33u);
  for (uint32_t i = 0; i < client.service->type_count; ++i) {
    const std::string name = client.service->types[i].name;
    EXPECT_EQ(client.service->types[i].streaming, name.ends_with("/RunToEnd") || name.ends_with("/Sweep")) << name;
  }
}

TEST_F(Plugin, MakesRunsListsAndDeletes) {
  const uint32_t sim = make(small_scene().json());
  const auto* reply = client.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, sim, 7));
  ASSERT_EQ(reply->results()->size(), 7u);
  uint32_t arrivals = 0;
  for (uint32_t i = 0; i < 7; ++i) {
    EXPECT_EQ(reply->results()->Get(i)->tick(), i);
    arrivals += reply->results()->Get(i)->num_arrivals();
  }
  EXPECT_GT(arrivals, 20u);
  EXPECT_EQ(reply->run_hash()->size(), 64u);
  EXPECT_EQ(ask_sim<fb::NumberReply>(methods::CurrentTick, sim)->value(), 7u);
  EXPECT_EQ(ask_sim<fb::NumberReply>(methods::CurrentDay, sim)->value(), 0u);
  const auto* ids = ask_sim<fb::AgentIdsReply>(methods::GetAgentIds, sim);
  ASSERT_EQ(ids->agents()->size(), 4u);
  EXPECT_EQ(ids->agents()->Get(3)->str(), "BANK_0003");
  const auto* list = client.ask<fb::ListReply>(methods::List, builder, fb::CreateListRequest(builder));
  ASSERT_EQ(list->simulations()->size(), 1u);
  EXPECT_EQ(list->simulations()->Get(0)->tick(), 7u);
  EXPECT_TRUE(ask_sim<fb::DeleteReply>(methods::Delete, sim)->deleted());
  EXPECT_FALSE(ask_sim<fb::DeleteReply>(methods::Delete, sim)->deleted());
  EXPECT_EQ(ask_sim<fb::NumberReply>(methods::CurrentTick, sim), nullptr);
  EXPECT_EQ(host.code, errors::payments_not_found);
}

TEST_F(Plugin, SaysHowBanksStand) {
  const uint32_t sim = make(small_scene().json());
  tick(sim, 15);
  const auto names = builder.CreateVectorOfStrings({"BANK_0001", "NOBODY", "BANK_0002"});
  const auto* balances =
      client.ask<fb::BalancesReply>(methods::GetAgentBalance, builder, fb::CreateAgentsRequest(builder, sim, names));
  ASSERT_EQ(balances->balances()->size(), 3u);
  EXPECT_EQ(balances->balances()->Get(1), 0);
  ASSERT_EQ(balances->errors()->size(), 1u);
  EXPECT_EQ(balances->errors()->Get(0)->index(), 1u);
  EXPECT_EQ(balances->errors()->Get(0)->code(), errors::payments_not_found);
  const int64_t first = balances->balances()->Get(0);
  const auto* state =
      client.ask<fb::StateReply>(methods::GetState, builder, fb::CreateGetStateRequest(builder, sim, 0, true));
  int64_t sum = 0;
  for (const auto* agent : *state->agents()) sum += agent->balance();
  EXPECT_EQ(sum, 80'000);
  EXPECT_EQ(state->agents()->Get(1)->balance(), first);
  EXPECT_EQ(state->queue2()->size(), state->queue2_size());
  const auto* costs = client.ask<fb::CostsReply>(methods::GetCosts, builder, fb::CreateAgentsRequest(builder, sim));
  int64_t total = 0;
  for (const auto* one : *costs->costs()) total += one->total();
  EXPECT_EQ(total, costs->total()->total());
  EXPECT_GT(total, 0);
  const auto* sizes =
      client.ask<fb::SizesReply>(methods::GetQueue2Size, builder, fb::CreateAgentsRequest(builder, sim));
  EXPECT_EQ(sizes->sizes()->size(), 1u);
  const auto* metrics = ask_sim<fb::MetricsReply>(methods::GetMetrics, sim)->metrics();
  EXPECT_EQ(metrics->arrivals() + metrics->children(),
            metrics->settled() + metrics->dropped() + metrics->open() + metrics->split_parents());
  const auto* timeline =
      client.ask<fb::TimelineReply>(methods::GetTimeline, builder, fb::CreateTimelineRequest(builder, sim, 5, 4));
  EXPECT_EQ(timeline->ticks(), 4u);
  EXPECT_EQ(timeline->hash()->size(), 4u);
  const auto agent = builder.CreateString("BANK_0001");
  const auto* bank = client.ask<fb::AgentTimelineReply>(methods::GetAgentTimeline, builder,
                                                        fb::CreateAgentTimelineRequest(builder, sim, agent, 0, 0));
  ASSERT_EQ(bank->ticks(), 15u);
  EXPECT_EQ(bank->balance()->Get(14), first);
}

TEST_F(Plugin, ABadItemSpoilsNoOther) {
  scenes::Scene scene = scenes::banks(3, 1'000, "null");
  const uint32_t sim = make(scene.json());
  const auto a = builder.CreateString("BANK_0000"), b = builder.CreateString("BANK_0001"),
             c = builder.CreateString("X");
  const std::vector<flatbuffers::Offset<fb::TransactionItem>> items = {
      fb::CreateTransactionItem(builder, a, b, 300, 5),     fb::CreateTransactionItem(builder, a, c, 300, 5),
      fb::CreateTransactionItem(builder, a, a, 300, 5),     fb::CreateTransactionItem(builder, a, b, 0, 5),
      fb::CreateTransactionItem(builder, a, b, 300, 0),     fb::CreateTransactionItem(builder, a, b, 300, 101),
      fb::CreateTransactionItem(builder, a, b, 300, 5, 11), fb::CreateTransactionItem(builder, b, a, 100, 100),
  };
  const auto list = builder.CreateVector(items);
  const auto* reply = client.ask<fb::SubmitTransactionReply>(methods::SubmitTransaction, builder,
                                                             fb::CreateSubmitTransactionRequest(builder, sim, list));
  ASSERT_EQ(reply->ids()->size(), 8u);
  EXPECT_EQ(reply->ids()->Get(0), 0u);
  EXPECT_EQ(reply->ids()->Get(7), 1u);
  ASSERT_EQ(reply->errors()->size(), 6u);
  static constexpr uint16_t kCodes[] = {errors::payments_not_found,    errors::payments_conflict,
                                        errors::payments_out_of_range, errors::payments_out_of_range,
                                        errors::payments_out_of_range, errors::payments_out_of_range};
  for (uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(reply->errors()->Get(i)->index(), i + 1);
    EXPECT_EQ(reply->errors()->Get(i)->code(), kCodes[i]) << reply->errors()->Get(i)->text()->str();
  }
  EXPECT_EQ(reply->errors()->Get(0)->path()->str(), "items[1].receiver");
  const auto* ticked = client.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, sim, 1));
  EXPECT_EQ(ticked->results()->Get(0)->num_arrivals(), 2u);
  EXPECT_EQ(ticked->results()->Get(0)->num_settlements(), 2u);
}

TEST_F(Plugin, ColumnsAreTheSameAsItems) {
  scenes::Scene scene = scenes::banks(3, 1'000, "null");
  const auto run = [&](bool columns) {
    const uint32_t sim = make(scene.json());
    if (columns) {
      const auto sender = builder.CreateVector(std::vector<uint32_t>{0, 1, 2});
      const auto receiver = builder.CreateVector(std::vector<uint32_t>{1, 2, 0});
      const auto amount = builder.CreateVector(std::vector<int64_t>{2'000, 2'100, 1'900});
      const auto deadline = builder.CreateVector(std::vector<uint32_t>{9, 9, 9});
      const auto priority = builder.CreateVector(std::vector<uint8_t>{5, 6, 7});
      const auto table = fb::CreateTransactionColumns(builder, sender, receiver, amount, deadline, priority);
      client.ask<fb::SubmitTransactionReply>(methods::SubmitTransaction, builder,
                                             fb::CreateSubmitTransactionRequest(builder, sim, 0, table));
    } else {
      std::vector<flatbuffers::Offset<flatbuffers::String>> names;
      for (uint32_t i = 0; i < 3; ++i) names.push_back(builder.CreateString(scenes::bank_name(i)));
      static constexpr int64_t kAmounts[] = {2'000, 2'100, 1'900};
      std::vector<flatbuffers::Offset<fb::TransactionItem>> items;
      for (uint32_t i = 0; i < 3; ++i) {
        items.push_back(fb::CreateTransactionItem(builder, names[i], names[(i + 1) % 3], kAmounts[i], 9,
                                                  static_cast<uint8_t>(5 + i)));
      }
      const auto list = builder.CreateVector(items);
      client.ask<fb::SubmitTransactionReply>(methods::SubmitTransaction, builder,
                                             fb::CreateSubmitTransactionRequest(builder, sim, list));
    }
    EXPECT_EQ(host.answers.size(), 1u) << host.text;
    return tick(sim, 1);
  };
  EXPECT_EQ(run(false), run(true));
  // None of them could pay alone, all three can in a circle.
  const auto* metrics = ask_sim<fb::MetricsReply>(methods::GetMetrics, 2)->metrics();
  EXPECT_EQ(metrics->cycles_settled(), 1u);
  EXPECT_EQ(metrics->lsm_settled(), 3u);
}

TEST_F(Plugin, WithdrawsAndResubmits) {
  const uint32_t sim = make(scenes::banks(2, 100, "null").json());
  const auto sender = builder.CreateVector(std::vector<uint32_t>{0, 0});
  const auto receiver = builder.CreateVector(std::vector<uint32_t>{1, 1});
  const auto amount = builder.CreateVector(std::vector<int64_t>{500, 600});
  const auto deadline = builder.CreateVector(std::vector<uint32_t>{50, 50});
  const auto priority = builder.CreateVector(std::vector<uint8_t>{5, 5});
  const auto table = fb::CreateTransactionColumns(builder, sender, receiver, amount, deadline, priority);
  client.ask<fb::SubmitTransactionReply>(methods::SubmitTransaction, builder,
                                         fb::CreateSubmitTransactionRequest(builder, sim, 0, table));
  tick(sim, 1);
  auto ids = builder.CreateVector(std::vector<uint32_t>{0, 7});
  const auto* withdrawn =
      client.ask<fb::ItemsReply>(methods::Withdraw, builder, fb::CreateWithdrawRequest(builder, sim, ids));
  EXPECT_EQ(withdrawn->done(), 1u);
  ASSERT_EQ(withdrawn->errors()->size(), 1u);
  EXPECT_EQ(withdrawn->errors()->Get(0)->code(), errors::payments_not_found);
  ids = builder.CreateVector(std::vector<uint32_t>{0, 1});
  auto classes = builder.CreateVector(std::vector<uint8_t>{2, 1});
  flatbuffers::Offset<flatbuffers::Vector<fb::RtgsPriority>> typed(classes.o);
  const auto* resubmitted =
      client.ask<fb::ItemsReply>(methods::Resubmit, builder, fb::CreateResubmitRequest(builder, sim, ids, typed));
  EXPECT_EQ(resubmitted->done(), 2u);
  const auto* state =
      client.ask<fb::StateReply>(methods::GetState, builder, fb::CreateGetStateRequest(builder, sim, 0, true));
  ASSERT_EQ(state->queue2()->size(), 2u);
  EXPECT_EQ(state->queue2()->Get(0), 0u);
  const auto* life =
      client.ask<fb::LifecycleReply>(methods::GetLifecycle, builder, fb::CreateLifecycleRequest(builder, sim, 0));
  std::vector<fb::EventKind> kinds;
  for (const auto* event : *life->events()) kinds.push_back(event->kind());
  EXPECT_EQ(kinds, (std::vector<fb::EventKind>{fb::EventKind::Arrival, fb::EventKind::PolicySubmit,
                                               fb::EventKind::RtgsSubmission, fb::EventKind::QueuedRtgs,
                                               fb::EventKind::RtgsWithdrawal, fb::EventKind::RtgsResubmission}));
  EXPECT_TRUE(life->complete());
}

TEST_F(Plugin, StreamsARunInParts) {
  const std::string config = small_scene().json();
  const uint32_t whole = make(config);
  const std::string expected = tick(whole, 40);
  const uint32_t sim = make(config, false);
  client.ask<fb::RunProgress>(methods::RunToEnd, builder, fb::CreateRunToEndRequest(builder, sim, 15));
  ASSERT_EQ(host.answers.size(), 3u);
  EXPECT_EQ(host.ended, 1);
  EXPECT_EQ(client.answer<fb::RunProgress>(0)->results()->size(), 15u);
  EXPECT_FALSE(client.answer<fb::RunProgress>(1)->done());
  EXPECT_TRUE(client.answer<fb::RunProgress>(2)->done());
  // Events and history are kept or not: the hash is the same.
  EXPECT_EQ(client.answer<fb::RunProgress>(2)->run_hash()->str(), expected);
  EXPECT_EQ(tick(sim, 1), "tick: the run has ended at tick 40");
  EXPECT_EQ(host.code, errors::payments_conflict);
}

TEST_F(Plugin, ACancelledRunStopsBetweenTicksAndCanGoOn) {
  const std::string config = small_scene().json();
  const std::string expected = tick(make(config), 40);
  const uint32_t sim = make(config);
  host.cancel_after = 23;
  client.ask<fb::RunProgress>(methods::RunToEnd, builder, fb::CreateRunToEndRequest(builder, sim, 10));
  EXPECT_EQ(host.code, errors::core_cancelled);
  EXPECT_EQ(host.ended, 0);
  host.cancel_after = -1;
  EXPECT_EQ(ask_sim<fb::NumberReply>(methods::CurrentTick, sim)->value(), 23u);
  EXPECT_EQ(tick(sim, 1000), expected);
}

TEST_F(Plugin, ChecksVersionsAndItsOwnConfig) {
  const auto compatible = [&](uint16_t major, uint16_t minor) {
    return client.ask<fb::VersionReply>(methods::Version, builder, fb::CreateVersionRequest(builder, major, minor))
        ->compatible();
  };
  EXPECT_TRUE(compatible(1, 0));
  EXPECT_FALSE(compatible(1, 1));
  EXPECT_FALSE(compatible(2, 0));
  EXPECT_FALSE(compatible(0, 0));
  for (const char* bad : {"[]", "{", R"({"items":1})", R"({"items_max":0})", R"({"items_max":"1"})"}) {
    char error[200] = "";
    void* instance = nullptr;
    EXPECT_NE(client.service->create(&host.table, bad, static_cast<uint32_t>(std::strlen(bad)), &instance, error,
                                     sizeof error),
              BUSBAR_OK)
        << bad;
    EXPECT_NE(std::string(error), "") << bad;
  }
  PluginClient limited(host, R"({"simulations_max":1})");
  const auto text = builder.CreateString(small_scene().json());
  ASSERT_NE(limited.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, text)), nullptr);
  const auto again = builder.CreateString(small_scene().json());
  EXPECT_EQ(limited.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, again)), nullptr);
  EXPECT_EQ(host.code, errors::payments_limit_exceeded);
  client.service->destroy(nullptr);
}

TEST_F(Plugin, RefusesWhatIsNoFlatBufferAndStaysAlive) {
  const auto text = builder.CreateString(small_scene().json());
  builder.Finish(fb::CreateNewRequest(builder, text));
  std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
  auto* const bytes = reinterpret_cast<uint8_t*>(payload.data());
  uint32_t refused = 0;
  for (uint32_t at = 0; at < std::min<uint32_t>(builder.GetSize(), 64); ++at) {
    std::memcpy(bytes, builder.GetBufferPointer(), builder.GetSize());
    bytes[at] ^= 0xFF;
    host.forget();
    ASSERT_EQ(client.send_bytes(methods::New, bytes, builder.GetSize()), BUSBAR_OK);
    refused += host.code == errors::wire_malformed_payload;
  }
  EXPECT_GT(refused, 0u);
}

}  // namespace
