// Two threads, a small ring, both sides sleeping whenever they can: order, content, and no lost wake.
#include <gtest/gtest.h>

#include <thread>

#include "core/doorbell/doorbell.h"
#include "core/frame/frame.h"
#include "core/random/random.h"
#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"

namespace busbar::ring {
namespace {

constexpr uint32_t kCapacity = 4096;
constexpr uint64_t kRecords = 200'000;
constexpr int64_t kWatchdogNs = 20'000'000'000;

uint32_t length_of(uint64_t sequence) { return 64 + static_cast<uint32_t>(random::mix(sequence) % 700); }
uint8_t byte_of(uint64_t sequence) { return static_cast<uint8_t>(random::mix(sequence) >> 32); }

TEST(RingStress, TwoThreadsAgreeOnEveryByteAndNoWakeIsLost) {
  RingMemory memory(kCapacity);
  // Near 2^32, so that the cursors wrap on the way.
  word(memory.bytes(), at::kHead).store(0xFFFF0000u);
  word(memory.bytes(), at::kTail).store(0xFFFF0000u);
  Doorbell to_reader, to_writer;
  uint64_t producer_sleeps = 0, consumer_sleeps = 0, lost = 0;

  std::thread producer([&] {
    RingWriter writer(memory.bytes(), kCapacity);
    random::Stream dice(1, "producer", 0);
    for (uint64_t sequence = 0; sequence < kRecords;) {
      const uint32_t length = length_of(sequence);
      Claim claim = writer.claim(length);
      if (claim.at == nullptr) {
        if (writer.publish()) to_reader.ring();
        const uint32_t seen = to_writer.seen();
        writer.announce_waiting();
        claim = writer.claim(length);
        if (claim.at == nullptr) {
          producer_sleeps++;
          const uint64_t before = monotonic_ns();
          to_writer.wait(seen, kWatchdogNs);
          if (monotonic_ns() - before >= static_cast<uint64_t>(kWatchdogNs)) lost++;
          continue;
        }
        writer.withdraw_waiting();
      }
      frame::Header header;
      header.length = length;
      header.kind = frame::kind::kData;
      header.sequence = sequence;
      frame::write_header(claim.at, header);
      std::memset(claim.at + 64, byte_of(sequence), length - 64);
      writer.commit(length);
      sequence++;
      if (dice.below(8) == 0 && writer.publish()) to_reader.ring();
    }
    if (writer.publish()) to_reader.ring();
    writer.close();
    to_reader.ring();
  });

  RingReader reader(memory.bytes(), kCapacity);
  uint64_t expected = 0, wrong = 0;
  while (expected < kRecords) {
    const Next next = reader.peek();
    ASSERT_NE(next, Next::kFault);
    if (next == Next::kEmpty) {
      if (reader.release()) to_writer.ring();
      const uint32_t seen = to_reader.seen();
      if (!reader.announce_sleep()) continue;
      consumer_sleeps++;
      const uint64_t before = monotonic_ns();
      to_reader.wait(seen, kWatchdogNs);
      if (monotonic_ns() - before >= static_cast<uint64_t>(kWatchdogNs)) lost++;
      reader.withdraw_sleep();
      continue;
    }
    const auto header = frame::read_header(reader.frame());
    wrong += header.sequence != expected || header.length != length_of(expected);
    for (uint32_t at = 64; at < header.length; at++) wrong += reader.frame()[at] != byte_of(expected);
    expected++;
    reader.count_delivered();
    reader.pass();
    if (expected % 3 == 0 && reader.release()) to_writer.ring();
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(word(memory.bytes(), at::kDelivered).load(), kRecords);
  RecordProperty("producer_sleeps", static_cast<int>(producer_sleeps));
  RecordProperty("consumer_sleeps", static_cast<int>(consumer_sleeps));
}

}  // namespace
}  // namespace busbar::ring
