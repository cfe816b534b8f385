// A plugin for tests: answers, streams, works long, publishes, fails. Payloads are plain little-endian u32 words,
// because what is tested is the way of frames and not their content. Config: {"fail":"text"} makes create fail with
// that text.
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "busbar_service.h"
#include "core/hash/hash.h"

namespace {

constexpr uint32_t kCall = 0x25242436, kCount = 0x365853a3, kBatch = 0xbbcfb487, kPublish = 0x1086f7ca;
constexpr uint32_t kSleep = 0x71fd639a, kFail = 0x7886bdd2, kSilent = 0x0eadbc3f, kParallel = 0x10c24de0;
constexpr uint32_t kLarge = 0xb4532f28, kEvent = 0x991c033f, kReply = 0x61a4fb11, kNote = 0xa5cb06cc;
constexpr uint64_t kFingerprint = 0x1122334455667788ull;

#define ECHO_METHOD(method, id, stream) \
  { "busbar.testing.Echo/" method, id, BUSBAR_SERVES, kFingerprint, kFingerprint, kReply, stream }

constexpr busbar_type kTypes[] = {
    ECHO_METHOD("Call", kCall, 0),          // the payload back
    ECHO_METHOD("Count", kCount, 1),        // n -> items 0 .. n-1
    ECHO_METHOD("Batch", kBatch, 0),        // items, microseconds of work per item -> items done
    ECHO_METHOD("Publish", kPublish, 0),    // n, bytes -> events taken, first status that was not OK
    ECHO_METHOD("Sleep", kSleep, 0),        // ms
    ECHO_METHOD("Fail", kFail, 0),          // code, then text
    ECHO_METHOD("Silent", kSilent, 1),      // returns without an answer
    ECHO_METHOD("Large", kLarge, 0),        // bytes -> that many bytes
    ECHO_METHOD("Parallel", kParallel, 0),  // count -> low word of the sum of i * i, workers seen
    {"busbar.testing.Event", kEvent, BUSBAR_PUBLISHES, kFingerprint, 0, 0, 0},
    {"busbar.testing.Note", kNote, BUSBAR_SUBSCRIBES, kFingerprint, 0, 0, 0},
};

struct Echo {
  const busbar_host* host;
  uint64_t frames = 0;
  uint64_t notes = 0;
  busbar::hash::Xxh64 seen{};
};

uint32_t word(const busbar_message& message, uint32_t index) {
  uint32_t value = 0;
  if (message.payload_length >= 4 * (index + 1)) std::memcpy(&value, message.payload + 4 * index, 4);
  return value;
}

busbar_status answer(const busbar_host& host, uint64_t request, const void* bytes, uint32_t count) {
  uint32_t room = 0;
  uint8_t* to = host.claim(host.context, request, count, &room);
  if (to == nullptr) return BUSBAR_CLOSED;
  if (count > 0) std::memcpy(to, bytes, count);
  return host.commit(host.context, request, count);
}

busbar_status answer_words(const busbar_host& host, uint64_t request, std::initializer_list<uint32_t> words) {
  return answer(host, request, words.begin(), static_cast<uint32_t>(words.size() * 4));
}

void work(uint32_t microseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}

busbar_status create(const busbar_host* host, const char* config, uint32_t length, void** instance, char* error,
                     uint32_t error_max) {
  const std::string_view text(config, length);
  const std::string_view key = "\"fail\":\"";
  if (text.empty() || text.front() != '{') {
    std::strncpy(error, "the config is not an object", error_max - 1);
    return BUSBAR_ERROR;
  }
  if (const size_t at = text.find(key); at != std::string_view::npos) {
    const std::string_view rest = text.substr(at + key.size());
    const std::string reason(rest.substr(0, rest.find('"')));
    std::strncpy(error, reason.c_str(), error_max - 1);
    return BUSBAR_ERROR;
  }
  const char* hello = "echo is here";
  host->log(host->context, 30, hello, static_cast<uint32_t>(std::strlen(hello)));
  *instance = new Echo{host};
  return BUSBAR_OK;
}

busbar_status on_count(const busbar_host& host, const busbar_message& message) {
  const uint32_t n = word(message, 0);
  for (uint32_t i = 0; i < n; i++) {
    if (answer_words(host, message.request, {i}) != BUSBAR_OK) return BUSBAR_OK;
  }
  host.end(host.context, message.request);
  return BUSBAR_OK;
}

busbar_status on_publish(const busbar_host& host, const busbar_message& message) {
  std::vector<uint8_t> payload(std::max(4u, word(message, 1)));
  uint32_t taken = 0;
  busbar_status first = BUSBAR_OK;
  for (uint32_t i = 0; i < word(message, 0); i++) {
    std::memcpy(payload.data(), &i, 4);
    const std::string_view topic = i % 2 == 0 ? "even" : "odd";
    const busbar_status status =
        host.publish(host.context, kEvent, kFingerprint, payload.data(), static_cast<uint32_t>(payload.size()),
                     topic.data(), static_cast<uint32_t>(topic.size()));
    if (status == BUSBAR_OK)
      taken++;
    else if (first == BUSBAR_OK)
      first = status;
  }
  return answer_words(host, message.request, {taken, static_cast<uint32_t>(first)});
}

busbar_status on_parallel(const busbar_host& host, const busbar_message& message) {
  struct Work {
    std::vector<uint64_t> slots;
    std::vector<uint8_t> workers;
  } pieces{std::vector<uint64_t>(word(message, 0)), std::vector<uint8_t>(host.threads(host.context) * 64)};
  host.parallel(
      host.context, word(message, 0),
      [](void* argument, uint32_t index, uint32_t worker) {
        auto& all = *static_cast<Work*>(argument);
        all.slots[index] = uint64_t{index} * index;
        all.workers[worker * 64] = 1;
      },
      &pieces);
  uint64_t sum = 0;
  for (const uint64_t slot : pieces.slots) sum += slot;
  return answer_words(host, message.request, {static_cast<uint32_t>(sum), host.threads(host.context)});
}

busbar_status on_request(Echo& self, const busbar_message& message) {
  const busbar_host& host = *self.host;
  switch (message.type_id) {
    case kCall:
      return answer(host, message.request, message.payload, message.payload_length);
    case kCount:
      return on_count(host, message);
    case kBatch: {
      uint32_t done = 0;
      for (; done < word(message, 0) && host.cancelled(host.context, message.request) == 0; done++)
        work(word(message, 1));
      self.seen.update_value(done);
      answer_words(host, message.request, {done});
      return BUSBAR_OK;
    }
    case kPublish:
      return on_publish(host, message);
    case kSleep:
      std::this_thread::sleep_for(std::chrono::milliseconds(word(message, 0)));
      return answer_words(host, message.request, {word(message, 0)});
    case kFail:
      return host.fail(host.context, message.request, static_cast<uint16_t>(word(message, 0)),
                       reinterpret_cast<const char*>(message.payload) + 4, message.payload_length - 4);
    case kLarge: {
      const std::vector<uint8_t> bytes(word(message, 0), 0x5A);
      answer(host, message.request, bytes.data(), static_cast<uint32_t>(bytes.size()));
      return BUSBAR_OK;
    }
    case kParallel:
      return on_parallel(host, message);
    default:
      return BUSBAR_OK;
  }
}

busbar_status on_frame(void* instance, const busbar_message* message) {
  Echo& self = *static_cast<Echo*>(instance);
  self.frames++;
  if (message->request != 0) return on_request(self, *message);
  self.notes++;
  self.seen.update(message->payload, message->payload_length);
  return BUSBAR_OK;
}

uint64_t state_hash(void* instance) { return static_cast<Echo*>(instance)->seen.digest(); }

void destroy(void* instance) { delete static_cast<Echo*>(instance); }

}  // namespace

extern "C" const busbar_service* busbar_describe(void) {
  static const busbar_service service = [] {
    busbar_service s{};
    s.size = sizeof s;
    s.abi = BUSBAR_SERVICE_ABI;
    s.name = "echo";
    s.version = "1.2.3";
    s.types = kTypes;
    s.type_count = sizeof kTypes / sizeof kTypes[0];
    s.create = create;
    s.on_frame = on_frame;
    s.hash = state_hash;
    s.destroy = destroy;
    return s;
  }();
  return &service;
}
