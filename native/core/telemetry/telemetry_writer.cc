// A process with one record, for readers in other processes and languages:
// `telemetry_writer <socket> equal|still|stopped|grown|wrong-version [--crc]`. Says "ready" when it can be asked, and lives
// until it is killed or its input ends. equal: publishes without end, all words equal. still: one publish. stopped: stands
// in the middle of an update after one publish.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "core/telemetry/testing/desk_loop.h"
#include "core/telemetry/testing/equal_words.h"

namespace busbar::telemetry {
namespace {

void misshape(uint8_t* record, const char* mode) {
  uint8_t* const cell = record + at::kSequence;
  if (std::strcmp(mode, "stopped") == 0) {
    seqlock::begin(cell);
    seqlock::put(cell, 2, 999);
  } else if (std::strcmp(mode, "wrong-version") == 0) {
    std::atomic_ref<uint32_t>(*reinterpret_cast<uint32_t*>(record + at::kVersion)).store(9);
  } else if (std::strcmp(mode, "grown") == 0) {
    const uint64_t odd = seqlock::begin(cell);
    seqlock::put(cell, 1, kDataBytes + 16);
    seqlock::end(cell, odd);
  }
}

int main_of(const char* path, const char* mode, bool crc) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::string error;
  bool in_use = false;
  const auto board = Board::create(error);
  uint8_t* const record = board == nullptr ? nullptr : board->take("combat");
  auto desk = board == nullptr ? nullptr : Desk::open(path, board, "core", in_use, error);
  if (desk == nullptr) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const DeskLoop loop(std::move(desk));
  std::atomic<bool> stop{false};
  EqualWords words(record);
  words.writer().use_crc(crc);
  words.publish();
  misshape(record, mode);
  std::thread busy;
  if (std::strcmp(mode, "equal") == 0) {
    busy = std::thread([&] {
      while (!stop.load(std::memory_order_relaxed)) words.publish();
    });
  }
  std::puts("ready");
  std::fflush(stdout);
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  stop = true;
  if (busy.joinable()) busy.join();
  finish(record);
  return 0;
}

}  // namespace
}  // namespace busbar::telemetry

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "telemetry_writer <socket> equal|still|stopped|grown|wrong-version [--crc]\n");
    return 2;
  }
  return busbar::telemetry::main_of(arguments[1], arguments[2], count > 3 && std::strcmp(arguments[3], "--crc") == 0);
}
