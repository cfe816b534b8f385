// For tests of the host: who hears of an instance's events, and the other end of a link.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <stdexcept>

#include "host/plugin_host.h"

namespace busbar::host::testing {

/// Of every type of the plugins for tests.
inline constexpr uint64_t kFingerprint = 0x1122334455667788ull;

inline std::string plugin(const char* name) { return std::string(BUSBAR_TEST_PLUGINS) + "/lib" + name + ".so"; }

class Recorder : public PluginEvents {
 public:
  void ready() override {
    note([&] { ready_ = true; });
  }
  void failed(const Failure& failure) override {
    note([&] { failure_ = failure; });
  }
  void log(int32_t, std::string_view text) override {
    note([&] { logs.emplace_back(text); });
  }
  void hashed(std::optional<uint64_t> hash) override {
    note([&] { hash_ = hash; });
  }
  void closed() override {
    note([&] { closed_ = true; });
  }

  template <typename Condition>
  void await(Condition condition) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), condition)) << "watchdog";
  }

  bool ready_ = false, closed_ = false;
  Failure failure_;
  std::optional<uint64_t> hash_;
  std::vector<std::string> logs;

 private:
  template <typename Change>
  void note(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// The other end of a link, as the TypeScript side has it.
class Peer {
 public:
  Peer(PluginHost& host, LinkOptions options = {}) : host_(host) {
    // Shared, because the host's thread may be about to ring when this side goes.
    options.ring_peer = [bell = bell_] { bell->ring(); };
    options.source_id = 77;
    options.epoch = 5;
    link = Link::create(options);
    for (uint32_t lane = 0; lane < 2; lane++) {
      out.emplace_back(link->memory(static_cast<RingIndex>(kInData + lane))->bytes(), link->capacity());
      in.emplace_back(link->memory(static_cast<RingIndex>(kOutData + lane))->bytes(), link->capacity());
    }
    host_.connect(link);
  }
  ~Peer() { host_.disconnect(*link); }

  bool send(uint8_t kind, uint32_t type, uint64_t correlation, std::string_view payload, uint32_t ttl_ms = 0,
            uint64_t timestamp = 0) {
    const uint32_t lane = kind == frame::kind::kData ? 0 : 1;
    const auto length = static_cast<uint32_t>(64 + payload.size());
    const ring::Claim claim = out[lane].claim(length);
    if (claim.at == nullptr) return false;
    frame::Header header;
    header.length = length;
    header.kind = kind;
    header.type_id = type;
    header.schema = kFingerprint;
    header.correlation = correlation;
    header.ttl_ms = ttl_ms;
    header.timestamp = timestamp;
    header.lane = static_cast<uint8_t>(lane);
    frame::write_header(claim.at, header);
    std::memcpy(claim.at + 64, payload.data(), payload.size());
    out[lane].commit(length);
    if (out[lane].publish()) host_.wake();
    return true;
  }

  struct Received {
    frame::Header header;
    std::string payload;
    std::string error;
    uint16_t code = 0;
    uint32_t word(size_t index = 0) const {
      uint32_t value = 0;
      std::memcpy(&value, payload.data() + 4 * index, 4);
      return value;
    }
  };

  Received receive(uint32_t lane = 1) {
    const uint64_t end = monotonic_ns() + 20'000'000'000;
    for (;;) {
      const uint32_t seen = bell_->seen();
      if (in[lane].peek() == ring::Next::kFrame) {
        Received got;
        const uint8_t* bytes = in[lane].frame();
        got.header = frame::read_header(bytes);
        got.payload.assign(reinterpret_cast<const char*>(bytes) + got.header.payload_offset,
                           got.header.length - got.header.payload_offset);
        const auto error = frame::find_extension(bytes, frame::extension::kError);
        if (error.size() >= 2) {
          got.code = static_cast<uint16_t>(error[0] | error[1] << 8);
          got.error.assign(reinterpret_cast<const char*>(error.data()) + 2, error.size() - 2);
        }
        in[lane].pass();
        in[lane].count_delivered();
        if (in[lane].release()) host_.wake();
        return got;
      }
      if (monotonic_ns() > end) throw std::runtime_error("watchdog: no frame came");
      if (in[lane].announce_sleep()) bell_->wait(seen, 1'000'000'000);
      in[lane].withdraw_sleep();
    }
  }

  std::shared_ptr<Link> link;
  std::vector<ring::RingWriter> out;
  std::vector<ring::RingReader> in;

 private:
  PluginHost& host_;
  std::shared_ptr<Doorbell> bell_ = std::make_shared<Doorbell>();
};

inline std::string words(std::initializer_list<uint32_t> values) {
  std::string bytes;
  for (const uint32_t value : values) bytes.append(reinterpret_cast<const char*>(&value), 4);
  return bytes;
}

}  // namespace busbar::host::testing
