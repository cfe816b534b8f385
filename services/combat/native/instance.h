// One instance of the service and one request while it is answered.
#pragma once

#include <cstring>
#include <vector>

#include "busbar_service.h"
#include "combat/ballistics.h"
#include "combat/resolver.h"
#include "combat/store.h"
#include "errors.h"
#include "messages_battle.h"
#include "meter.h"

namespace busbar::combat {

/// Version of the messages: majors must be equal, the caller's minor must not
/// be above ours.
inline constexpr uint16_t kApiMajor = 1, kApiMinor = 0;

struct Instance {
  Instance(const busbar_host& host_table, const Config& settings)
      : host(host_table),
        config(settings),
        resolver(settings, host_table.threads(host_table.context)),
        store(settings.limits),
        meter(telemetry::record_of(&host_table)) {}

  busbar_host host;
  Config config;
  Resolver resolver;
  Store store;
  Meter meter;
  // Memory of requests, kept between them.
  BallisticsResult ballistics;
  NearbyResult nearby;
  PathResult paths;
  std::vector<GridSearch> grid_searches;
  std::vector<GraphSearch> graph_searches;
  std::vector<BattleRequest> battles;
  OutcomeOffsets outcomes;
  flatbuffers::FlatBufferBuilder builder{256 * 1024};
};

/// What every method needs to answer: verification, the version check, errors,
/// workers, sending.
class Answer {
 public:
  Answer(Instance& instance, const busbar_message& message) : self_(instance), message_(message) {}

  /// The request, or null when it has been refused.
  template <class Table>
  const Table* read() {
    if (message_.verified == 0) {
      flatbuffers::Verifier verifier(message_.payload, message_.payload_length, 64, 10'000'000);
      if (!verifier.VerifyBuffer<Table>(nullptr)) {
        fail(errors::wire_malformed_payload, "the payload of a request to combat is not a valid FlatBuffer");
        return nullptr;
      }
    }
    const Table* table = flatbuffers::GetRoot<Table>(message_.payload);
    if (table->api_major() == kApiMajor && table->api_minor() <= kApiMinor) return table;
    fail({Code::unsupported_version, "the caller speaks version " + std::to_string(table->api_major()) + "." +
                                         std::to_string(table->api_minor()) + " of Combat, this service " +
                                         std::to_string(kApiMajor) + "." + std::to_string(kApiMinor) +
                                         "; majors must be equal and the caller's minor not above"});
    return nullptr;
  }

  /// True when the request has been refused because its columns cannot be read
  /// in place.
  bool refuses(const ColumnReader& columns) {
    if (columns.aligned()) return false;
    fail(errors::wire_malformed_payload,
         "a column of the request does not lie "
         "at a multiple of its element's size");
    return true;
  }

  void fail(const Fault& fault) { fail(static_cast<uint16_t>(fault.code), fault.text); }
  void fail(uint16_t code, const std::string& text) {
    self_.host.fail(self_.host.context, message_.request, code, text.data(), static_cast<uint32_t>(text.size()));
  }

  Workers workers() {
    Workers workers;
    workers.context = this;
    workers.threads = self_.host.threads(self_.host.context);
    workers.parallel = [](void* context, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
      const busbar_host& host = static_cast<Answer*>(context)->self_.host;
      host.parallel(host.context, count, fn, argument);
    };
    workers.cancelled = [](void* context) {
      const Answer& answer = *static_cast<Answer*>(context);
      return answer.self_.host.cancelled(answer.self_.host.context, answer.message_.request) != 0;
    };
    return workers;
  }

  /// Sends what the builder holds. @returns false when nobody wants it any
  /// more, which is no error of ours
  bool send() {
    const uint32_t size = self_.builder.GetSize();
    uint32_t room = 0;
    uint8_t* const at = self_.host.claim(self_.host.context, message_.request, size, &room);
    if (at == nullptr) return false;
    std::memcpy(at, self_.builder.GetBufferPointer(), size);
    return self_.host.commit(self_.host.context, message_.request, size) == BUSBAR_OK;
  }
  void end() { self_.host.end(self_.host.context, message_.request); }

  Instance& self() { return self_; }

 private:
  Instance& self_;
  const busbar_message& message_;
};

inline Fault cancelled_fault() { return {Code::cancelled, "the request was cancelled"}; }

}  // namespace busbar::combat
