// The plugin through its C ABI: batches, streams, traces, its config.
#include "api_generated.h"
#include "testing/plugin_fixture.h"

namespace {

namespace cards = busbar::cards;
namespace methods = busbar::rpc::cardsim::Cards;
using cards::testing::FakeHost;
using cards::testing::Plugin;

TEST_F(Plugin, DescribesItself) {
  EXPECT_STREQ(service->name, "cards");
  EXPECT_EQ(service->abi, BUSBAR_SERVICE_ABI);
  ASSERT_EQ(service->type_count, 12u);
  EXPECT_EQ(service->types[1].streaming, 1u);
  EXPECT_EQ(service->types[0].type_id, methods::Simulate.id);
}

TEST_F(Plugin, AnswersABatchInOrder) {
  flatbuffers::FlatBufferBuilder builder;
  write_batch(builder, cards::testing::war_program().build(), 3, 200);
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  ASSERT_EQ(host.answers.size(), 1u) << host.text;
  const auto* response = answer<cardsim::BatchResponse>(0);
  EXPECT_EQ(response->batch_id(), 42u);
  ASSERT_EQ(response->results()->size(), 3u);
  for (uint32_t i = 0; i < 3; ++i) {
    const auto* stats = response->results()->Get(i);
    EXPECT_EQ(stats->total_games(), 200u);
    EXPECT_EQ(stats->wins()->Get(0) + stats->wins()->Get(1) + stats->draws(), 200u);
    EXPECT_EQ(stats->player0_wins(), stats->wins()->Get(0));
    EXPECT_NE(stats->result_hash(), 0u);
    EXPECT_EQ(stats->error(), 0u);
    EXPECT_GT(stats->total_valid_moves(), stats->total_decisions());
  }
  EXPECT_NE(response->results()->Get(0)->result_hash(), response->results()->Get(1)->result_hash());
}

TEST_F(Plugin, StreamsTheSameResultsInParts) {
  flatbuffers::FlatBufferBuilder builder;
  write_batch(builder, cards::testing::eights_program(3).build(), 40, 20);
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  ASSERT_EQ(send(methods::SimulateStream, builder), BUSBAR_OK);
  ASSERT_EQ(host.answers.size(), 1u + 3u);
  EXPECT_EQ(host.ended, 1);
  const auto* whole = answer<cardsim::BatchResponse>(0);
  uint32_t next = 0;
  for (size_t part = 1; part < host.answers.size(); ++part) {
    const auto* progress = answer<cardsim::BatchProgress>(part);
    EXPECT_EQ(progress->first_item(), next);
    for (uint32_t i = 0; i < progress->results()->size(); ++i) {
      EXPECT_EQ(progress->results()->Get(i)->result_hash(), whole->results()->Get(next++)->result_hash());
    }
    EXPECT_EQ(progress->items_done(), next);
    EXPECT_EQ(progress->items_total(), 40u);
  }
  EXPECT_EQ(next, 40u);
}

TEST_F(Plugin, TracesAGame) {
  flatbuffers::FlatBufferBuilder builder;
  const auto bytes = builder.CreateVector(cards::testing::eights_program(2).build());
  cardsim::SimulationRequestBuilder request(builder);
  request.add_genome_bytecode(bytes);
  request.add_num_games(1);
  request.add_random_seed(1);
  const auto inner = request.Finish();
  builder.Finish(cardsim::CreateTraceRequest(builder, inner, 0));
  ASSERT_EQ(send(methods::Trace, builder), BUSBAR_OK);
  const auto* trace = answer<cardsim::TraceResponse>(0);
  EXPECT_EQ(trace->steps()->size(), trace->result()->total_turns());
  EXPECT_EQ(trace->steps()->Get(trace->steps()->size() - 1)->state_hash(), trace->hash());
}

TEST_F(Plugin, RefusesWhatIsNoFlatBufferAndStaysAlive) {
  flatbuffers::FlatBufferBuilder builder;
  write_batch(builder, cards::testing::war_program().build(), 1, 5);
  std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
  uint8_t* const bytes = reinterpret_cast<uint8_t*>(payload.data());
  uint32_t refused = 0;
  for (uint32_t at = 0; at < builder.GetSize(); ++at) {
    std::memcpy(bytes, builder.GetBufferPointer(), builder.GetSize());
    bytes[at] ^= 0xFF;
    host.code = 0;
    ASSERT_EQ(send_bytes(methods::Simulate, bytes, builder.GetSize()), BUSBAR_OK);
    refused += host.code == busbar::errors::wire_malformed_payload;
  }
  EXPECT_GT(refused, 0u);
  host.answers.clear();
  host.lengths.clear();
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  EXPECT_EQ(host.answers.size(), 1u);
}

TEST_F(Plugin, SaysItsVersion) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(busbar::api::CreateVersionRequest(builder, builder.CreateString("1.0")));
  ASSERT_EQ(send(methods::Version, builder), BUSBAR_OK);
  const auto* reply = answer<busbar::api::VersionReply>(0);
  EXPECT_EQ(reply->service()->str(), "cards");
  EXPECT_EQ(reply->version()->str(), "1.2");
}

TEST_F(Plugin, ACancelledBatchStops) {
  flatbuffers::FlatBufferBuilder builder;
  write_batch(builder, cards::testing::war_program().build(), 4, 50'000);
  host.cancel_after = 5;
  ASSERT_EQ(send(methods::Simulate, builder), BUSBAR_OK);
  EXPECT_EQ(host.answers.size(), 0u);
  EXPECT_EQ(host.code, busbar::errors::core_cancelled);
}

TEST(PluginConfig, IsReadStrictly) {
  FakeHost host;
  const busbar_service* service = busbar_describe();
  const auto create = [&](const std::string& json) -> std::string {
    char error[200] = "";
    void* instance = nullptr;
    const busbar_status status =
        service->create(&host.table, json.data(), static_cast<uint32_t>(json.size()), &instance, error, sizeof error);
    if (status == BUSBAR_OK) service->destroy(instance);
    return error;
  };
  EXPECT_EQ(create(""), "");
  EXPECT_EQ(create("{}"), "");
  EXPECT_EQ(create("{\"items_max\": 10, \"games_max\":5}"), "");
  EXPECT_NE(create("{\"item_max\":10}").find("items_max"), std::string::npos);
  for (const char* bad :
       {"[]", "{", "{\"items_max\"}", "{\"items_max\":0}", "{\"items_max\":-1}", "{\"items_max\":1.5}",
        "{\"games_max\":99999999999}", "{\"items_max\":\"1\"}", "{} x", "{\"items_max\":1 \"games_max\":1}"}) {
    EXPECT_NE(create(bad), "") << bad;
  }
  service->destroy(nullptr);
}

}  // namespace
