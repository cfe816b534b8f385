#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/frame/frame.h"
#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"

namespace busbar::ring {
namespace {

constexpr uint32_t kCapacity = 4096;

void put(uint8_t* at, uint32_t length, uint64_t sequence) {
  frame::Header header;
  header.length = length;
  header.kind = frame::kind::kData;
  header.sequence = sequence;
  frame::write_header(at, header);
  std::memset(at + 64, static_cast<int>(sequence & 0xFF), length - 64);
}

class RingTest : public ::testing::Test {
 protected:
  void start_at(uint32_t cursor) {
    word(memory.bytes(), at::kHead).store(cursor);
    word(memory.bytes(), at::kTail).store(cursor);
  }
  uint8_t* data() { return memory.bytes() + kHeaderBytes; }
  uint32_t get(uint32_t where) { return word(memory.bytes(), where).load(); }

  RingMemory memory{kCapacity};
};

TEST_F(RingTest, MemoryStartsWithItsMagicAndCapacityAndIsZeroElsewhere) {
  EXPECT_EQ(get(at::kMagicWord), kMagic);
  EXPECT_EQ(get(at::kCapacity), kCapacity);
  for (uint32_t i = 8; i < kHeaderBytes; i++) ASSERT_EQ(memory.bytes()[i], 0) << i;
}

TEST_F(RingTest, ClaimOffersEverythingThatIsContiguous) {
  RingWriter writer(memory.bytes(), kCapacity);
  const Claim claim = writer.claim(100);
  EXPECT_EQ(claim.at, data());
  EXPECT_EQ(claim.bytes, kCapacity);
}

TEST_F(RingTest, NothingIsSeenBeforePublishAndAnAbortLeavesNoTrace) {
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  put(writer.claim(72).at, 72, 1);
  writer.abort();
  put(writer.claim(80).at, 80, 2);
  writer.commit(80);
  EXPECT_EQ(reader.peek(), Next::kEmpty);
  writer.publish();
  ASSERT_EQ(reader.peek(), Next::kFrame);
  EXPECT_EQ(frame::read_header(reader.frame()).sequence, 2u);
  reader.pass();
  EXPECT_EQ(reader.peek(), Next::kEmpty);
}

TEST_F(RingTest, RecordsTakeMultiplesOfEightBytes) {
  RingWriter writer(memory.bytes(), kCapacity);
  put(writer.claim(65).at, 65, 1);
  writer.commit(65);
  writer.publish();
  EXPECT_EQ(get(at::kTail), 72u);
}

TEST_F(RingTest, AFrameThatDoesNotFitBeforeTheEndIsPrecededByAPadRecord) {
  start_at(kCapacity - 128);
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  const Claim claim = writer.claim(200);
  EXPECT_EQ(claim.at, data());
  put(claim.at, 200, 9);
  writer.commit(200);
  writer.publish();
  const uint8_t pad[8] = {128, 0, 0, 0, 0x42, 1, 255, 0};
  EXPECT_EQ(std::memcmp(data() + kCapacity - 128, pad, 8), 0);
  EXPECT_EQ(get(at::kTail), kCapacity + 200);
  ASSERT_EQ(reader.peek(), Next::kFrame);
  EXPECT_EQ(reader.frame(), data());
}

TEST_F(RingTest, APadOfEightBytesIsEnough) {
  start_at(kCapacity - 8);
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  put(writer.claim(64).at, 64, 3);
  writer.commit(64);
  writer.publish();
  ASSERT_EQ(reader.peek(), Next::kFrame);
  EXPECT_EQ(frame::read_header(reader.frame()).sequence, 3u);
}

TEST_F(RingTest, AFullRingAnswersNoRoomAndTakesMoreOnceReleased) {
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  int written = 0;
  for (Claim claim; (claim = writer.claim(64)).at != nullptr; written++) {
    put(claim.at, 64, 1);
    writer.commit(64);
  }
  writer.publish();
  EXPECT_EQ(written, static_cast<int>(kCapacity / 64));
  EXPECT_EQ(writer.in_use(), kCapacity);
  ASSERT_EQ(reader.peek(), Next::kFrame);
  reader.pass();
  EXPECT_EQ(writer.claim(64).at, nullptr) << "passed is not released";
  reader.release();
  EXPECT_NE(writer.claim(64).at, nullptr);
  EXPECT_EQ(writer.claim(128).at, nullptr);
}

TEST_F(RingTest, HalfOfTheCapacityAlwaysFitsAnEmptyRing) {
  for (uint32_t start = 0; start < kCapacity; start += 8) {
    start_at(start);
    RingWriter writer(memory.bytes(), kCapacity);
    ASSERT_NE(writer.claim(kCapacity / 2).at, nullptr) << start;
  }
  EXPECT_EQ(capacity_for(1000, 64), 4096u);
  EXPECT_EQ(capacity_for(1 << 20, 256 << 10), 1u << 20);
  EXPECT_EQ(capacity_for(4096, 3000), 8192u);
}

class CursorWrap : public RingTest, public ::testing::WithParamInterface<uint32_t> {};

TEST_P(CursorWrap, OrderAndContentSurvive) {
  start_at(GetParam());
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  uint64_t sent = 0, received = 0;
  for (int round = 0; round < 400; round++) {
    for (int i = 0; i < 1 + round % 20; i++) {
      const uint32_t length = 64 + static_cast<uint32_t>((sent * 37) % 300);
      const Claim claim = writer.claim(length);
      if (claim.at == nullptr) break;
      put(claim.at, length, sent++);
      writer.commit(length);
    }
    writer.publish();
    for (int i = 0; i < 1 + (round * 7) % 20 && reader.peek() == Next::kFrame; i++) {
      const auto header = frame::read_header(reader.frame());
      ASSERT_EQ(header.sequence, received);
      ASSERT_EQ(header.length, 64 + (received * 37) % 300);
      for (uint32_t at = 64; at < header.length; at++) ASSERT_EQ(reader.frame()[at], received & 0xFF);
      received++;
      reader.pass();
    }
    reader.release();
  }
  EXPECT_GT(received, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Around, CursorWrap,
                         ::testing::Values(0u, 0x7FFFFFF8u - 4096, 0x80000000u - 64, 0xFFFFFFF8u - 8192, 0xFFFFFFF8u));

TEST_F(RingTest, HostileRecordsAreFaultsAndNotReads) {
  struct Case {
    const char* name;
    uint32_t tail;
    std::vector<uint8_t> bytes;
  };
  const Case cases[] = {
      {"a tail beyond the ring", kCapacity + 8, {}},
      {"a tail before the head", 0xFFFFFFF8u, {}},
      {"a tail that is no multiple of 8", 68, {}},
      {"less than a header", 32, {32, 0, 0, 0, 0x42, 1, 1, 8}},
      {"a length beyond the tail", 64, {128, 0, 0, 0, 0x42, 1, 1, 8}},
      {"a length of 4 GiB", 64, {255, 255, 255, 255, 0x42, 1, 1, 8}},
      {"a length below the header", 64, {8, 0, 0, 0, 0x42, 1, 1, 8}},
      {"an offset behind the frame", 64, {64, 0, 0, 0, 0x42, 1, 1, 9}},
      {"another version", 64, {64, 0, 0, 0, 0x42, 2, 1, 8}},
      {"a pad in the middle", 64, {64, 0, 0, 0, 0x42, 1, 255, 0}},
      {"a pad of nothing", 64, {0, 0, 0, 0, 0x42, 1, 255, 0}},
      {"a pad beyond the tail", 64, {0, 16, 0, 0, 0x42, 1, 255, 0}},
  };
  for (const Case& hostile : cases) {
    std::memset(data(), 0, kCapacity);
    if (!hostile.bytes.empty()) std::memcpy(data(), hostile.bytes.data(), hostile.bytes.size());
    start_at(0);
    word(memory.bytes(), at::kTail).store(hostile.tail);
    RingReader reader(memory.bytes(), kCapacity);
    EXPECT_EQ(reader.peek(), Next::kFault) << hostile.name;
    EXPECT_NE(reader.fault(), frame::Fault::kNone) << hostile.name;
  }
}

TEST_F(RingTest, PublishRingsOnlyASleeper) {
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  const auto send = [&] {
    put(writer.claim(64).at, 64, 1);
    writer.commit(64);
    return writer.publish();
  };
  EXPECT_FALSE(send());
  EXPECT_FALSE(reader.announce_sleep()) << "there is something to read";
  EXPECT_EQ(get(at::kSleeping), 0u);
  ASSERT_EQ(reader.peek(), Next::kFrame);
  reader.pass();
  EXPECT_TRUE(reader.announce_sleep());
  EXPECT_TRUE(send());
  EXPECT_FALSE(send()) << "it has been rung already";
  EXPECT_FALSE(writer.publish()) << "nothing new";
}

TEST_F(RingTest, ReleaseRingsAWaitingProducerAtAQuarter) {
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  for (Claim claim; (claim = writer.claim(256)).at != nullptr;) {
    put(claim.at, 256, 1);
    writer.commit(256);
  }
  writer.publish();
  writer.announce_waiting();
  EXPECT_EQ(writer.claim(256).at, nullptr);
  for (uint32_t freed = 256; freed <= kCapacity / 4; freed += 256) {
    ASSERT_EQ(reader.peek(), Next::kFrame);
    reader.pass();
    EXPECT_EQ(reader.release(), freed == kCapacity / 4) << freed;
  }
  EXPECT_NE(writer.claim(256).at, nullptr);
}

TEST_F(RingTest, CountersAreThoseOfTheReader) {
  RingReader reader(memory.bytes(), kCapacity);
  reader.count_delivered();
  reader.count_delivered();
  reader.count_dropped(Drop::kExpired);
  EXPECT_EQ(get(at::kDelivered), 2u);
  EXPECT_EQ(get(at::kDropped + 4 * 4), 1u);
  word(memory.bytes(), at::kReportWanted).store(1);
  EXPECT_TRUE(reader.take_report_wanted());
  EXPECT_FALSE(reader.take_report_wanted());
}

TEST_F(RingTest, ClosingIsSeenByTheOtherSide) {
  RingWriter writer(memory.bytes(), kCapacity);
  RingReader reader(memory.bytes(), kCapacity);
  EXPECT_FALSE(reader.producer_closed());
  EXPECT_FALSE(writer.consumer_closed());
  writer.close();
  reader.close();
  EXPECT_TRUE(reader.producer_closed());
  EXPECT_TRUE(writer.consumer_closed());
}

}  // namespace
}  // namespace busbar::ring
