#include "addon/loop_spinner.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>

#include "addon/env_state.h"
#include "core/doorbell/doorbell.h"
#include "core/ring/layout.h"
#include "core/ring/ring_memory.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace busbar::addon {
namespace {

/// Longest run of deliveries without a turn of the loop, so that timers and sockets live.
constexpr uint64_t kStayNs = 50'000;
constexpr uint64_t kYieldNs = 3'000;
/// Looks in vain after which the adaptive strategy sleeps at once, until messages come close together again.
constexpr uint32_t kMissesMax = 3;

inline void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// acquire; pairs with the producer's store of tail. head is this thread's own.
inline bool ready(const LoopSpinner::Watched& watched) {
  return watched.active && ring::word(watched.ring, ring::at::kTail).load(std::memory_order_acquire) !=
                               ring::word(watched.ring, ring::at::kHead).load(std::memory_order_relaxed);
}

template <typename Handle>
Handle* allocate(int type) {
  return static_cast<Handle*>(std::calloc(1, uv_handle_size(type)));
}

}  // namespace

std::shared_ptr<LoopSpinner> LoopSpinner::open(napi_env env, std::shared_ptr<EnvState> state) {
  auto made = std::make_shared<LoopSpinner>(env);
  if (napi_get_uv_event_loop(env, &made->loop_) != napi_ok) return nullptr;
  made->prepare_ = allocate<uv_prepare_s>(BUSBAR_UV_PREPARE);
  made->idle_ = allocate<uv_idle_s>(BUSBAR_UV_IDLE);
  if (made->prepare_ == nullptr || made->idle_ == nullptr) return nullptr;
  uv_prepare_init(made->loop_, made->prepare_);
  uv_idle_init(made->loop_, made->idle_);
  made->state_ = std::move(state);
  made->state_->opened(made.get());
  uv_handle_set_data(reinterpret_cast<uv_handle_s*>(made->prepare_), new std::shared_ptr<LoopSpinner>(made));
  uv_unref(reinterpret_cast<uv_handle_s*>(made->prepare_));
  uv_unref(reinterpret_cast<uv_handle_s*>(made->idle_));
  return made;
}

void LoopSpinner::configure(uint32_t spin_us, bool adaptive) {
  spin_us_ = spin_us;
  adaptive_ = adaptive;
  misses_ = 0;
}

void LoopSpinner::add(std::shared_ptr<Watched> watched) {
  watched_.push_back(std::move(watched));
  if (watched_.size() > 1 || prepare_ == nullptr) return;
  uv_prepare_start(prepare_, [](uv_prepare_s* prepare) {
    const auto self =
        *static_cast<std::shared_ptr<LoopSpinner>*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(prepare)));
    const Napi::HandleScope scope(self->env_);
    self->before_sleep();
  });
}

void LoopSpinner::remove(const std::shared_ptr<Watched>& watched) {
  std::erase(watched_, watched);
  if (!watched_.empty() || prepare_ == nullptr) return;
  uv_prepare_stop(prepare_);
  uv_idle_stop(idle_);
}

bool LoopSpinner::any_ready() const {
  return std::any_of(watched_.begin(), watched_.end(), [](const auto& watched) { return ready(*watched); });
}

/// @returns whether there was anything
bool LoopSpinner::deliver() {
  bool found = false;
  // By index and from a copy of the pointer: a delivery may add or remove rings.
  for (size_t i = 0; i < watched_.size(); i++) {
    const auto watched = watched_[i];
    if (!ready(*watched)) continue;
    found = true;
    watched->deliver();
  }
  return found;
}

/// The loop must not sleep in this turn: there is more to do.
void LoopSpinner::turn_again() {
  if (idle_ != nullptr) uv_idle_start(idle_, [](uv_idle_s*) {});
}

void LoopSpinner::before_sleep() {
  if (idle_ != nullptr) uv_idle_stop(idle_);
  const uint64_t start = monotonic_ns();
  const uint64_t stay = start + kStayNs;
  if (slept_ns_ != 0) {
    // Messages that come closer together than a look is long make looking worth while again.
    if (any_ready() && start - slept_ns_ < uint64_t{spin_us_} * 4'000) misses_ = 0;
    slept_ns_ = 0;
  }
  uint64_t now = start;
  if (deliver()) {
    misses_ = 0;
    now = monotonic_ns();
    if (now >= stay) return turn_again();
  }
  const int timeout = uv_backend_timeout(loop_);
  // Immediates, closing handles or due timers; or a descriptor that the loop has not taken up yet, and then it would
  // sleep all the same, with nothing announced. So it must not: it comes back at once.
  if (timeout == 0) return turn_again();
  const uint64_t deadline = timeout > 0 ? start + static_cast<uint64_t>(timeout) * 1'000'000 : UINT64_MAX;
  const bool looks = spin_us_ > 0 && (!adaptive_ || misses_ < kMissesMax);
  uint64_t end = std::min(deadline, now + (looks ? uint64_t{spin_us_} * 1'000 : 0));
  uint64_t yielded = now;
  bool found = false;
  while (now < end) {
    for (int i = 0; i < 32; i++) {
      if (any_ready()) {
        found = true;
        misses_ = 0;
        deliver();
        now = monotonic_ns();
        if (now >= stay || uv_backend_timeout(loop_) == 0) return turn_again();
        end = std::min(deadline, now + uint64_t{spin_us_} * 1'000);
        yielded = now;
        i = 0;
      }
      pause();
    }
    now = monotonic_ns();
    if (now - yielded >= kYieldNs) {
      sched_yield();
      yielded = monotonic_ns();
    }
  }
  if (looks && !found) misses_++;
  announce_sleep();
}

/// Lost-wake-safe: says that this side sleeps, then looks once more. seq_cst; pairs with the producer's look at
/// `sleeping` after its store of tail.
void LoopSpinner::announce_sleep() {
  for (const auto& watched : watched_) {
    if (watched->active) ring::word(watched->ring, ring::at::kSleeping).store(1, std::memory_order_seq_cst);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!any_ready()) {
    slept_ns_ = monotonic_ns();
    return;
  }
  for (const auto& watched : watched_) {
    ring::word(watched->ring, ring::at::kSleeping).store(0, std::memory_order_seq_cst);
  }
  deliver();
  turn_again();
}

void LoopSpinner::close() {
  if (prepare_ == nullptr) return;
  watched_.clear();
  auto* prepare = reinterpret_cast<uv_handle_s*>(std::exchange(prepare_, nullptr));
  auto* idle = reinterpret_cast<uv_handle_s*>(std::exchange(idle_, nullptr));
  state_->closing(this);
  uv_close(idle, [](uv_handle_s* handle) { std::free(handle); });
  uv_close(prepare, [](uv_handle_s* handle) {
    auto* holder = static_cast<std::shared_ptr<LoopSpinner>*>(uv_handle_get_data(handle));
    const auto state = (*holder)->state_;
    delete holder;
    std::free(handle);
    state->closed();
  });
}

}  // namespace busbar::addon
