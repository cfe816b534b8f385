#include "host/plugin_host.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "core/hash/hash.h"
#include "host/testing/peer.h"

namespace busbar::host {
namespace {

constexpr uint32_t kCall = 0x25242436, kCount = 0x365853a3, kBatch = 0xbbcfb487, kPublish = 0x1086f7ca;
constexpr uint32_t kFail = 0x7886bdd2, kSilent = 0x0eadbc3f, kLarge = 0xb4532f28, kParallel = 0x10c24de0;
constexpr uint32_t kEvent = 0x991c033f, kNote = 0xa5cb06cc;

using testing::kFingerprint;
using testing::Peer;
using testing::plugin;
using testing::Recorder;
using testing::words;

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

TEST_F(PluginHostTest, APublishBeforeAnybodyHasSubscribedReachesNobodyAndIsCounted) {
  size_t event = 0;
  while (library.types()[event].type_id != kEvent) event++;
  Peer early(*host);
  early.send(frame::kind::kRequest, kPublish, 1, words({10, 4}));
  auto got = early.receive();
  EXPECT_EQ(got.word(0), 10u) << "nobody refused it";
  EXPECT_EQ(host->unheard(event), 10u);
  EXPECT_EQ(early.link->committed[0].load(), 0u) << "it is in no edge's account";
  Peer late(*host);
  late.link->subscribe(kEvent, 0, true);
  early.send(frame::kind::kRequest, kPublish, 2, words({3, 4}));
  early.receive();
  for (uint32_t i = 0; i < 3; i++) {
    const auto message = late.receive(0);
    EXPECT_EQ(message.word(), i);
    EXPECT_EQ(message.header.sequence, i + 1) << "what was unheard leaves no gap";
  }
  EXPECT_EQ(host->unheard(event), 10u);
  late.link->subscribe(kEvent, 0, false);
  early.send(frame::kind::kRequest, kPublish, 3, words({2, 4}));
  early.receive();
  EXPECT_EQ(host->unheard(event), 12u);
}

TEST_F(PluginHostTest, WhatAFrameCausesReachesALinkThatWasConnectedBeforeTheFrameWasSent) {
  Peer early(*host);
  for (uint32_t round = 1; round <= 200; round++) {
    // Busy, so that the new link comes while the links are being read.
    for (uint32_t i = 0; i < 3; i++) ASSERT_TRUE(early.send(frame::kind::kRequest, kCall, i + 1, "busy"));
    Peer late(*host);
    late.link->subscribe(kEvent, 0, true);
    ASSERT_TRUE(early.send(frame::kind::kRequest, kPublish, 4, words({1, 4})));
    for (uint32_t i = 0; i < 4; i++) early.receive();
    ASSERT_EQ(late.in[0].peek(), ring::Next::kFrame) << "round " << round;
  }
}

TEST(PluginHost, HoweverItWaitsEveryRequestIsAnswered) {
  for (const Waiting waiting : {Waiting{0, false}, Waiting{50, true}, Waiting{50, false}}) {
    PluginLibrary library;
    ASSERT_FALSE(PluginLibrary::open(plugin("echo"), "echo", library));
    Recorder events;
    PluginHost host(library, "echo", "{}", 1, events);
    host.wait_by(waiting);
    host.start();
    Peer peer(host);
    for (uint32_t i = 1; i <= 2000; i++) {
      ASSERT_TRUE(peer.send(frame::kind::kRequest, kCall, i, words({i})));
      ASSERT_EQ(peer.receive().word(), i);
      // Now and then long enough for any of them to sleep.
      if (i % 500 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
}

/// Room for four messages of 900 bytes.
LinkOptions small_link() {
  LinkOptions options;
  options.capacity_bytes = 4096;
  options.frame_bytes_max = 1024;
  return options;
}

/// The plan has an edge from the instance to one subscriber, which declares kEvent.
class PluginEdgeTest : public PluginHostTest {
 protected:
  void SetUp() override {}
  void start(std::vector<Policy> policies) {
    ASSERT_FALSE(PluginLibrary::open(plugin("echo"), "echo", library));
    host.emplace(library, "echo", "{}", 1, events);
    EdgeOptions edge;
    edge.policies = std::move(policies);
    edge.declared = {kEvent};
    host->add_edge(std::move(edge));
    host->start();
    events.await([&] { return events.ready_; });
  }
  /// The subscriber that the edge leads to.
  static LinkOptions its_link() {
    LinkOptions options = small_link();
    options.edge = 0;
    return options;
  }
  EdgeCounters counters() {
    return host->edge(0).counters([] {});
  }
  uint64_t dropped(ring::Drop reason) { return counters().dropped[static_cast<size_t>(reason)]; }
  uint64_t unheard() {
    for (size_t i = 0; i < library.types().size(); i++) {
      if (library.types()[i].type_id == kEvent && library.types()[i].role == BUSBAR_PUBLISHES) return host->unheard(i);
    }
    return UINT64_MAX;
  }
};

TEST_F(PluginEdgeTest, APublishOnAFullRingWaitsAndIsThenCountedAsTimedOut) {
  start({{0, WhenFull::kBlock, 5}});
  Peer peer(*host, its_link());
  host->subscribe(*peer.link, kEvent, 0, true);
  peer.send(frame::kind::kRequest, kPublish, 1, words({10, 900}));
  const auto got = peer.receive();
  EXPECT_EQ(got.word(0), 4u);
  EXPECT_EQ(static_cast<int32_t>(got.word(1)), BUSBAR_FULL);
  EXPECT_EQ(peer.link->committed[0].load(), 4u);
  EXPECT_EQ(dropped(ring::Drop::kTimeout), 6u);
}

TEST_F(PluginEdgeTest, AFullEdgeThatDropsTheNewestMakesNobodyWait) {
  // Would outlast the test if it were waited for; the policy of another type does not count.
  start({{0, WhenFull::kBlock, 3'600'000}, {kEvent, WhenFull::kDropNewest, 3'600'000}});
  Peer peer(*host, its_link());
  host->subscribe(*peer.link, kEvent, 0, true);
  peer.send(frame::kind::kRequest, kPublish, 1, words({10, 900}));
  const auto got = peer.receive();
  EXPECT_EQ(got.word(0), 10u);
  EXPECT_EQ(static_cast<int32_t>(got.word(1)), BUSBAR_OK);
  EXPECT_EQ(peer.link->committed[0].load(), 4u);
  EXPECT_EQ(dropped(ring::Drop::kFullNewest), 6u);
  EXPECT_EQ(dropped(ring::Drop::kTimeout), 0u);
  EXPECT_EQ(counters().refused, 0u);
}

TEST_F(PluginEdgeTest, AFullEdgeThatSaysSoTakesNothingAndDropsNothing) {
  start({{0, WhenFull::kError, 3'600'000}});
  Peer peer(*host, its_link());
  host->subscribe(*peer.link, kEvent, 0, true);
  peer.send(frame::kind::kRequest, kPublish, 1, words({10, 900}));
  const auto got = peer.receive();
  EXPECT_EQ(got.word(0), 4u);
  EXPECT_EQ(static_cast<int32_t>(got.word(1)), BUSBAR_FULL);
  EXPECT_EQ(counters().refused, 6u);
  for (const uint64_t count : counters().dropped) EXPECT_EQ(count, 0u);
}

TEST_F(PluginEdgeTest, WhatIsSetAsideFollowsWhenThereIsRoomThoughNothingElseHappens) {
  start({{0, WhenFull::kDropOldest, 5000}});
  Peer peer(*host, its_link());
  host->subscribe(*peer.link, kEvent, 0, true);
  peer.send(frame::kind::kRequest, kPublish, 1, words({1500, 900}));
  EXPECT_EQ(peer.receive().word(0), 1500u);
  EXPECT_EQ(dropped(ring::Drop::kFullOldest), 1500u - 4 - OutEdge::kWaitingMax);
  for (uint32_t i = 0; i < 4; i++) ASSERT_EQ(peer.receive(0).word(), i);
  for (uint32_t i = 1500 - OutEdge::kWaitingMax; i < 1500; i++) ASSERT_EQ(peer.receive(0).word(), i);
  EXPECT_EQ(counters().waiting, 0u);
}

TEST_F(PluginEdgeTest, WhatIsPublishedBeforeTheSubscriberIsThereReachesItWhenItComes) {
  start({});
  Peer caller(*host);
  caller.send(frame::kind::kRequest, kPublish, 1, words({10, 4}));
  EXPECT_EQ(caller.receive().word(0), 10u);
  EXPECT_EQ(counters().waiting, 10u);
  EXPECT_EQ(unheard(), 0u) << "it is on an edge";
  Peer late(*host, its_link());
  caller.send(frame::kind::kRequest, kPublish, 2, words({10, 4}));
  EXPECT_EQ(caller.receive().word(0), 10u);
  EXPECT_EQ(counters().waiting, 20u) << "it is there, and has not subscribed";
  host->subscribe(*late.link, kEvent, 0, true);
  for (uint32_t i = 0; i < 20; i++) {
    const auto message = late.receive(0);
    EXPECT_EQ(message.word(), i % 10);
    EXPECT_EQ(message.header.sequence, i + 1);
  }
  EXPECT_EQ(counters().waiting, 0u);
  EXPECT_EQ(late.link->committed[0].load(), 20u);
}

TEST_F(PluginEdgeTest, WhatWasWaitingGoesBeforeWhatAFrameCausesThatWasSentAfterTheSubscription) {
  start({});
  for (uint32_t round = 1; round <= 200; round++) {
    Peer caller(*host);
    caller.send(frame::kind::kRequest, kPublish, 1, words({3, 4}));
    EXPECT_EQ(caller.receive().word(0), 3u);
    Peer late(*host, its_link());
    host->subscribe(*late.link, kEvent, 0, true);
    late.send(frame::kind::kRequest, kPublish, 2, words({1, 8}));
    EXPECT_EQ(late.receive().word(0), 1u);
    for (uint32_t i = 0; i < 3; i++) {
      ASSERT_EQ(late.in[0].peek(), ring::Next::kFrame) << "round " << round;
      ASSERT_EQ(late.receive(0).word(), i);
    }
    ASSERT_EQ(late.receive(0).payload.size(), 8u);
  }
}

TEST_F(PluginEdgeTest, APublishThatWaitsForRoomGoesOnWhenTheSubscriberComes) {
  start({{0, WhenFull::kBlock, 3'600'000}});
  Peer caller(*host);
  constexpr uint32_t kMessages = OutEdge::kWaitingMax + 500;
  caller.send(frame::kind::kRequest, kPublish, 1, words({kMessages, 4}));
  while (counters().waiting < OutEdge::kWaitingMax) std::this_thread::yield();
  Peer late(*host, its_link());
  host->subscribe(*late.link, kEvent, 0, true);
  for (uint32_t i = 0; i < kMessages; i++) ASSERT_EQ(late.receive(0).word(), i);
  EXPECT_EQ(caller.receive().word(0), kMessages);
}

TEST_F(PluginEdgeTest, AnAbsentSubscriberIsWaitedForOnceAndWhatIsBeyondTheBoundIsCounted) {
  constexpr uint32_t kTimeoutMs = 200, kBeyond = 20'000;
  start({{0, WhenFull::kBlock, kTimeoutMs}});
  Peer caller(*host);
  const uint64_t begin = monotonic_ns();
  constexpr uint32_t kMessages = OutEdge::kWaitingMax + kBeyond;
  caller.send(frame::kind::kRequest, kPublish, 1, words({kMessages, 4}));
  caller.receive();
  const uint64_t took_ms = (monotonic_ns() - begin) / 1'000'000;
  EXPECT_GE(took_ms, kTimeoutMs / 2);
  EXPECT_LT(took_ms, kTimeoutMs * 10) << "once for each " << OutEdge::kWaitingMax << " would be twenty times";
  while (counters().waiting > 0) std::this_thread::yield();  // what is kept is dropped in its time, by itself
  EXPECT_EQ(dropped(ring::Drop::kTimeout), kMessages);
}

TEST_F(PluginEdgeTest, ASubscriberThatComesBackGetsWhatWasPublishedMeanwhile) {
  start({});
  auto first = std::make_unique<Peer>(*host, its_link());
  host->subscribe(*first->link, kEvent, 0, true);
  Peer caller(*host);
  caller.send(frame::kind::kRequest, kPublish, 1, words({2, 4}));
  caller.receive();
  for (uint32_t i = 0; i < 2; i++) EXPECT_EQ(first->receive(0).word(), i);
  first.reset();
  caller.send(frame::kind::kRequest, kPublish, 2, words({3, 4}));
  EXPECT_EQ(caller.receive().word(0), 3u);
  Peer second(*host, its_link());
  host->subscribe(*second.link, kEvent, 0, true);
  for (uint32_t i = 0; i < 3; i++) EXPECT_EQ(second.receive(0).word(), i);
}

TEST_F(PluginEdgeTest, WhatNobodyCameForIsCountedAsClosedAtTheEnd) {
  start({});
  Peer caller(*host);
  caller.send(frame::kind::kRequest, kPublish, 1, words({6, 4}));
  caller.receive();
  host->stop();
  host->join();
  EXPECT_EQ(dropped(ring::Drop::kClosed), 6u);
  EXPECT_EQ(counters().waiting, 0u);
}

TEST_F(PluginEdgeTest, StoppingEndsAPublishThatWaits) {
  start({{0, WhenFull::kBlock, 3'600'000}});
  Peer caller(*host);
  caller.send(frame::kind::kRequest, kPublish, 1, words({OutEdge::kWaitingMax + 1, 4}));
  while (counters().waiting < OutEdge::kWaitingMax) std::this_thread::yield();
  host->stop();
  host->join();
  EXPECT_EQ(dropped(ring::Drop::kClosed), OutEdge::kWaitingMax + 1);
}

TEST_F(PluginHostTest, APublishThatWaitsGoesOnWhenThereIsRoom) {
  Peer peer(*host, small_link());
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
