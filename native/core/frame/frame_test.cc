#include "core/frame/frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace busbar::frame {
namespace {

Header sample() {
  Header header;
  header.length = 80;
  header.kind = kind::kData;
  header.type_id = 0x04030201;
  header.source_id = 0x08070605;
  header.schema = 0x1817161514131211;
  header.sequence = kSequenceMax;
  header.timestamp = 0x2827262524232221;
  header.correlation = 77;
  header.epoch = 5;
  header.topic_id = 6;
  header.ttl_ms = 7;
  header.flags = flag::kReplayed | flag::kLastOfStream;
  header.lane = lane::kControl;
  return header;
}

TEST(WriteHeader, PutsEveryFieldAtItsOffset) {
  std::vector<uint8_t> bytes(80, 0xEE);
  write_header(bytes.data(), sample());
  const uint8_t expected[64] = {80,   0,    0,    0,    0x42, 1,    1,    8,    1,    2,    3,    4,    5,
                                6,    7,    8,    0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0xFF, 0xFF,
                                0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0,    0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
                                0x28, 77,   0,    0,    0,    0,    0,    0,    0,    5,    0,    0,    0,
                                6,    0,    0,    0,    7,    0,    0,    0,    40,   0,    1,    0};
  for (size_t i = 0; i < 64; i++) EXPECT_EQ(bytes[i], expected[i]) << "byte " << i;
  EXPECT_EQ(bytes[64], 0xEE);
}

TEST(ReadHeader, GivesBackWhatWasWritten) {
  std::vector<uint8_t> bytes(80);
  write_header(bytes.data(), sample());
  const Header read = read_header(bytes.data());
  EXPECT_EQ(read.sequence, kSequenceMax);
  EXPECT_EQ(read.schema, sample().schema);
  EXPECT_EQ(read.flags, sample().flags);
  EXPECT_EQ(read.lane, lane::kControl);
  EXPECT_EQ(read.payload_offset, 64u);
}

TEST(Check, NamesEachFault) {
  std::vector<uint8_t> bytes(80);
  write_header(bytes.data(), sample());
  EXPECT_EQ(check(bytes.data(), 80), Fault::kNone);
  EXPECT_EQ(check(bytes.data(), 63), Fault::kShort);
  EXPECT_EQ(check(bytes.data(), 79), Fault::kLength);
  bytes[4] = 0;
  EXPECT_EQ(check(bytes.data(), 80), Fault::kBadMagic);
  bytes[4] = kMagic;
  bytes[5] = 2;
  EXPECT_EQ(check(bytes.data(), 80), Fault::kBadVersion);
  bytes[5] = 1;
  bytes[7] = 7;
  EXPECT_EQ(check(bytes.data(), 80), Fault::kLength);
  bytes[7] = 11;
  EXPECT_EQ(check(bytes.data(), 80), Fault::kLength);
  EXPECT_STREQ(fault_name(Fault::kCriticalExt), "CRITICAL_EXT");
}

TEST(Extensions, AreWrittenFoundAndBounded) {
  std::vector<uint8_t> bytes(160);
  const uint8_t topic[] = {'a', 'b', 'c', 'd', 'e'};
  const uint8_t error[] = {1, 0, 'x'};
  const uint32_t second = write_extension(bytes.data(), 64, 160, extension::kTopic, topic);
  EXPECT_EQ(second, 80u);
  const uint32_t end = write_extension(bytes.data(), second, 160, extension::kError, error);
  EXPECT_EQ(end, 88u);
  EXPECT_EQ(write_extension(bytes.data(), end, 94, extension::kError, error), 0u);
  Header header = sample();
  header.length = 100;
  header.payload_offset = end;
  write_header(bytes.data(), header);
  ASSERT_EQ(check(bytes.data(), bytes.size()), Fault::kNone);
  const auto found = find_extension(bytes.data(), extension::kError);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[2], 'x');
  EXPECT_EQ(find_extension(bytes.data(), extension::kTrace).data(), nullptr);

  bytes[66] = 200;  // longer than the room before the payload
  EXPECT_EQ(check(bytes.data(), bytes.size()), Fault::kExt);
  bytes[66] = 5;
  bytes[64] = 99;
  EXPECT_EQ(check(bytes.data(), bytes.size()), Fault::kNone) << "unknown extensions are skipped";
  bytes[65] = 0x80;
  EXPECT_EQ(check(bytes.data(), bytes.size()), Fault::kCriticalExt);
}

TEST(Crc, IsTheIeeeOne) {
  const uint8_t text[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(crc32(text, 9), 0xCBF43926u);
}

}  // namespace
}  // namespace busbar::frame
