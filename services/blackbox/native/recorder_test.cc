// Files of the recorder, read back record by record by a reader of their own.
#include "testing/read_mcap.h"
#include "testing/rig.h"

namespace busbar::blackbox::testing {
namespace {

class RecorderTest : public ::testing::Test {
 protected:
  Settings settings() {
    Settings settings;
    settings.dir = folder.path;
    settings.chunk_bytes = 64 << 10;
    return settings;
  }
  std::string path(int number) { return folder.path + "/events-00000" + std::to_string(number) + ".mcap"; }
  void add(Recorder& recorder, uint64_t sequence, uint32_t turn, uint64_t faction = 1) {
    ASSERT_EQ(recorder.record(incoming(2, damage(sequence, turn, faction))), Taken::done);
  }

  Folder folder;
  FullDisk disk;
};

TEST_F(RecorderTest, WritesWhatCameInTheOrderOfTheFormat) {
  Recorder recorder(settings(), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  add(recorder, 1, 1, 4);
  add(recorder, 2, 1, 4);
  ASSERT_EQ(recorder.record(incoming(3, "a move", 9, "red")), Taken::done);
  add(recorder, 3, 2, 5);
  ASSERT_TRUE(recorder.close());
  const ReadFile file = read_mcap(path(1));
  ASSERT_EQ(file.problem, "");
  const std::vector<std::string> expected = {
      "Header",     "Metadata",      "Schema",        "Channel",       "Schema",        "Channel",       "Channel",
      "Chunk",      "MessageIndex",  "MessageIndex",  "MessageIndex",  "Metadata",      "Metadata",      "DataEnd",
      "Schema",     "Schema",        "Channel",       "Channel",       "Channel",       "Statistics",    "ChunkIndex",
      "MetadataIndex", "MetadataIndex", "MetadataIndex", "SummaryOffset", "SummaryOffset", "SummaryOffset", "SummaryOffset",
      "SummaryOffset", "Footer"};
  EXPECT_EQ(file.records, expected);
  ASSERT_EQ(file.messages.size(), 4u);
  EXPECT_EQ(file.statistics_messages, 4u);
  EXPECT_EQ(file.messages[0].data, damage(1, 1, 4));
  EXPECT_EQ(file.messages[0].log_time, 1000u);
  EXPECT_EQ(file.messages[0].publish_time, 5u);
  EXPECT_EQ(file.messages[2].data, "a move");
  EXPECT_EQ(file.messages[2].log_time, 2000u) << "the latest simulated time";
  EXPECT_EQ(file.messages[2].sequence, 3u) << "the recorder's own count";
  EXPECT_EQ(file.channels.at(0).topic, "blackbox.DamageDealt/4");
  EXPECT_EQ(file.channels.at(0).metadata,
            (std::map<std::string, std::string>{
                {"faction", "4"}, {"fingerprint", "0000000000000022"}, {"type", "blackbox.DamageDealt"}, {"type_id", "2"}}));
  EXPECT_EQ(file.channels.at(1).topic, "game.Move#red");
  EXPECT_EQ(file.channels.at(1).metadata.at("topic"), "red");
  EXPECT_EQ(file.schemas.at(1).second, "schema of DamageDealt");
  EXPECT_EQ(file.metadata.at("busbar.turns").at("1"),
            "{\"first_sequence\":\"1\",\"last_sequence\":\"2\",\"first_time\":\"1000\",\"last_time\":\"2000\","
            "\"first_chunk\":\"" + std::to_string(file.chunk_offsets[0]) + "\",\"last_chunk\":\"" +
                std::to_string(file.chunk_offsets[0]) + "\",\"count\":2,\"counts\":{\"blackbox.DamageDealt\":2}}");
  EXPECT_EQ(file.metadata.at("busbar.account").at("written"), "4");
}

TEST_F(RecorderTest, ClosesAChunkBeforeItWouldGrowBeyondItsSize) {
  Recorder recorder(settings(), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  for (uint64_t i = 1; i <= 5000; i++) add(recorder, i, 1);
  EXPECT_GT(recorder.account().written, 0u);
  EXPECT_GT(recorder.account().buffered, 0u);
  expect_balanced(recorder.account());
  ASSERT_TRUE(recorder.close());
  const ReadFile file = read_mcap(path(1));
  ASSERT_EQ(file.problem, "");
  ASSERT_EQ(file.messages.size(), 5000u);
  for (size_t i = 0; i < 5000; i++) ASSERT_EQ(file.messages[i].sequence, i + 1);
  ASSERT_GT(file.chunk_bytes.size(), 3u);
  for (size_t i = 0; i + 1 < file.chunk_bytes.size(); i++) {
    EXPECT_LE(file.chunk_bytes[i], 64u << 10);
    EXPECT_GT(file.chunk_bytes[i], 63u << 10);
  }
}

TEST_F(RecorderTest, AMessageLargerThanAChunkGetsOneOfItsOwn) {
  Recorder recorder(settings(), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  const std::string large(3 << 20, 'x');
  ASSERT_EQ(recorder.record(incoming(3, "small")), Taken::done);
  ASSERT_EQ(recorder.record(incoming(3, large)), Taken::done);
  ASSERT_EQ(recorder.record(incoming(3, "")), Taken::done);
  ASSERT_TRUE(recorder.close());
  const ReadFile file = read_mcap(path(1));
  ASSERT_EQ(file.problem, "");
  ASSERT_EQ(file.messages.size(), 3u);
  EXPECT_EQ(file.messages[1].data, large);
  EXPECT_EQ(file.messages[2].data, "");
  EXPECT_EQ(file.chunk_bytes.size(), 3u);
}

TEST_F(RecorderTest, ZstdGivesBackTheSameMessages) {
  Settings zstd = settings();
  zstd.zstd = true;
  Recorder recorder(zstd, types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  for (uint64_t i = 1; i <= 2000; i++) add(recorder, i, 1);
  ASSERT_TRUE(recorder.close());
  const ReadFile file = read_mcap(path(1));
  ASSERT_EQ(file.problem, "");
  ASSERT_EQ(file.messages.size(), 2000u);
  EXPECT_EQ(file.messages[1999].data, damage(2000, 1));
  EXPECT_LT(file.bytes.size(), 2000u * damage(1, 1).size() / 2);
}

TEST_F(RecorderTest, AnOldChunkIsWrittenAndTheFileGoesOn) {
  Recorder recorder(settings(), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  EXPECT_EQ(recorder.wake_at(), 0u);
  monotonic = 1000;
  add(recorder, 1, 1);
  EXPECT_EQ(recorder.wake_at(), 1'000'001'000u);
  monotonic = 1'000'000'999;
  recorder.wake();
  EXPECT_EQ(recorder.account().written, 0u);
  monotonic = 1'000'001'000;
  recorder.wake();
  EXPECT_EQ(recorder.account().written, 1u);
  EXPECT_EQ(recorder.wake_at(), 0u);
  const ReadFile open = read_mcap(path(1));
  EXPECT_EQ(open.problem, "no footer") << "nothing else is wrong with a file that is being written";
  EXPECT_EQ(open.messages.size(), 1u);
  add(recorder, 2, 1);
  ASSERT_TRUE(recorder.close());
  EXPECT_EQ(read_mcap(path(1)).problem, "");
  EXPECT_EQ(folder.files().size(), 1u);
}

TEST_F(RecorderTest, RollsBySizeTurnsAndTime) {
  Settings small = settings();
  small.file_bytes = 1 << 20;
  small.roll_turns = 2;
  small.roll_ns = 1'000'000'000'000;
  monotonic = 1;
  Recorder recorder(small, types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  uint64_t sequence = 0;
  for (uint32_t turn = 1; turn <= 4; turn++)
    for (int i = 0; i < 10; i++) add(recorder, ++sequence, turn);
  for (int i = 0; i < 20'000; i++) add(recorder, ++sequence, 4);
  const uint64_t rolled = recorder.account().files;
  EXPECT_GE(rolled, 3u);
  monotonic += small.roll_ns;
  recorder.wake();
  EXPECT_FALSE(recorder.file().is_open());
  add(recorder, ++sequence, 9);
  EXPECT_EQ(recorder.account().files, rolled + 1);
  ASSERT_TRUE(recorder.close());
  uint64_t expected = 0;
  for (const std::string& name : folder.files()) {
    const ReadFile file = read_mcap(folder.path + "/" + name);
    ASSERT_EQ(file.problem, "") << name;
    EXPECT_LE(file.metadata.at("busbar.turns").size(), 2u);
    EXPECT_LE(file.chunk_offsets.back(), 1u << 20);
    for (const ReadMessage& message : file.messages) ASSERT_EQ(message.sequence, ++expected);
  }
  EXPECT_EQ(expected, sequence);
  EXPECT_EQ(read_mcap(path(1)).metadata.at("busbar.turns").size(), 2u);
}

TEST_F(RecorderTest, SaysWhichNumbersOfTheBusAFileWasGiven) {
  Recorder recorder(settings(), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  const std::string payload = damage(1, 1);
  const auto take = [&](uint32_t source, uint64_t number) {
    Incoming message = incoming(2, payload);
    message.source = source;
    message.epoch = 17;
    message.number = number;
    ASSERT_EQ(recorder.record(message), Taken::done);
  };
  take(7, 41);
  take(8, 3);
  take(7, 42);
  take(7, 44);
  take(9, 0);
  ASSERT_TRUE(recorder.roll());
  take(7, 45);
  ASSERT_TRUE(recorder.close());
  EXPECT_EQ(read_mcap(path(1)).metadata.at("busbar.sources"),
            (std::map<std::string, std::string>{{"7/17", "41 44 3"}, {"8/17", "3 3 1"}}));
  EXPECT_EQ(read_mcap(path(2)).metadata.at("busbar.sources"), (std::map<std::string, std::string>{{"7/17", "45 45 1"}}));
}

TEST_F(RecorderTest, NeverWritesOverWhatIsThere) {
  std::filesystem::create_directories(folder.path);
  std::ofstream(path(7)) << "cut by a crash";
  std::ofstream(folder.path + "/events-000009.mcap.journal") << "left by a crash";
  std::ofstream(folder.path + "/other-000020.mcap") << "of another prefix";
  {
    Recorder recorder(settings(), types(), disk, still_clock());
    ASSERT_EQ(recorder.start(), "");
    std::ofstream(folder.path + "/events-000010.mcap") << "made meanwhile";
    add(recorder, 1, 1);
  }
  EXPECT_EQ(file_bytes(path(7)), "cut by a crash");
  EXPECT_EQ(file_bytes(folder.path + "/events-000010.mcap"), "made meanwhile");
  EXPECT_EQ(read_mcap(folder.path + "/events-000011.mcap").problem, "");
}

TEST_F(RecorderTest, AccountsForWhatItDoesNotRecord) {
  Recorder recorder(settings(), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  const std::string event = damage(1, 1);
  Incoming replayed = incoming(2, event);
  replayed.replayed = true;
  EXPECT_EQ(recorder.record(replayed), Taken::done);
  EXPECT_EQ(recorder.record(incoming(99, event)), Taken::done);
  EXPECT_EQ(recorder.record(incoming(1, event)), Taken::done) << "a DamageDealt that says it is a TurnStart";
  EXPECT_EQ(recorder.record(incoming(2, event.substr(0, 20))), Taken::done);
  const Account& account = recorder.account();
  EXPECT_EQ(account.received, 4u);
  EXPECT_EQ(account.replayed, 1u);
  EXPECT_EQ(account.unknown_type, 1u);
  EXPECT_EQ(account.bad_header, 1u);
  EXPECT_EQ(account.malformed, 1u);
  EXPECT_EQ(account.buffered, 0u);
  EXPECT_TRUE(folder.files().empty()) << "no file without a message";
}

TEST_F(RecorderTest, BeyondItsChannelsFactionsShareOne) {
  Settings few = settings();
  few.channels_max = 3;
  Recorder recorder(few, types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  for (uint64_t faction = 1; faction <= 50; faction++) add(recorder, faction, 1, faction);
  for (const char* topic : {"a", "b"}) ASSERT_EQ(recorder.record(incoming(3, "move", 1, topic)), Taken::done);
  ASSERT_TRUE(recorder.close());
  const ReadFile file = read_mcap(path(1));
  ASSERT_EQ(file.problem, "");
  ASSERT_EQ(file.channels.size(), 5u);
  EXPECT_EQ(file.channels.at(3).topic, "blackbox.DamageDealt");
  EXPECT_FALSE(file.channels.at(3).metadata.contains("faction"));
  EXPECT_EQ(file.channels.at(4).metadata.at("topics"), "mixed");
  EXPECT_EQ(file.messages.size(), 52u);
}

TEST_F(RecorderTest, OtherTypesAloneAreTimedByTheWall) {
  Recorder recorder(settings(), {{"game.Move", 3, 0x33, "s", false, -1}}, disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  ASSERT_EQ(recorder.record(incoming(3, "move", 77)), Taken::done);
  ASSERT_TRUE(recorder.close());
  const ReadFile file = read_mcap(path(1));
  EXPECT_EQ(file.messages.at(0).log_time, 77u);
  EXPECT_EQ(file.metadata.at("busbar.recording").at("log_time"), "wall");
}

TEST_F(RecorderTest, SyncsAsOftenAsItWasTold) {
  for (const auto& [sync, expected] : {std::pair(Sync::never, 0), std::pair(Sync::turn, 3), std::pair(Sync::chunk, 2)}) {
    FullDisk counting;
    Folder own;
    Settings wanted = settings();
    wanted.dir = own.path;
    wanted.sync = sync;
    Recorder recorder(wanted, types(), counting, still_clock());
    ASSERT_EQ(recorder.start(), "");
    for (uint32_t turn = 1; turn <= 3; turn++) add(recorder, turn, turn);
    ASSERT_TRUE(recorder.close());
    EXPECT_EQ(counting.syncs, expected) << static_cast<int>(sync);
  }
}

TEST_F(RecorderTest, WhatIsWrittenIsStartedInWholePagesAndOnceUnlessEachChunkIsSynced) {
  for (const Sync sync : {Sync::never, Sync::chunk, Sync::turn}) {
    Folder own;
    FullDisk counting;
    Settings wanted;
    wanted.dir = own.path;
    wanted.sync = sync;
    wanted.file_bytes = 3 << 20;
    Recorder recorder(wanted, types(), counting, still_clock());
    ASSERT_EQ(recorder.start(), "");
    const std::string text(1000, 'x');
    for (uint64_t sequence = 1; sequence <= 5000; sequence++)
      ASSERT_EQ(recorder.record(incoming(2, damage(sequence, 1, 1, 0, text))), Taken::done);
    ASSERT_TRUE(recorder.close());
    if (sync == Sync::chunk) {
      EXPECT_TRUE(counting.starts.empty());
      continue;
    }
    uint64_t end = 0, bytes = 0, files = 0;
    for (const auto& [offset, length] : counting.starts) {
      if (offset == 0) files++;
      else EXPECT_EQ(offset, end);
      EXPECT_EQ(length % 4096, 0u);
      end = offset + length;
      bytes += length;
    }
    EXPECT_EQ(files, 2u) << "each file begins anew";
    EXPECT_GT(bytes, recorder.account().bytes / 2);
    EXPECT_LE(bytes, recorder.account().bytes);
  }
}

}  // namespace
}  // namespace busbar::blackbox::testing
