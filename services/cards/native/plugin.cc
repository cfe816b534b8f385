// The cards service as a plugin: requests in, answers out, nothing of the games themselves.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>

#include "api_generated.h"
#include "busbar_service.h"
#include "busbar_types.h"
#include "cards/config.h"
#include "errors.h"
#include "messages.h"
#include "meter.h"

namespace busbar::cards {
namespace {

namespace methods = rpc::cardsim::Cards;

static_assert(static_cast<uint16_t>(Code::cancelled) == errors::core_cancelled);
static_assert(static_cast<uint16_t>(Code::unknown_format) == errors::cards_unknown_format);
static_assert(static_cast<uint16_t>(Code::bad_header) == errors::cards_bad_header);
static_assert(static_cast<uint16_t>(Code::malformed) == errors::cards_malformed);
static_assert(static_cast<uint16_t>(Code::out_of_range) == errors::cards_out_of_range);
static_assert(static_cast<uint16_t>(Code::limit_exceeded) == errors::cards_limit_exceeded);
static_assert(static_cast<uint16_t>(Code::unsupported) == errors::cards_unsupported);
static_assert(static_cast<uint16_t>(Code::not_found) == errors::cards_not_found);
static_assert(static_cast<uint16_t>(Code::conflict) == errors::cards_conflict);
static_assert(static_cast<uint16_t>(Code::corrupt_state) == errors::cards_corrupt_state);

/// Version of the requests; its minor grows with the schema. Callers compare it (services/recovery, checkVersion).
constexpr char kApiVersion[] = "1.2";
/// Items of one part of a streamed batch.
constexpr size_t kStreamItems = 16;

struct Instance {
  Instance(const busbar_host& host_table, Limits limits)
      : host(host_table),
        simulator(limits, host_table.threads(host_table.context)),
        games(limits),
        meter(telemetry::record_of(&host_table)) {}

  busbar_host host;
  Simulator simulator;
  Games games;
  Meter meter;
  std::vector<Request> requests;
  std::vector<Stats> stats;
  StatsOffsets offsets;
  flatbuffers::FlatBufferBuilder builder{64 * 1024};
};

/// One request while it is answered.
class Answer {
 public:
  Answer(Instance& instance, const busbar_message& message) : self_(instance), message_(message) {}

  busbar_status fail(const Fault& fault) {
    return self_.host.fail(self_.host.context, message_.request, static_cast<uint16_t>(fault.code), fault.text.data(),
                           static_cast<uint32_t>(fault.text.size()));
  }

  template <class Table>
  const Table* verified() {
    if (message_.verified == 0) {
      flatbuffers::Verifier verifier(message_.payload, message_.payload_length, 64, 1'000'000);
      if (!verifier.VerifyBuffer<Table>(nullptr)) {
        static const char text[] = "the payload of a request to cards is not a valid FlatBuffer";
        self_.host.fail(self_.host.context, message_.request, errors::wire_malformed_payload, text, sizeof text - 1);
        return nullptr;
      }
    }
    return flatbuffers::GetRoot<Table>(message_.payload);
  }

  Helpers helpers() {
    Helpers helpers;
    helpers.context = this;
    helpers.threads = self_.host.threads(self_.host.context);
    helpers.parallel = [](void* context, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
      const busbar_host& host = static_cast<Answer*>(context)->self_.host;
      host.parallel(host.context, count, fn, argument);
    };
    helpers.cancelled = [](void* context) {
      const Answer& answer = *static_cast<Answer*>(context);
      return answer.self_.host.cancelled(answer.self_.host.context, answer.message_.request) != 0;
    };
    return helpers;
  }

  /// Sends what the builder holds. A caller that has gone is no error of ours.
  busbar_status send() {
    const uint32_t size = self_.builder.GetSize();
    uint32_t room = 0;
    uint8_t* const at = self_.host.claim(self_.host.context, message_.request, size, &room);
    if (at == nullptr) return BUSBAR_CLOSED;
    std::memcpy(at, self_.builder.GetBufferPointer(), size);
    return self_.host.commit(self_.host.context, message_.request, size);
  }

