// What writing and reading a record costs, and what the same costs behind a lock or without any protocol:
// `telemetry_bench <variant>`. For each line "count" on standard input, one line on standard output: ns of that many, as
// count x the median over batches of 16 (a read of the clock costs as much as a read of a record).
#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/telemetry/board.h"
#include "core/telemetry/record_reader.h"
#include "core/telemetry/testing/equal_words.h"

namespace busbar::telemetry {
namespace {

constexpr uint64_t kBatch = 16;

/// The peer: the same 80 bytes in shared memory under a mutex of two processes.
struct Locked {
  pthread_mutex_t mutex;
  uint64_t words[kDataBytes / 8];
};

Locked& locked() {
  static Locked& made = *[] {
    void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) std::abort();
    auto* const at = static_cast<Locked*>(page);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&at->mutex, &attributes);
    return at;
  }();
  return made;
}

uint64_t sink = 0;

template <typename Work>
double median_ns(uint64_t count, Work work) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> batches;
  batches.reserve(count / kBatch + 1);
  for (uint64_t done = 0; done < count || done == 0; done += kBatch) {
    const auto start = Clock::now();
    for (uint64_t i = 0; i < kBatch; i++) work();
    batches.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kBatch);
  }
  std::nth_element(batches.begin(), batches.begin() + static_cast<long>(batches.size() / 2), batches.end());
  return batches[batches.size() / 2] * static_cast<double>(count);
}

double run(std::string_view variant, uint64_t count, uint8_t* record) {
  alignas(8) static uint8_t copy[kRecordBytes];
  static uint32_t n = 0;
  if (variant == "publish") {
    // As a service does it: a total, two gauges.
    Writer writer(record);
    return median_ns(count, [&] {
      writer.add(kTotalCombats, uint64_t{1});
      writer.set(kAverageTickTimeUs, ++n);
      writer.set(kUnits, n);
      writer.publish();
    });
  }
  if (variant == "publish_all" || variant == "publish_crc") {
    EqualWords words(record);
    words.writer().use_crc(variant == "publish_crc");
    return median_ns(count, [&] { words.publish(); });
  }
  if (variant == "read") {
    RecordReader reader(record, kSlotBytes, nullptr);
    return median_ns(count, [&] {
      if (reader.read(copy) != Look::kOk) std::abort();
      sink += value_of(copy, kTotalCombats);
    });
  }
  Locked& shared = locked();
  if (variant == "mutex_publish") {
    return median_ns(count, [&] {
      pthread_mutex_lock(&shared.mutex);
      shared.words[0]++;
      shared.words[5] = shared.words[9] = ++n;
      pthread_mutex_unlock(&shared.mutex);
    });
  }
  if (variant == "mutex_read") {
    return median_ns(count, [&] {
      pthread_mutex_lock(&shared.mutex);
      std::memcpy(copy, shared.words, sizeof shared.words);
      pthread_mutex_unlock(&shared.mutex);
      asm volatile("" : : "r"(copy) : "memory");
    });
  }
  if (variant == "memcpy_publish") {
    static uint64_t own[kDataBytes / 8];
    return median_ns(count, [&] {
      own[0] = ++n;
      std::memcpy(shared.words, own, sizeof own);
      asm volatile("" : : "r"(shared.words) : "memory");
    });
  }
  if (variant == "memcpy_read") {
    return median_ns(count, [&] {
      std::memcpy(copy, shared.words, sizeof shared.words);
      asm volatile("" : : "r"(copy) : "memory");
    });
  }
  return -1;
}

}  // namespace
}  // namespace busbar::telemetry

int main(int argument_count, char** arguments) {
  std::string error;
  const auto board = busbar::telemetry::Board::create(error);
  if (argument_count < 2 || board == nullptr) {
    std::fprintf(stderr, "telemetry_bench <variant>; %s\n", error.c_str());
    return 2;
  }
  uint8_t* const record = board->take("bench");
  unsigned long long count = 0;
  while (std::scanf("%llu", &count) == 1) {
    std::printf("%.3f\n", busbar::telemetry::run(arguments[1], count, record));
    std::fflush(stdout);
  }
  return 0;
}
