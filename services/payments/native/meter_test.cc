// Method: what others read in the service's telemetry record after ticks, between the parts of runs, and beside sweeps.
#include "testing/watching_host.h"
#include "testing/plugin_fixture.h"

namespace {

namespace fb = ::payments;
namespace telemetry = busbar::telemetry;
namespace methods = busbar::rpc::payments::Payments;
namespace scenes = busbar::payments::testing;
using busbar::testing::PluginClient;
using busbar::testing::WatchingHost;

class Watched : public ::testing::Test {
 protected:
  uint32_t make(const std::string& config) {
    const auto text = builder.CreateString(config);
    return client.ask<fb::NewReply>(methods::New, builder, fb::CreateNewRequest(builder, text))->sim_id();
  }
  uint64_t settled_of(uint32_t sim) {
    const auto* reply = client.ask<fb::MetricsReply>(methods::GetMetrics, builder, fb::CreateSimRequest(builder, sim));
    return reply->metrics()->settled();
  }
  uint64_t payments_of(uint32_t sim) {
    return client.ask<fb::TransactionsReply>(methods::GetTransactions, builder, fb::CreateGetTransactionsRequest(builder, sim))
        ->total();
  }

  WatchingHost host;
  PluginClient client{host};
  flatbuffers::FlatBufferBuilder builder;
};

TEST_F(Watched, CountsWhatSettlesAndShowsWhatThereIs) {
  EXPECT_EQ(host.sequence(), 2u);
  const uint32_t sim = make(scenes::small_scene().json());
  EXPECT_EQ(host.value(telemetry::kActiveCombats), 1u);
  EXPECT_EQ(host.value(telemetry::kUnits), 4u);
  EXPECT_EQ(host.value(telemetry::kTotalEntities), 0u);
  client.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, sim, 17));
  const uint64_t settled = settled_of(sim);
  ASSERT_GT(settled, 20u);
  EXPECT_EQ(host.value(telemetry::kTotalCombats), settled);
  EXPECT_EQ(host.value(telemetry::kTotalEntities), payments_of(sim));
  EXPECT_GE(host.value(telemetry::kPeakTickTimeUs), host.value(telemetry::kAverageTickTimeUs));
  EXPECT_EQ(host.value(telemetry::kTotalDamageDealt) + host.value(telemetry::kFleets), 0u);

  // Another one of the same, to its end: totals grow, gauges are of all simulations.
  const uint32_t other = make(scenes::small_scene().json());
  client.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, other, 1000));
  EXPECT_EQ(host.value(telemetry::kActiveCombats), 1u);
  EXPECT_EQ(host.value(telemetry::kUnits), 8u);
  EXPECT_EQ(host.value(telemetry::kTotalCombats), settled + settled_of(other));

  client.ask<fb::DeleteReply>(methods::Delete, builder, fb::CreateSimRequest(builder, sim));
  EXPECT_EQ(host.value(telemetry::kActiveCombats), 0u);
  EXPECT_EQ(host.value(telemetry::kUnits), 4u);
  EXPECT_EQ(host.value(telemetry::kTotalEntities), payments_of(other));
}

TEST_F(Watched, ShowsARunWhileItGoesOn) {
  const uint32_t sim = make(scenes::small_scene().json());
  client.ask<fb::RunProgress>(methods::RunToEnd, builder, fb::CreateRunToEndRequest(builder, sim, 10));
  ASSERT_EQ(host.answers.size(), 4u);
  const auto& seen = host.at_answers;
  uint64_t before = 0;
  for (size_t i = seen.size() - 4; i < seen.size(); ++i) {
    EXPECT_GT(WatchingHost::value(seen[i], telemetry::kTotalCombats), before);
    before = WatchingHost::value(seen[i], telemetry::kTotalCombats);
  }
  EXPECT_EQ(before, settled_of(sim));
}

TEST_F(Watched, ASweepCountsWhatItSettlesAndLeavesNothing) {
  const auto config = builder.CreateString(scenes::small_scene().json());
  const auto configs = builder.CreateVector(&config, 1);
  const auto numbers = builder.CreateVector(std::vector<uint32_t>(20, 0));
  const auto seeds = builder.CreateVector(std::vector<uint64_t>(20, 3));
  client.ask<fb::SweepProgress>(methods::Sweep, builder, fb::CreateSweepRequest(builder, configs, numbers, seeds));
  uint64_t settled = 0;
  for (size_t i = 0; i < host.answers.size(); ++i) {
    for (const auto* result : *client.answer<fb::SweepProgress>(i)->results()) settled += result->metrics()->settled();
  }
  ASSERT_GT(settled, 0u);
  EXPECT_EQ(host.value(telemetry::kTotalCombats), settled);
  EXPECT_EQ(host.value(telemetry::kUnits), 0u);
}

TEST_F(Watched, MemoryIsWhatRunsKeep) {
  scenes::Scene scene = scenes::banks(50, 200'000, scenes::arrivals(20, 100, 9'000, 3, 9));
  scene.ticks_per_day = 100;
  const uint32_t sim = make(scene.json());
  EXPECT_EQ(host.value(telemetry::kMemoryUsageMb), 0u);
  client.ask<fb::TickReply>(methods::Tick, builder, fb::CreateTickRequest(builder, sim, 100));
  // Some 100,000 payments of 64 bytes with several events each.
  const uint64_t mb = host.value(telemetry::kMemoryUsageMb);
  EXPECT_GE(mb, payments_of(sim) * 64 / 1'000'000);
  EXPECT_LT(mb, 200u);
  client.ask<fb::DeleteReply>(methods::Delete, builder, fb::CreateSimRequest(builder, sim));
  EXPECT_EQ(host.value(telemetry::kMemoryUsageMb), 0u);
}

}  // namespace
