// Disks that fail, and processes that end in the middle.
#include "testing/journal.h"
#include "testing/read_mcap.h"
#include "testing/rig.h"

namespace busbar::blackbox::testing {
namespace {

class FailureTest : public ::testing::Test {
 protected:
  Settings settings(bool journal = false) {
    Settings settings;
    settings.dir = folder.path;
    settings.chunk_bytes = 64 << 10;
    settings.journal = journal;
    return settings;
  }
  std::string path() { return folder.path + "/events-000001.mcap"; }
  Folder folder;
  FullDisk disk;
};

TEST_F(FailureTest, AFullDiskHoldsMessagesBackAndLosesNone) {
  for (uint64_t budget = 0; budget < 300'000; budget += 7919) {
    Folder own;
    FullDisk full;
    full.budget = budget;
    Settings wanted = settings(budget % 2 == 0);
    wanted.dir = own.path;
    monotonic = 1;
    Recorder recorder(wanted, types(), full, still_clock());
    ASSERT_EQ(recorder.start(), "");
    uint64_t held = 0;
    for (uint64_t sequence = 1; sequence <= 1500;) {
      const Taken taken = recorder.record(incoming(2, damage(sequence, 1)));
      expect_balanced(recorder.account());
      if (taken == Taken::done) {
        sequence++;
        continue;
      }
      ASSERT_EQ(taken, Taken::later);
      ASSERT_TRUE(recorder.blocked());
      ASSERT_GT(recorder.account().write_errors, 0u);
      ASSERT_NE(recorder.account().last_error.find("No space left"), std::string::npos) << recorder.account().last_error;
      ASSERT_EQ(recorder.account().received, sequence - 1) << "what is held is not counted";
      held++;
      if (held % 3 == 0) full.budget = UINT64_MAX;
      monotonic = recorder.wake_at();
      recorder.wake();
      ASSERT_LT(held, 100u);
    }
    full.budget = UINT64_MAX;
    ASSERT_TRUE(recorder.close());
    EXPECT_EQ(recorder.account().written, 1500u);
    EXPECT_EQ(recorder.account().io, 0u);
    uint64_t expected = 0;
    for (const std::string& name : own.files()) {
      const ReadFile file = read_mcap(own.path + "/" + name);
      ASSERT_EQ(file.problem, "") << name << " with " << budget;
      for (const ReadMessage& message : file.messages) ASSERT_EQ(message.sequence, ++expected);
    }
    ASSERT_EQ(expected, 1500u);
  }
}

TEST_F(FailureTest, ToldToFailItSaysSoAndCounts) {
  Settings wanted = settings();
  wanted.on_error = OnError::fail;
  disk.budget = 100'000;
  Recorder recorder(wanted, types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  uint64_t sequence = 1;
  while (recorder.record(incoming(2, damage(sequence, 1))) == Taken::done) ASSERT_LT(sequence++, 5000u);
  EXPECT_TRUE(recorder.failed());
  EXPECT_EQ(recorder.wake_at(), 0u);
  EXPECT_EQ(recorder.record(incoming(2, damage(1, 1))), Taken::failed);
  EXPECT_FALSE(recorder.close());
  EXPECT_EQ(recorder.account().buffered, 0u);
  EXPECT_EQ(recorder.account().received, sequence + 1);
  EXPECT_EQ(recorder.account().io, sequence + 1 - recorder.account().written);
  expect_balanced(recorder.account());
}

TEST_F(FailureTest, ASyncThatFailsIsNoSuccess) {
  Settings wanted = settings();
  wanted.sync = Sync::chunk;
  monotonic = 1;
  Recorder recorder(wanted, types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  ASSERT_EQ(recorder.record(incoming(2, damage(1, 1))), Taken::done);
  disk.refuse_sync = true;
  EXPECT_FALSE(recorder.flush(false));
  EXPECT_EQ(recorder.account().written, 0u);
  disk.refuse_sync = false;
  EXPECT_TRUE(recorder.flush(false));
  EXPECT_EQ(recorder.account().written, 1u);
  ASSERT_TRUE(recorder.close());
  EXPECT_EQ(read_mcap(path()).problem, "");
}

TEST_F(FailureTest, AFileThatCannotBeMadeHoldsMessagesBack) {
  disk.refuse_create = true;
  disk.error = -EMFILE;
  monotonic = 1;
  Recorder recorder(settings(true), types(), disk, still_clock());
  ASSERT_EQ(recorder.start(), "");
  EXPECT_EQ(recorder.record(incoming(2, damage(1, 1))), Taken::later);
  EXPECT_NE(recorder.account().last_error.find("Too many open files"), std::string::npos);
  disk.refuse_create = false;
  EXPECT_EQ(recorder.record(incoming(2, damage(1, 1))), Taken::later) << "not before its time";
  monotonic = recorder.wake_at();
  recorder.wake();
  EXPECT_EQ(recorder.record(incoming(2, damage(1, 1))), Taken::done);
}

TEST_F(FailureTest, TheJournalHoldsWhatTheFileLacksAtEveryInstant) {
  auto recorder = std::make_unique<Recorder>(settings(true), types(), disk, still_clock());
  ASSERT_EQ(recorder->start(), "");
  for (uint64_t sequence = 1; sequence <= 1200; sequence++) {
    const std::string event = damage(sequence, 1, sequence % 5);
    if (recorder->record(incoming(2, event)) == Taken::later) {
      // An entry behind those of a chunk that is written would be ignored with them.
      ASSERT_TRUE(disk.refuse_cut);
      disk.refuse_cut = false;
      monotonic = recorder->wake_at();
      recorder->wake();
      ASSERT_EQ(recorder->record(incoming(2, event)), Taken::done);
    } else {
      disk.refuse_cut = sequence % 400 > 200;
    }
    if (sequence % 37 != 0) continue;
    const ReadFile file = read_mcap(path());
    ASSERT_EQ(file.problem, "no footer");
    const std::vector<ReadMessage> journal = missing_from(file, path() + ".journal");
    ASSERT_EQ(file.messages.size() + journal.size(), sequence);
    for (size_t i = 0; i < journal.size(); i++) ASSERT_EQ(journal[i].sequence, file.messages.size() + i + 1);
  }
  recorder.reset();
  EXPECT_EQ(folder.files(), std::vector<std::string>{"events-000001.mcap"}) << "an ended recording needs no journal";
  EXPECT_EQ(read_mcap(path()).problem, "");
}

TEST_F(FailureTest, AFileCutAnywhereGivesItsWholeChunks) {
  {
    Recorder recorder(settings(), types(), disk, still_clock());
    ASSERT_EQ(recorder.start(), "");
    for (uint64_t sequence = 1; sequence <= 3000; sequence++)
      ASSERT_EQ(recorder.record(incoming(2, damage(sequence, 1))), Taken::done);
  }
  const std::string whole = file_bytes(path());
  const ReadFile all = McapReader(whole).read();
  ASSERT_EQ(all.problem, "");
  for (size_t length = 9; length < whole.size(); length += 1009) {
    const ReadFile cut = McapReader(whole.substr(0, length)).read();
    size_t chunks = 0;
    for (const uint64_t offset : all.chunk_offsets) {
      uint64_t bytes = 0;
      std::memcpy(&bytes, whole.data() + offset + 1, 8);
      chunks += offset + 9 + bytes <= length;
    }
    ASSERT_EQ(cut.chunk_offsets.size(), chunks) << length;
    for (size_t i = 0; i < cut.messages.size(); i++) ASSERT_EQ(cut.messages[i].sequence, i + 1);
  }
}

}  // namespace
}  // namespace busbar::blackbox::testing
