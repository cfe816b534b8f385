// Method: simulations that a lowered limit stops between two ticks or in the middle of one, by request, by the clock and in sweeps;
// what is left of them, and that their neighbours go on to the hashes of a service without that limit.
#include <cstring>

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

constexpr uint32_t kTicks = 40;  // of small_scene

/// Too much for a limit of 60: a tick of it makes some 400 payments.
std::string flood() {
  scenes::Scene scene = scenes::banks(4, 20'000, scenes::arrivals(100, 100, 9'000, 3, 9));
  scene.ticks_per_day = 20;
  return scene.json();
}
/// A tick of it makes some 40 payments.
std::string busy() {
  scenes::Scene scene = scenes::banks(4, 20'000, scenes::arrivals(10, 100, 9'000, 3, 9));
  scene.ticks_per_day = 20;
  return scene.json();
}
std::string quiet() {
  scenes::Scene scene = scenes::banks(2, 20'000, scenes::arrivals(0.2, 100, 9'000, 3, 9));
  scene.ticks_per_day = 20;
  scene.days = 2;
  return scene.json();
}

/// A service whose simulations may have 60 payments, and 60 more in the tick that goes beyond.
class Limited : public Plugin {
 protected:
  struct Service {
    explicit Service(const char* config) : client(host, config) {}
    FakeHost host;
    PluginClient client;
  };
  Service by_request{R"({"transactions_max":60})"};
  Service clocked{R"({"transactions_max":60,"follow_clock":true})"};

  uint32_t make_in(Service& service, const std::string& config) {
    const auto text = builder.CreateString(config);
    const auto* reply = service.client.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, text));
    EXPECT_NE(reply, nullptr) << service.host.text;
    return reply == nullptr ? 0 : reply->sim_id();
  }
  const fb::TickReply* tick_in(Service& service, uint32_t sim, uint32_t count) {
    return service.client.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, sim, count));
  }
  template <class Reply>
  const Reply* ask_in(Service& service, const busbar::rpc::Method& method, uint32_t sim) {
    return service.client.ask<Reply>(method, builder, fb::CreateSimRequest(builder, sim));
  }
  struct Info {
    fb::SimStage stage;
    uint32_t tick;
    uint64_t hash;
    std::string problem;
  };
  std::vector<Info> list(Service& service) {
    std::vector<Info> infos;
    const auto* reply = service.client.ask<fb::ListReply>(methods::List, builder, fb::CreateListRequest(builder));
    for (const auto* info : *reply->simulations()) {
      infos.push_back({info->stage(), info->tick(), info->state_hash(), info->problem() == nullptr ? "" : info->problem()->str()});
    }
    return infos;
  }
  static std::string run_hash(const fb::MetricsReply* reply) { return reply == nullptr ? "" : reply->run_hash()->str(); }
  /// What simulations of the same config are in a service without the limit.
  std::string free_run(const std::string& config, uint32_t ticks) { return tick(make(config), ticks); }
};

