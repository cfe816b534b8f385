// A host made of a few functions, for tests and fuzzers of a plugin through its C ABI: it keeps every answer.
#pragma once

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "busbar_service.h"
#include "busbar_types.h"

namespace busbar::testing {

/// A message that a plugin has published.
struct Published {
  uint32_t type_id;
  std::string topic;
  std::vector<uint64_t> payload;
  uint32_t length;
};

struct FakeHost {
  busbar_host table{};
  std::vector<uint64_t> memory;
  std::vector<std::vector<uint64_t>> answers;
  std::vector<uint32_t> lengths;
  int ended = 0;
  uint16_t code = 0;
  std::string text;
  /// Calls of `cancelled` that still say no; -1: it never says yes.
  int cancel_after = -1;
  /// What the plugin has logged last.
  std::string logged;
  std::vector<Published> published;
  /// What `publish` answers; what is not BUSBAR_OK is not kept.
  busbar_status publish_status = BUSBAR_OK;
  /// Workers of `parallel`; 1 runs the indices backwards on the calling thread, which must not show.
  uint32_t threads = 1;
  /// Record that the plugin writes its telemetry into; null: there is none.
  uint8_t* telemetry = nullptr;
  /// False: the calling thread plays every worker in turn, indices backwards.
  bool real_threads = true;

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
      return self.cancel_after >= 0 && (self.cancel_after == 0 || self.cancel_after-- == 0);
    };
    table.publish = [](void* context, uint32_t type_id, uint64_t, const uint8_t* payload, uint32_t length,
                       const char* topic, uint32_t topic_length) -> busbar_status {
      FakeHost& self = *static_cast<FakeHost*>(context);
      if (self.publish_status != BUSBAR_OK) return self.publish_status;
      Published message{type_id, std::string(topic == nullptr ? "" : topic, topic_length), {}, length};
      message.payload.resize((length + 7) / 8);
      std::memcpy(message.payload.data(), payload, length);
      self.published.push_back(std::move(message));
      return BUSBAR_OK;
    };
    table.parallel = [](void* context, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
      const FakeHost& self = *static_cast<FakeHost*>(context);
      const uint32_t size = self.threads;
      if (size <= 1 || !self.real_threads) {
        for (uint32_t i = count; i-- > 0;) fn(argument, i, i % size);
        return;
      }
      std::vector<std::thread> workers;
      for (uint32_t worker = 0; worker < size; ++worker) {
        workers.emplace_back([=] {
          for (uint32_t i = worker; i < count; i += size) fn(argument, i, worker);
        });
      }
      for (std::thread& worker : workers) worker.join();
    };
    table.log = [](void* context, int32_t, const char* line, uint32_t length) {
      static_cast<FakeHost*>(context)->logged.assign(line, length);
    };
    table.threads = [](void* context) -> uint32_t { return static_cast<FakeHost*>(context)->threads; };
    table.telemetry = [](void* context) { return static_cast<FakeHost*>(context)->telemetry; };
  }

  void forget() {
    answers.clear();
    lengths.clear();
    ended = 0;
    code = 0;
    text.clear();
  }
};

/// Request 7 of a method, with a payload that is borrowed.
inline busbar_message request_of(const rpc::Method& method, const uint8_t* bytes, uint32_t length) {
  busbar_message message{};
  message.size = sizeof message;
  message.type_id = method.id;
  message.request = 7;
  message.fingerprint = method.request.fingerprint;
  message.payload = bytes;
  message.payload_length = length;
  return message;
}

}  // namespace busbar::testing
