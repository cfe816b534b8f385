// Games that are open between requests, through the plugin's C ABI: step by step, in batches, saved and restored.
#include "testing/plugin_fixture.h"

namespace {

namespace cards = busbar::cards;
namespace methods = busbar::rpc::cardsim::Cards;
using cards::testing::Plugin;

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

/// Adds items that ask for one step each.
struct Steps {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<cardsim::PlayItem>> items;

  void open(uint64_t seed, uint8_t viewer = 255) {
    const auto bytes = builder.CreateVector(cards::testing::eights_program(2).build());
    cardsim::SimulationRequestBuilder request(builder);
    request.add_genome_bytecode(bytes);
    request.add_num_games(1);
    request.add_random_seed(seed);
    const auto inner = request.Finish();
    items.push_back(
        cardsim::CreatePlayItem(builder, cardsim::CreateNewGameRequest(builder, inner, 0, viewer)));
  }
  void look(uint64_t id, uint8_t viewer = 255) {
    items.push_back(cardsim::CreatePlayItem(builder, {}, cardsim::CreateGameRequest(builder, id, viewer)));
  }
  void apply(uint64_t id, uint32_t turn, uint32_t move, uint8_t viewer = 255) {
    const auto step = cardsim::CreateApplyMoveRequest(builder, id, turn, move, viewer);
    items.push_back(cardsim::CreatePlayItem(builder, {}, {}, step));
  }
  void ai(uint64_t id) {
    items.push_back(cardsim::CreatePlayItem(builder, {}, {}, {}, cardsim::CreateAiMoveRequest(builder, id)));
  }
  void close(uint64_t id) {
    items.push_back(cardsim::CreatePlayItem(builder, {}, {}, {}, {}, cardsim::CreateGameRequest(builder, id)));
  }
  const flatbuffers::FlatBufferBuilder& done() {
    builder.Finish(cardsim::CreatePlayRequest(builder, builder.CreateVector(items)));
    return builder;
  }
};

class ManyGames : public PlayedGame {
 protected:
  const flatbuffers::Vector<flatbuffers::Offset<cardsim::PlayResult>>* play(Steps&& steps) {
    host.answers.clear();
    host.lengths.clear();
    host.code = 0;
    EXPECT_EQ(send(methods::Play, steps.done()), BUSBAR_OK);
    return host.answers.empty() ? nullptr : answer<cardsim::PlayResponse>(0)->results();
  }
};

TEST_F(ManyGames, ABatchOfStepsDoesWhatOneByOneDoes) {
  constexpr uint32_t kGames = 20;
  Steps opened;
  for (uint32_t i = 0; i < kGames; ++i) opened.open(i);
  const auto* views = play(std::move(opened));
  ASSERT_EQ(views->size(), kGames);
  std::vector<uint64_t> together, alone;
  for (uint32_t i = 0; i < kGames; ++i) together.push_back(views->Get(i)->game_id());
  for (uint32_t i = 0; i < kGames; ++i) alone.push_back(open(255, i)->game_id());
  for (uint32_t turn = 0; turn < 12; ++turn) {
    Steps steps;
    for (const uint64_t id : together) turn % 3 == 2 ? steps.apply(id, turn, 0) : steps.ai(id);
    std::vector<uint64_t> hashes;
    for (const auto* result : *play(std::move(steps))) {
      ASSERT_EQ(result->error(), 0u) << result->error_text()->str();
      ASSERT_NE(result->view()->played(), nullptr);
      hashes.push_back(result->view()->state_hash());
    }
    for (uint32_t i = 0; i < kGames; ++i) {
      const auto* view = turn % 3 == 2 ? apply(alone[i], turn, 0) : ai(alone[i]);
      EXPECT_EQ(view->state_hash(), hashes[i]) << "game " << i << ", turn " << turn;
    }
  }
}

TEST_F(ManyGames, AStepThatIsRefusedSpoilsNoOtherAndChangesNothing) {
  const uint64_t id = open()->game_id();
  const uint64_t before = service->hash(instance);
  Steps steps;
  steps.apply(id, 5, 0);     // a turn that is not
  steps.apply(id, 0, 1000);  // a move that is not
  steps.apply(id, 0, 0, 9);  // seen by a seat that is not
  steps.look(id + 100);      // a game that is not
  steps.open(1, 9);
  steps.items.push_back(cardsim::CreatePlayItem(steps.builder));
  const auto* refused = play(std::move(steps));
  ASSERT_EQ(refused->size(), 6u);
  const uint16_t codes[] = {busbar::errors::cards_conflict,     busbar::errors::cards_out_of_range,
                            busbar::errors::cards_out_of_range, busbar::errors::cards_not_found,
                            busbar::errors::cards_out_of_range, busbar::errors::cards_malformed};
  for (uint32_t i = 0; i < 6; ++i) {
    EXPECT_EQ(refused->Get(i)->error(), codes[i]) << i;
    EXPECT_EQ(refused->Get(i)->view(), nullptr) << i;
    EXPECT_FALSE(refused->Get(i)->error_text()->str().empty()) << i;
  }
  EXPECT_EQ(look(id)->turn(), 0u);
  Steps mixed;
  mixed.apply(id, 1, 0);  // too early
  mixed.apply(id, 0, 0);
  mixed.apply(id, 1, 0);  // now it is its turn
  mixed.look(id, 1);
  mixed.close(id);
  mixed.look(id);
  const auto* results = play(std::move(mixed));
  EXPECT_EQ(results->Get(0)->error(), busbar::errors::cards_conflict);
  EXPECT_EQ(results->Get(1)->view()->turn(), 1u);
  EXPECT_EQ(results->Get(2)->view()->turn(), 2u);
  EXPECT_EQ(results->Get(3)->view()->seats()->Get(0)->hand()->size(), 0u);
  EXPECT_EQ(results->Get(4)->error(), 0u);
  EXPECT_EQ(results->Get(4)->view(), nullptr);
  EXPECT_EQ(results->Get(5)->error(), busbar::errors::cards_not_found);
  EXPECT_NE(service->hash(instance), before);
}

TEST_F(ManyGames, ACancelledBatchStopsBetweenSteps) {
  const uint64_t id = open()->game_id();
  Steps steps;
  for (uint32_t turn = 0; turn < 6; ++turn) steps.apply(id, turn, 0);
  host.cancel_after = 3;
  EXPECT_EQ(play(std::move(steps)), nullptr);
  EXPECT_EQ(host.code, busbar::errors::core_cancelled);
  host.cancel_after = -1;
  EXPECT_EQ(look(id)->turn(), 3u);
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

}  // namespace