TEST_F(Limited, AFullSimulationStopsBehindAWholeTickAndSaysSo) {
  const uint32_t sim = make_in(by_request, busy());
  const auto* reply = tick_in(by_request, sim, 1000);
  ASSERT_NE(reply, nullptr) << by_request.host.text;
  const auto done = static_cast<uint32_t>(reply->results()->size());
  const std::string hash = reply->run_hash()->str();
  EXPECT_GT(done, 0u);
  EXPECT_LT(done, 20u);
  EXPECT_EQ(hash, free_run(busy(), done)) << "the last tick lost something";

  EXPECT_EQ(tick_in(by_request, sim, 1), nullptr);
  EXPECT_EQ(by_request.host.code, errors::payments_limit_exceeded);
  EXPECT_NE(by_request.host.text.find("the limit is 60"), std::string::npos) << by_request.host.text;
  const auto info = list(by_request).at(0);
  EXPECT_EQ(info.stage, fb::SimStage::Full);
  EXPECT_EQ(info.tick, done);
  EXPECT_NE(info.problem.find("transactions_max"), std::string::npos);
  EXPECT_EQ(run_hash(ask_in<fb::MetricsReply>(by_request, methods::GetMetrics, sim)), hash);

  // A run tells of its ticks before it says why it ends.
  const uint32_t again = make_in(by_request, busy());
  by_request.client.ask<fb::RunProgress>(methods::RunToEnd, builder, fb::CreateRunToEndRequest(builder, again, 1000));
  ASSERT_EQ(by_request.host.answers.size(), 1u);
  EXPECT_EQ(by_request.client.answer<fb::RunProgress>(0)->run_hash()->str(), hash);
  EXPECT_EQ(by_request.host.code, errors::payments_limit_exceeded);

  // Elsewhere it goes on as if there had been no limit.
  const auto* snapped = by_request.client.ask<fb::SnapshotReply>(methods::Snapshot, builder,
                                                                  fb::CreateSnapshotRequest(builder, sim));
  const auto bytes = builder.CreateVector(std::vector<uint8_t>(snapped->bytes()->begin(), snapped->bytes()->end()));
  const auto* restored = client.ask<fb::RestoreReply>(methods::Restore, builder, fb::CreateRestoreRequest(builder, bytes));
  ASSERT_NE(restored, nullptr) << host.text;
  const uint32_t copy = restored->sim_id();
  EXPECT_EQ(tick(copy, 1000), free_run(busy(), 1000));
}

TEST_F(Limited, APaymentThatIsSubmittedToAFullSimulationIsRefused) {
  const uint32_t sim = make_in(by_request, busy());
  tick_in(by_request, sim, 1000);
  const auto item = fb::CreateTransactionItem(builder, builder.CreateString("BANK_0000"), builder.CreateString("BANK_0001"), 5, 19);
  const auto items = builder.CreateVector(std::vector{item});
  const auto* reply = by_request.client.ask<fb::SubmitTransactionReply>(
      methods::SubmitTransaction, builder, fb::CreateSubmitTransactionRequest(builder, sim, items));
  ASSERT_NE(reply, nullptr) << by_request.host.text;
  ASSERT_EQ(reply->errors()->size(), 1u);
  EXPECT_EQ(reply->errors()->Get(0)->code(), errors::payments_limit_exceeded);
}

