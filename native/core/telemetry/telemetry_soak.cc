// Reads beside a writer at full speed, in two processes over a sealed memfd, in any number:
// `telemetry_soak --reads n --seconds n`. One JSON object on standard output. The scheme that raises its sequence only
// after the write runs first, as the control: where the same check catches no torn value of it, a nought of the right one
// says nothing. Method: after the n-th publish every field is n and the sequence 2n + 2, so a read says by itself what it
// should be. The reader maps what the desk of the writing process hands out.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "core/telemetry/board_client.h"
#include "core/telemetry/testing/desk_loop.h"
#include "core/telemetry/testing/equal_words.h"

namespace busbar::telemetry {
namespace {

using Clock = std::chrono::steady_clock;

/// Torn values after which the control has done its work.
constexpr uint64_t kCaught = 1000;

struct Result {
  uint64_t reads = 0;
  /// Looks of 64 tries that all met a write.
  uint64_t stale = 0;
  uint64_t torn = 0;
  /// Sequences that went back.
  uint64_t misplaced = 0;
  /// Anything else that a reader said.
  uint64_t refused = 0;
};

[[noreturn]] void write_for_ever(const std::string& path, bool wrong, bool crc, int ready) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string error;
  bool in_use = false;
  const auto board = Board::create(error);
  uint8_t* const record = board == nullptr ? nullptr : board->take("combat");
  auto desk = board == nullptr ? nullptr : Desk::open(path, board, "soak", in_use, error);
  if (desk == nullptr || write(ready, "+", 1) != 1) {
    std::fprintf(stderr, "%s\n", error.c_str());
    _exit(1);
  }
  const DeskLoop loop(std::move(desk));
  EqualWords words(record);
  words.writer().use_crc(crc);
  for (uint64_t n = 1;; n++) {
    if (wrong)
      publish_equal_wrong(record, n, [](size_t) {});
    else
      words.publish();
    // Between none and some, so that reads fall into writes, between them and across them.
    for (uint64_t rest = (n * 0x9E3779B97F4A7C15u) >> 57; rest > 0; rest--) asm volatile("" ::: "memory");
  }
}

Result read_beside(const std::string& path, bool wrong, uint64_t reads, double seconds) {
  Result result;
  Found found;
  uint16_t code = 0;
  std::string error;
  if (!find_records(path, "combat", 10'000, found, code, error)) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return result;
  }
  RecordReader reader(found.board->record(0), found.board->slot_bytes(), found.board.get());
  alignas(8) uint8_t copy[kRecordBytes];
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  uint64_t last = 0;
  for (uint64_t looks = 0; result.reads < reads; looks++) {
    if ((looks & 0xffff) == 0 && Clock::now() > end) break;
    const Look look = reader.read(copy);
    if (look != Look::kOk) {
      (look == Look::kStale || look == Look::kNoValue ? result.stale : result.refused)++;
      continue;
    }
    result.reads++;
    result.torn += equal_words(copy) ? 0 : 1;
    result.misplaced += sequence_of(copy) < last ? 1 : 0;
    last = sequence_of(copy);
    if (wrong && result.torn >= kCaught) break;
  }
  return result;
}

Result run(const std::string& folder, bool wrong, bool crc, uint64_t reads, double seconds) {
  const std::string path = folder + "/soak.tele";
  int ready[2];
  if (pipe(ready) != 0) std::abort();
  const pid_t writer = fork();
  if (writer < 0) std::abort();
  if (writer == 0) write_for_ever(path, wrong, crc, ready[1]);
  close(ready[1]);
  char byte;
  const bool there = read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  const Result result = there ? read_beside(path, wrong, reads, seconds) : Result();
  kill(writer, SIGKILL);
  waitpid(writer, nullptr, 0);
  unlink(path.c_str());
  return result;
}

using Count = unsigned long long;

int main_of(uint64_t reads, double seconds) {
  char folder[] = "/tmp/busbar-tele-XXXXXX";
  if (mkdtemp(folder) == nullptr) return 2;
  // By time, not by reads: beside a writer that waits for a processor, any number of reads sees nothing torn.
  const Result control = run(folder, true, false, UINT64_MAX, seconds / 10);
  const Result right = run(folder, false, false, reads, seconds);
  const Result checked = run(folder, false, true, reads / 10, seconds / 10);
  rmdir(folder);
  std::printf(
      "{\"suite\":\"telemetry\",\"reads\":%llu,\"stale\":%llu,\"torn\":%llu,\"misplaced\":%llu,\"refused\":%llu,"
      "\"crc_reads\":%llu,\"crc_torn\":%llu,\"crc_refused\":%llu,\"control_reads\":%llu,\"control_torn\":%llu}\n",
      Count{right.reads}, Count{right.stale}, Count{right.torn}, Count{right.misplaced}, Count{right.refused},
      Count{checked.reads}, Count{checked.torn}, Count{checked.refused}, Count{control.reads}, Count{control.torn});
  const uint64_t wrong = right.torn + right.misplaced + right.refused + checked.torn + checked.misplaced + checked.refused;
  return wrong == 0 && right.reads > 0 && checked.reads > 0 && control.torn > 0 ? 0 : 1;
}

}  // namespace
}  // namespace busbar::telemetry

int main(int count, char** arguments) {
  uint64_t reads = 100'000'000;
  double seconds = 600;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--reads") == 0) reads = std::strtoull(arguments[i + 1], nullptr, 10);
    if (std::strcmp(arguments[i], "--seconds") == 0) seconds = std::strtod(arguments[i + 1], nullptr);
  }
  return busbar::telemetry::main_of(reads, seconds);
}
