// The same vectors as bus/wire reads: both sides make and take the same bytes.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "core/frame/frame.h"
#include "testing/json.h"

namespace busbar::frame {
namespace {

using testing::from_hex;
using testing::Json;

constexpr const char* kVectors = BUSBAR_SOURCE_DIR "/test/conformance/vectors/frames.json";

Json vectors() {
  std::ifstream file(kVectors);
  std::ostringstream text;
  text << file.rdbuf();
  return testing::JsonReader::read(text.str());
}

Header header_of(const Json& json) {
  Header header;
  header.length = static_cast<uint32_t>(json["length"].integer());
  header.kind = static_cast<uint8_t>(json["kind"].integer());
  header.payload_offset = static_cast<uint32_t>(json["payload_offset"].integer());
  header.type_id = static_cast<uint32_t>(json["type_id"].integer());
  header.source_id = static_cast<uint32_t>(json["source_id"].integer());
  header.schema = json["schema"].integer();
  header.sequence = json["sequence"].integer();
  header.timestamp = json["timestamp"].integer();
  header.correlation = json["correlation"].integer();
  header.epoch = static_cast<uint32_t>(json["epoch"].integer());
  header.topic_id = static_cast<uint32_t>(json["topic_id"].integer());
  header.ttl_ms = static_cast<uint32_t>(json["ttl_ms"].integer());
  header.flags = static_cast<uint16_t>(json["flags"].integer());
  header.lane = static_cast<uint8_t>(json["lane"].integer());
  return header;
}

TEST(FrameVectors, GoodFramesAreWrittenToTheSameBytes) {
  const Json file = vectors();
  ASSERT_FALSE(file["good"].items.empty());
  for (const Json& vector : file["good"].items) {
    SCOPED_TRACE(vector["name"].text);
    const auto expected = from_hex(vector["hex"].text);
    std::vector<uint8_t> written(expected.size(), 0xEE);
    const Header header = header_of(vector["header"]);
    write_header(written.data(), header);
    uint32_t at = kHeaderBytes;
    for (const Json& extension : vector["extensions"].items) {
      at = write_extension(written.data(), at, header.payload_offset,
                           static_cast<uint16_t>(extension["type"].integer()), from_hex(extension["hex"].text));
      ASSERT_NE(at, 0u);
    }
    ASSERT_EQ(at, header.payload_offset);
    const auto payload = from_hex(vector["payload"].text);
    ASSERT_EQ(at + payload.size(), expected.size());
    std::copy(payload.begin(), payload.end(), written.begin() + at);
    EXPECT_EQ(written, expected);
  }
}

TEST(FrameVectors, GoodFramesAreReadToTheSameFields) {
  const Json file = vectors();
  for (const Json& vector : file["good"].items) {
    SCOPED_TRACE(vector["name"].text);
    const auto bytes = from_hex(vector["hex"].text);
    ASSERT_EQ(check(bytes.data(), bytes.size()), Fault::kNone);
    EXPECT_TRUE(crc_matches(bytes.data()));
    const Header read = read_header(bytes.data()), expected = header_of(vector["header"]);
    EXPECT_EQ(read.length, expected.length);
    EXPECT_EQ(read.kind, expected.kind);
    EXPECT_EQ(read.payload_offset, expected.payload_offset);
    EXPECT_EQ(read.type_id, expected.type_id);
    EXPECT_EQ(read.source_id, expected.source_id);
    EXPECT_EQ(read.schema, expected.schema);
    EXPECT_EQ(read.sequence, expected.sequence);
    EXPECT_EQ(read.timestamp, expected.timestamp);
    EXPECT_EQ(read.correlation, expected.correlation);
    EXPECT_EQ(read.epoch, expected.epoch);
    EXPECT_EQ(read.topic_id, expected.topic_id);
    EXPECT_EQ(read.ttl_ms, expected.ttl_ms);
    EXPECT_EQ(read.flags, expected.flags);
    EXPECT_EQ(read.lane, expected.lane);
    std::set<uint16_t> seen;
    for (const Json& extension : vector["extensions"].items) {
      const auto type = static_cast<uint16_t>(extension["type"].integer() & ~uint64_t{extension::kCritical});
      if (!seen.insert(type).second) continue;  // of equal ones the first is found
      const auto found = find_extension(bytes.data(), type);
      ASSERT_NE(found.data(), nullptr);
      const auto first = from_hex(extension["hex"].text);
      EXPECT_EQ(std::vector<uint8_t>(found.begin(), found.end()), first);
    }
  }
}

TEST(FrameVectors, BadFramesAreRefusedWithTheirNamedFault) {
  const Json file = vectors();
  ASSERT_FALSE(file["bad"].items.empty());
  for (const Json& vector : file["bad"].items) {
    SCOPED_TRACE(vector["name"].text);
    const auto bytes = from_hex(vector["hex"].text);
    Fault fault = check(bytes.data(), bytes.size());
    if (fault == Fault::kNone && !crc_matches(bytes.data())) fault = Fault::kCrc;
    EXPECT_EQ(fault_name(fault), vector["error"].text);
  }
}

}  // namespace
}  // namespace busbar::frame
