// The plugin through its C ABI, with a host made of a few functions.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "api_generated.h"
#include "busbar_service.h"
#include "busbar_types.h"
#include "cards_generated.h"
#include "errors.h"
#include "testing/program_bytes.h"

namespace {

namespace cards = busbar::cards;
namespace methods = busbar::rpc::cardsim::Cards;

/// Keeps every answer; runs `parallel` on one thread with the indices backwards, which must not show.
struct FakeHost {
  busbar_host table{};
  std::vector<uint64_t> memory;
  std::vector<std::vector<uint64_t>> answers;
  std::vector<uint32_t> lengths;
  int ended = 0;
  uint16_t code = 0;
  std::string text;
  int cancel_after = -1;

  FakeHost() {
    table.size = sizeof table;
    table.abi = BUSBAR_SERVICE_ABI;
    table.context = this;
    table.claim = [](void* context, uint64_t, uint32_t bytes, uint32_t* room) {
      FakeHost& self = *static_cast<FakeHost*>(context);
      self.memory.assign((bytes + 7) / 8, 0);
      *room = bytes;
      return reinterpret_cast<uint8_t*>(self.memory.data());
    };
    table.commit = [](void* context, uint64_t, uint32_t bytes) -> busbar_status {
      FakeHost& self = *static_cast<FakeHost*>(context);
      self.answers.push_back(self.memory);
      self.lengths.push_back(bytes);
      return BUSBAR_OK;
    };
    table.end = [](void* context, uint64_t) -> busbar_status {
      static_cast<FakeHost*>(context)->ended += 1;
      return BUSBAR_OK;
    };
    table.fail = [](void* context, uint64_t, uint16_t number, const char* reason, uint32_t length) -> busbar_status {
      static_cast<FakeHost*>(context)->code = number;
      static_cast<FakeHost*>(context)->text.assign(reason, length);
      return BUSBAR_OK;
    };
    table.cancelled = [](void* context, uint64_t) -> int32_t {
      FakeHost& self = *static_cast<FakeHost*>(context);
      return self.cancel_after >= 0 && self.cancel_after-- == 0;
    };
    table.parallel = [](void*, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
      for (uint32_t i = count; i-- > 0;) fn(argument, i, i % 2);
    };
    table.threads = [](void*) -> uint32_t { return 2; };
  }
};

class Plugin : public ::testing::Test {
 protected:
  void SetUp() override {
    char error[100] = "";
    ASSERT_EQ(service->create(&host.table, "{}", 2, &instance, error, sizeof error), BUSBAR_OK) << error;
  }
  void TearDown() override { service->destroy(instance); }

  busbar_status send(const busbar::rpc::Method& method, const flatbuffers::FlatBufferBuilder& builder,
                     uint32_t verified = 0) {
    std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
    std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
    return send_bytes(method, reinterpret_cast<const uint8_t*>(payload.data()), builder.GetSize(), verified);
  }
  busbar_status send_bytes(const busbar::rpc::Method& method, const uint8_t* bytes, uint32_t length,
                           uint32_t verified = 0) {
    busbar_message message{};
    message.size = sizeof message;
    message.type_id = method.id;
    message.request = 7;
    message.fingerprint = method.request.fingerprint;
    message.payload = bytes;
    message.payload_length = length;
    message.verified = verified;
    return service->on_frame(instance, &message);
  }
  static void write_batch(flatbuffers::FlatBufferBuilder& builder, const std::vector<uint8_t>& program, uint32_t items,
                          uint32_t games) {
    std::vector<flatbuffers::Offset<cardsim::SimulationRequest>> requests;
    for (uint32_t i = 0; i < items; ++i) {
      const auto bytes = builder.CreateVector(program);
      cardsim::SimulationRequestBuilder request(builder);
      request.add_genome_bytecode(bytes);
      request.add_num_games(games);
      request.add_random_seed(i);
      requests.push_back(request.Finish());
    }
    builder.Finish(cardsim::CreateBatchRequest(builder, builder.CreateVector(requests), 42));
  }
  template <class Table>
  const Table* answer(size_t i) {
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(host.answers[i].data()), host.lengths[i]);
    EXPECT_TRUE(verifier.VerifyBuffer<Table>(nullptr));
    return flatbuffers::GetRoot<Table>(host.answers[i].data());
  }

  FakeHost host;
  const busbar_service* service = busbar_describe();
  void* instance = nullptr;
};

TEST_F(Plugin, DescribesItself) {
  EXPECT_STREQ(service->name, "cards");
  EXPECT_EQ(service->abi, BUSBAR_SERVICE_ABI);
  ASSERT_EQ(service->type_count, 9u);
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

class PlayedGame : public Plugin {
 protected:
  const cardsim::GameView* open(uint8_t viewer = 255, uint64_t seed = 1, uint8_t ai_type = 0) {
    flatbuffers::FlatBufferBuilder builder;
    const auto bytes = builder.CreateVector(cards::testing::eights_program(2).build());
    cardsim::SimulationRequestBuilder request(builder);
    request.add_genome_bytecode(bytes);
    request.add_num_games(1);
    request.add_random_seed(seed);
    request.add_ai_player_type(ai_type);
    const auto inner = request.Finish();
    builder.Finish(cardsim::CreateNewGameRequest(builder, inner, 0, viewer));
    return view(methods::NewGame, builder);
  }
  const cardsim::GameView* view(const busbar::rpc::Method& method, const flatbuffers::FlatBufferBuilder& builder) {
    host.answers.clear();
    host.lengths.clear();
    host.code = 0;
    EXPECT_EQ(send(method, builder), BUSBAR_OK);
    return host.answers.empty() ? nullptr : answer<cardsim::GameView>(0);
  }
  const cardsim::GameView* look(uint64_t id, uint8_t viewer = 255) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(cardsim::CreateGameRequest(builder, id, viewer));
    return view(methods::LegalMoves, builder);
  }
  const cardsim::GameView* apply(uint64_t id, uint32_t turn, uint32_t move) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(cardsim::CreateApplyMoveRequest(builder, id, turn, move));
    return view(methods::ApplyMove, builder);
  }
  const cardsim::GameView* ai(uint64_t id, uint8_t ai_type = 0, uint32_t iterations = 0) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(cardsim::CreateAiMoveRequest(builder, id, ai_type, iterations));
    return view(methods::AiMove, builder);
  }
};

