// Looks at rings before the event loop sleeps. A message that comes while it looks costs no system call and no wake of
// a processor. It looks only when the loop would sleep, never beyond the loop's next timer, and gives the processor
// away every few microseconds, because the peer may need it. Measured: docs/performance and the figures named there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <napi.h>

#include "addon/loop_handle.h"
#include "addon/uv.h"

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

  /// @param spin_us longest look without finding anything. 0: never looks, only announces sleep
  /// @param adaptive gives looking up while messages come rarely
  void configure(uint32_t spin_us, bool adaptive);
  void add(std::shared_ptr<Watched> watched);
  void remove(const std::shared_ptr<Watched>& watched);
  void close() override;

 private:
  void before_sleep();
  bool any_ready() const;
  bool deliver();
  void announce_sleep();
  void turn_again();

  napi_env env_;
  uv_loop_s* loop_ = nullptr;
  uv_prepare_s* prepare_ = nullptr;
  uv_idle_s* idle_ = nullptr;
  std::shared_ptr<EnvState> state_;
  std::vector<std::shared_ptr<Watched>> watched_;
  uint32_t spin_us_ = 50;
  bool adaptive_ = true;
  /// Looks in a row that found nothing.
  uint32_t misses_ = 0;
  uint64_t slept_ns_ = 0;
};

}  // namespace busbar::addon
