// A host made of a few functions: keeps every answer, runs `parallel` on one thread with the indices backwards, which
// must not show.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "busbar_service.h"
#include "busbar_types.h"
#include "flatbuffers/flatbuffers.h"

namespace busbar::combat::testing {

struct FakeHost {
  busbar_host table{};
  std::vector<uint64_t> memory;
  std::vector<std::vector<uint64_t>> answers;
  std::vector<uint32_t> lengths;
  int ended = 0;
  uint16_t code = 0;
  std::string text;
  int cancel_after = -1;
  uint32_t threads = 2;

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
    table.parallel = [](void* context, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
      for (uint32_t i = count; i-- > 0;) fn(argument, i, i % static_cast<FakeHost*>(context)->threads);
    };
    table.threads = [](void* context) -> uint32_t { return static_cast<FakeHost*>(context)->threads; };
  }

  void forget() {
    answers.clear(), lengths.clear(), text.clear();
    code = 0, ended = 0;
  }
};

/// One instance of the plugin behind a FakeHost.
class Plugin {
 public:
  explicit Plugin(const char* config = "{}", uint32_t threads = 2) {
    host.threads = threads;
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
    busbar_message message{};
    message.size = sizeof message;
    message.type_id = method.id;
    message.request = 7;
    message.fingerprint = method.request.fingerprint;
    message.payload = bytes;
    message.payload_length = length;
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
