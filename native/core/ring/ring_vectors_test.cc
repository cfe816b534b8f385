// The images of rings that bus/transport/ring leaves (test/conformance/README.md): played here to the same answers and
// the same bytes, and read from the bytes alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/ring/ring_memory.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"
#include "testing/json.h"

namespace busbar::ring {
namespace {

using testing::from_hex;
using testing::Json;

constexpr const char* kVectors = BUSBAR_SOURCE_DIR "/test/conformance/vectors/ring.json";
constexpr const char* kReasons[] = {"full_newest", "full_oldest",    "conflated", "timeout", "expired",
                                    "link_lost",   "refused_schema", "malformed", "closed"};

Json vectors() {
  std::ifstream file(kVectors);
  std::ostringstream text;
  text << file.rdbuf();
  return testing::JsonReader::read(text.str());
}

std::vector<uint8_t> image_of(const Json& vector) {
  std::vector<uint8_t> bytes(ring_bytes(static_cast<uint32_t>(vector["capacity"].integer())));
  for (const Json& run : vector["image"].items) {
    const auto piece = from_hex(run.items[1].text);
    std::copy(piece.begin(), piece.end(), bytes.begin() + static_cast<ptrdiff_t>(run.items[0].integer()));
  }
  return bytes;
}

void write_frame(uint8_t* at, uint32_t bytes, uint64_t sequence) {
  std::memset(at, 0, frame::padded_bytes(bytes));
  frame::Header header;
  header.length = bytes;
  header.kind = frame::kind::kData;
  header.sequence = sequence;
  frame::write_header(at, header);
  for (uint32_t i = frame::kHeaderBytes; i < bytes; i++) {
    at[i] = static_cast<uint8_t>(sequence + i - frame::kHeaderBytes);
  }
}

bool flag(const Json& json) { return json.text == "true"; }

/// Plays one step; the expectations are its answers.
void play(const Json& step, RingMemory& memory, RingWriter& writer, RingReader& reader) {
  const std::string& what = step["do"].text;
  if (what == "write") {
    const auto bytes = static_cast<uint32_t>(step["bytes"].integer());
    Claim claim = writer.claim(bytes);
    if (claim.at == nullptr) {
      writer.publish();
      writer.announce_waiting();
      claim = writer.claim(bytes);
      if (claim.at != nullptr) writer.withdraw_waiting();
    }
    const std::string at = claim.at == nullptr ? "full" : std::to_string(claim.at - memory.bytes());
    EXPECT_EQ(at, step["at"].text);
    if (claim.at == nullptr) return;
    write_frame(claim.at, bytes, step["sequence"].integer());
    writer.commit(bytes);
  } else if (what == "publish") {
    EXPECT_EQ(writer.publish(), flag(step["rings"]));
  } else if (what == "take") {
    std::vector<uint64_t> sequences;
    for (uint64_t left = step["count"].integer(); left > 0 && reader.peek() == Next::kFrame; left--) {
      sequences.push_back(frame::read_header(reader.frame()).sequence);
      const auto* reason = std::find(std::begin(kReasons), std::end(kReasons), step["verdict"].text);
      if (reason == std::end(kReasons)) {
        reader.count_delivered();
      } else {
        reader.count_dropped(static_cast<Drop>(reason - kReasons));
      }
      reader.pass();
    }
    EXPECT_EQ(reader.release(), flag(step["rings"]));
    ASSERT_EQ(sequences.size(), step["sequences"].items.size());
    for (size_t i = 0; i < sequences.size(); i++) EXPECT_EQ(sequences[i], step["sequences"].items[i].integer());
  } else if (what == "sleep") {
    EXPECT_EQ(reader.announce_sleep(), flag(step["sleeps"]));
  } else if (what == "close") {
    if (step["side"].text == "producer") {
      writer.close();
    } else {
      reader.close();
    }
  } else {
    FAIL() << "a step that nobody knows: " << what;
  }
}

TEST(RingVectors, ScriptsGiveTheSameAnswersAndLeaveTheSameBytes) {
  const Json file = vectors();
  ASSERT_GT(file["rings"].items.size(), 10u);
  for (const Json& vector : file["rings"].items) {
    SCOPED_TRACE(vector["name"].text);
    RingMemory memory(static_cast<uint32_t>(vector["capacity"].integer()));
    const auto start = static_cast<uint32_t>(vector["start"].integer());
    word(memory.bytes(), at::kTail) = start;
    word(memory.bytes(), at::kHead) = start;
    RingWriter writer(memory.bytes(), memory.capacity());
    RingReader reader(memory.bytes(), memory.capacity());
    size_t step = 0;
    for (const Json& each : vector["steps"].items) {
      SCOPED_TRACE("step " + std::to_string(step++));
      play(each, memory, writer, reader);
      if (HasFailure()) return;
    }
    const auto expected = image_of(vector);
    const std::vector<uint8_t> left(memory.bytes(), memory.bytes() + memory.size());
    for (size_t i = 0; i < expected.size(); i++) ASSERT_EQ(left[i], expected[i]) << "byte " << i;
  }
}

TEST(RingVectors, TheImageAloneHoldsWhatWasNotTaken) {
  const Json file = vectors();
  for (const Json& vector : file["rings"].items) {
    SCOPED_TRACE(vector["name"].text);
    std::vector<uint64_t> expected, found;
    for (const Json& step : vector["steps"].items) {
      if (step["do"].text == "write" && step["at"].text != "full") expected.push_back(step["sequence"].integer());
      if (step["do"].text != "take") continue;
      for (const Json& sequence : step["sequences"].items) found.push_back(sequence.integer());
    }
    auto image = image_of(vector);
    RingReader reader(image.data(), static_cast<uint32_t>(vector["capacity"].integer()));
    while (reader.peek() == Next::kFrame) {
      found.push_back(frame::read_header(reader.frame()).sequence);
      reader.pass();
    }
    EXPECT_EQ(reader.peek(), Next::kEmpty);
    EXPECT_EQ(found, expected);
  }
}

TEST(RingVectors, DamagedRingsAreRefusedWithTheirNamedFault) {
  const Json file = vectors();
  ASSERT_FALSE(file["bad"].items.empty());
  for (const Json& vector : file["bad"].items) {
    SCOPED_TRACE(vector["name"].text);
    auto image = image_of(vector);
    RingReader reader(image.data(), static_cast<uint32_t>(vector["capacity"].integer()));
    uint64_t good = 0;
    for (; reader.peek() == Next::kFrame; good++) reader.pass();
    EXPECT_EQ(reader.peek(), Next::kFault);
    EXPECT_EQ(good, vector["good"].integer());
    EXPECT_EQ(frame::fault_name(reader.fault()), vector["error"].text);
  }
}

}  // namespace
}  // namespace busbar::ring
