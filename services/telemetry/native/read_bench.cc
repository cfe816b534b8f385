// What a reader sees of a writer in another process: how long each single read takes, and how many of the values are torn.
//
//   telemetry_read_bench <scheme> <pace> [<reader's cpu> <writer's cpu>]
//
// scheme  seqlock  the record and its protocol, as services have it
//         mutex    the same 80 bytes behind a mutex of two processes
//         once     the control: the sequence is raised once, after the write
//         bare     the same bytes, no protocol at all
// pace    paced: 1,000 updates a second; busy: no pause but some tens of ns, another number each time
//
// For each line "p50|p99|torn|updates <count>" on standard input, one number on standard output. p50, p99: that quantile of so
// many reads, in ns, each timed by itself with the clock's cost in it. torn: how many of so many accepted values are no whole
// ones. updates: of the writer in a second, beside so many reads without pause. Between two questions the writer is stopped, so
// that contestants that wait for their turn take nothing from the one that is measured.
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
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

using Clock = std::chrono::steady_clock;

constexpr size_t kDataWords = kDataBytes / 8;
constexpr long kPeriodNs = 1'000'000;

/// What peers share: the data of a record, and a mutex in front of it.
struct Plain {
  pthread_mutex_t mutex;
  alignas(64) uint64_t words[kDataWords];
};

Plain* make_plain() {
  void* const page = mmap(nullptr, sizeof(Plain), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::abort();
  auto* const plain = static_cast<Plain*>(page);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&plain->mutex, &attributes);
  return plain;
}

/// One word on its way without any order. Atomic, so that a torn value is a wrong number and not undefined.
std::atomic_ref<uint64_t> loose(uint64_t& word) { return std::atomic_ref<uint64_t>(word); }

/// Memory that reader and writer share, and one scheme of using it.
class Scheme {
 public:
  virtual ~Scheme() = default;
  /// The n-th update, n from 1: every word is n.
  virtual void write(uint64_t n) = 0;
  /// @returns whether a value was accepted
  virtual bool read() = 0;
  /// Whether the value accepted last is that of one update.
  virtual bool whole() const = 0;
  /// How often was written so far.
  virtual uint64_t updates() const = 0;
};

class Record : public Scheme {
 public:
  explicit Record(uint8_t* record) : record_(record), reader_(record, kSlotBytes, nullptr), words_(record) {}
  void write(uint64_t) override { words_.publish(); }
  bool read() override { return reader_.read(copy_) == Look::kOk; }
  bool whole() const override { return equal_words(copy_); }
  uint64_t updates() const override { return reader_.sequence() / 2; }

 protected:
  uint8_t* record_;

 private:
  RecordReader reader_;
  EqualWords words_;
  alignas(8) uint8_t copy_[kRecordBytes];
};

class Once final : public Record {
 public:
  using Record::Record;
  void write(uint64_t n) override {
    publish_equal_wrong(record_, n, [](size_t) {});
  }
};

class Unsafe : public Scheme {
 public:
  explicit Unsafe(Plain* plain) : plain_(plain) {}
  void write(uint64_t n) override {
    for (auto& word : plain_->words) loose(word).store(n, std::memory_order_relaxed);
  }
  bool read() override {
    for (size_t i = 0; i < kDataWords; i++) copy_[i] = loose(plain_->words[i]).load(std::memory_order_relaxed);
    return true;
  }
  bool whole() const override {
    return std::all_of(copy_, copy_ + kDataWords, [&](uint64_t word) { return word == copy_[0]; });
  }
  uint64_t updates() const override { return loose(plain_->words[0]).load(std::memory_order_relaxed); }

 protected:
  Plain* plain_;

 private:
  uint64_t copy_[kDataWords] = {};
};

class Locked final : public Unsafe {
 public:
  using Unsafe::Unsafe;
  void write(uint64_t n) override {
    pthread_mutex_lock(&plain_->mutex);
    Unsafe::write(n);
    pthread_mutex_unlock(&plain_->mutex);
  }
  bool read() override {
    pthread_mutex_lock(&plain_->mutex);
    Unsafe::read();
    pthread_mutex_unlock(&plain_->mutex);
    return true;
  }
};

