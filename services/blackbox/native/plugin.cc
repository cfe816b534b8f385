// The black box as a plugin: messages to the recorder, requests about it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <memory>

#include "binary_schema.h"
#include "blackbox/recorder.h"
#include "blackbox_generated.h"
#include "busbar_service.h"
#include "busbar_types.h"
#include "core/doorbell/doorbell.h"
#include "errors.h"
#include "events_generated.h"

namespace busbar::blackbox {
namespace {

namespace methods = rpc::blackbox::Blackbox;

/// Version of the requests; its minor grows with the schema.
constexpr char kApiVersion[] = "1.0";
constexpr char kVersion[] = "0.1.0";

struct EventTable {
  const types::Type& type;
  ::blackbox::EventType number;
};

constexpr EventTable kEvents[] = {
    {types::blackbox::CombatStart, ::blackbox::EventType::combat_start},
    {types::blackbox::CombatEnd, ::blackbox::EventType::combat_end},
    {types::blackbox::DamageDealt, ::blackbox::EventType::damage_dealt},
    {types::blackbox::EntitySpawned, ::blackbox::EventType::entity_spawned},
    {types::blackbox::EntityDestroyed, ::blackbox::EventType::entity_destroyed},
    {types::blackbox::TurnStart, ::blackbox::EventType::turn_start},
    {types::blackbox::TurnEnd, ::blackbox::EventType::turn_end},
    {types::blackbox::FactionAction, ::blackbox::EventType::faction_action},
    {types::blackbox::SystemError, ::blackbox::EventType::system_error},
};

/// The nine events, and what else the service subscribes to.
std::vector<Type> types_of(const busbar_about* about) {
  const BinarySchema schema(about == nullptr ? nullptr : about->schema, about == nullptr ? 0 : about->schema_length);
  std::vector<Type> types;
  for (const auto& [type, number] : kEvents)
    types.push_back({type.name, type.id, type.fingerprint, schema.closure_of(type.name), true, static_cast<int>(number)});
  for (uint32_t i = 0; about != nullptr && i < about->type_count; i++) {
    const busbar_type& extra = about->types[i];
    const auto same = [&](const Type& type) { return type.id == extra.type_id; };
    if (std::any_of(types.begin(), types.end(), same)) continue;
    types.push_back({extra.name, extra.type_id, extra.fingerprint, schema.closure_of(extra.name),
                     schema.has_event_header(extra.name), -1});
  }
  return types;
}

struct Instance {
  Instance(const busbar_host& host_table, Settings settings, std::vector<Type> types)
      : host(host_table), recorder(std::move(settings), std::move(types), disk, {monotonic_ns, wall_ns}) {}
  ~Instance() {
    if (!recorder.close()) log(50, recorder.account().last_error + "; " + std::to_string(recorder.account().io) + " messages are lost");
  }

  void log(int32_t level, const std::string& text) {
    if (host.log != nullptr) host.log(host.context, level, text.data(), static_cast<uint32_t>(text.size()));
  }
  /// Tells of a new error once, and asks for the wake that the recorder wants now.
  void settle() {
    const Account& account = recorder.account();
    if (account.write_errors != errors_told) {
      const bool first = errors_told == 0 || account.last_error != told;
      errors_told = account.write_errors;
      told = account.last_error;
      if (first)
        log(50, "blackbox/write-failed: " + told +
                    (recorder.settings().on_error == OnError::block ? "; messages wait until it can" : ""));
    }
    const uint64_t at = recorder.wake_at();
    if (at == asked || host.wake_at == nullptr) return;
    asked = at;
    host.wake_at(host.context, at);
  }

  busbar_host host;
  SystemDisk disk;
  Recorder recorder;
  uint64_t asked = 0, errors_told = 0;
  std::string told;
  flatbuffers::FlatBufferBuilder builder{1024};
};

/// One request while it is answered.
struct Answer {
  Instance& self;
  const busbar_message& message;

