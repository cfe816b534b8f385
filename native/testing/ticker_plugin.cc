// Follows the simulated clock: publishes three Notes a tick, answers every second one that it gets, and hashes what came in
// which tick and order. What the tests of the clock compare over placements.
#include <cstring>
#include <string>
#include <string_view>

#include "busbar_service.h"
#include "busbar_types.h"
#include "core/hash/hash.h"
#include "messages_generated.h"

namespace {

namespace messages = ::busbar::testing;
namespace types = ::busbar::types::busbar::testing;

constexpr uint32_t kNotes = 3;

constexpr busbar_type kTypes[] = {
    {types::Note.name, types::Note.id, BUSBAR_SUBSCRIBES, types::Note.fingerprint, 0, 0, 0},
    {types::Note.name, types::Note.id, BUSBAR_PUBLISHES, types::Note.fingerprint, 0, 0, 0},
};

struct Ticker {
  const busbar_host* host;
  uint64_t fails_at = 0;
  std::string says;
  uint64_t tick = 0;
  busbar::hash::Xxh64 hash;
  flatbuffers::FlatBufferBuilder builder{256};
};

busbar_status publish(Ticker& self, uint32_t seq, const char* text) {
  self.builder.Clear();
  self.builder.Finish(messages::CreateNoteDirect(self.builder, seq, text));
  return self.host->publish(self.host->context, types::Note.id, types::Note.fingerprint,
                            self.builder.GetBufferPointer(), self.builder.GetSize(), nullptr, 0);
}

/// Config {"fails":3}: its turn of tick 3 fails; with "says":"..." it says why.
busbar_status create(const busbar_host* host, const char* config, uint32_t length, void** instance, char*, uint32_t) {
  auto* self = new Ticker{host};
  const std::string_view text(config, length);
  constexpr std::string_view kKey = "\"fails\":";
  if (const size_t at = text.find(kKey); at != std::string_view::npos)
    self->fails_at = static_cast<uint64_t>(text[at + kKey.size()] - '0');
  constexpr std::string_view kSays = "\"says\":\"";
  if (const size_t at = text.find(kSays); at != std::string_view::npos) {
    const size_t from = at + kSays.size();
    self->says = text.substr(from, text.find('"', from) - from);
  }
  *instance = self;
  return BUSBAR_OK;
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Ticker& self = *static_cast<Ticker*>(instance);
  if (message->type_id != types::Note.id) return BUSBAR_UNSUPPORTED;
  const auto* note = flatbuffers::GetRoot<messages::Note>(message->payload);
  self.hash.update_value(self.tick);
  self.hash.update_value(message->source_id);
  self.hash.update_value(note->seq());
  if (note->text() == nullptr || note->text()->string_view() != "call" || note->seq() % 4 != 0) return BUSBAR_OK;
  return publish(self, note->seq() + 1, "echo");
}

busbar_status on_tick(void* instance, uint64_t tick, uint64_t time_ns) {
  Ticker& self = *static_cast<Ticker*>(instance);
  self.tick = tick;
  self.hash.update_value(time_ns);
  if (tick == self.fails_at) {
    if (!self.says.empty()) self.host->log(self.host->context, 50, self.says.data(), static_cast<uint32_t>(self.says.size()));
    return BUSBAR_ERROR;
  }
  for (uint32_t i = 0; i < kNotes; i++) {
    if (const busbar_status status = publish(self, static_cast<uint32_t>(tick) * 100 + i * 2, "call"); status < 0)
      return status;
  }
  return BUSBAR_OK;
}

uint64_t hash(void* instance) { return static_cast<Ticker*>(instance)->hash.digest(); }
void destroy(void* instance) { delete static_cast<Ticker*>(instance); }

}  // namespace

extern "C" const busbar_service* busbar_describe(void) {
  static const busbar_service service = [] {
    busbar_service s{};
    s.size = sizeof s;
    s.abi = BUSBAR_SERVICE_ABI;
    s.name = "ticker";
    s.version = "0.1.0";
    s.types = kTypes;
    s.type_count = sizeof kTypes / sizeof kTypes[0];
    s.create = create;
    s.on_frame = on_frame;
    s.on_tick = on_tick;
    s.hash = hash;
    s.destroy = destroy;
    return s;
  }();
  return &service;
}
