// A plugin for tests: holds messages back, as one does whose disk is full, and ends when it is told to. Config, all optional:
//   "every":n "times":m   answers every n-th message with BUSBAR_FULL m times before it takes it
//   "own_wake":1          asks for its wakes itself then, instead of leaving that to the host
//   "close_at":n          answers its n-th message with BUSBAR_CLOSED
//   "close_on_wake":1     gives BUSBAR_CLOSED at its first wake
// The request Echo/Call is answered with the first word of each message it took, in order.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "busbar_service.h"
#include "core/hash/hash.h"

namespace {

constexpr uint32_t kCall = 0x25242436, kReply = 0x61a4fb11, kNote = 0xa5cb06cc;
constexpr uint64_t kFingerprint = 0x1122334455667788ull;

constexpr busbar_type kTypes[] = {
    {"busbar.testing.Echo/Call", kCall, BUSBAR_SERVES, kFingerprint, kFingerprint, kReply, 0},
    {"busbar.testing.Note", kNote, BUSBAR_SUBSCRIBES, kFingerprint, 0, 0, 0},
};

struct Holding {
  const busbar_host* host;
  uint64_t every, times, own_wake, close_at, close_on_wake;
  uint64_t refused = 0;
  std::vector<uint32_t> taken{};
};

uint64_t number_of(std::string_view config, std::string_view key) {
  const size_t at = config.find(key);
  return at == std::string_view::npos ? 0 : std::strtoull(config.data() + at + key.size(), nullptr, 10);
}

busbar_status create(const busbar_host* host, const char* config, uint32_t length, void** instance, char*, uint32_t) {
  const std::string_view text(config, length);
  *instance = new Holding{host,
                          number_of(text, "\"every\":"),
                          number_of(text, "\"times\":"),
                          number_of(text, "\"own_wake\":"),
                          number_of(text, "\"close_at\":"),
                          number_of(text, "\"close_on_wake\":")};
  return BUSBAR_OK;
}

void log(const Holding& self, std::string_view text) {
  self.host->log(self.host->context, 50, text.data(), static_cast<uint32_t>(text.size()));
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Holding& self = *static_cast<Holding*>(instance);
  const busbar_host& host = *self.host;
  if (message->request != 0) {
    const auto bytes = static_cast<uint32_t>(self.taken.size() * 4);
    uint32_t room = 0;
    uint8_t* const to = host.claim(host.context, message->request, bytes, &room);
    if (to == nullptr) return BUSBAR_OK;
    if (bytes > 0) std::memcpy(to, self.taken.data(), bytes);
    return host.commit(host.context, message->request, bytes);
  }
  const uint64_t number = self.taken.size() + 1;
  if (number == self.close_at) {
    log(self, "the disk is gone");
    return BUSBAR_CLOSED;
  }
  if (self.every != 0 && number % self.every == 0 && self.refused < self.times) {
    self.refused++;
    if (self.own_wake != 0) {
      const auto now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
      host.wake_at(host.context, static_cast<uint64_t>(now) + 100'000);
    }
    return BUSBAR_FULL;
  }
  self.refused = 0;
  uint32_t word = 0;
  if (message->payload_length >= 4) std::memcpy(&word, message->payload, 4);
  self.taken.push_back(word);
  return BUSBAR_OK;
}

busbar_status on_wake(void* instance, uint64_t) {
  const Holding& self = *static_cast<Holding*>(instance);
  if (self.close_on_wake == 0) return BUSBAR_OK;
  log(self, "it woke to nothing");
  return BUSBAR_CLOSED;
}

uint64_t state_hash(void* instance) {
  busbar::hash::Xxh64 hash;
  for (const uint32_t word : static_cast<Holding*>(instance)->taken) hash.update_value(word);
  return hash.digest();
}

void destroy(void* instance) { delete static_cast<Holding*>(instance); }

}  // namespace

extern "C" const busbar_service* busbar_describe(void) {
  static const busbar_service service = [] {
    busbar_service s{};
    s.size = sizeof s;
    s.abi = BUSBAR_SERVICE_ABI;
    s.name = "holding";
    s.version = "0.1.0";
    s.types = kTypes;
    s.type_count = sizeof kTypes / sizeof kTypes[0];
    s.create = create;
    s.on_frame = on_frame;
    s.on_wake = on_wake;
    s.hash = state_hash;
    s.destroy = destroy;
    return s;
  }();
  return &service;
}