TEST_F(Limited, ATickThatFailsHalfwayLeavesNoWorldThatGoesOn) {
  const uint32_t sim = make_in(by_request, flood());
  const uint32_t other = make_in(by_request, quiet());
  EXPECT_EQ(tick_in(by_request, sim, 5), nullptr);
  EXPECT_EQ(by_request.host.code, errors::payments_corrupt_state);
  for (const char* part : {"simulation 1 is broken", "tick 0 failed halfway", "limit of 60", "restore a checkpoint of it, or delete it"}) {
    EXPECT_NE(by_request.host.text.find(part), std::string::npos) << by_request.host.text;
  }
  const std::string why = by_request.host.text;

  // Nothing is read from it, nothing advances it.
  const busbar::rpc::Method* const reads[] = {&methods::CurrentTick, &methods::CurrentDay, &methods::GetMetrics};
  for (const auto* method : reads) {
    EXPECT_EQ(ask_in<fb::NumberReply>(by_request, *method, sim), nullptr);
    EXPECT_EQ(by_request.host.code, errors::payments_corrupt_state);
    EXPECT_EQ(by_request.host.text, why);
  }
  const auto refused = [&](const busbar::rpc::Method& method, auto request) {
    EXPECT_EQ(by_request.client.ask<fb::NumberReply>(method, builder, request), nullptr);
    EXPECT_EQ(by_request.host.code, errors::payments_corrupt_state) << by_request.host.text;
  };
  refused(methods::Tick, fb::CreateTickRequest(builder, sim, 1));
  refused(methods::RunToEnd, fb::CreateRunToEndRequest(builder, sim, 0));
  refused(methods::Snapshot, fb::CreateSnapshotRequest(builder, sim));
  refused(methods::GetState, fb::CreateGetStateRequest(builder, sim));
  refused(methods::GetEvents, fb::CreateGetEventsRequest(builder, sim));
  refused(methods::GetCosts, fb::CreateAgentsRequest(builder, sim));
  refused(methods::GetTransactions, fb::CreateGetTransactionsRequest(builder, sim));
  refused(methods::GetTimeline, fb::CreateTimelineRequest(builder, sim));
  refused(methods::SubmitTransaction, fb::CreateSubmitTransactionRequest(builder, sim));
  refused(methods::Withdraw, fb::CreateWithdrawRequest(builder, sim));
  refused(methods::UpdatePolicy, fb::CreateUpdatePolicyRequest(builder, sim));

  const auto infos = list(by_request);
  ASSERT_EQ(infos.size(), 2u);
  EXPECT_EQ(infos[0].stage, fb::SimStage::Broken);
  EXPECT_EQ(infos[0].tick, 0u);
  EXPECT_NE(why.find(infos[0].problem), std::string::npos);
  EXPECT_EQ(infos[1].stage, fb::SimStage::Running);
  ASSERT_NE(tick_in(by_request, other, 1000), nullptr);
  EXPECT_EQ(run_hash(ask_in<fb::MetricsReply>(by_request, methods::GetMetrics, other)), free_run(quiet(), 1000));
  EXPECT_EQ(list(by_request)[1].stage, fb::SimStage::Ended);

  EXPECT_TRUE(ask_in<fb::DeleteReply>(by_request, methods::Delete, sim)->deleted());
  EXPECT_FALSE(ask_in<fb::DeleteReply>(by_request, methods::Delete, sim)->deleted());
  EXPECT_EQ(tick_in(by_request, sim, 1), nullptr);
  EXPECT_EQ(by_request.host.code, errors::payments_not_found);
}

TEST_F(Limited, ARunThatBreaksHasItsCheckpointToGoBackTo) {
  // Calm until a scenario event opens the gates in tick 7.
  scenes::Scene scene = scenes::banks(2, 20'000, scenes::arrivals(0.5, 100, 9'000, 3, 9));
  scene.ticks_per_day = 20;
  scene.scenario = {R"({"type":"GlobalArrivalRateChange","schedule":{"type":"OneTime","tick":7},"multiplier":1000})"};
  const uint32_t sim = make_in(by_request, scene.json());
  ASSERT_NE(tick_in(by_request, sim, 6), nullptr);
  const uint64_t hash = list(by_request)[0].hash;
  const auto* snapped = by_request.client.ask<fb::SnapshotReply>(methods::Snapshot, builder, fb::CreateSnapshotRequest(builder, sim));
  const std::vector<uint8_t> bytes(snapped->bytes()->begin(), snapped->bytes()->end());
  by_request.client.ask<fb::RunProgress>(methods::RunToEnd, builder, fb::CreateRunToEndRequest(builder, sim, 1));
  EXPECT_EQ(by_request.host.answers.size(), 1u) << "tick 6 was whole";
  EXPECT_EQ(by_request.host.code, errors::payments_corrupt_state) << by_request.host.text;
  EXPECT_EQ(list(by_request)[0].tick, 7u);
  EXPECT_NE(list(by_request)[0].hash, hash) << "of the tick before the one that failed";
  const auto* restored = by_request.client.ask<fb::RestoreReply>(
      methods::Restore, builder, fb::CreateRestoreRequest(builder, builder.CreateVector(bytes)));
  ASSERT_NE(restored, nullptr) << by_request.host.text;
  const uint32_t copy = restored->sim_id();
  ASSERT_NE(tick_in(by_request, copy, 1), nullptr);
  EXPECT_EQ(run_hash(ask_in<fb::MetricsReply>(by_request, methods::GetMetrics, copy)), free_run(scene.json(), 7));
}