  busbar_status simulate(bool stream) {
    const auto* batch = verified<::cardsim::BatchRequest>();
    if (batch == nullptr) return BUSBAR_OK;
    const auto start = std::chrono::steady_clock::now();
    const size_t count = batch->requests() == nullptr ? 0 : batch->requests()->size();
    const Limits& limits = self_.simulator.limits();
    if (count > limits.items_max) {
      return fail({Code::limit_exceeded, "requests is " + std::to_string(count) + " items, the limit is " +
                                             std::to_string(limits.items_max)});
    }
    self_.requests.clear();
    for (size_t i = 0; i < count; ++i)
      self_.requests.push_back(read_request(*batch->requests()->Get(static_cast<uint32_t>(i))));
    self_.stats.resize(count);
    const Request* const requests = self_.requests.data();
    Stats* const stats = self_.stats.data();
    self_.meter.begin(requests, count);
    if (!stream) {
      if (!self_.simulator.run(requests, count, helpers(), stats))
        return fail({Code::cancelled, "the batch was cancelled"});
      self_.meter.count(requests, stats, count);
      const auto duration = std::chrono::steady_clock::now() - start;
      write_response(self_.builder, self_.offsets, batch->batch_id(), requests, stats, count,
                     static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count()));
      send();
      return BUSBAR_OK;
    }
    for (size_t first = 0; first < count; first += kStreamItems) {
      const size_t part = std::min(kStreamItems, count - first);
      if (!self_.simulator.run(requests + first, part, helpers(), stats + first, first)) {
        return fail({Code::cancelled, "the batch was cancelled"});
      }
      self_.meter.count(requests + first, stats + first, part);
      write_progress(self_.builder, self_.offsets, batch->batch_id(), requests, stats, first, part, count);
      if (send() != BUSBAR_OK) return BUSBAR_OK;
    }
    self_.host.end(self_.host.context, message_.request);
    return BUSBAR_OK;
  }

  busbar_status trace() {
    const auto* request = verified<::cardsim::TraceRequest>();
    if (request == nullptr) return BUSBAR_OK;
    const Trace trace =
        trace_game(read_request(*request->request()), request->game(), self_.simulator.limits(), arena());
    if (self_.simulator.arena().stopped) return fail({Code::cancelled, "the trace was cancelled"});
    if (trace.fault) return fail(trace.fault);
    self_.meter.count_traced();
    write_trace(self_.builder, trace);
    send();
    return BUSBAR_OK;
  }

  busbar_status new_game() {
    return one_step<::cardsim::NewGameRequest>(
        [&](const auto& request, Step& step) { return take_step(self_.games, request, step); });
  }

  busbar_status legal_moves() {
    return one_step<::cardsim::GameRequest>(
        [&](const auto& request, Step& step) { return take_step(self_.games, request, step); });
  }

  busbar_status apply_move() {
    return one_step<::cardsim::ApplyMoveRequest>(
        [&](const auto& request, Step& step) { return take_step(self_.games, request, step); });
  }

  busbar_status ai_move() {
    return one_step<::cardsim::AiMoveRequest>(
        [&](const auto& request, Step& step) { return take_step(self_.games, request, arena(), step); });
  }

  busbar_status close_game() {
    return one_step<::cardsim::GameRequest>(
        [&](const auto& request, Step& step) { return cards::close_game(self_.games, request, step); });
  }

  /// Steps of many games, in order; what was played before a caller cancels stays played.
  busbar_status play() {
    const auto* batch = verified<::cardsim::PlayRequest>();
    if (batch == nullptr) return BUSBAR_OK;
    const uint32_t count = batch->items() == nullptr ? 0 : batch->items()->size(), most = self_.simulator.limits().items_max;
    if (count > most) {
      return fail({Code::limit_exceeded,
                   "items is " + std::to_string(count) + " items, the limit is " + std::to_string(most)});
    }
    flatbuffers::FlatBufferBuilder& builder = self_.builder;
    builder.Clear();
    std::vector<flatbuffers::Offset<::cardsim::PlayResult>> results;
    results.reserve(count);
    Arena& arena = this->arena();
    for (uint32_t i = 0; i < count; ++i) {
      if (arena.cancelled(arena.cancel_context)) return fail({Code::cancelled, "the steps after this one were cancelled"});
      Step step;
      const Fault fault = take_step(self_.games, *batch->items()->Get(i), i, arena, step);
      if (fault.code == Code::cancelled) return fail(fault);
      results.push_back(put_result(builder, self_.games, step, fault));
    }
    builder.Finish(::cardsim::CreatePlayResponse(builder, builder.CreateVector(results)));
    send();
    return BUSBAR_OK;
  }

