// Processes that are killed while they record: what the next one finds.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "core/random/random.h"
#include "testing/journal.h"
#include "testing/rig.h"
#include "testing/tally.h"

namespace busbar::blackbox::testing {
namespace {

/// More with BUSBAR_KILLS=n.
int kills() {
  const char* const text = std::getenv("BUSBAR_KILLS");
  return text == nullptr ? 60 : std::atoi(text);
}

/// Records numbered events for ever; `done` is what the recorder has taken. Never returns.
[[noreturn]] void record_until_killed(const Settings& settings, uint64_t first, std::atomic<uint64_t>& done) {
  SystemDisk disk;
  Recorder recorder(settings, types(), disk, still_clock());
  if (!recorder.start().empty()) _exit(3);
  for (uint64_t sequence = first;; sequence++) {
    if (recorder.record(incoming(2, damage(sequence, static_cast<uint32_t>(sequence / 1000), sequence % 3))) != Taken::done)
      _exit(4);
    done.store(sequence, std::memory_order_relaxed);
  }
}

struct Found {
  uint64_t last = 0;       // sequence of the last event, files and journal together
  uint64_t in_files = 0;   // of the last event in a whole chunk
  uint64_t journals = 0;
  uint64_t tallied = 0;  // sequence of the last event that was given to the last file, by its tally
  std::string last_file;
};

/// Everything in the folder, in order; fails on a gap, a repetition or a damaged byte before the end of a file.
Found read_all(const Folder& folder, uint64_t& expected) {
  Found found;
  for (const std::string& name : folder.files()) {
    const std::string path = folder.path + "/" + name;
    if (name.ends_with(".journal")) {
      found.journals++;
      continue;
    }
    if (name.ends_with(".tally")) continue;
    found.tallied = 0;
    found.last_file = name;
    if (file_bytes(path).empty()) continue;  // killed between making the file and its first bytes
    const std::vector<uint64_t> tally = read_tally(path + ".tally");
    if (!tally.empty() && tally[2] > 0) {
      found.tallied = expected + tally[2];
      // The kill may have come between the two.
      EXPECT_TRUE(tally[0] == found.tallied || tally[0] == found.tallied + 1)
          << "the largest sequence is " << tally[0] << ", that of the last event " << found.tallied;
    }
    const ReadFile file = read_mcap(path);
    EXPECT_TRUE(file.problem.empty() || file.problem == "no footer" || file.problem.starts_with("cut inside")) << file.problem;
    for (const ReadMessage& message : file.messages) EXPECT_EQ(message.sequence, ++expected);
    found.in_files = expected;
    for (const ReadMessage& message : missing_from(file, path + ".journal")) EXPECT_EQ(message.sequence, ++expected);
    found.last = expected;
  }
  return found;
}

void kill_at_random(bool journal, uint64_t seed) {
  auto* const done = static_cast<std::atomic<uint64_t>*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(done, MAP_FAILED);
  random::Stream dice(seed, "kills", journal ? 1 : 0);
  int tallies = 0;
  for (int round = 0; round < kills(); round++) {
    SCOPED_TRACE("round " + std::to_string(round));
    Folder folder;
    Settings settings;
    settings.dir = folder.path;
    settings.chunk_bytes = 64 << 10;
    settings.file_bytes = 1 << 20;
    settings.journal = journal;
    settings.zstd = dice.below(2) == 0;
    std::map<std::string, std::string> before;
    uint64_t first = 1, expected = 0;
    std::string last_file;
    for (int life = 0; life < 3; life++) {
      new (done) std::atomic<uint64_t>(first - 1);
      const pid_t child = fork();
      if (child == 0) record_until_killed(settings, first, *done);
      ASSERT_GT(child, 0);
      const timespec pause{0, static_cast<long>(100'000 + dice.below(12'000'000))};
      nanosleep(&pause, nullptr);
      ASSERT_EQ(kill(child, SIGKILL), 0);
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

      // The files of earlier lives are as they were.
      for (const auto& [name, bytes] : before) ASSERT_EQ(file_bytes(folder.path + "/" + name), bytes) << name;
      for (const std::string& name : folder.files()) before[name] = file_bytes(folder.path + "/" + name);

      const uint64_t taken = done->load();
      expected = 0;
      // A life begins where the one before it can be read to.
      const Found found = read_all(folder, expected);
      if (::testing::Test::HasFailure()) return;
      const uint64_t per_chunk = (64 << 10) / damage(1, 1).size();
      if (journal)
        ASSERT_GE(found.last, taken) << "with a journal nothing is lost";
      else
        ASSERT_GE(found.last + per_chunk, taken) << "at most the open chunk is lost";
      ASSERT_LE(found.last, taken + 1);
      // A life that was killed before its first file, or between two, has none.
      if (found.tallied > 0 && found.last_file != last_file) {
        tallies++;
        ASSERT_GE(found.tallied, taken) << "what a kill takes is counted to the message";
        ASSERT_LE(found.tallied, taken + 1);
      }
      first = found.last + 1;
      last_file = found.last_file;
    }
  }
  EXPECT_GT(tallies, kills());
  munmap(done, 4096);
}

TEST(Kills, LoseAtMostTheOpenChunk) { kill_at_random(false, 7); }

TEST(Kills, LoseNothingWithAJournal) { kill_at_random(true, 8); }

}  // namespace
}  // namespace busbar::blackbox::testing
