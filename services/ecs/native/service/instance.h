// One instance of the service, and one request while it is answered.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "busbar_service.h"
#include "config.h"
#include "ecs/query.h"
#include "ecs/snapshot.h"
#include "ecs/store.h"
#include "encode.h"
#include "errors.h"
#include "events.h"
#include "meter.h"
#include "restoring.h"
#include "subscriptions.h"
#include "systems.h"

namespace busbar::ecs {

/// Version of the requests; its minor grows with the schema. Callers compare it (services/recovery, checkVersion).
inline constexpr const char* kApiVersion = "1.0";

struct Counters {
  uint64_t events_sent = 0, events_refused = 0;
  uint64_t deltas_sent = 0, deltas_fresh = 0;
  uint64_t runs_failed = 0;  ///< of scheduled systems
};

/// XXH64 over the store's hash, turn and faction.
uint64_t hash_of(StateHash& parts, const Store& store, uint32_t turn, const std::string& faction);

class Instance {
 public:
  /// @throws std::runtime_error when a library of systems cannot be used
  Instance(const busbar_host& host_table, Config settings);

  /// What the outside takes for `version`: the store's clock on a base that rises with every restored snapshot, so that
  /// what was read before it is never taken for current.
  uint64_t version() const { return version_base + store->clock(); }
  uint64_t hash() { return hash_of(state_hash, *store, turn, faction); }
  std::vector<uint8_t> snapshot() const;
  /// Changes nothing unless the bytes are sound.
  Fault restore(std::span<const uint8_t> bytes);
  /// Takes over a restored store.
  void adopt(std::unique_ptr<Store> fresh, uint64_t steps, uint32_t current_turn, std::string current_faction,
             uint64_t version_before);
  Limits limits() const;

  /// Runs a system; its changes are collected in `changes`.
  Fault run_system(std::string_view name, double dt, RunReport& report);
  /// Runs those of the config one after the other; failures are logged and counted.
  void run_scheduled(const std::vector<Scheduled>& list);
  /// Publishes what was changed, then what that means for subscriptions.
  void publish_changes();
  void publish_deltas(bool turn_is_over);
  void log(int32_t level, const std::string& text) const {
    if (host.log != nullptr) host.log(host.context, level, text.data(), static_cast<uint32_t>(text.size()));
  }

  busbar_host host;
  Config config;
  std::unique_ptr<Store> store;
  std::unique_ptr<QueryEngine> engine;
  StateHash state_hash;
  uint64_t version_base = 0;
  uint64_t step = 0;
  uint32_t turn = 0;
  std::string faction;
  Systems systems;
  Subscriptions subscriptions;
  Restoring restoring;
  Changes changes;
  uint64_t event_sequence = 0;
  Counters counters;
  Meter meter;
  Builder builder{64 * 1024};
};

/// What every method needs: verification, errors, sending.
class Answer {
 public:
  Answer(Instance& instance, const busbar_message& message) : self_(instance), message_(message) {}

  /// The request, or null when it has been refused.
  template <class Table>
  const Table* read() {
    if (message_.verified == 0) {
      flatbuffers::Verifier verifier(message_.payload, message_.payload_length, 64, 10'000'000);
      if (!verifier.VerifyBuffer<Table>(nullptr)) {
        fail(errors::wire_malformed_payload, "the payload of a request to ecs is not a valid FlatBuffer");
        return nullptr;
      }
    }
    return flatbuffers::GetRoot<Table>(message_.payload);
  }

  /// True when the request has been refused for its number of items.
  bool refuses_items(const char* what, uint64_t count) {
    if (count <= self_.config.items_max) return false;
    fail(limit_exceeded(std::string("the number of ") + what, count, self_.config.items_max));
    return true;
  }

  void fail(const Fault& fault) { fail(static_cast<uint16_t>(fault.code), fault.text); }
  void fail(uint16_t code, const std::string& text) {
    self_.host.fail(self_.host.context, message_.request, code, text.data(), static_cast<uint32_t>(text.size()));
  }
  bool cancelled() const { return self_.host.cancelled(self_.host.context, message_.request) != 0; }

  /// Finishes the builder with the answer and sends it. @returns false when nobody wants it any more, which is no error
  /// of ours
  template <class Table>
  bool send(flatbuffers::Offset<Table> answer) {
    self_.builder.Finish(answer);
    return send_finished();
  }
  /// The same for a builder that is finished.
  bool send_finished() {
    const uint32_t size = self_.builder.GetSize();
    uint32_t room = 0;
    uint8_t* const at = self_.host.claim(self_.host.context, message_.request, size, &room);
    if (at == nullptr) return false;
    std::memcpy(at, self_.builder.GetBufferPointer(), size);
    return self_.host.commit(self_.host.context, message_.request, size) == BUSBAR_OK;
  }
  void end() { self_.host.end(self_.host.context, message_.request); }

  Instance& self() { return self_; }
  Builder& builder() { return self_.builder; }
  const busbar_message& message() const { return message_; }

 private:
  Instance& self_;
  const busbar_message& message_;
};

}  // namespace busbar::ecs
