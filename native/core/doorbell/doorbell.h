// Wakes one sleeping thread. The word counts rings, so a ring between "I saw n" and "I wait while it is n" is not lost.
// Protocol of a sleeper (performance.md 2): n = seen(); say in each ring that it sleeps; look once more; wait(n).
#pragma once

#include <atomic>
#include <cstdint>
#if !defined(__linux__)
#include <condition_variable>
#include <mutex>
#endif

namespace busbar {

class Doorbell {
 public:
  static constexpr int64_t kForever = -1;

  uint32_t seen() const { return word_.load(std::memory_order_seq_cst); }  // seq_cst; pairs with the increment in ring
  /// Any thread, and code that must not block.
  void ring();
  /// Sleeps while the word is `seen`, at most `timeout_ns`. May return early without cause.
  void wait(uint32_t seen, int64_t timeout_ns);

 private:
  std::atomic<uint32_t> word_{0};
#if !defined(__linux__)
  std::mutex mutex_;
  std::condition_variable changed_;
#endif
};

/// ns of the monotonic clock.
uint64_t monotonic_ns();
/// ns since the Unix epoch.
uint64_t wall_ns();

}  // namespace busbar
