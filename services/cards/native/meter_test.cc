// Method: what others read in the service's telemetry record after batches, between the parts of one, and beside open games.
#include "testing/plugin_fixture.h"
#include "testing/watching_host.h"

namespace {

namespace cards = busbar::cards;
namespace telemetry = busbar::telemetry;
namespace methods = busbar::rpc::cardsim::Cards;
using busbar::testing::WatchingHost;

class Watched : public cards::testing::Plugin {
 protected:
  void SetUp() override { ASSERT_EQ(service->create(&watching.table, "{}", 2, &instance, nullptr, 0), BUSBAR_OK); }

  /// 40 items; the third cannot be read.
  void write(flatbuffers::FlatBufferBuilder& builder) {
    const std::vector<uint8_t> program = cards::testing::eights_program(3).build();
    std::vector<flatbuffers::Offset<cardsim::SimulationRequest>> requests;
    for (uint32_t i = 0; i < 40; ++i) {
      const auto bytes = builder.CreateVector(program.data(), i == 2 ? 20 : program.size());
      cardsim::SimulationRequestBuilder request(builder);
      request.add_genome_bytecode(bytes);
      request.add_num_games(20);
      request.add_random_seed(i);
      requests.push_back(request.Finish());
    }
    builder.Finish(cardsim::CreateBatchRequest(builder, builder.CreateVector(requests), 42));
  }

  WatchingHost watching;
};

TEST_F(Watched, CountsTheGamesOfABatchAndNotThoseOfARefusedItem) {
  EXPECT_EQ(watching.sequence(), 2u);
  flatbuffers::FlatBufferBuilder builder;
  write(builder);
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  EXPECT_EQ(watching.value(telemetry::kTotalCombats), 39u * 20);
  EXPECT_EQ(watching.value(telemetry::kActiveCombats), 0u);
  EXPECT_EQ(watching.sequence(), 8u);  // the empty record, the beginning, all items, the end
  EXPECT_GT(watching.value(telemetry::kPeakTickTimeUs), 0u);
  EXPECT_GE(watching.value(telemetry::kPeakTickTimeUs), watching.value(telemetry::kAverageTickTimeUs));
  EXPECT_EQ(watching.value(telemetry::kUnits) + watching.value(telemetry::kTotalDamageDealt), 0u);
}

TEST_F(Watched, ShowsEachPartOfAStreamWhileTheOthersWait) {
  flatbuffers::FlatBufferBuilder builder;
  write(builder);
  ASSERT_EQ(send(methods::SimulateStream, builder), BUSBAR_OK);
  ASSERT_EQ(watching.at_answers.size(), 3u);  // of 16, 16 and 8 items
  const uint64_t played[] = {15 * 20, 31 * 20, 39 * 20}, waiting[] = {24 * 20, 8 * 20, 0};
  for (size_t part = 0; part < 3; ++part) {
    EXPECT_EQ(WatchingHost::value(watching.at_answers[part], telemetry::kTotalCombats), played[part]);
    EXPECT_EQ(WatchingHost::value(watching.at_answers[part], telemetry::kActiveCombats), waiting[part]);
  }
}

TEST_F(Watched, ABatchThatIsCancelledLeavesNothingWaiting) {
  flatbuffers::FlatBufferBuilder builder;
  write(builder);
  watching.cancel_after = 3;
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  ASSERT_EQ(watching.code, busbar::errors::core_cancelled);
  EXPECT_EQ(watching.value(telemetry::kTotalCombats), 0u);
  EXPECT_EQ(watching.value(telemetry::kActiveCombats), 0u);
}

TEST_F(Watched, ShowsHowManyGamesAreOpenAndCountsOneThatIsTraced) {
  const auto program = cards::testing::war_program().build();
  const auto one = [&](flatbuffers::FlatBufferBuilder& builder) {
    const auto bytes = builder.CreateVector(program);
    cardsim::SimulationRequestBuilder request(builder);
    request.add_genome_bytecode(bytes);
    request.add_num_games(1);
    return request.Finish();
  };
  for (uint64_t open = 1; open <= 3; ++open) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(cardsim::CreateNewGameRequest(builder, one(builder)));
    ASSERT_EQ(send(methods::NewGame, builder), BUSBAR_OK);
    EXPECT_EQ(watching.value(telemetry::kTotalEntities), open);
  }
  flatbuffers::FlatBufferBuilder closing;
  closing.Finish(cardsim::CreateGameRequest(closing, 2));
  ASSERT_EQ(send(methods::CloseGame, closing), BUSBAR_OK);
  EXPECT_EQ(watching.value(telemetry::kTotalEntities), 2u);
  EXPECT_EQ(watching.value(telemetry::kTotalCombats), 0u);

  flatbuffers::FlatBufferBuilder tracing;
  tracing.Finish(cardsim::CreateTraceRequest(tracing, one(tracing), 0));
  ASSERT_EQ(send(methods::Trace, tracing), BUSBAR_OK);
  EXPECT_EQ(watching.value(telemetry::kTotalCombats), 1u);
  EXPECT_EQ(watching.value(telemetry::kTotalEntities), 2u);
}

TEST_F(Watched, WhetherAnybodyLooksOnShowsInNoResult) {
  flatbuffers::FlatBufferBuilder builder;
  write(builder);
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  service->destroy(instance);
  instance = nullptr;
  ASSERT_EQ(service->create(&host.table, "{}", 2, &instance, nullptr, 0), BUSBAR_OK);
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  const auto* seen = flatbuffers::GetRoot<cardsim::BatchResponse>(watching.answers[0].data());
  const auto* unseen = answer<cardsim::BatchResponse>(0);
  for (uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(seen->results()->Get(i)->result_hash(), unseen->results()->Get(i)->result_hash());
}

}  // namespace
