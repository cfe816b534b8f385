#include "addon/loop_spinner.h"

#include <poll.h>

#include <algorithm>
#include <cstdlib>

#include "addon/env_state.h"
#include "core/doorbell/doorbell.h"
#include "core/ring/layout.h"
#include "core/ring/ring_memory.h"

namespace busbar::addon {
namespace {

/// Longest run of deliveries without a turn of the loop, so that timers and sockets live.
constexpr uint64_t kStayNs = 50'000;
/// A look for sockets is longer than one for rings by this factor: so much longer does an answer take to come.
constexpr uint32_t kSocketPatience = 2;
/// Bytes through sockets between two looks from which on they are a stream.
constexpr uint32_t kStreamBytes = 2 << 10;

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
  made->configure(state->waiting);
  made->state_ = std::move(state);
  made->state_->opened(made.get());
  uv_handle_set_data(reinterpret_cast<uv_handle_s*>(made->prepare_), new std::shared_ptr<LoopSpinner>(made));
  uv_unref(reinterpret_cast<uv_handle_s*>(made->prepare_));
  uv_unref(reinterpret_cast<uv_handle_s*>(made->idle_));
  return made;
}

void LoopSpinner::configure(Waiting waiting) {
  waiting_ = waiting;
  spin_ = AdaptiveSpin(waiting, moved_ != nullptr ? kSocketPatience : 1);
}

void LoopSpinner::add(std::shared_ptr<Watched> watched) {
  watched_.push_back(std::move(watched));
  start_or_stop();
}

void LoopSpinner::remove(const std::shared_ptr<Watched>& watched) {
  std::erase(watched_, watched);
  start_or_stop();
}

void LoopSpinner::watch_loop(uint32_t* moved) {
  moved_ = moved;
  configure(waiting_);
  start_or_stop();
}

void LoopSpinner::start_or_stop() {
  const bool wanted = !watched_.empty() || moved_ != nullptr;
  if (wanted == running_ || prepare_ == nullptr) return;
  running_ = wanted;
  if (!wanted) {
    uv_prepare_stop(prepare_);
    uv_idle_stop(idle_);
    return;
  }
  uv_prepare_start(prepare_, [](uv_prepare_s* prepare) {
    const auto self =
        *static_cast<std::shared_ptr<LoopSpinner>*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(prepare)));
    const Napi::HandleScope scope(self->env_);
    self->before_sleep();
  });
}

bool LoopSpinner::any_ready() const {
  return std::any_of(watched_.begin(), watched_.end(), [](const auto& watched) { return ready(*watched); });
}

/// Whether one of the loop's descriptors has something for it, a socket or a bell: it must not wait for the end of a look.
bool LoopSpinner::loop_has_work() const {
  pollfd backend{uv_backend_fd(loop_), POLLIN, 0};
  return poll(&backend, 1, 0) > 0;
}

/// Whether much has gone through sockets since the last look. Then the threads that move it need the processor more than a
/// look does, which would only make its pieces smaller.
bool LoopSpinner::streams() { return moved_ != nullptr && std::exchange(*moved_, 0) >= kStreamBytes; }

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
  uint64_t now = monotonic_ns();
  const uint64_t stay = now + kStayNs;
  // What woke it from a sleep is not known; a timer does not come so soon.
  if (spin_.slept()) spin_.woke(now, moved_ != nullptr || any_ready());
  if (deliver()) {
    spin_.found();
    now = monotonic_ns();
    if (now >= stay) return turn_again();
  }
  const int timeout = uv_backend_timeout(loop_);
  // Immediates, closing handles or due timers; or a descriptor that the loop has not taken up yet, and then it would
  // sleep all the same, with nothing announced. So it must not: it comes back at once.
  if (timeout == 0) return turn_again();
  if (streams()) return announce_sleep();
  const uint64_t deadline = timeout > 0 ? now + static_cast<uint64_t>(timeout) * 1'000'000 : UINT64_MAX;
  bool served = false;
  const auto ready = [this] { return any_ready(); };
  const auto seldom = [&] { return served = loop_has_work(); };
  while (spin_.look(now, deadline, ready, seldom)) {
    if (served) {
      moved_ != nullptr ? spin_.found() : spin_.missed();
      return turn_again();
    }
    deliver();
    now = monotonic_ns();
    if (now >= stay || uv_backend_timeout(loop_) == 0) return turn_again();
  }
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
    spin_.sleeps(monotonic_ns());
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

bool WatchedRings::open_spinner(napi_env env) {
  if (state_->spinner == nullptr) state_->spinner = LoopSpinner::open(env, state_);
  return state_->spinner != nullptr;
}

void WatchedRings::add(std::shared_ptr<LoopSpinner::Watched> watched) { state_->spinner->add(std::move(watched)); }

void WatchedRings::unwatch() {
  for (auto& watched : watched_) {
    if (watched != nullptr && state_->spinner != nullptr) state_->spinner->remove(watched);
    watched = nullptr;
  }
}

}  // namespace busbar::addon