void pin(const char* cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(std::atoi(cpu)), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::fprintf(stderr, "telemetry_read_bench: not pinned to CPU %s\n", cpu);
}

[[noreturn]] void write_for_ever(Scheme& scheme, bool busy) {
  const timespec period{0, kPeriodNs};
  for (uint64_t n = 1;; n++) {
    scheme.write(n);
    if (!busy) {
      nanosleep(&period, nullptr);
      continue;
    }
    // Between none and some, so that reads fall into writes, between them and across them.
    for (uint64_t rest = (n * 0x9E3779B97F4A7C15u) >> 57; rest > 0; rest--) asm volatile("" ::: "memory");
  }
}

/// @param share of the reads that took less than what is returned, ns
uint64_t quantile(Scheme& scheme, uint64_t count, double share) {
  std::vector<uint32_t> times(std::max<uint64_t>(count, 1));
  for (uint32_t& time : times) {
    const auto start = Clock::now();
    scheme.read();  // one that gave up has taken its time as well
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    time = static_cast<uint32_t>(std::min<int64_t>(ns, UINT32_MAX));
  }
  const auto at = times.begin() + static_cast<long>(share * static_cast<double>(times.size() - 1));
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

uint64_t torn(Scheme& scheme, uint64_t count) {
  uint64_t found = 0;
  for (uint64_t accepted = 0; accepted < count;) {
    if (!scheme.read()) continue;
    accepted++;
    found += scheme.whole() ? 0 : 1;
  }
  return found;
}

uint64_t updates(Scheme& scheme, uint64_t count) {
  const uint64_t before = scheme.updates();
  const auto start = Clock::now();
  for (uint64_t i = 0; i < count; i++) scheme.read();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return static_cast<uint64_t>(static_cast<double>(scheme.updates() - before) / seconds);
}

uint64_t answer_of(std::string_view what, Scheme& scheme, uint64_t count) {
  if (what == "torn") return torn(scheme, count);
  if (what == "updates") return updates(scheme, count);
  return quantile(scheme, count, what == "p99" ? 0.99 : 0.5);
}

std::unique_ptr<Scheme> make(std::string_view name, uint8_t* record) {
  if (name == "seqlock") return std::make_unique<Record>(record);
  if (name == "once") return std::make_unique<Once>(record);
  if (name == "mutex") return std::make_unique<Locked>(make_plain());
  if (name == "bare") return std::make_unique<Unsafe>(make_plain());
  return nullptr;
}

int main_of(int count, char** arguments) {
  std::string error;
  const auto board = Board::create(error);
  const auto scheme = count < 3 || board == nullptr ? nullptr : make(arguments[1], board->take("bench"));
  if (scheme == nullptr) {
    std::fprintf(stderr, "telemetry_read_bench seqlock|mutex|once|bare paced|busy [<cpu> <cpu>]; %s\n", error.c_str());
    return 2;
  }
  const pid_t reader = getpid();
  const pid_t writer = fork();
  if (writer < 0) return 1;
  if (writer == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != reader) _exit(0);
    if (count > 4) pin(arguments[4]);
    write_for_ever(*scheme, std::string_view(arguments[2]) == "busy");
  }
  if (count > 4) pin(arguments[3]);
  char what[8];
  unsigned long long wanted = 0;
  while (std::scanf("%7s %llu", what, &wanted) == 2) {
    const uint64_t before = scheme->updates();
    kill(writer, SIGCONT);
    while (scheme->updates() == before) sched_yield();
    const uint64_t answer = answer_of(what, *scheme, wanted);
    kill(writer, SIGSTOP);
    std::printf("%llu\n", static_cast<unsigned long long>(answer));
    std::fflush(stdout);
  }
  kill(writer, SIGKILL);
  return 0;
}

}  // namespace
}  // namespace busbar::telemetry

int main(int count, char** arguments) { return busbar::telemetry::main_of(count, arguments); }
