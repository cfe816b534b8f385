#include "host/plugin_host.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>

#include "core/hash/hash.h"

namespace busbar::host {
namespace {

constexpr uint32_t kCall = 0x25242436, kCount = 0x365853a3, kBatch = 0xbbcfb487, kPublish = 0x1086f7ca;
constexpr uint32_t kFail = 0x7886bdd2, kSilent = 0x0eadbc3f, kLarge = 0xb4532f28, kParallel = 0x10c24de0;
constexpr uint32_t kEvent = 0x991c033f, kNote = 0xa5cb06cc;
constexpr uint64_t kFingerprint = 0x1122334455667788ull;

std::string plugin(const char* name) { return std::string(BUSBAR_TEST_PLUGINS) + "/lib" + name + ".so"; }

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

std::string words(std::initializer_list<uint32_t> values) {
  std::string bytes;
  for (const uint32_t value : values) bytes.append(reinterpret_cast<const char*>(&value), 4);
  return bytes;
}

class PluginHostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Failure failure = PluginLibrary::open(plugin("echo"), "echo", library);
    ASSERT_FALSE(failure) << failure.details.back().second;
    host.emplace(library, "echo", "{}", 3, events);
    host->start();
    events.await([&] { return events.ready_; });
  }

  PluginLibrary library;
  Recorder events;
  std::optional<PluginHost> host;
};

TEST(PluginLibrary, SaysWhatIsWrongWithALibrary) {
  PluginLibrary library;
  EXPECT_EQ(PluginLibrary::open(plugin("missing"), "missing", library).number, errors::plugin_not_found);
  const Failure abi = PluginLibrary::open(plugin("wrong_abi"), "wrong_abi", library);
  EXPECT_EQ(abi.number, errors::plugin_abi_mismatch);
  EXPECT_EQ(abi.details[1].second, "42");
  EXPECT_EQ(PluginLibrary::open(plugin("no_describe"), "no_describe", library).number, errors::plugin_abi_mismatch);
  EXPECT_EQ(PluginLibrary::open("/proc/self/status", "text", library).number, errors::plugin_failed);
}

TEST(PluginHost, ARefusedConfigIsReportedWithItsReason) {
  PluginLibrary library;
  ASSERT_FALSE(PluginLibrary::open(plugin("echo"), "echo", library));
  Recorder events;
  PluginHost host(library, "echo", R"({"fail":"no speed"})", 1, events);
  host.start();
  events.await([&] { return events.closed_; });
  EXPECT_EQ(events.failure_.number, errors::plugin_bad_config);
  EXPECT_EQ(events.failure_.details[1].second, "no speed");
}

TEST_F(PluginHostTest, ARequestIsAnsweredWithItsHeaderFields) {
  Peer peer(*host);
  peer.send(frame::kind::kRequest, kCall, 9, "hello");
  const auto got = peer.receive();
  EXPECT_EQ(got.header.kind, frame::kind::kResponse);
  EXPECT_EQ(got.payload, "hello");
  EXPECT_EQ(got.header.correlation, 9u);
  EXPECT_EQ(got.header.source_id, 77u);
  EXPECT_EQ(got.header.epoch, 5u);
  EXPECT_EQ(got.header.sequence, 1u);
  EXPECT_EQ(got.header.schema, kFingerprint);
  EXPECT_EQ(got.header.lane, frame::lane::kControl);
  EXPECT_EQ(events.logs.at(0), "echo is here");
}

TEST_F(PluginHostTest, ManyRequestsOnSeveralLinksAreAnsweredInOrder) {
  Peer first(*host), second(*host);
  constexpr uint32_t kEach = 5'000;
  for (uint32_t i = 0, answered = 0; answered < kEach;) {
    while (i < kEach && i - answered < 500 && first.send(frame::kind::kRequest, kCall, i + 1, words({i})) &&
           second.send(frame::kind::kRequest, kCall, i + 1, words({i * 2}))) {
      i++;
    }
    const auto a = first.receive(), b = second.receive();
    ASSERT_EQ(a.header.correlation, answered + 1);
    ASSERT_EQ(a.word(), answered);
    ASSERT_EQ(b.word(), answered * 2);
    answered++;
  }
}

