// Method: the layout against its schema file and against golden bytes that TypeScript and Python read, too; then the
// protocol, with a writer that is stopped after each of its stores, and beside a writer at full speed.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/telemetry/record_reader.h"
#include "core/telemetry/testing/equal_words.h"
#include "testing/json.h"

namespace busbar::telemetry {
namespace {

using busbar::testing::Json;

struct alignas(64) Slot {
  uint8_t bytes[256] = {};
};
struct alignas(8) Copy {
  uint8_t bytes[kRecordBytes] = {};
};

struct Dead final : Life {
  bool gone() const override { return true; }
};

Json read_json(const char* path) {
  std::ifstream file(std::string(BUSBAR_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return busbar::testing::JsonReader::read(text.str());
}

/// Calls `visit(name, field)` for each field of the record.
template <typename Visit>
void each_field(Visit visit) {
  visit("total_combats", kTotalCombats);
  visit("active_combats", kActiveCombats);
  visit("total_damage_dealt", kTotalDamageDealt);
  visit("total_damage_received", kTotalDamageReceived);
  visit("units_destroyed", kUnitsDestroyed);
  visit("simulation_fps", kSimulationFps);
  visit("average_tick_time_us", kAverageTickTimeUs);
  visit("peak_tick_time_us", kPeakTickTimeUs);
  visit("memory_usage_mb", kMemoryUsageMb);
  visit("total_entities", kTotalEntities);
  visit("fleets", kFleets);
  visit("planets", kPlanets);
  visit("units", kUnits);
}

template <typename Value>
std::string type_of(Counter<Value>) {
  return "counter " + std::to_string(sizeof(Value) * 8);
}
template <typename Value>
std::string type_of(Gauge<Value>) {
  return "gauge " + std::to_string(sizeof(Value) * 8);
}

template <typename Value>
void write(Writer& writer, Counter<Value> field, uint64_t value) {
  writer.add(field, static_cast<Value>(value));
}
template <typename Value>
void write(Writer& writer, Gauge<Value> field, uint64_t value) {
  writer.set(field, static_cast<Value>(value));
}

std::string hex(const uint8_t* bytes) {
  std::string text;
  char two[3];
  for (uint32_t i = 0; i < kRecordBytes; i++) {
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    text += two;
  }
  return text;
}

TEST(TelemetryRecord, TheLayoutIsThatOfTheSchemaFile) {
  const Json schema = read_json("schema/service/telemetry/record.json");
  EXPECT_EQ(std::stoull(schema["magic"].text, nullptr, 16), kMagic);
  EXPECT_EQ(schema["version"].integer(), kVersion);
  EXPECT_EQ(schema["header_bytes"].integer(), kHeaderBytes);
  EXPECT_EQ(schema["data_bytes"].integer(), kDataBytes);
  EXPECT_EQ(schema["tries_max"].integer(), kTriesMax);
  const std::pair<const char*, uint32_t> header[] = {{"magic", at::kMagic},         {"version", at::kVersion},
                                                     {"crc32", at::kCrc32},         {"sequence", at::kSequence},
                                                     {"data_size", at::kDataSize},  {"flags", at::kFlags}};
  ASSERT_EQ(schema["header"].items.size(), std::size(header));
  for (size_t i = 0; i < std::size(header); i++) {
    EXPECT_EQ(schema["header"].items[i]["name"].text, header[i].first);
    EXPECT_EQ(schema["header"].items[i]["offset"].integer(), header[i].second);
  }
  size_t i = 0;
  each_field([&](const char* name, auto field) {
    const Json& expected = schema["fields"].items.at(i++);
    EXPECT_EQ(expected["name"].text, name);
    EXPECT_EQ(expected["offset"].integer(), field.offset);
    EXPECT_EQ(expected["kind"].text + " " + expected["bits"].text, type_of(field));
  });
  EXPECT_EQ(schema["fields"].items.size(), i);
  for (const Json& flag : schema["flags"].items)
    EXPECT_EQ(1u << flag["bit"].integer(), flag["name"].text == "crc" ? kFlagCrc : kFlagEnded);
}

TEST(TelemetryRecord, WriterAndReaderAgreeWithTheGoldenBytes) {
  const Json vectors = read_json("test/conformance/vectors/telemetry.json");
  for (const Json& golden : vectors["cases"].items) {
    Slot slot;
    initialize(slot.bytes);
    Writer writer(slot.bytes);
    writer.use_crc((golden["flags"].integer() & kFlagCrc) != 0);
    bool any = false;
    each_field([&](const char* name, auto field) {
      const uint64_t value = golden["values"][name].integer();
      if (value == 0) return;
      any = true;
      write(writer, field, value);
    });
    if (any) writer.publish();
    EXPECT_EQ(hex(slot.bytes), golden["bytes"].text) << golden["name"].text;
    Copy copy;
    RecordReader reader(slot.bytes, sizeof slot.bytes, nullptr);
    ASSERT_EQ(reader.read(copy.bytes), Look::kOk);
    EXPECT_EQ(hex(copy.bytes), golden["bytes"].text);
    each_field([&](const char* name, auto field) {
      EXPECT_EQ(value_of(copy.bytes, field), golden["values"][name].integer()) << name;
    });
  }
}

TEST(TelemetryRecord, TotalsAreAddedGaugesStoredAndNothingIsSeenBeforePublish) {
  Slot slot;
  initialize(slot.bytes);
  Writer writer(slot.bytes);
  RecordReader reader(slot.bytes, sizeof slot.bytes, nullptr);
  Copy copy;
  writer.add(kUnitsDestroyed, UINT32_MAX);
  writer.add(kUnitsDestroyed, 3u);  // wraps, and its neighbour in the same word stays
  writer.add(kTotalDamageDealt, uint64_t{5});
  writer.set(kFleets, 7u);
  writer.set(kPlanets, 8u);
  writer.set(kFleets, 6u);
  ASSERT_EQ(reader.read(copy.bytes), Look::kOk);
  EXPECT_EQ(value_of(copy.bytes, kPlanets), 0u);
  writer.publish();
  writer.add(kTotalDamageDealt, uint64_t{5});
  writer.publish();
  ASSERT_EQ(reader.read(copy.bytes), Look::kOk);
  EXPECT_EQ(value_of(copy.bytes, kUnitsDestroyed), 2u);
  EXPECT_EQ(value_of(copy.bytes, kTotalDamageDealt), 10u);
  EXPECT_EQ(value_of(copy.bytes, kFleets), 6u);
  EXPECT_EQ(value_of(copy.bytes, kPlanets), 8u);
  EXPECT_EQ(sequence_of(copy.bytes), 6u);
  writer.publish();  // nothing new
  EXPECT_EQ(reader.sequence(), 6u);
  finish(slot.bytes);
  ASSERT_EQ(reader.read(copy.bytes), Look::kOk);
  EXPECT_EQ(flags_of(copy.bytes), kFlagEnded);
  EXPECT_EQ(value_of(copy.bytes, kPlanets), 8u);
  Writer nowhere;
  nowhere.add(kTotalCombats, uint64_t{1});
  nowhere.publish();
  EXPECT_FALSE(nowhere.present());
}

TEST(TelemetryRecord, AHeaderThatDoesNotFitIsNamed) {
  const auto look_at = [](auto damage) {
    Slot slot;
    initialize(slot.bytes);
    damage(slot.bytes);
    Copy copy;
    return RecordReader(slot.bytes, sizeof slot.bytes, nullptr).read(copy.bytes);
  };
  const auto size_of = [&](uint32_t size) {
    return look_at([&](uint8_t* bytes) { std::memcpy(bytes + at::kDataSize, &size, 4); });
  };
  EXPECT_EQ(look_at([](uint8_t* bytes) { bytes[0] ^= 1; }), Look::kBadMagic);
  EXPECT_EQ(look_at([](uint8_t* bytes) { std::memset(bytes, 0, kRecordBytes); }), Look::kBadMagic);
  EXPECT_EQ(look_at([](uint8_t* bytes) { bytes[at::kVersion] = 2; }), Look::kBadVersion);
  for (const uint32_t size : {0u, 72u, 79u, 81u, 84u, 232u, 0xFFFFFFF8u}) EXPECT_EQ(size_of(size), Look::kBadSize) << size;
  EXPECT_EQ(size_of(88), Look::kOk);   // it may grow
  EXPECT_EQ(size_of(224), Look::kOk);  // to the end of its slot
  const auto with_crc = [&](uint32_t at) {
    return look_at([&](uint8_t* bytes) {
      Writer writer(bytes);
      writer.use_crc(true);
      writer.set(kUnits, 9u);
      writer.publish();
      if (at != 0) bytes[at] ^= 0x10;
    });
  };
  EXPECT_EQ(with_crc(0), Look::kOk);
  for (uint32_t at = at::kCrc32; at < kRecordBytes; at = at == 15 ? kHeaderBytes : at + 1)
    EXPECT_EQ(with_crc(at), Look::kBadCrc) << at;
}

TEST(TelemetryRecord, AWriterThatStandsInAnUpdateGivesTheLastValueAsStale) {
  Slot slot;
  initialize(slot.bytes);
  Writer writer(slot.bytes);
  writer.set(kUnits, 5u);
  writer.publish();
  const Dead dead;
  RecordReader reader(slot.bytes, sizeof slot.bytes, nullptr), fresh(slot.bytes, sizeof slot.bytes, nullptr),
      knowing(slot.bytes, sizeof slot.bytes, &dead);
  Copy copy, other;
  ASSERT_EQ(reader.read(copy.bytes), Look::kOk);
  uint8_t* const cell = slot.bytes + at::kSequence;
  const uint64_t odd = seqlock::begin(cell);
  seqlock::put(cell, 1 + 10, 99);
  EXPECT_EQ(reader.read(copy.bytes), Look::kStale);
  EXPECT_EQ(value_of(copy.bytes, kUnits), 5u);
  EXPECT_EQ(fresh.read(other.bytes), Look::kNoValue);
  EXPECT_EQ(knowing.read(other.bytes), Look::kWriterDead);
  seqlock::end(cell, odd);
  EXPECT_EQ(reader.read(copy.bytes), Look::kOk);
  EXPECT_EQ(value_of(copy.bytes, kUnits), 99u);
  EXPECT_EQ(knowing.read(other.bytes), Look::kOk);  // dead, but it finished what it wrote
}

/// A publish of 3 fields and its CRC, of which the process lives to make `steps` stores.
void publish_until(uint8_t* record, int steps) {
  uint8_t* const cell = record + at::kSequence;
  const auto die = [&] {
    if (steps-- == 0) kill(getpid(), SIGKILL);
  };
  uint64_t words[1 + kDataBytes / 8];
  for (size_t i = 0; i < std::size(words); i++) words[i] = seqlock::get(cell, 1 + i);
  die();
  const uint64_t odd = seqlock::begin(cell);
  for (const size_t i : {1u, 3u, 10u}) {
    die();
    seqlock::put(cell, 1 + i, words[i] = 77);
  }
  die();
  std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(record + at::kCrc32))
      .store(crc32_of_words(words + 1, kDataBytes / 8), std::memory_order_release);
  die();
  seqlock::end(cell, odd);
  die();
  _exit(0);
}

TEST(TelemetryRecord, AWriterKilledAtAnyStepOfAPublishLeavesTheOldValueTheNewOneOrItsDeath) {
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  auto* const record = static_cast<uint8_t*>(page);
  const Dead dead;
  for (int steps = 0; steps <= 7; steps++) {
    std::memset(page, 0, 4096);
    initialize(record);
    Writer writer(record);
    writer.use_crc(true);
    writer.add(kTotalCombats, uint64_t{33});
    writer.publish();
    RecordReader reader(record, 256, &dead);
    Copy copy;
    ASSERT_EQ(reader.read(copy.bytes), Look::kOk);
    const pid_t child = fork();
    if (child == 0) publish_until(record, steps);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(WIFSIGNALED(status), steps < 7);
    const Look look = reader.read(copy.bytes);
    if (steps == 0 || steps >= 6) {
      ASSERT_EQ(look, Look::kOk) << steps;
      EXPECT_EQ(value_of(copy.bytes, kTotalCombats), steps == 0 ? 33u : 77u);
      EXPECT_EQ(value_of(copy.bytes, kUnits), steps == 0 ? 0u : 77u);
    } else {
      ASSERT_EQ(look, Look::kWriterDead) << steps;
      EXPECT_EQ(value_of(copy.bytes, kTotalCombats), 33u);
      EXPECT_EQ(value_of(copy.bytes, kUnits), 0u);
    }
  }
  munmap(page, 4096);
}

TEST(TelemetryRecord, NoTornValueIsReadBesideAWriterAtFullSpeed) {
  Slot slot;
  initialize(slot.bytes);
  std::atomic<bool> stop{false};
  std::thread thread([&] {
    EqualWords words(slot.bytes);
    while (!stop.load(std::memory_order_relaxed)) words.publish();
  });
  RecordReader reader(slot.bytes, sizeof slot.bytes, nullptr);
  Copy copy;
  uint64_t whole = 0, torn = 0;
  for (uint64_t looks = 0; whole < 50'000 && looks < 5'000'000; looks++) {
    if (reader.read(copy.bytes) != Look::kOk) continue;
    whole++;
    torn += equal_words(copy.bytes) ? 0 : 1;
  }
  stop = true;
  thread.join();
  EXPECT_GT(whole, 1000u);
  EXPECT_EQ(torn, 0u);
}

TEST(TelemetryRecord, TheSameCheckCatchesASequenceThatIsRaisedOnlyAfterTheWrite) {
  Slot slot;
  initialize(slot.bytes);
  RecordReader reader(slot.bytes, sizeof slot.bytes, nullptr);
  Copy copy;
  // The interleaving that a fast machine meets by itself: a reader between two words of a write.
  publish_equal_wrong(slot.bytes, 1, [&](size_t word) {
    if (word == 4) {
      EXPECT_EQ(reader.read(copy.bytes), Look::kOk);
      EXPECT_FALSE(equal_words(copy.bytes));
    }
  });
  EXPECT_EQ(reader.read(copy.bytes), Look::kOk);
  EXPECT_TRUE(equal_words(copy.bytes));
}

}  // namespace
}  // namespace busbar::telemetry