TEST_F(Limited, WithTheClockOthersGoOnAndItIsToldOnce) {
  make_in(clocked, flood());
  const uint32_t full = make_in(clocked, busy());
  const uint32_t well = make_in(clocked, quiet());
  std::vector<std::string> told;
  std::vector<uint64_t> hashes;
  for (uint64_t number = 1; number <= kTicks; ++number) {
    clocked.host.logged.clear();
    const busbar_status status = clocked.client.service->on_tick(clocked.client.instance, number, number * 1000);
    EXPECT_EQ(status, clocked.host.logged.empty() ? BUSBAR_OK : BUSBAR_ERROR);
    if (!clocked.host.logged.empty()) told.push_back(clocked.host.logged);
    hashes.push_back(clocked.client.service->hash(clocked.client.instance));
  }
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].find("simulation 1 is broken: its tick 0 failed halfway"), 0u) << told[0];
  EXPECT_EQ(told[1].find("simulation 2 has "), 0u) << told[1];
  const auto infos = list(clocked);
  EXPECT_EQ(infos.at(0).stage, fb::SimStage::Broken);
  EXPECT_EQ(infos.at(1).stage, fb::SimStage::Full);
  EXPECT_EQ(infos.at(2).stage, fb::SimStage::Ended);
  EXPECT_EQ(run_hash(ask_in<fb::MetricsReply>(clocked, methods::GetMetrics, full)), free_run(busy(), infos[1].tick));
  EXPECT_EQ(run_hash(ask_in<fb::MetricsReply>(clocked, methods::GetMetrics, well)), free_run(quiet(), kTicks));

  // The same again gives the same hashes, those of the steps that failed included.
  Service again{R"({"transactions_max":60,"follow_clock":true})"};
  for (const auto& config : {flood(), busy(), quiet()}) make_in(again, config);
  for (uint64_t number = 1; number <= kTicks; ++number) {
    again.client.service->on_tick(again.client.instance, number, number * 1000);
    EXPECT_EQ(again.client.service->hash(again.client.instance), hashes[number - 1]) << number;
  }
}

TEST_F(Limited, SeveralThatFailInOneStepAreCountedInOneReport) {
  for (int i = 0; i < 5; ++i) make_in(clocked, flood());
  EXPECT_EQ(clocked.client.service->on_tick(clocked.client.instance, 1, 1), BUSBAR_ERROR);
  EXPECT_NE(clocked.host.logged.find("simulation 3 is broken"), std::string::npos) << clocked.host.logged;
  EXPECT_EQ(clocked.host.logged.find("simulation 4"), std::string::npos);
  EXPECT_NE(clocked.host.logged.find("; and 2 more"), std::string::npos) << clocked.host.logged;
  EXPECT_EQ(clocked.client.service->on_tick(clocked.client.instance, 2, 2), BUSBAR_OK);
}

