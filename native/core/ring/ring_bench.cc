// The floor under every ring row of the benches: two processes, pinned, both looking without ever sleeping, frames with
// a header and a payload written and read in place.
//
//   ring_bench <payload bytes> <messages> <round trips> <cpu> <cpu>
//
// prints one JSON line: {"bytes","oneway_ns","rtt_ns"}, ns per message and the median ns of a round trip (0 for none).
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/frame/frame.h"
#include "core/ring/ring_reader.h"
#include "core/ring/ring_writer.h"

namespace {

using namespace busbar;

constexpr uint32_t kCapacity = 1u << 20;
constexpr uint32_t kLargeCapacity = 8u << 20;
constexpr uint32_t kLarge = 64u << 10;
/// Larger than RingWriter's in TypeScript: a C++ reader at the heels of the writer fetches line by line, which is slow.
constexpr uint32_t kPublishEvery = 64;
/// How often an empty look is repeated before what was read goes back: the writer needs that line for itself.
constexpr uint32_t kLooksBeforeRelease = 64;
constexpr uint32_t kReleaseParts = 8;
/// On a machine with one free processor a spinning side must let the other one run.
constexpr uint32_t kSpins = 2000;

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::fprintf(stderr, "ring_bench: not pinned to CPU %d\n", cpu);
}

class Patience {
 public:
  void spin() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
    if (++spins_ % kSpins == 0) sched_yield();
  }
  uint32_t spins() const { return spins_; }

 private:
  uint32_t spins_ = 0;
};

void send(ring::RingWriter& writer, const std::vector<uint8_t>& payload, uint64_t sequence) {
  const auto length = static_cast<uint32_t>(frame::kHeaderBytes + payload.size());
  ring::Claim claim = writer.claim(length);
  for (Patience patience; claim.at == nullptr; claim = writer.claim(length)) {
    writer.publish();
    patience.spin();
  }
  frame::Header header;
  header.length = length;
  header.kind = frame::kind::kData;
  header.sequence = sequence;
  frame::write_header(claim.at, header);
  std::memcpy(claim.at + frame::kHeaderBytes, payload.data(), payload.size());
  writer.commit(length);
}

/// Reads one frame, its first and last word. @returns its sequence
uint64_t take(ring::RingReader& reader, uint64_t& sum) {
  for (Patience patience;; patience.spin()) {
    const ring::Next next = reader.peek();
    if (next == ring::Next::kEmpty) {
      if (patience.spins() == kLooksBeforeRelease) reader.release();
      continue;
    }
    if (next == ring::Next::kFault) {
      std::fprintf(stderr, "ring_bench: a malformed frame\n");
      std::_Exit(1);
    }
    const frame::Header header = frame::read_header(reader.frame());
    uint32_t words[2];
    std::memcpy(words, reader.frame() + frame::kHeaderBytes, sizeof words[0]);
    std::memcpy(words + 1, reader.frame() + header.length - sizeof words[1], sizeof words[1]);
    sum += words[0] + words[1];
    reader.count_delivered();
    reader.pass();
    return header.sequence;
  }
}

struct Rings {
  uint8_t* there;
  uint8_t* back;
  uint32_t capacity;
};

/// Answers the last of the burst, then every ping.
[[noreturn]] void serve(const Rings& rings, uint64_t messages, uint64_t pings, size_t bytes) {
  ring::RingReader reader(rings.there, rings.capacity);
  ring::RingWriter writer(rings.back, rings.capacity);
  const std::vector<uint8_t> answer(std::min<size_t>(bytes, 64), 1);
  uint64_t sum = 0;
  uint32_t since_release = 0;
  const uint32_t release_bytes = rings.capacity / kReleaseParts;
  for (uint64_t i = 0; i < messages; i++) {
    take(reader, sum);
    since_release += static_cast<uint32_t>(frame::padded_bytes(frame::kHeaderBytes + bytes));
    if (since_release < release_bytes) continue;
    since_release = 0;
    reader.release();
  }
  reader.release();
  send(writer, answer, sum);
  writer.publish();
  for (uint64_t i = 0; i < pings; i++) {
    const uint64_t sequence = take(reader, sum);
    send(writer, answer, sequence);
    writer.publish();
    reader.release();
  }
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: ring_bench <payload bytes> <messages> <round trips> <cpu> <cpu>\n");
    return 2;
  }
  const size_t bytes = std::strtoull(argv[1], nullptr, 10);
  const uint64_t messages = std::strtoull(argv[2], nullptr, 10);
  const uint64_t pings = std::strtoull(argv[3], nullptr, 10);
  const uint32_t capacity = bytes >= kLarge ? kLargeCapacity : kCapacity;
  if (bytes < 8 || bytes % 8 != 0 || bytes > kLargeCapacity / 4 || messages == 0 || pings > 10'000'000) {
    std::fprintf(stderr, "ring_bench: a payload of 8 bytes to 2 MiB, a multiple of 8; at least 1 message\n");
    return 2;
  }

  const size_t ring = ring::ring_bytes(capacity);
  void* shared = mmap(nullptr, 2 * ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (shared == MAP_FAILED) return std::perror("ring_bench: mmap"), 1;
  auto* base = static_cast<uint8_t*>(shared);
  const Rings rings{base, base + ring, capacity};

  const pid_t child = fork();
  if (child < 0) return std::perror("ring_bench: fork"), 1;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(std::atoi(argv[5]));
    serve(rings, messages, pings, bytes);
  }
  pin(std::atoi(argv[4]));
  ring::RingWriter writer(rings.there, capacity);
  ring::RingReader reader(rings.back, capacity);
  const std::vector<uint8_t> payload(bytes, 7);
  uint64_t sum = 0;

  const uint64_t start = now_ns();
  for (uint64_t i = 0; i < messages; i++) {
    send(writer, payload, i);
    if (i % kPublishEvery == 0) writer.publish();
  }
  writer.publish();
  take(reader, sum);
  const double oneway = static_cast<double>(now_ns() - start) / static_cast<double>(messages);
  reader.release();

  std::vector<uint64_t> times;
  times.reserve(pings);
  for (uint64_t i = 0; i < pings; i++) {
    const uint64_t before = now_ns();
    send(writer, payload, i);
    writer.publish();
    if (take(reader, sum) != i) return std::fprintf(stderr, "ring_bench: a wrong answer\n"), 1;
    reader.release();
    times.push_back(now_ns() - before);
  }
  std::sort(times.begin(), times.end());
  const auto rtt = times.empty() ? 0ull : static_cast<unsigned long long>(times[times.size() / 2]);

  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::fprintf(stderr, "ring_bench: the reader failed\n"), 1;
  std::printf("{\"bytes\":%zu,\"oneway_ns\":%.3f,\"rtt_ns\":%llu}\n", bytes, oneway, rtt);
  return 0;
}
