// Reads beside a writer at full speed, in two processes over one shared page, in any number:
// `seqlock_soak --reads n --seconds n`. One JSON object on standard output. The scheme that raises its counter only
// after the write runs first, as the control: where the same check catches no torn value of it, a nought of the right
// one says nothing. Method: word i of the n-th value is n, and the n-th version is 2n, so a read says by itself what it
// should be.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "include/busbar_seqlock.h"

namespace busbar::seqlock {
namespace {

constexpr size_t kWords = 32;
/// Torn values after which the control has done its work.
constexpr uint64_t kCaught = 1000;
using Value = std::array<uint64_t, kWords>;

struct Shared {
  alignas(64) std::array<uint8_t, cell_bytes(kWords)> cell;
  alignas(64) std::atomic<uint32_t> stop;
};

struct Result {
  uint64_t reads = 0;
  /// Looks that met a write in progress: without them nothing was tried.
  uint64_t refused = 0;
  uint64_t torn = 0;
  /// Versions that went back, or that were not those of the value.
  uint64_t misplaced = 0;
};

void publish_wrong(uint8_t* cell, const uint64_t* values, size_t words) {
  for (size_t i = 0; i < words; i++) word(cell, 1 + i).store(values[i], std::memory_order_relaxed);
  word(cell, 0).fetch_add(2, std::memory_order_release);
}

[[noreturn]] void write_for_ever(Shared& shared, bool wrong) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Value value;
  for (uint64_t n = 1; shared.stop.load(std::memory_order_relaxed) == 0; n++) {
    value.fill(n);
    if (wrong) {
      publish_wrong(shared.cell.data(), value.data(), kWords);
    } else {
      publish(shared.cell.data(), value.data(), kWords);
    }
    // Between none and some, so that reads fall into writes, between them and across them.
    for (uint64_t rest = (n * 0x9E3779B97F4A7C15u) >> 57; rest > 0; rest--) asm volatile("" ::: "memory");
  }
  _exit(0);
}

bool whole(const Value& value) {
  for (const uint64_t word : value) {
    if (word != value[0]) return false;
  }
  return true;
}

Result run(Shared& shared, bool wrong, uint64_t reads, double seconds) {
  std::memset(static_cast<void*>(&shared), 0, sizeof shared);
  const pid_t writer = fork();
  if (writer == 0) write_for_ever(shared, wrong);
  if (writer < 0) std::abort();
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  Result result;
  Value value;
  uint64_t last = 0;
  for (uint64_t looks = 0; result.reads < reads; looks++) {
    if ((looks & 0xffff) == 0 && std::chrono::steady_clock::now() > end) break;
    const uint64_t version = read(shared.cell.data(), value.data(), kWords, 1);
    if (version == 0) {
      result.refused++;
      continue;
    }
    result.reads++;
    const bool torn = !whole(value);
    result.torn += torn ? 1 : 0;
    result.misplaced += !torn && !wrong && (value[0] * 2 != version || version < last) ? 1 : 0;
    last = version;
    if (wrong && result.torn >= kCaught) break;
  }
  shared.stop = 1;
  waitpid(writer, nullptr, 0);
  return result;
}

int main_of(uint64_t reads, double seconds) {
  void* page = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 2;
  auto& shared = *static_cast<Shared*>(page);
  // By time, not by reads: beside a writer that waits for a processor, any number of reads sees nothing torn.
  const Result control = run(shared, true, UINT64_MAX, seconds / 10);
  const Result right = run(shared, false, reads, seconds);
  std::printf(
      "{\"suite\":\"seqlock\",\"reads\":%llu,\"refused\":%llu,\"torn\":%llu,\"misplaced\":%llu,"
      "\"control_reads\":%llu,\"control_torn\":%llu}\n",
      static_cast<unsigned long long>(right.reads), static_cast<unsigned long long>(right.refused),
      static_cast<unsigned long long>(right.torn), static_cast<unsigned long long>(right.misplaced),
      static_cast<unsigned long long>(control.reads), static_cast<unsigned long long>(control.torn));
  return right.torn == 0 && right.misplaced == 0 && right.reads > 0 && control.torn > 0 ? 0 : 1;
}

}  // namespace
}  // namespace busbar::seqlock

int main(int count, char** arguments) {
  uint64_t reads = 100'000'000;
  double seconds = 600;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--reads") == 0) reads = std::strtoull(arguments[i + 1], nullptr, 10);
    if (std::strcmp(arguments[i], "--seconds") == 0) seconds = std::strtod(arguments[i + 1], nullptr);
  }
  return busbar::seqlock::main_of(reads, seconds);
}
