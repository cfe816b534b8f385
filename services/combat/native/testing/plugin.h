// The plugin behind a host that keeps every answer and plays all workers on one thread, for tests and the fuzzer.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "testing/recording_host.h"
#include "flatbuffers/flatbuffers.h"

namespace busbar::combat::testing {

using busbar::testing::FakeHost;

/// One instance of the plugin behind a FakeHost.
class Plugin {
 public:
  explicit Plugin(const char* config = "{}", uint32_t threads = 2, uint8_t* telemetry = nullptr) {
    host.threads = threads, host.real_threads = false, host.telemetry = telemetry;
    char error[200] = "";
    if (service->create(&host.table, config, static_cast<uint32_t>(std::strlen(config)), &instance, error,
                        sizeof error) != BUSBAR_OK)
      refused = error;
  }
  ~Plugin() {
    if (instance != nullptr) service->destroy(instance);
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  busbar_status send(const rpc::Method& method, const flatbuffers::FlatBufferBuilder& builder) {
    std::vector<uint64_t> payload((builder.GetSize() + 7) / 8);
    std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
    return send_bytes(method, reinterpret_cast<const uint8_t*>(payload.data()), builder.GetSize());
  }
  busbar_status send_bytes(const rpc::Method& method, const uint8_t* bytes, uint32_t length) {
    host.forget();
    const busbar_message message = busbar::testing::request_of(method, bytes, length);
    return service->on_frame(instance, &message);
  }
  /// Null unless the answer is a sound table of that type.
  template <class Table>
  const Table* answer(size_t i = 0) {
    if (i >= host.answers.size()) return nullptr;
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(host.answers[i].data()), host.lengths[i]);
    return verifier.VerifyBuffer<Table>(nullptr) ? flatbuffers::GetRoot<Table>(host.answers[i].data()) : nullptr;
  }

  FakeHost host;
  const busbar_service* service = busbar_describe();
  void* instance = nullptr;
  std::string refused;
};

}  // namespace busbar::combat::testing