  busbar_status snapshot() {
    if (verified<::cardsim::SnapshotRequest>() == nullptr) return BUSBAR_OK;
    const std::vector<uint8_t> bytes = self_.games.snapshot();
    flatbuffers::FlatBufferBuilder& builder = self_.builder;
    builder.Clear();
    const auto saved = builder.CreateVector(bytes);
    builder.Finish(::cardsim::CreateSnapshotResponse(builder, saved, self_.games.hash()));
    send();
    return BUSBAR_OK;
  }

  busbar_status restore() {
    const auto* request = verified<::cardsim::RestoreRequest>();
    if (request == nullptr) return BUSBAR_OK;
    const std::string problem = self_.games.restore(request->bytes()->data(), request->bytes()->size());
    if (!problem.empty()) return fail({Code::corrupt_state, "the saved games cannot be restored: " + problem});
    flatbuffers::FlatBufferBuilder& builder = self_.builder;
    builder.Clear();
    builder.Finish(::cardsim::CreateRestoreResponse(builder, self_.games.hash(),
                                                    static_cast<uint32_t>(self_.games.count())));
    send();
    return BUSBAR_OK;
  }

  busbar_status version() {
    if (verified<::busbar::api::VersionRequest>() == nullptr) return BUSBAR_OK;
    flatbuffers::FlatBufferBuilder& builder = self_.builder;
    builder.Clear();
    const auto service = builder.CreateString("cards");
    const auto spoken = builder.CreateString(kApiVersion);
    builder.Finish(::busbar::api::CreateVersionReply(builder, service, spoken));
    send();
    return BUSBAR_OK;
  }

 private:
  /// Takes a step and answers with the view that it leaves, or with the id of a game that was closed.
  template <class Table, class Work>
  busbar_status one_step(Work work) {
    const auto* request = verified<Table>();
    if (request == nullptr) return BUSBAR_OK;
    Step step;
    if (const Fault fault = work(*request, step)) return fail(fault);
    flatbuffers::FlatBufferBuilder& builder = self_.builder;
    builder.Clear();
    if (step.game == nullptr)
      builder.Finish(::cardsim::CreateClosedGame(builder, step.id));
    else
      builder.Finish(put_view(builder, self_.games, step));
    send();
    return BUSBAR_OK;
  }

  /// The arena of this thread, which asks whether the caller still waits before it searches.
  Arena& arena() {
    Arena& arena = self_.simulator.arena();
    arena.stopped = false;
    arena.cancelled = helpers().cancelled;
    arena.cancel_context = this;
    return arena;
  }

