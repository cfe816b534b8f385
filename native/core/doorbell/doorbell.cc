#include "core/doorbell/doorbell.h"

#include <chrono>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#endif

namespace busbar {

#if defined(__linux__)

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "the kernel waits on the word itself");

void Doorbell::ring() {
  word_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst; pairs with the load in seen
  syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void Doorbell::wait(uint32_t seen, int64_t timeout_ns) {
  timespec limit{};
  if (timeout_ns >= 0) {
    limit.tv_sec = timeout_ns / 1'000'000'000;
    limit.tv_nsec = timeout_ns % 1'000'000'000;
  }
  syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, seen, timeout_ns >= 0 ? &limit : nullptr, nullptr, 0);
}

#else

void Doorbell::ring() {
  {
    const std::lock_guard lock(mutex_);
    word_.fetch_add(1, std::memory_order_seq_cst);  // seq_cst; pairs with the load in seen
  }
  changed_.notify_one();
}

void Doorbell::wait(uint32_t seen, int64_t timeout_ns) {
  std::unique_lock lock(mutex_);
  const auto moved = [&] { return word_.load(std::memory_order_seq_cst) != seen; };
  if (timeout_ns < 0) {
    changed_.wait(lock, moved);
  } else {
    changed_.wait_for(lock, std::chrono::nanoseconds(timeout_ns), moved);
  }
}

#endif

uint64_t monotonic_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

uint64_t wall_ns() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

}  // namespace busbar
