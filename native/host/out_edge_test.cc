// The sending side of an edge beside a link whose other end is the test, and a clock that the test moves.
#include "host/out_edge.h"

#include <gtest/gtest.h>

#include <numeric>

namespace busbar::host {
namespace {

constexpr uint32_t kA = 11, kB = 12, kOther = 13;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint32_t kRingBytes = 4096;

uint64_t now_ns = 0;
uint64_t test_clock() { return now_ns; }

using Offer = OutEdge::Offer;

class OutEdgeTest : public ::testing::Test {
 protected:
  void SetUp() override { now_ns = 100 * kSecond; }

  static EdgeOptions options(WhenFull when_full, uint32_t timeout_ms = 5000) {
    EdgeOptions options;
    options.policies = {{0, when_full, timeout_ms}};
    options.declared = {kA, kB};
    return options;
  }

  static std::shared_ptr<Link> link() {
    LinkOptions options;
    options.capacity_bytes = kRingBytes;
    options.frame_bytes_max = 1024;
    options.ring_peer = [] {};
    return Link::create(options);
  }

  /// A message that holds one number, in a frame of that many bytes.
  static Offer offer(OutEdge& edge, uint32_t type, uint32_t number, uint32_t bytes = 72, std::string_view topic = {}) {
    std::vector<uint8_t> payload(bytes, 0);
    std::memcpy(payload.data(), &number, 4);
    frame::Header header;
    header.kind = frame::kind::kData;
    header.type_id = type;
    header.topic_id = topic.empty() ? 0 : 1000 + static_cast<uint32_t>(topic.size());
    header.payload_offset += topic.empty() ? 0 : static_cast<uint32_t>(frame::padded_bytes(4 + topic.size()));
    header.length = std::max(bytes, header.payload_offset + 8);
    return edge.offer({header, payload.data(), topic});
  }

  /// What the subscriber finds in its ring, as {type, number}.
  static std::vector<std::pair<uint32_t, uint32_t>> take(Link& link) {
    ring::RingReader in(link.memory(kOutData)->bytes(), link.capacity());
    std::vector<std::pair<uint32_t, uint32_t>> taken;
    while (in.peek() == ring::Next::kFrame) {
      const frame::Header header = frame::read_header(in.frame());
      uint32_t number = 0;
      std::memcpy(&number, in.frame() + header.payload_offset, 4);
      taken.emplace_back(header.type_id, number);
      in.pass();
    }
    in.release();
    return taken;
  }

  static std::vector<uint32_t> numbers(Link& link) {
    std::vector<uint32_t> numbers;
    for (const auto& [type, number] : take(link)) numbers.push_back(number);
    return numbers;
  }

  static std::vector<uint32_t> range(uint32_t from, uint32_t to) {
    std::vector<uint32_t> list(to - from);
    std::iota(list.begin(), list.end(), from);
    return list;
  }

  static EdgeCounters counters(const OutEdge& edge) {
    return edge.counters([] {});
  }
  static uint64_t dropped(const OutEdge& edge, ring::Drop reason) {
    return counters(edge).dropped[static_cast<size_t>(reason)];
  }
  static uint64_t dropped(const OutEdge& edge) {
    const auto counts = counters(edge).dropped;
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  }
};

TEST_F(OutEdgeTest, WhatIsPublishedBeforeTheSubscriberIsThereWaitsForItInOrder) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  for (uint32_t i = 0; i < 5; i++) EXPECT_EQ(offer(edge, i % 2 == 0 ? kA : kB, i), Offer::kKept);
  EXPECT_EQ(counters(edge).waiting, 5u);
  EXPECT_EQ(counters(edge).waiting_bytes, 5u * 72);
  const auto to = link();
  edge.attach(to);
  edge.pump();
  EXPECT_EQ(take(*to).size(), 0u) << "it has not asked for any";
  to->subscribe(kA, 0, true);
  edge.pump();
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{0})) << "the next in order is of the other type";
  to->subscribe(kB, 0, true);
  EXPECT_EQ(offer(edge, kA, 5), Offer::kSent);
  EXPECT_EQ(numbers(*to), range(1, 6));
  EXPECT_EQ(to->committed[0].load(), 6u);
  EXPECT_EQ(counters(edge).waiting, 0u);
  EXPECT_EQ(counters(edge).waiting_bytes, 0u);
  EXPECT_EQ(dropped(edge), 0u);
}