  Instance& self_;
  const busbar_message& message_;
};

busbar_status create(const busbar_host* host, const char* config, uint32_t config_length, void** instance, char* error,
                     uint32_t error_max) {
  const auto explain = [&](const char* text) {
    if (error != nullptr && error_max > 0) std::snprintf(error, error_max, "%s", text);
    return BUSBAR_ERROR;
  };
  try {
    Limits limits;
    const std::string problem =
        read_config({config == nullptr ? "" : config, config == nullptr ? 0 : config_length}, limits);
    if (!problem.empty()) return explain(problem.c_str());
    *instance = new Instance(*host, limits);
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(exception.what());
  }
}

busbar_status answer(Instance& self, const busbar_message& message) {
  Answer answer(self, message);
  const uint32_t type = message.type_id;
  if (type == methods::Simulate.id) return answer.simulate(false);
  if (type == methods::SimulateStream.id) return answer.simulate(true);
  if (type == methods::Trace.id) return answer.trace();
  if (type == methods::NewGame.id) return answer.new_game();
  if (type == methods::LegalMoves.id) return answer.legal_moves();
  if (type == methods::ApplyMove.id) return answer.apply_move();
  if (type == methods::AiMove.id) return answer.ai_move();
  if (type == methods::CloseGame.id) return answer.close_game();
  if (type == methods::Play.id) return answer.play();
  if (type == methods::Version.id) return answer.version();
  if (type == methods::Snapshot.id) return answer.snapshot();
  if (type == methods::Restore.id) return answer.restore();
  return BUSBAR_UNSUPPORTED;
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Instance& self = *static_cast<Instance*>(instance);
  if (message->request == 0) return BUSBAR_UNSUPPORTED;
  const auto started = Meter::Clock::now();
  busbar_status status = BUSBAR_OK;
  try {
    status = answer(self, *message);
  } catch (const std::exception& exception) {
    const std::string text = exception.what();
    self.host.fail(self.host.context, message->request, errors::plugin_failed, text.data(),
                   static_cast<uint32_t>(text.size()));
  }
  self.meter.end(started, self.games.count());
  return status;
}

uint64_t state_of(void* instance) { return static_cast<Instance*>(instance)->games.hash(); }

busbar_status snapshot(void* instance, uint8_t* out, uint64_t* length) {
  try {
    const std::vector<uint8_t> bytes = static_cast<Instance*>(instance)->games.snapshot();
    if (out != nullptr && *length < bytes.size()) return BUSBAR_TOO_LARGE;
    if (out != nullptr) std::memcpy(out, bytes.data(), bytes.size());
    *length = bytes.size();
    return BUSBAR_OK;
  } catch (const std::exception&) {
    return BUSBAR_ERROR;
  }
}

busbar_status restore(void* instance, const uint8_t* bytes, uint64_t length, char* error, uint32_t error_max) {
  std::string problem;
  try {
    problem = static_cast<Instance*>(instance)->games.restore(bytes, length);
  } catch (const std::exception& exception) {
    problem = exception.what();
  }
  if (problem.empty()) return BUSBAR_OK;
  if (error != nullptr && error_max > 0) {
    std::snprintf(error, error_max, "the saved games cannot be restored: %s", problem.c_str());
  }
  return BUSBAR_ERROR;
}

void destroy(void* instance) { delete static_cast<Instance*>(instance); }

busbar_type serves(const char* name, const rpc::Method& method) {
  return {name,
          method.id,
          BUSBAR_SERVES,
          method.request.fingerprint,
          method.response.fingerprint,
          method.response.id,
          method.streaming ? 1u : 0u};
}

}  // namespace
}  // namespace busbar::cards

extern "C" BUSBAR_PLUGIN_EXPORT const busbar_service* busbar_describe(void) {
  namespace cards = busbar::cards;
  static const busbar_type types[] = {
      cards::serves("cardsim.Cards/Simulate", cards::methods::Simulate),
      cards::serves("cardsim.Cards/SimulateStream", cards::methods::SimulateStream),
      cards::serves("cardsim.Cards/Trace", cards::methods::Trace),
      cards::serves("cardsim.Cards/NewGame", cards::methods::NewGame),
      cards::serves("cardsim.Cards/LegalMoves", cards::methods::LegalMoves),
      cards::serves("cardsim.Cards/ApplyMove", cards::methods::ApplyMove),
      cards::serves("cardsim.Cards/AiMove", cards::methods::AiMove),
      cards::serves("cardsim.Cards/CloseGame", cards::methods::CloseGame),
      cards::serves("cardsim.Cards/Version", cards::methods::Version),
      cards::serves("cardsim.Cards/Play", cards::methods::Play),
      cards::serves("cardsim.Cards/Snapshot", cards::methods::Snapshot),
      cards::serves("cardsim.Cards/Restore", cards::methods::Restore),
  };
  static const busbar_service service = [] {
    busbar_service table{};
    table.size = sizeof(busbar_service);
    table.abi = BUSBAR_SERVICE_ABI;
    table.name = "cards";
    table.version = "0.2.0";
    table.types = types;
    table.type_count = sizeof types / sizeof types[0];
    table.create = &cards::create;
    table.on_frame = &cards::on_frame;
    table.hash = &cards::state_of;
    table.snapshot = &cards::snapshot;
    table.restore = &cards::restore;
    table.destroy = &cards::destroy;
    return table;
  }();
  return &service;
}