  template <class Table>
  const Table* read() {
    flatbuffers::Verifier verifier(message.payload, message.payload_length);
    if (message.verified != 0 || verifier.VerifyBuffer<Table>(nullptr)) return flatbuffers::GetRoot<Table>(message.payload);
    return fail(errors::wire_malformed_payload, "the payload of a request to blackbox is not a valid FlatBuffer"), nullptr;
  }
  void fail(uint16_t code, const std::string& text) {
    self.host.fail(self.host.context, message.request, code, text.data(), static_cast<uint32_t>(text.size()));
  }
  void failed_write() { fail(errors::blackbox_write_failed, "blackbox/write-failed: " + self.recorder.account().last_error); }
  template <class Table>
  void send(flatbuffers::Offset<Table> table) {
    self.builder.Finish(table);
    const uint32_t size = self.builder.GetSize();
    uint32_t room = 0;
    uint8_t* const at = self.host.claim(self.host.context, message.request, size, &room);
    if (at == nullptr) return;
    std::memcpy(at, self.builder.GetBufferPointer(), size);
    self.host.commit(self.host.context, message.request, size);
  }

  void flush() {
    const auto* const request = read<::blackbox::FlushRequest>();
    if (request == nullptr) return;
    const uint64_t before = self.recorder.account().bytes;
    if (!self.recorder.flush(request->sync())) return failed_write();
    const auto& file = self.recorder.file();
    const auto path = self.builder.CreateString(file.is_open() ? file.path() : std::string());
    send(::blackbox::CreateFlushResponse(self.builder, path, file.is_open() ? file.bytes() : 0,
                                         self.recorder.account().bytes - before));
  }
  void roll() {
    if (read<::blackbox::RollRequest>() == nullptr) return;
    const bool open = self.recorder.file().is_open();
    if (!self.recorder.roll()) return failed_write();
    const auto path = self.builder.CreateString(open ? self.recorder.closed_path() : std::string());
    send(::blackbox::CreateRollResponse(self.builder, path, open ? self.recorder.closed_messages() : 0,
                                        open ? self.recorder.closed_bytes() : 0));
  }
  void stats() {
    if (read<::blackbox::StatsRequest>() == nullptr) return;
    const Account& account = self.recorder.account();
    auto& builder = self.builder;
    const std::pair<const char*, uint64_t> reasons[] = {{"replayed", account.replayed},
                                                        {"malformed", account.malformed},
                                                        {"bad-header", account.bad_header},
                                                        {"unknown-type", account.unknown_type},
                                                        {"io", account.io}};
    std::vector<flatbuffers::Offset<::blackbox::Refused>> list;
    for (const auto& [reason, count] : reasons)
      if (count > 0) list.push_back(::blackbox::CreateRefusedDirect(builder, reason, count));
    const auto refused = builder.CreateVector(list);
    const auto& file = self.recorder.file();
    const auto path = builder.CreateString(file.is_open() ? file.path() : std::string());
    const auto error = builder.CreateString(account.last_error);
    ::blackbox::StatsResponseBuilder table(builder);
    table.add_received(account.received);
    table.add_written(account.written);
    table.add_buffered(account.buffered);
    table.add_refused(refused);
    table.add_bytes(account.bytes);
    table.add_files(account.files);
    table.add_chunks(account.chunks);
    table.add_journal_bytes(account.journal_bytes);
    table.add_write_errors(account.write_errors);
    table.add_last_error(error);
    table.add_blocked(self.recorder.blocked());
    table.add_file(path);
    table.add_file_bytes(file.is_open() ? file.bytes() : 0);
    table.add_lag_ns(account.lag_ns);
    table.add_lag_max_ns(account.lag_max_ns);
    send(table.Finish());
  }
  void version() {
    if (read<::busbar::api::VersionRequest>() == nullptr) return;
    const auto service = self.builder.CreateString("blackbox");
    const auto spoken = self.builder.CreateString(kApiVersion);
    send(::busbar::api::CreateVersionReply(self.builder, service, spoken));
  }

