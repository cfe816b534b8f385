// Looks at rings before the event loop sleeps (core/doorbell/adaptive_spin.h says why). It looks only when the loop would
// sleep, never beyond the loop's next timer, and ends its look when the loop has a descriptor to serve.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <napi.h>

#include "addon/loop_handle.h"
#include "addon/uv.h"
#include "core/doorbell/adaptive_spin.h"

namespace busbar::addon {

class EnvState;

class LoopSpinner : public LoopHandle, public std::enable_shared_from_this<LoopSpinner> {
 public:
  /// One ring that somebody on this thread reads.
  struct Watched {
    uint8_t* ring;
    /// Drains the ring; runs inside a handle scope.
    std::function<void()> deliver;
    /// False while the reader holds: then what lies there is nobody's business.
    bool active = true;
  };

  static std::shared_ptr<LoopSpinner> open(napi_env env, std::shared_ptr<EnvState> state);
  explicit LoopSpinner(napi_env env) : env_(env) {}

  void configure(Waiting waiting);
  void add(std::shared_ptr<Watched> watched);
  void remove(const std::shared_ptr<Watched>& watched);
  /// Looks at the descriptors of the loop as it does at rings; while it does not, they only end a look.
  /// @param moved bytes that went through them since the last look; null: no more. Must outlive its use
  void watch_loop(uint32_t* moved);
  void close() override;

 private:
  void start_or_stop();
  void before_sleep();
  bool any_ready() const;
  bool loop_has_work() const;
  bool streams();
  bool deliver();
  void announce_sleep();
  void turn_again();

  napi_env env_;
  uv_loop_s* loop_ = nullptr;
  uv_prepare_s* prepare_ = nullptr;
  uv_idle_s* idle_ = nullptr;
  std::shared_ptr<EnvState> state_;
  std::vector<std::shared_ptr<Watched>> watched_;
  /// Not null: it looks at the descriptors.
  uint32_t* moved_ = nullptr;
  bool running_ = false;
  Waiting waiting_;
  AdaptiveSpin spin_;
};

/// The two rings, by lane, that one reader of this thread has looked at. Belongs to that thread.
class WatchedRings {
 public:
  /// @param deliver drains both. @returns false when the loop takes no more handles
  template <typename Ring>
  bool watch(napi_env env, const std::shared_ptr<EnvState>& state, const std::array<std::shared_ptr<Ring>, 2>& rings,
             const std::function<void()>& deliver) {
    state_ = state;
    if (!open_spinner(env)) return false;
    for (size_t lane = 0; lane < rings.size(); lane++) {
      watched_[lane] = std::make_shared<LoopSpinner::Watched>();
      watched_[lane]->ring = rings[lane]->bytes();
      watched_[lane]->deliver = [deliver, ring = rings[lane]] { deliver(); };
      add(watched_[lane]);
    }
    return true;
  }
  void set_active(uint32_t lane, bool active) {
    if (lane < watched_.size() && watched_[lane] != nullptr) watched_[lane]->active = active;
  }
  void unwatch();
  ~WatchedRings() { unwatch(); }

 private:
  bool open_spinner(napi_env env);
  void add(std::shared_ptr<LoopSpinner::Watched> watched);

  std::shared_ptr<EnvState> state_;
  std::array<std::shared_ptr<LoopSpinner::Watched>, 2> watched_;
};

}  // namespace busbar::addon