TEST_F(OutEdgeTest, ATypeThatIsNotDeclaredIsForThoseWhoAskForItOnly) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  EXPECT_EQ(offer(edge, kOther, 0), Offer::kNotForIt);
  const auto to = link();
  edge.attach(to);
  EXPECT_EQ(offer(edge, kOther, 1), Offer::kNotForIt);
  to->subscribe(kOther, 0, true);
  EXPECT_EQ(offer(edge, kOther, 2), Offer::kSent);
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{2}));
}

TEST_F(OutEdgeTest, WhatWaitsLongerThanItsPolicyAllowsIsDroppedAsTimeout) {
  EdgeOptions given = options(WhenFull::kBlock);
  given.policies.push_back({kB, WhenFull::kBlock, 1000});
  OutEdge edge(given, test_clock);
  offer(edge, kA, 0);
  offer(edge, kB, 1);
  EXPECT_EQ(edge.due(), now_ns + kSecond);
  now_ns += kSecond;
  edge.pump();
  EXPECT_EQ(dropped(edge, ring::Drop::kTimeout), 1u);
  EXPECT_EQ(counters(edge).waiting, 1u);
  EXPECT_EQ(edge.due(), now_ns + 4 * kSecond);
  now_ns += 4 * kSecond;
  edge.pump();
  EXPECT_EQ(dropped(edge, ring::Drop::kTimeout), 2u);
  EXPECT_FALSE(edge.waits());
  EXPECT_EQ(edge.due(), UINT64_MAX);
}

TEST_F(OutEdgeTest, WhatWaitsIsBoundedAndAnAbsenceIsWaitedForOnce) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  for (uint32_t i = 0; i < OutEdge::kWaitingMax; i++) ASSERT_EQ(offer(edge, kA, i), Offer::kKept);
  EXPECT_EQ(offer(edge, kA, 9999), Offer::kNoRoom);
  EXPECT_EQ(dropped(edge), 0u) << "no room is no loss yet";
  edge.waited();
  edge.give_up(ring::Drop::kTimeout);
  for (uint32_t i = 0; i < 10; i++) EXPECT_EQ(offer(edge, kA, 9999), Offer::kTimedOut);
  EXPECT_EQ(dropped(edge, ring::Drop::kTimeout), 11u);
  // With the subscriber hope comes back.
  const auto to = link();
  edge.attach(to);
  EXPECT_EQ(offer(edge, kA, 9999), Offer::kNoRoom);
}

TEST_F(OutEdgeTest, EachAbsenceIsWaitedForByItself) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  const auto to = link();
  edge.attach(to);  // which asks for nothing yet
  for (uint32_t i = 0; i < OutEdge::kWaitingMax; i++) ASSERT_EQ(offer(edge, kA, i), Offer::kKept);
  EXPECT_EQ(offer(edge, kA, 9999), Offer::kNoRoom);
  edge.waited();
  now_ns += 5 * kSecond;
  to->subscribe(kA, 0, true);
  EXPECT_EQ(offer(edge, kA, 0), Offer::kSent) << "what waited is dropped by now";
  to->close();
  for (uint32_t i = 0; i < OutEdge::kWaitingMax; i++) ASSERT_EQ(offer(edge, kA, i), Offer::kKept);
  EXPECT_EQ(offer(edge, kA, 9999), Offer::kNoRoom);
}

TEST_F(OutEdgeTest, TheBoundInBytesIsTheCapacityOfTheEdge) {
  EdgeOptions given = options(WhenFull::kBlock);
  given.capacity_bytes = 1000;
  OutEdge edge(given, test_clock);
  EXPECT_EQ(offer(edge, kA, 0, 600), Offer::kKept);
  EXPECT_EQ(offer(edge, kA, 1, 600), Offer::kNoRoom);
  EXPECT_EQ(offer(edge, kA, 1, 400), Offer::kKept);
}

TEST_F(OutEdgeTest, OtherPoliciesDecideForAnAbsentSubscriberAsForAFullEdge) {
  OutEdge refusing(options(WhenFull::kError), test_clock);
  EXPECT_EQ(offer(refusing, kA, 0), Offer::kFull);
  EXPECT_EQ(counters(refusing).refused, 1u);
  EXPECT_EQ(dropped(refusing), 0u);
  OutEdge dropping(options(WhenFull::kDropNewest), test_clock);
  EXPECT_EQ(offer(dropping, kA, 0), Offer::kDropped);
  EXPECT_EQ(dropped(dropping, ring::Drop::kFullNewest), 1u);
  EXPECT_FALSE(refusing.waits() || dropping.waits());
}