  busbar_status run() {
    self.builder.Clear();
    if (message.type_id == methods::Flush.id) flush();
    else if (message.type_id == methods::Roll.id) roll();
    else if (message.type_id == methods::Stats.id) stats();
    else if (message.type_id == methods::Version.id) version();
    else return BUSBAR_UNSUPPORTED;
    self.settle();
    return BUSBAR_OK;
  }
};

busbar_status explain(const std::string& text, char* error, uint32_t error_max) {
  if (error != nullptr && error_max > 0) std::snprintf(error, error_max, "%s", text.c_str());
  return BUSBAR_ERROR;
}

const busbar_about* about_of(const busbar_host& host) {
  const bool knows = host.size >= offsetof(busbar_host, about) + sizeof host.about && host.about != nullptr;
  return knows ? host.about(host.context) : nullptr;
}

busbar_status create(const busbar_host* host, const char* json, uint32_t length, void** instance, char* error,
                     uint32_t error_max) {
  try {
    Settings settings;
    if (const std::string problem = read_settings({json == nullptr ? "" : json, length}, settings); !problem.empty())
      return explain(problem, error, error_max);
    auto made = std::make_unique<Instance>(*host, std::move(settings), types_of(about_of(*host)));
    if (const std::string problem = made->recorder.start(); !problem.empty()) return explain(problem, error, error_max);
    *instance = made.release();
    return BUSBAR_OK;
  } catch (const std::exception& exception) {
    return explain(exception.what(), error, error_max);
  }
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Instance& self = *static_cast<Instance*>(instance);
  try {
    if (message->request != 0) return Answer{self, *message}.run();
    const std::string_view topic(message->topic == nullptr ? "" : message->topic, message->topic_length);
    const Taken taken = self.recorder.record({message->type_id, message->timestamp_ns, message->payload,
                                              message->payload_length, topic, message->replayed != 0, message->source_id,
                                              message->epoch, message->sequence});
    self.settle();
    if (taken == Taken::later) return BUSBAR_FULL;
    return taken == Taken::failed ? BUSBAR_CLOSED : BUSBAR_OK;
  } catch (const std::exception& exception) {
    // No memory: the message is held rather than lost.
    self.log(50, std::string("blackbox: ") + exception.what());
    return message->request == 0 ? BUSBAR_FULL : BUSBAR_ERROR;
  }
}

busbar_status on_tick(void* instance, uint64_t, uint64_t time_ns) {
  static_cast<Instance*>(instance)->recorder.tick(time_ns);
  return BUSBAR_OK;
}

busbar_status on_wake(void* instance, uint64_t) {
  Instance& self = *static_cast<Instance*>(instance);
  try {
    self.recorder.wake();
    self.asked = 0;
    self.settle();
    return self.recorder.failed() ? BUSBAR_CLOSED : BUSBAR_OK;
  } catch (const std::exception& exception) {
    self.log(50, std::string("blackbox: ") + exception.what());
    return BUSBAR_ERROR;
  }
}

void destroy_instance(void* instance) { delete static_cast<Instance*>(instance); }

constexpr busbar_type serves(const char* name, const rpc::Method& method) {
  return {name, method.id, BUSBAR_SERVES, method.request.fingerprint, method.response.fingerprint, method.response.id, 0};
}

}  // namespace
}  // namespace busbar::blackbox

extern "C" BUSBAR_PLUGIN_EXPORT const busbar_service* busbar_describe(void) {
  namespace blackbox = busbar::blackbox;
  static const auto types = [] {
    std::array<busbar_type, std::size(blackbox::kEvents) + 4> list{
        blackbox::serves("blackbox.Blackbox/Flush", blackbox::methods::Flush),
        blackbox::serves("blackbox.Blackbox/Roll", blackbox::methods::Roll),
        blackbox::serves("blackbox.Blackbox/Stats", blackbox::methods::Stats),
        blackbox::serves("blackbox.Blackbox/Version", blackbox::methods::Version),
    };
    for (size_t i = 0; i < std::size(blackbox::kEvents); i++) {
      const busbar::types::Type& type = blackbox::kEvents[i].type;
      list[4 + i] = {type.name, type.id, BUSBAR_SUBSCRIBES, type.fingerprint, 0, 0, 0};
    }
    return list;
  }();
  static const busbar_service service = [] {
    busbar_service table{};
    table.size = sizeof(busbar_service);
    table.abi = BUSBAR_SERVICE_ABI;
    table.name = "blackbox";
    table.version = blackbox::kVersion;
    table.types = types.data();
    table.type_count = static_cast<uint32_t>(types.size());
    table.create = &blackbox::create;
    table.on_frame = &blackbox::on_frame;
    table.on_tick = &blackbox::on_tick;
    table.on_wake = &blackbox::on_wake;
    table.destroy = &blackbox::destroy_instance;
    table.takes_subscribed = 1;
    return table;
  }();
  return &service;
}