TEST_F(Limited, ASnapshotOfTheInstanceKnowsWhatBroke) {
  const uint32_t broken = make_in(clocked, flood());
  const uint32_t full = make_in(clocked, busy());
  const uint32_t well = make_in(clocked, quiet());
  for (uint64_t number = 1; number <= 10; ++number) clocked.client.service->on_tick(clocked.client.instance, number, number);
  uint64_t length = 0;
  ASSERT_EQ(clocked.client.service->snapshot(clocked.client.instance, nullptr, &length), BUSBAR_OK);
  std::vector<uint8_t> bytes(length);
  ASSERT_EQ(clocked.client.service->snapshot(clocked.client.instance, bytes.data(), &length), BUSBAR_OK);

  Service other{R"({"transactions_max":60,"follow_clock":true})"};
  char error[300] = "";
  const auto restore = [&](const std::vector<uint8_t>& from) {
    return other.client.service->restore(other.client.instance, from.data(), from.size(), error, sizeof error);
  };
  ASSERT_EQ(restore(bytes), BUSBAR_OK) << error;
  EXPECT_EQ(other.client.service->hash(other.client.instance), clocked.client.service->hash(clocked.client.instance));
  const auto expected = list(clocked), infos = list(other);
  ASSERT_EQ(infos.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(infos[i].stage, expected[i].stage);
    EXPECT_EQ(infos[i].problem, expected[i].problem);
  }
  EXPECT_EQ(ask_in<fb::MetricsReply>(other, methods::GetMetrics, broken), nullptr);
  EXPECT_EQ(other.host.code, errors::payments_corrupt_state);
  // What the clock was told of is not told again.
  for (uint64_t number = 11; number <= kTicks; ++number) {
    ASSERT_EQ(other.client.service->on_tick(other.client.instance, number, number), BUSBAR_OK) << number;
  }
  EXPECT_EQ(run_hash(ask_in<fb::MetricsReply>(other, methods::GetMetrics, well)), free_run(quiet(), kTicks));
  EXPECT_NE(run_hash(ask_in<fb::MetricsReply>(other, methods::GetMetrics, full)), "");

  const uint64_t kept = other.client.service->hash(other.client.instance);
  for (size_t cut = 0; cut < bytes.size(); cut += 1 + cut / 50) {
    EXPECT_NE(restore({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(cut)}), BUSBAR_OK) << cut;
  }
  std::vector<uint8_t> wrong = bytes;
  wrong[4] = 9;
  EXPECT_NE(restore(wrong), BUSBAR_OK);
  EXPECT_NE(std::string(error).find("version 9"), std::string::npos) << error;
  EXPECT_EQ(other.client.service->hash(other.client.instance), kept) << "all or nothing";
}

TEST_F(Limited, ItemsOfASweepThatDoNotGetToTheirEndSayWhy) {
  const std::vector<std::string> configs = {quiet(), busy(), flood()};
  const auto sweep = [&](uint32_t threads) {
    by_request.host.threads = threads;
    const auto texts = builder.CreateVectorOfStrings(configs);
    const auto numbers = builder.CreateVector(std::vector<uint32_t>{0, 1, 2, 0});
    const auto seeds = builder.CreateVector(std::vector<uint64_t>{42, 42, 42, 43});
    by_request.client.ask<fb::SweepProgress>(methods::Sweep, builder, fb::CreateSweepRequest(builder, texts, numbers, seeds));
    EXPECT_EQ(by_request.host.ended, 1) << by_request.host.text;
    return by_request.host.answers;
  };
  const auto serial = sweep(1);
  for (const uint32_t threads : {2u, 3u, 8u}) EXPECT_EQ(sweep(threads), serial) << threads;
  const auto* results = by_request.client.answer<fb::SweepProgress>(0)->results();
  ASSERT_EQ(results->size(), 4u);
  EXPECT_EQ(results->Get(0)->run_hash()->str(), free_run(quiet(), 1000));
  EXPECT_NE(results->Get(3)->run_hash(), nullptr);
  for (const uint32_t i : {1u, 2u}) {
    ASSERT_NE(results->Get(i)->error(), nullptr);
    EXPECT_EQ(results->Get(i)->error()->code(), errors::payments_limit_exceeded);
    EXPECT_NE(results->Get(i)->error()->text()->str().find("limit"), std::string::npos);
    EXPECT_EQ(results->Get(i)->run_hash(), nullptr);
  }
}

TEST_F(Limited, BrokenOnesCountAsSimulationsUntilTheyAreDeleted) {
  Service small{R"({"transactions_max":60,"simulations_max":1})"};
  const uint32_t sim = make_in(small, flood());
  EXPECT_EQ(tick_in(small, sim, 1), nullptr);
  const auto text = builder.CreateString(quiet());
  EXPECT_EQ(small.client.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, text)), nullptr);
  EXPECT_EQ(small.host.code, errors::payments_limit_exceeded);
  ask_in<fb::DeleteReply>(small, methods::Delete, sim);
  make_in(small, quiet());
}

}  // namespace