TEST_F(OutEdgeTest, DropOldestKeepsTheNewestAsLongAsItTakes) {
  OutEdge edge(options(WhenFull::kDropOldest), test_clock);
  constexpr uint32_t kMore = 100;
  for (uint32_t i = 0; i < OutEdge::kWaitingMax + kMore; i++) ASSERT_EQ(offer(edge, kA, i), Offer::kKept);
  EXPECT_EQ(dropped(edge, ring::Drop::kFullOldest), kMore);
  now_ns += 3600 * kSecond;
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  std::vector<uint32_t> got;
  while (edge.waits()) {
    edge.pump();
    const auto some = numbers(*to);
    ASSERT_FALSE(some.empty());
    got.insert(got.end(), some.begin(), some.end());
  }
  EXPECT_EQ(got, range(kMore, OutEdge::kWaitingMax + kMore));
}

TEST_F(OutEdgeTest, DropOldestActsOnWhatIsSetAsideWhenTheRingIsFull) {
  EdgeOptions given = options(WhenFull::kDropOldest);
  given.capacity_bytes = 2000;
  OutEdge edge(given, test_clock);
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  for (uint32_t i = 0; i < 10; i++) EXPECT_EQ(offer(edge, kA, i, 1000), i < 4 ? Offer::kSent : Offer::kKept);
  EXPECT_TRUE(edge.is_blocked());
  EXPECT_FALSE(edge.has_room());
  EXPECT_EQ(dropped(edge, ring::Drop::kFullOldest), 4u);
  EXPECT_EQ(numbers(*to), range(0, 4));
  EXPECT_TRUE(edge.has_room());
  edge.pump();
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{8, 9}));
}

TEST_F(OutEdgeTest, LatestKeepsOneOfEachTypeAndTopic) {
  OutEdge edge(options(WhenFull::kLatest), test_clock);
  for (uint32_t i = 0; i < 12; i++) {
    EXPECT_EQ(offer(edge, i % 2 == 0 ? kA : kB, i, 96, i % 3 == 0 ? "north" : "east"), Offer::kKept);
  }
  EXPECT_EQ(counters(edge).waiting, 4u);
  EXPECT_EQ(dropped(edge, ring::Drop::kConflated), 8u);
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  to->subscribe(kB, 0, true);
  edge.pump();
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{6, 9, 10, 11}));
}

TEST_F(OutEdgeTest, WhatIsAskedForTogetherComesInTheOrderOfPublishing) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  for (uint32_t i = 0; i < 6; i++) offer(edge, i % 2 == 0 ? kB : kA, i);
  const auto to = link();
  edge.attach(to);
  now_ns += 2 * kSecond;
  EXPECT_EQ(edge.due(), 100 * kSecond + 5 * kSecond) << "nothing is asked for, so nothing is held back";
  to->subscribe(kA, 0, true);
  edge.pump();
  EXPECT_EQ(take(*to).size(), 0u);
  EXPECT_EQ(edge.due(), now_ns + OutEdge::kTogetherNs);
  now_ns += OutEdge::kTogetherNs - 1;
  to->subscribe(kB, 0, true);
  edge.pump();
  EXPECT_EQ(numbers(*to), range(0, 6));
}

TEST_F(OutEdgeTest, ATypeThatIsNotAskedForHoldsNothingBackForLong) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  offer(edge, kB, 0);
  offer(edge, kA, 1);
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  EXPECT_EQ(offer(edge, kA, 2), Offer::kKept) << "behind what holds it back";
  offer(edge, kB, 3);
  EXPECT_EQ(edge.due(), now_ns + OutEdge::kTogetherNs);
  now_ns += OutEdge::kTogetherNs;
  edge.pump();
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{1, 2}));
  // What comes now goes aside at once. It is there when it is asked for, before what is published then.
  EXPECT_EQ(offer(edge, kB, 4), Offer::kKept);
  EXPECT_EQ(offer(edge, kA, 5), Offer::kSent);
  to->subscribe(kB, 0, true);
  EXPECT_EQ(offer(edge, kB, 6), Offer::kSent);
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{5, 0, 3, 4, 6}));
}

