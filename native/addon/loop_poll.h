// Calls a function on the event loop while a descriptor is readable: a uv_poll with the care that one needs.
#pragma once

#include <functional>
#include <memory>

#include <napi.h>

#include "addon/loop_handle.h"
#include "addon/uv.h"

namespace busbar::addon {

class EnvState;

class LoopPoll : public LoopHandle, public std::enable_shared_from_this<LoopPoll> {
 public:
  /// The descriptor stays the caller's, and open until `close`. The handle does not keep the process alive at first.
  /// @returns null when the loop takes no more handles
  static std::shared_ptr<LoopPoll> open(napi_env env, std::shared_ptr<EnvState> state, int fd,
                                        std::function<void()> handler);
  explicit LoopPoll(napi_env env) : env_(env) {}

  void ref(bool active);
  void close() override;

 private:
  napi_env env_;
  uv_poll_s* poll_ = nullptr;
  bool referenced_ = false;
  std::function<void()> handler_;
  std::shared_ptr<EnvState> state_;
};

}  // namespace busbar::addon
