// The recorder's parts: CRCs, headers of events, settings, numbers of files, schemas cut to one type, the starter.
#include <fcntl.h>
#include <unistd.h>

#include <random>

#include "binary_schema.h"
#include "blackbox/crc32.h"
#include "blackbox/settings.h"
#include "blackbox/starter.h"
#include "flatbuffers/reflection_generated.h"
#include "testing/bus_schema.h"
#include "testing/rig.h"

namespace busbar::blackbox::testing {
namespace {

uint32_t crc32_slowly(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

TEST(Crc32, EqualsTheDefinitionForEveryLengthAndCut) {
  EXPECT_EQ(crc32(0, "123456789", 9), 0xCBF43926u);
  std::mt19937 dice(1);
  std::string bytes(700, '\0');
  for (char& c : bytes) c = static_cast<char>(dice());
  for (size_t length = 0; length <= bytes.size(); length++) {
    const std::string part = bytes.substr(0, length);
    const uint32_t expected = crc32_slowly(part);
    ASSERT_EQ(crc32(0, part.data(), length), expected) << length;
    ASSERT_EQ(crc32_tables(0, part.data(), length), expected) << length;
    const size_t cut = length == 0 ? 0 : dice() % length;
    ASSERT_EQ(crc32(crc32(0, part.data(), cut), part.data() + cut, length - cut), expected) << length << " at " << cut;
    ASSERT_EQ(crc32_joined(crc32(0, part.data(), cut), crc32(0, part.data() + cut, length - cut), length - cut), expected);
  }
}

TEST(EventHeader, IsReadFromWhatTheGeneratedCodeWrites) {
  const std::string event = damage(42, 7, 3, 99);
  EventHeader header;
  ASSERT_TRUE(read_event_header(reinterpret_cast<const uint8_t*>(event.data()), static_cast<uint32_t>(event.size()), header));
  EXPECT_EQ(header.sequence, 42u);
  EXPECT_EQ(header.turn, 7u);
  EXPECT_EQ(header.faction, 3u);
  EXPECT_EQ(header.timestamp, 99u);
  EXPECT_EQ(header.event_type, 2u);
}

TEST(Settings, NameWhatIsWrong) {
  Settings settings;
  EXPECT_EQ(read_settings("{\"dir\":\"/a b\",\"chunk_kib\":256,\"journal\":true,\"fsync\":\"turn\"}", settings), "");
  EXPECT_EQ(settings.dir, "/a b");
  EXPECT_EQ(settings.chunk_bytes, 256u << 10);
  EXPECT_TRUE(settings.journal);
  EXPECT_EQ(settings.sync, Sync::turn);
  const std::pair<const char*, const char*> bad[] = {
      {"", "not a JSON object"},
      {"{}", "dir is missing"},
      {"{\"dir\":\"\"}", "dir must be"},
      {"{\"dir\":\"a\",\"chunk_kib\":32}", "chunk_kib must be a whole number from 64 to 256"},
      {"{\"dir\":\"a\",\"chunk_kib\":100.5}", "chunk_kib must be a whole number"},
      {"{\"dir\":\"a\",\"prefix\":\"../x\"}", "prefix must be"},
      {"{\"dir\":\"a\",\"compression\":\"lz4\"}", "compression is \"lz4\"; it must be one of \"none\" \"zstd\""},
      {"{\"dir\":\"a\",\"chunk\":1}", "unknown key \"chunk\"; the keys are dir prefix chunk_kib"},
      {"{\"dir\":\"a\"} x", "something follows"},
      {"{\"dir\":\"a\"", "is missing after \"dir\""},
  };
  for (const auto& [json, problem] : bad) {
    Settings other;
    EXPECT_NE(read_settings(json, other).find(problem), std::string::npos) << json << ": " << read_settings(json, other);
  }
}

TEST(Numbers, AreThoseOfFilesAndJournalsOfThePrefix) {
  EXPECT_EQ(number_of("events-000012.mcap", "events"), 12u);
  EXPECT_EQ(number_of("events-1000000.mcap.journal", "events"), 1'000'000u);
  EXPECT_EQ(number_of("events-000003.mcap.tally", "events"), 3u);
  for (const char* name : {"events-.mcap", "events-x.mcap", "event-000001.mcap", "events-000001.mcapx", "events000001.mcap",
                           "events-99999999999999999999.mcap", "events"})
    EXPECT_EQ(number_of(name, "events"), 0u) << name;
}

TEST(BinarySchemas, AreCutToWhatATypeNeeds) {
  const std::string all = bus_schema();
  ASSERT_FALSE(all.empty());
  const BinarySchema schema(reinterpret_cast<const uint8_t*>(all.data()), all.size());
  ASSERT_TRUE(schema.ok());
  const std::string cut = schema.closure_of("blackbox.LogEntry");
  EXPECT_LT(cut.size(), all.size() / 10);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(cut.data()), cut.size());
  ASSERT_TRUE(reflection::VerifySchemaBuffer(verifier));
  const auto* read = reflection::GetSchema(cut.data());
  EXPECT_EQ(read->root_table()->name()->str(), "blackbox.LogEntry");
  EXPECT_EQ(read->objects()->size(), 13u) << "nine events, header, vector, pair, entry";
  EXPECT_EQ(read->enums()->size(), 4u);
  const auto* damage_type = read->objects()->LookupByKey("blackbox.DamageDealt");
  ASSERT_NE(damage_type, nullptr);
  const auto* header = damage_type->fields()->LookupByKey("header");
  EXPECT_EQ(read->objects()->Get(static_cast<uint32_t>(header->type()->index()))->name()->str(), "blackbox.EventHeader");
  EXPECT_TRUE(header->required());
  EXPECT_TRUE(schema.has_event_header("blackbox.DamageDealt"));
  EXPECT_FALSE(schema.has_event_header("combat.Battle"));
  EXPECT_EQ(schema.closure_of("no.Such"), "");
  EXPECT_FALSE(BinarySchema(nullptr, 0).ok());
  EXPECT_FALSE(BinarySchema(reinterpret_cast<const uint8_t*>(all.data()), all.size() / 2).ok());
}

size_t open_files() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count += entry.exists() ? 1 : 0;
  return count;
}

TEST(Starter, TakesWhatItsCallerClosesAtOnceAndKeepsNoDescriptor) {
  const Folder folder;
  const std::string bytes(64 << 10, 'x');
  const size_t before = open_files();
  {
    Starter starter;
    for (int number = 0; number < 50; number++) {
      // Mostly the number of the file before.
      const int file = open((folder.path + "/" + std::to_string(number)).c_str(), O_WRONLY | O_CREAT, 0600);
      ASSERT_GE(file, 0);
      for (uint64_t offset = 0; offset < 4 * bytes.size(); offset += bytes.size()) {
        ASSERT_EQ(pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)), static_cast<ssize_t>(bytes.size()));
        starter.start(file, offset, bytes.size());
      }
      starter.forget(file);
      ASSERT_EQ(close(file), 0);
    }
    starter.start(-1, 0, 1);  // no file: nothing happens
  }
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace busbar::blackbox::testing
