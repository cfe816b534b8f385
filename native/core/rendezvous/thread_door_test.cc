// Method: threads of this process that meet by name; rings in the memory that was handed over; ends that go at any
// time.
#include "core/rendezvous/thread_door.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "core/frame/frame.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"

namespace busbar::rendezvous {
namespace {

using Ends = std::pair<std::shared_ptr<ThreadEnd>, std::shared_ptr<ThreadEnd>>;

Ends meet() {
  std::shared_ptr<ThreadDoor> door;
  EXPECT_EQ(ThreadDoor::open(
                "test/meet", [] {}, door),
            Status::kOk);
  std::shared_ptr<ThreadEnd> near;
  EXPECT_EQ(ThreadDoor::connect("test/meet", near), Status::kOk);
  auto far = door->accept();
  EXPECT_NE(far, nullptr);
  return {near, far};
}

ThreadPacket packet(std::initializer_list<uint8_t> bytes) { return {bytes, {}}; }

TEST(ThreadDoorTest, OneNameIsOneDoorAndAClosedOneIsFreeAgain) {
  std::shared_ptr<ThreadDoor> first, second;
  std::shared_ptr<ThreadEnd> end;
  EXPECT_EQ(ThreadDoor::connect("test/one", end), Status::kRefused);
  ASSERT_EQ(ThreadDoor::open(
                "test/one", [] {}, first),
            Status::kOk);
  EXPECT_EQ(ThreadDoor::open(
                "test/one", [] {}, second),
            Status::kInUse);
  EXPECT_EQ(second, nullptr);
  first->close();
  EXPECT_EQ(ThreadDoor::connect("test/one", end), Status::kRefused);
  EXPECT_EQ(ThreadDoor::open(
                "test/one", [] {}, second),
            Status::kOk);
}

TEST(ThreadDoorTest, WhoWaitsIsBoundedAndSeesTheDoorClose) {
  std::shared_ptr<ThreadDoor> door;
  int knocks = 0;
  ASSERT_EQ(ThreadDoor::open(
                "test/full", [&] { knocks++; }, door),
            Status::kOk);
  std::vector<std::shared_ptr<ThreadEnd>> ends(kKnocksMax + 1);
  for (size_t i = 0; i < kKnocksMax; i++) ASSERT_EQ(ThreadDoor::connect("test/full", ends[i]), Status::kOk);
  EXPECT_EQ(ThreadDoor::connect("test/full", ends.back()), Status::kAgain);
  EXPECT_EQ(knocks, static_cast<int>(kKnocksMax));
  ThreadPacket got;
  EXPECT_EQ(ends[0]->receive(got), Status::kAgain);
  door->close();
  EXPECT_EQ(ends[0]->receive(got), Status::kClosed);
}

TEST(ThreadDoorTest, WhatCameBeforeAnybodyListenedIsTold) {
  auto [near, far] = meet();
  ASSERT_EQ(near->send(packet({1})), Status::kOk);
  near->ring();
  int mail = 0, bells = 0;
  far->listen([&] { mail++; }, [&] { bells++; });
  EXPECT_EQ(mail, 1);
  EXPECT_EQ(bells, 1);
  near->ring();
  EXPECT_EQ(bells, 2);
}

TEST(ThreadDoorTest, PacketsKeepTheirOrderAndAreBounded) {
  auto [near, far] = meet();
  for (uint8_t i = 0; i < kPacketsMax; i++) ASSERT_EQ(near->send(packet({i})), Status::kOk);
  EXPECT_EQ(near->send(packet({0})), Status::kAgain);
  EXPECT_EQ(near->send({std::vector<uint8_t>(kPacketBytesMax + 1), {}}), Status::kFailed);
  ThreadPacket got;
  for (uint8_t i = 0; i < kPacketsMax; i++) {
    ASSERT_EQ(far->receive(got), Status::kOk);
    EXPECT_EQ(got.bytes, std::vector<uint8_t>{i});
  }
  EXPECT_EQ(far->receive(got), Status::kAgain);
}

TEST(ThreadDoorTest, AnEndThatGoesIsSeenAfterItsLastPacketAndHearsNothingMore) {
  auto [near, far] = meet();
  int mail = 0, late = 0;
  far->listen([&] { mail++; }, [] {});
  near->listen([&] { late++; }, [&] { late++; });
  ASSERT_EQ(near->send(packet({7})), Status::kOk);
  near->close();
  EXPECT_EQ(mail, 2);
  ThreadPacket got;
  EXPECT_EQ(far->receive(got), Status::kOk);
  EXPECT_EQ(far->receive(got), Status::kClosed);
  EXPECT_EQ(far->send(packet({8})), Status::kClosed);
  far->ring();
  far->close();
  EXPECT_EQ(late, 0);
}

TEST(ThreadDoorTest, MemoryOfRingsIsFreedWithTheLastWhoHoldsIt) {
  std::weak_ptr<ring::RingMemory> watch;
  {
    auto [near, far] = meet();
    auto data = std::make_shared<ring::RingMemory>(4096), control = std::make_shared<ring::RingMemory>(4096);
    watch = data;
    ASSERT_EQ(near->send({{1}, {std::move(data), std::move(control)}}), Status::kOk);
    EXPECT_FALSE(watch.expired());
    far->close();  // unread
    EXPECT_TRUE(watch.expired());
  }
}

/// Frames through a ring in private memory, bells both ways, while ends listen and go.
TEST(ThreadDoorTest, FramesCrossBetweenThreads) {
  constexpr uint32_t kFrames = 20'000, kBytes = 96;
  std::shared_ptr<ThreadDoor> door;
  ASSERT_EQ(ThreadDoor::open(
                "test/frames", [] {}, door),
            Status::kOk);
  std::thread producer([] {
    std::shared_ptr<ThreadEnd> end;
    ASSERT_EQ(ThreadDoor::connect("test/frames", end), Status::kOk);
    auto data = std::make_shared<ring::RingMemory>(8192), control = std::make_shared<ring::RingMemory>(4096);
    ring::RingWriter writer(data->bytes(), data->capacity());
    ASSERT_EQ(end->send({{1}, {data, control}}), Status::kOk);
    for (uint32_t i = 0; i < kFrames;) {
      const ring::Claim claim = writer.claim(kBytes);
      if (claim.at == nullptr) {
        std::this_thread::yield();
        continue;
      }
      frame::Header header{};
      header.length = kBytes;
      header.kind = 1;
      header.sequence = ++i;
      std::memset(claim.at, 0, kBytes);
      frame::write_header(claim.at, header);
      writer.commit(kBytes);
      if (writer.publish()) end->ring();
    }
  });
  std::shared_ptr<ThreadEnd> end;
  while ((end = door->accept()) == nullptr) std::this_thread::yield();
  ThreadPacket got;
  while (end->receive(got) != Status::kOk) std::this_thread::yield();
  std::atomic<uint32_t> bells{0};
  end->listen([] {}, [&] { bells++; });
  ring::RingReader reader(got.rings[0]->bytes(), got.rings[0]->capacity());
  uint64_t last = 0;
  while (last < kFrames) {
    switch (reader.peek()) {
      case ring::Next::kFrame:
        ASSERT_EQ(frame::read_header(reader.frame()).sequence, last + 1);
        last++;
        reader.pass();
        reader.release();
        break;
      case ring::Next::kFault:
        FAIL() << "fault";
      case ring::Next::kEmpty: {
        const uint32_t before = bells;
        if (!reader.announce_sleep()) break;
        while (bells == before && reader.empty()) std::this_thread::yield();
      }
    }
  }
  producer.join();
  while (end->receive(got) != Status::kClosed) std::this_thread::yield();
}

}  // namespace
}  // namespace busbar::rendezvous
