// A plugin that takes a message later (BUSBAR_FULL), or never again (BUSBAR_CLOSED), through the host as it runs.
#include <gtest/gtest.h>

#include "core/hash/hash.h"
#include "host/testing/peer.h"

namespace busbar::host {
namespace {

constexpr uint32_t kCall = 0x25242436, kNote = 0xa5cb06cc;

using testing::Peer;
using testing::Recorder;
using testing::words;

class Holding : public ::testing::Test {
 protected:
  void start(const char* config) {
    PluginLibrary library;
    const Failure failure = PluginLibrary::open(testing::plugin("holding"), "holding", library);
    ASSERT_FALSE(failure) << failure.details.back().second;
    host.emplace(library, "holding", config, 1, events);
    host->start();
    events.await([&] { return events.ready_; });
  }
  /// Waits for room as a publisher with the policy `block` does.
  static void send(Peer& peer, uint32_t word, uint32_t bytes = 4) {
    std::string payload = words({word});
    payload.resize(bytes);
    while (!peer.send(frame::kind::kData, kNote, 0, payload)) std::this_thread::yield();
  }
  static std::vector<uint32_t> taken(Peer& peer, uint64_t correlation) {
    peer.send(frame::kind::kRequest, kCall, correlation, "");
    const auto got = peer.receive();
    EXPECT_EQ(got.header.kind, frame::kind::kResponse) << got.error;
    EXPECT_EQ(got.header.correlation, correlation);
    std::vector<uint32_t> list(got.payload.size() / 4);
    if (!list.empty()) std::memcpy(list.data(), got.payload.data(), 4 * list.size());
    return list;
  }
  static uint32_t counter(const Peer& peer, uint32_t at) {
    return ring::word(peer.link->memory(kInData)->bytes(), at).load();
  }
  static uint32_t dropped(const Peer& peer) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < ring::kDropReasons; i++) sum += counter(peer, ring::at::kDropped + 4 * i);
    return sum;
  }
  static std::vector<uint32_t> range(uint32_t from, uint32_t to) {
    std::vector<uint32_t> list;
    for (uint32_t i = from; i < to; i++) list.push_back(i);
    return list;
  }

  Recorder events;
  std::optional<PluginHost> host;
};

TEST_F(Holding, WhatIsNotTakenNowIsTakenLaterInItsPlace) {
  start(R"({"every":10,"times":2})");
  Peer peer(*host);
  for (uint32_t i = 0; i < 100; i++) send(peer, i);
  while (peer.out[0].in_use() > 0) std::this_thread::yield();
  EXPECT_EQ(taken(peer, 1), range(0, 100));
  EXPECT_EQ(counter(peer, ring::at::kDelivered), 100u) << "each once, however often it was offered";
  EXPECT_EQ(dropped(peer), 0u);
}

TEST_F(Holding, APluginThatWakesItselfIsOfferedTheMessageThen) {
  start(R"({"every":3,"times":5,"own_wake":1})");
  Peer peer(*host);
  for (uint32_t i = 0; i < 300; i++) send(peer, i);
  while (peer.out[0].in_use() > 0) std::this_thread::yield();
  EXPECT_EQ(taken(peer, 1), range(0, 300));
  EXPECT_EQ(counter(peer, ring::at::kDelivered), 300u);
}

TEST_F(Holding, ALaneThatIsHeldFillsUpAndLosesNothing) {
  start(R"({"every":4,"times":1,"own_wake":1})");
  LinkOptions options;
  options.capacity_bytes = 4096;
  options.frame_bytes_max = 1024;
  Peer peer(*host, options);
  // Many times what the ring holds: the sender meets a full one again and again.
  for (uint32_t i = 0; i < 200; i++) send(peer, i, 500);
  while (peer.out[0].in_use() > 0) std::this_thread::yield();
  EXPECT_EQ(taken(peer, 1), range(0, 200));
  EXPECT_EQ(dropped(peer), 0u);
}

TEST_F(Holding, RequestsAreAnsweredWhileMessagesAreHeld) {
  // It will not take the first one in this life.
  start(R"({"every":1,"times":1000000000})");
  Peer peer(*host);
  for (uint32_t i = 0; i < 20; i++) send(peer, i);
  for (uint64_t i = 1; i <= 50; i++) EXPECT_EQ(taken(peer, i), std::vector<uint32_t>());
  EXPECT_EQ(counter(peer, ring::at::kDelivered), 0u);
  EXPECT_GT(peer.out[0].in_use(), 0u) << "they are still where they were";
}

TEST_F(Holding, OneLinkIsHeldForItselfAlone) {
  start(R"({"every":2,"times":3})");
  Peer one(*host), other(*host);
  for (uint32_t i = 0; i < 40; i++) {
    send(one, i);
    send(other, 1000 + i);
  }
  while (one.out[0].in_use() > 0 || other.out[0].in_use() > 0) std::this_thread::yield();
  std::vector<uint32_t> from_one, from_other;
  for (const uint32_t word : taken(one, 1)) (word < 1000 ? from_one : from_other).push_back(word);
  EXPECT_EQ(from_one, range(0, 40));
  EXPECT_EQ(from_other, range(1000, 1040));
}

TEST_F(Holding, StoppingDoesNotWaitForWhatIsHeld) {
  start(R"({"every":1,"times":1000000000})");
  Peer peer(*host);
  send(peer, 1);
  EXPECT_EQ(taken(peer, 1), std::vector<uint32_t>());
  host->stop();
  host->join();
  EXPECT_TRUE(events.closed_);
  EXPECT_TRUE(peer.out[0].consumer_closed());
  EXPECT_EQ(events.failure_.number, 0) << "a held message is no failure";
}

TEST_F(Holding, OneThatCannotGoOnIsEndedWithItsReasonAndTakesNothingMore) {
  start(R"({"close_at":4})");
  Peer peer(*host);
  for (uint32_t i = 0; i < 10; i++) send(peer, i);
  events.await([&] { return events.closed_; });
  EXPECT_EQ(events.failure_.number, errors::plugin_failed);
  EXPECT_EQ(events.failure_.details[0].second, "holding");
  EXPECT_EQ(events.failure_.details[1].second, "the disk is gone");
  EXPECT_TRUE(peer.out[0].consumer_closed());
  // Three taken and the one that it answered so; what is behind stays with its sender, who sees the link end.
  EXPECT_EQ(counter(peer, ring::at::kDelivered), 4u);
  EXPECT_GT(peer.out[0].in_use(), 0u);
  EXPECT_EQ(dropped(peer), 0u);
}

TEST_F(Holding, OneThatEndsAtAWakeIsEndedLikewise) {
  start(R"({"every":2,"times":1,"close_on_wake":1})");
  Peer peer(*host);
  for (uint32_t i = 0; i < 5; i++) send(peer, i);
  events.await([&] { return events.closed_; });
  EXPECT_EQ(events.failure_.number, errors::plugin_failed);
  EXPECT_EQ(events.failure_.details[1].second, "it woke to nothing");
  EXPECT_EQ(counter(peer, ring::at::kDelivered), 1u);
}

}  // namespace
}  // namespace busbar::host