TEST_F(PlayedGame, ByItsOwnPlayersEndsAsTheBatchDoes) {
  const uint64_t id = open(255, 1, 1)->game_id();
  while (!look(id)->over()) ASSERT_NE(ai(id), nullptr) << host.text;
  const uint64_t hash = look(id)->state_hash();
  EXPECT_STRNE(look(id)->ending()->c_str(), "");
  EXPECT_EQ(look(id)->moves()->size(), 0u);

  flatbuffers::FlatBufferBuilder builder;
  const auto bytes = builder.CreateVector(cards::testing::eights_program(2).build());
  cardsim::SimulationRequestBuilder request(builder);
  request.add_genome_bytecode(bytes);
  request.add_num_games(1);
  request.add_random_seed(1);
  request.add_ai_player_type(1);
  const auto inner = request.Finish();
  builder.Finish(cardsim::CreateTraceRequest(builder, inner, 0));
  host.answers.clear();
  host.lengths.clear();
  ASSERT_EQ(send(methods::Trace, builder), BUSBAR_OK);
  EXPECT_EQ(answer<cardsim::TraceResponse>(0)->hash(), hash);
}

TEST_F(PlayedGame, ShowsAPlayerItsOwnCardsOnly) {
  const uint64_t id = open(1)->game_id();
  const auto* own = look(id, 1);
  EXPECT_EQ(own->seats()->Get(1)->hand()->size(), 7u);
  EXPECT_EQ(own->seats()->Get(0)->hand()->size(), 0u);
  EXPECT_EQ(own->seats()->Get(0)->hand_size(), 7u);
  EXPECT_EQ(own->moves()->size(), 0u) << "it is the other's turn";
  EXPECT_GT(look(id, 0)->moves()->size(), 0u);
  EXPECT_EQ(look(id, 2), nullptr);
  EXPECT_EQ(host.code, busbar::errors::cards_out_of_range);
}

TEST_F(PlayedGame, RefusesStaleTurnsUnknownMovesAndClosedGames) {
  const uint64_t id = open()->game_id();
  EXPECT_EQ(apply(id, 3, 0), nullptr);
  EXPECT_EQ(host.code, busbar::errors::cards_conflict);
  EXPECT_EQ(apply(id, 0, 1000), nullptr);
  EXPECT_EQ(host.code, busbar::errors::cards_out_of_range);
  const auto* after = apply(id, 0, 0);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->turn(), 1u);
  ASSERT_NE(after->played(), nullptr);
  EXPECT_EQ(ai(id, 9), nullptr) << "there is no player 8";
  EXPECT_EQ(host.code, busbar::errors::cards_out_of_range);
  ASSERT_NE(ai(id, 7, 30), nullptr) << host.text;
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(cardsim::CreateGameRequest(builder, id));
  ASSERT_EQ(send(methods::CloseGame, builder), BUSBAR_OK);
  EXPECT_EQ(look(id), nullptr);
  EXPECT_EQ(host.code, busbar::errors::cards_not_found);
}

TEST_F(PlayedGame, ARestoredInstancePlaysOnToTheSameHash) {
  const uint64_t first = open(255, 3)->game_id(), second = open(255, 4)->game_id();
  for (int move = 0; move < 5; ++move) ai(first, 7, 20);
  ai(second, 2);
  uint64_t length = 0;
  ASSERT_EQ(service->snapshot(instance, nullptr, &length), BUSBAR_OK);
  std::vector<uint8_t> bytes(length);
  ASSERT_EQ(service->snapshot(instance, bytes.data(), &length), BUSBAR_OK);
  const uint64_t saved = service->hash(instance);
  const auto play_on = [&] {
    for (int move = 0; move < 4; ++move) ai(first, 7, 20);
    return service->hash(instance);
  };
  const uint64_t expected = play_on();
  EXPECT_NE(expected, saved);

  char error[200] = "";
  service->destroy(instance);
  ASSERT_EQ(service->create(&host.table, "{}", 2, &instance, error, sizeof error), BUSBAR_OK);
  ASSERT_EQ(service->restore(instance, bytes.data(), bytes.size(), error, sizeof error), BUSBAR_OK) << error;
  EXPECT_EQ(service->hash(instance), saved);
  EXPECT_EQ(play_on(), expected);
  EXPECT_EQ(open()->game_id(), second + 1) << "ids are not given twice";

  // Damage is refused, and what is open stays as it was.
  const uint64_t now = service->hash(instance);
  for (size_t cut = 0; cut < bytes.size(); cut += 7) {
    EXPECT_EQ(service->restore(instance, bytes.data(), cut, error, sizeof error), BUSBAR_ERROR) << cut;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] ^= 0x55;
    if (service->restore(instance, damaged.data(), damaged.size(), error, sizeof error) == BUSBAR_OK) {
      ASSERT_EQ(service->restore(instance, bytes.data(), bytes.size(), error, sizeof error), BUSBAR_OK);
      play_on();
      open();
    }
  }
  EXPECT_EQ(service->hash(instance), now);
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
  EXPECT_EQ(reply->version()->str(), "1.0");
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
