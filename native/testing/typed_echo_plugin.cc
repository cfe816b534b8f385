// The Echo service of schema/testing as a plugin, with real FlatBuffers: what the tests of a hub talk to. For each Note
// that it receives it publishes a Tick of the same number.
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "busbar_service.h"
#include "busbar_types.h"
#include "errors.h"
#include "messages_generated.h"

namespace {

namespace messages = ::busbar::testing;
namespace types = ::busbar::types::busbar::testing;
namespace rpc = ::busbar::rpc::busbar::testing::Echo;
namespace errors = ::busbar::errors;

constexpr busbar_type method(const char* name, const ::busbar::rpc::Method& about) {
  return {name,
          about.id,
          BUSBAR_SERVES,
          about.request.fingerprint,
          about.response.fingerprint,
          about.response.id,
          about.streaming ? 1u : 0u};
}

constexpr busbar_type kTypes[] = {
    method("busbar.testing.Echo/Echo", rpc::Echo),
    method("busbar.testing.Echo/Count", rpc::Count),
    {types::Note.name, types::Note.id, BUSBAR_SUBSCRIBES, types::Note.fingerprint, 0, 0, 0},
    {types::Tick.name, types::Tick.id, BUSBAR_PUBLISHES, types::Tick.fingerprint, 0, 0, 0},
};

struct Echo {
  const busbar_host* host;
  flatbuffers::FlatBufferBuilder builder{1024};
};

template <typename Table>
const Table* read(const busbar_message& message) {
  flatbuffers::Verifier verifier(message.payload, message.payload_length);
  if (message.verified == 0 && !verifier.VerifyBuffer<Table>()) return nullptr;
  return flatbuffers::GetRoot<Table>(message.payload);
}

busbar_status answer(Echo& self, uint64_t request) {
  uint32_t room = 0;
  const auto bytes = self.builder.GetSize();
  uint8_t* to = self.host->claim(self.host->context, request, bytes, &room);
  if (to == nullptr) return BUSBAR_CLOSED;
  std::memcpy(to, self.builder.GetBufferPointer(), bytes);
  return self.host->commit(self.host->context, request, bytes);
}

/// @returns false when the request was cancelled meanwhile
bool pause(const Echo& self, uint64_t request, uint32_t ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
  while (std::chrono::steady_clock::now() < end) {
    if (self.host->cancelled(self.host->context, request) != 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

busbar_status fail(Echo& self, uint64_t request, std::string_view text) {
  self.host->fail(self.host->context, request, errors::core_handler_failed, text.data(),
                  static_cast<uint32_t>(text.size()));
  return BUSBAR_OK;
}

busbar_status on_echo(Echo& self, const busbar_message& message) {
  const auto* request = read<messages::EchoRequest>(message);
  if (request == nullptr) return BUSBAR_ERROR;
  if (!pause(self, message.request, request->delay_ms())) return BUSBAR_OK;
  const std::string_view text = request->text() == nullptr ? "" : request->text()->string_view();
  if (text == "fail") return fail(self, message.request, "the text was fail");
  self.builder.Clear();
  const auto copy = self.builder.CreateString(text.data(), text.size());
  self.builder.Finish(messages::CreateEchoReply(self.builder, request->seq(), copy));
  answer(self, message.request);
  return BUSBAR_OK;
}

busbar_status on_count(Echo& self, const busbar_message& message) {
  const auto* request = read<messages::CountRequest>(message);
  if (request == nullptr) return BUSBAR_ERROR;
  for (uint32_t i = 0; i < request->count(); i++) {
    if (request->fail_at() != 0 && i == request->fail_at()) return fail(self, message.request, "as asked");
    if (!pause(self, message.request, request->delay_ms())) return BUSBAR_OK;
    self.builder.Clear();
    self.builder.Finish(messages::CreateCountItem(self.builder, i));
    if (answer(self, message.request) != BUSBAR_OK) return BUSBAR_OK;
  }
  self.host->end(self.host->context, message.request);
  return BUSBAR_OK;
}

busbar_status on_note(Echo& self, const busbar_message& message) {
  const auto* note = read<messages::Note>(message);
  if (note == nullptr) return BUSBAR_ERROR;
  self.builder.Clear();
  self.builder.Finish(messages::CreateTick(self.builder, note->seq(), 0.5));
  return self.host->publish(self.host->context, types::Tick.id, types::Tick.fingerprint,
                            self.builder.GetBufferPointer(), self.builder.GetSize(), message.topic,
                            message.topic_length);
}

busbar_status create(const busbar_host* host, const char*, uint32_t, void** instance, char*, uint32_t) {
  *instance = new Echo{host};
  return BUSBAR_OK;
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Echo& self = *static_cast<Echo*>(instance);
  if (message->type_id == rpc::Echo.id) return on_echo(self, *message);
  if (message->type_id == rpc::Count.id) return on_count(self, *message);
  if (message->type_id == types::Note.id) return on_note(self, *message);
  return BUSBAR_UNSUPPORTED;
}

void destroy(void* instance) { delete static_cast<Echo*>(instance); }

}  // namespace

extern "C" const busbar_service* busbar_describe(void) {
  static const busbar_service service = [] {
    busbar_service s{};
    s.size = sizeof s;
    s.abi = BUSBAR_SERVICE_ABI;
    s.name = "typed_echo";
    s.version = "0.1.0";
    s.types = kTypes;
    s.type_count = sizeof kTypes / sizeof kTypes[0];
    s.create = create;
    s.on_frame = on_frame;
    s.destroy = destroy;
    return s;
  }();
  return &service;
}
