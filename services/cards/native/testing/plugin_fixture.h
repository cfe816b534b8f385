// The plugin behind a host that keeps every answer, and what is asked of it.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "cards_generated.h"
#include "errors.h"
#include "testing/program_bytes.h"
#include "testing/recording_host.h"

namespace busbar::cards::testing {

namespace methods = rpc::cardsim::Cards;
using busbar::testing::FakeHost;

class Plugin : public ::testing::Test {
 protected:
  void SetUp() override {
    host.threads = 2, host.real_threads = false;
    char error[100] = "";
    ASSERT_EQ(service->create(&host.table, "{}", 2, &instance, error, sizeof error), BUSBAR_OK) << error;
  }
  void TearDown() override { service->destroy(instance); }

  busbar_status send(const rpc::Method& method, const flatbuffers::FlatBufferBuilder& builder,
                     uint32_t verified = 0) {
    std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
    std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
    return send_bytes(method, reinterpret_cast<const uint8_t*>(payload.data()), builder.GetSize(), verified);
  }
  busbar_status send_bytes(const rpc::Method& method, const uint8_t* bytes, uint32_t length,
                           uint32_t verified = 0) {
    busbar_message message = busbar::testing::request_of(method, bytes, length);
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

}  // namespace busbar::cards::testing
