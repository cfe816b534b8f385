// An instance of a plugin behind a host that keeps every answer, for tests with GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "flatbuffers/flatbuffers.h"
#include "recording_host.h"

namespace busbar::testing {

/// An instance of the plugin that is linked into the test.
class PluginClient {
 public:
  explicit PluginClient(FakeHost& fake, std::string_view config = "{}") : host(fake) {
    char error[300] = "";
    const busbar_status status = service->create(&host.table, config.data(), static_cast<uint32_t>(config.size()),
                                                 &instance, error, sizeof error);
    EXPECT_EQ(status, BUSBAR_OK) << error;
  }
  ~PluginClient() { service->destroy(instance); }
  PluginClient(const PluginClient&) = delete;
  PluginClient& operator=(const PluginClient&) = delete;

  busbar_status send_bytes(const rpc::Method& method, const uint8_t* bytes, uint32_t length) {
    const busbar_message message = request_of(method, bytes, length);
    return service->on_frame(instance, &message);
  }

  /// Finishes the builder with `request` and sends it. @returns the last answer, or nullptr with code and text in host
  template <class Reply, class Request>
  const Reply* ask(const rpc::Method& method, flatbuffers::FlatBufferBuilder& builder,
                   flatbuffers::Offset<Request> request) {
    builder.Finish(request);
    std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
    std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
    builder.Clear();
    host.forget();
    EXPECT_EQ(
        send_bytes(method, reinterpret_cast<const uint8_t*>(payload.data()), static_cast<uint32_t>(payload.size() * 8)),
        BUSBAR_OK);
    return host.answers.empty() ? nullptr : answer<Reply>(host.answers.size() - 1);
  }

  template <class Reply>
  const Reply* answer(size_t i) const {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(host.answers[i].data());
    flatbuffers::Verifier verifier(bytes, host.lengths[i]);
    EXPECT_TRUE(verifier.VerifyBuffer<Reply>(nullptr));
    return flatbuffers::GetRoot<Reply>(bytes);
  }

  FakeHost& host;
  const busbar_service* service = busbar_describe();
  void* instance = nullptr;
};

}  // namespace busbar::testing