TEST_F(PluginHostTest, AStreamStopsAtItsWindowUntilMoreIsGranted) {
  Peer peer(*host);
  peer.send(frame::kind::kRequest, kCount, 4, words({100}));
  for (uint32_t i = 0; i < 32; i++) {
    const auto item = peer.receive();
    ASSERT_EQ(item.header.kind, frame::kind::kStreamItem);
    ASSERT_EQ(item.word(), i);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(peer.in[1].peek(), ring::Next::kEmpty);
  host->grant(*peer.link, 999, 50);  // another stream's credit changes nothing
  host->grant(*peer.link, 4, 68);
  for (uint32_t i = 32; i < 100; i++) ASSERT_EQ(peer.receive().word(), i);
  const auto end = peer.receive();
  EXPECT_EQ(end.header.kind, frame::kind::kStreamEnd);
  EXPECT_EQ(end.header.flags, frame::flag::kLastOfStream);
}

TEST_F(PluginHostTest, ACancelledBatchStopsAndIsAnsweredOnce) {
  Peer peer(*host);
  peer.send(frame::kind::kRequest, kBatch, 1, words({1'000'000, 1000}));
  peer.send(frame::kind::kRequest, kBatch, 2, words({1'000'000, 1000}));
  peer.send(frame::kind::kRequest, kCall, 3, "next");
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  host->cancel(*peer.link, 2);  // before its turn
  host->cancel(*peer.link, 1);
  EXPECT_EQ(peer.receive().code, errors::core_cancelled);
  const auto second = peer.receive();
  EXPECT_EQ(second.header.kind, frame::kind::kError);
  EXPECT_EQ(second.header.correlation, 2u);
  EXPECT_EQ(second.code, errors::core_cancelled);
  EXPECT_EQ(peer.receive().payload, "next");
}

TEST_F(PluginHostTest, TheDeadlineOfARequestEndsItsWork) {
  Peer peer(*host);
  peer.send(frame::kind::kRequest, kBatch, 1, words({1'000'000, 1000}), 20, wall_ns());
  EXPECT_EQ(peer.receive().code, errors::core_deadline_exceeded);
  peer.send(frame::kind::kRequest, kCall, 2, "late", 20, wall_ns() - 1'000'000'000);
  EXPECT_EQ(peer.receive().code, errors::core_deadline_exceeded);
  peer.send(frame::kind::kData, kNote, 0, "late", 20, wall_ns() - 1'000'000'000);
  peer.send(frame::kind::kRequest, kCall, 3, "good");
  EXPECT_EQ(peer.receive().payload, "good");
}

TEST_F(PluginHostTest, FailuresOfThePluginAreNamed) {
  Peer peer(*host);
  peer.send(frame::kind::kRequest, kFail, 1, words({704}) + "units[2] is wrong");
  auto got = peer.receive();
  EXPECT_EQ(got.code, 704);
  EXPECT_EQ(got.error, "units[2] is wrong");
  peer.send(frame::kind::kRequest, kSilent, 2, "");
  EXPECT_EQ(peer.receive().code, errors::plugin_bad_answer);
  peer.send(frame::kind::kRequest, 0x12345678, 3, "");
  EXPECT_EQ(peer.receive().code, errors::core_unknown_method);
  peer.send(frame::kind::kRequest, kLarge, 4, words({300 << 10}));
  EXPECT_EQ(peer.receive().code, errors::core_message_too_large);
  peer.send(frame::kind::kRequest, kLarge, 5, words({200 << 10}));
  EXPECT_EQ(peer.receive().payload.size(), 200u << 10);
}

TEST_F(PluginHostTest, PublishesReachTheLinksThatWantThemWithTheirTopic) {
  Peer all(*host), even(*host), none(*host);
  all.link->subscribe(kEvent, 0, true);
  even.link->subscribe(kEvent, hash::topic_id("even"), true);
  none.link->subscribe(kEvent, 0, true);
  none.link->subscribe(kEvent, 0, false);
  all.send(frame::kind::kRequest, kPublish, 1, words({10, 16}));
  EXPECT_EQ(all.receive().word(), 10u);
  for (uint32_t i = 0; i < 10; i++) {
    const auto got = all.receive(0);
    EXPECT_EQ(got.word(), i);
    EXPECT_EQ(got.header.sequence, i + 1);
    EXPECT_EQ(got.header.topic_id, hash::topic_id(i % 2 == 0 ? "even" : "odd"));
  }
  for (uint32_t i = 0; i < 10; i += 2) EXPECT_EQ(even.receive(0).word(), i);
  EXPECT_EQ(even.in[0].peek(), ring::Next::kEmpty);
  EXPECT_EQ(none.in[0].peek(), ring::Next::kEmpty);
}

TEST_F(PluginHostTest, APublishOnAFullRingWaitsAndIsThenCountedAsTimedOut) {
  LinkOptions options;
  options.capacity_bytes = 4096;
  options.frame_bytes_max = 1024;
  options.block_timeout_ms = 5;
  Peer peer(*host, options);
  peer.link->subscribe(kEvent, 0, true);
  peer.send(frame::kind::kRequest, kPublish, 1, words({10, 900}));
  const auto got = peer.receive();
  EXPECT_EQ(got.word(0), 4u);
  EXPECT_EQ(static_cast<int32_t>(got.word(1)), BUSBAR_FULL);
  EXPECT_EQ(peer.link->committed[0].load(), 4u);
  EXPECT_EQ(peer.link->dropped[static_cast<size_t>(ring::Drop::kTimeout)].load(), 6u);
}

TEST_F(PluginHostTest, APublishThatWaitsGoesOnWhenThereIsRoom) {
  LinkOptions options;
  options.capacity_bytes = 4096;
  options.frame_bytes_max = 1024;
  Peer peer(*host, options);
  peer.link->subscribe(kEvent, 0, true);
  peer.send(frame::kind::kRequest, kPublish, 1, words({2000, 900}));
  for (uint32_t i = 0; i < 2000; i++) ASSERT_EQ(peer.receive(0).word(), i);
  EXPECT_EQ(peer.receive().word(), 2000u);
}

TEST_F(PluginHostTest, MessagesEnterTheStateAndTheCountersOfTheirRing) {
  Peer peer(*host);
  peer.send(frame::kind::kData, kNote, 0, "a");
  peer.send(frame::kind::kData, kEvent, 0, "not subscribed");
  peer.send(frame::kind::kData, kNote, 0, "b");
  while (peer.out[0].in_use() > 0) std::this_thread::yield();
  const auto counter = [&](uint32_t at) { return ring::word(peer.link->memory(kInData)->bytes(), at).load(); };
  EXPECT_EQ(counter(ring::at::kDelivered), 2u);
  EXPECT_EQ(counter(ring::at::kDropped + 4 * static_cast<uint32_t>(ring::Drop::kRefusedSchema)), 1u);
  host->ask_hash();
  events.await([&] { return events.hash_.has_value(); });
  EXPECT_EQ(*events.hash_, hash::xxh64("ab", 2));
}

TEST_F(PluginHostTest, AnyNumberOfWorkersGivesTheSameSum) {
  Peer peer(*host);
  peer.send(frame::kind::kRequest, kParallel, 1, words({1000}));
  const auto got = peer.receive();
  EXPECT_EQ(got.word(0), 332833500u);
  EXPECT_EQ(got.word(1), 3u);
}

TEST_F(PluginHostTest, AMalformedRingClosesItsLinkAndNoOther) {
  Peer good(*host), bad(*host);
  std::memset(bad.link->memory(kInControl)->bytes() + ring::kHeaderBytes, 0xFF, 256);
  ring::word(bad.link->memory(kInControl)->bytes(), ring::at::kTail).store(256);
  host->wake();
  while (!bad.out[1].consumer_closed()) std::this_thread::yield();
  good.send(frame::kind::kRequest, kCall, 1, "alive");
  EXPECT_EQ(good.receive().payload, "alive");
}

TEST_F(PluginHostTest, StoppingEndsTheFrameInWorkAndLinksMayComeAndGo) {
  auto peer = std::make_unique<Peer>(*host);
  peer->send(frame::kind::kRequest, kBatch, 1, words({1'000'000, 1000}));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  { Peer brief(*host); }
  host->stop();
  host->join();
  EXPECT_TRUE(events.closed_);
  EXPECT_EQ(peer->receive().code, errors::core_closed);
  EXPECT_TRUE(peer->out[0].consumer_closed());
}

TEST_F(PluginHostTest, ALinkThatGoesWhileItsRequestIsInWorkEndsThatWork) {
  auto peer = std::make_unique<Peer>(*host);
  peer->send(frame::kind::kRequest, kBatch, 1, words({1'000'000, 1000}));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  host->disconnect(*peer->link);
  Peer other(*host);
  other.send(frame::kind::kRequest, kCall, 1, "next");
  EXPECT_EQ(other.receive().payload, "next");
}

}  // namespace
}  // namespace busbar::host
