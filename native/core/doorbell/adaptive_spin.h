// Looks for work before a thread sleeps. What comes while it looks costs no system call and no wake of a processor, which
// is what most of the time between two threads is spent on. It gives the processor away every few microseconds, because
// the peer may need it, and gives looking up while work comes rarely. Measured: docs/performance.md and the figures named there.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>

#include "core/doorbell/doorbell.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace busbar {

/// How a thread waits for work.
struct Waiting {
  /// Longest look without finding anything. 0: it sleeps at once.
  uint32_t spin_us = 100;
  /// Gives looking up while work comes rarely.
  bool adaptive = true;
};

/// Of one thread.
class AdaptiveSpin {
 public:
  /// @param patience how many times as long as usual a look takes
  explicit AdaptiveSpin(Waiting waiting = {}, uint32_t patience = 1)
      : adaptive_(waiting.adaptive),
        look_ns_(uint64_t{waiting.spin_us} * patience * 1'000),
        close_ns_(uint64_t{waiting.spin_us} * kCloseLooks * 1'000) {}

  /// @param ready whether there is work; called all the time
  /// @param seldom the same of work that costs a system call to see; called every few microseconds
  /// @param deadline monotonic ns; not looked beyond
  /// @param worked_ns what this thread has just worked: after long work it may look longer, for a small part of that
  /// @returns whether there was any
  template <typename Ready, typename Seldom>
  bool look(uint64_t now, uint64_t deadline, Ready&& ready, Seldom&& seldom, uint64_t worked_ns = 0) {
    if (look_ns_ == 0 || (adaptive_ && misses_ >= kMissesMax)) return false;
    const uint64_t end = std::min(deadline, now + std::clamp(worked_ns / kWorkShare, look_ns_, look_ns_ * kLongLook));
    for (uint64_t yielded = now; now < end; now = monotonic_ns()) {
      if (now - yielded >= kYieldNs) {
        sched_yield();
        if (seldom()) return true;
        yielded = monotonic_ns();
      }
      for (int i = 0; i < kLooks; i++) {
        if (ready()) {
          misses_ = 0;
          return true;
        }
        pause();
      }
    }
    misses_++;
    return false;
  }

  /// It sleeps from now on.
  void sleeps(uint64_t now) { slept_ns_ = now; }
  bool slept() const { return slept_ns_ != 0; }
  /// It is awake. Work that comes closer together than a few usual looks are long makes looking worth while again.
  void woke(uint64_t now, bool has_work) {
    if (slept_ns_ != 0 && has_work && now - slept_ns_ < close_ns_) misses_ = 0;
    slept_ns_ = 0;
  }
  /// Work that no look has found, or a look that ended with something else.
  void found() { misses_ = 0; }
  void missed() { misses_++; }

 private:
  static constexpr uint64_t kYieldNs = 3'000;
  static constexpr int kLooks = 32;
  /// Whoever asks for much work is asleep when it is done. Its next request comes after its wake, which takes longer than a
  /// usual look; waiting for it costs this part of the work and saves the wake of this side.
  static constexpr uint64_t kWorkShare = 16;
  static constexpr uint64_t kLongLook = 3;
  /// Looks in vain, in a row, after which it sleeps at once.
  static constexpr uint32_t kMissesMax = 3;
  static constexpr uint64_t kCloseLooks = 2;

  static void pause() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  bool adaptive_;
  uint64_t look_ns_;
  uint64_t close_ns_;
  uint32_t misses_ = 0;
  uint64_t slept_ns_ = 0;
};

}  // namespace busbar