TEST_F(OutEdgeTest, WhatWaitsAsideIsBoundedAndNobodyWaitsForItsRoom) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  EXPECT_EQ(offer(edge, kA, 0), Offer::kSent);
  now_ns += OutEdge::kTogetherNs;
  for (uint32_t i = 0; i < OutEdge::kWaitingMax; i++) ASSERT_EQ(offer(edge, kB, i), Offer::kKept);
  EXPECT_EQ(offer(edge, kB, 9999), Offer::kTimedOut);
  EXPECT_EQ(offer(edge, kA, 1), Offer::kSent);
  now_ns += 5 * kSecond;
  EXPECT_EQ(offer(edge, kB, 9999), Offer::kKept);
  EXPECT_EQ(dropped(edge, ring::Drop::kTimeout), OutEdge::kWaitingMax + 1);
  EXPECT_EQ(counters(edge).waiting, 1u);
}

TEST_F(OutEdgeTest, APeerThatHasAskedForAllItWillHoldsNothingBack) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  offer(edge, kB, 0);
  offer(edge, kA, 1);
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  to->settle();
  edge.pump();
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{1}));
}

TEST_F(OutEdgeTest, WhatWaitsSurvivesALinkThatGoesAndGoesToTheNext) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  const auto first = link();
  edge.attach(first);
  first->subscribe(kA, 0, true);
  EXPECT_EQ(offer(edge, kA, 0), Offer::kSent);
  first->close();
  EXPECT_EQ(edge.link(), nullptr);
  edge.forget_closed();
  EXPECT_EQ(offer(edge, kA, 1), Offer::kKept);
  const auto second = link();
  edge.attach(second);
  EXPECT_EQ(offer(edge, kA, 2), Offer::kKept) << "a new link has asked for nothing yet";
  second->subscribe(kA, 0, true);
  edge.pump();
  EXPECT_EQ(numbers(*second), (std::vector<uint32_t>{1, 2}));
}

TEST_F(OutEdgeTest, TheNewerOfTwoLinksGetsWhatIsPublished) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  const auto first = link(), second = link();
  edge.attach(first);
  first->subscribe(kA, 0, true);
  edge.attach(second);
  second->subscribe(kA, 0, true);
  EXPECT_EQ(offer(edge, kA, 0), Offer::kSent);
  EXPECT_EQ(take(*first).size(), 0u);
  EXPECT_EQ(numbers(*second), (std::vector<uint32_t>{0}));
}

TEST_F(OutEdgeTest, ASubscriberThatLeavesGetsNothingAndOneThatCannotReadItNeither) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  offer(edge, kA, 0);
  offer(edge, kB, 1);
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 0, true);
  to->subscribe(kA, 0, false);
  to->refuse(kB);
  edge.pump();
  EXPECT_EQ(dropped(edge, ring::Drop::kClosed), 1u);
  EXPECT_EQ(dropped(edge, ring::Drop::kRefusedSchema), 1u);
  EXPECT_EQ(offer(edge, kA, 2), Offer::kNotForIt);
  EXPECT_EQ(offer(edge, kB, 3), Offer::kDropped);
  EXPECT_EQ(dropped(edge, ring::Drop::kRefusedSchema), 2u);
  EXPECT_EQ(take(*to).size(), 0u);
}

TEST_F(OutEdgeTest, TopicsDecideAfterTheTypeHasBeenAskedFor) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  offer(edge, kA, 0, 96, "east");
  offer(edge, kA, 1, 96, "north");
  const auto to = link();
  edge.attach(to);
  to->subscribe(kA, 1005, true);  // that of "north" here
  edge.pump();
  EXPECT_EQ(numbers(*to), (std::vector<uint32_t>{1}));
  EXPECT_EQ(dropped(edge, ring::Drop::kClosed), 1u);
  EXPECT_EQ(offer(edge, kA, 2, 96, "east"), Offer::kNotForIt);
}

TEST_F(OutEdgeTest, AtTheEndWhatWaitsIsDroppedAsClosed) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  for (uint32_t i = 0; i < 7; i++) offer(edge, kA, i);
  edge.close();
  EXPECT_EQ(dropped(edge, ring::Drop::kClosed), 7u);
  EXPECT_EQ(counters(edge).waiting, 0u);
  EXPECT_EQ(counters(edge).waiting_bytes, 0u);
}

TEST_F(OutEdgeTest, AMessageBeyondTheEdgesLimitIsNotTaken) {
  OutEdge edge(options(WhenFull::kBlock), test_clock);
  EXPECT_EQ(offer(edge, kA, 0, (256u << 10) + 8), Offer::kTooLarge);
  EXPECT_FALSE(edge.waits());
}

}  // namespace
}  // namespace busbar::host
