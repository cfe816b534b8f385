// Calls a function on the event loop when another thread asks for it: a uv_async with the care that one needs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include <napi.h>

#include "addon/loop_handle.h"
#include "addon/uv.h"

namespace busbar::addon {

class EnvState;

class LoopBell : public LoopHandle, public std::enable_shared_from_this<LoopBell> {
 public:
  /// On the loop's thread. `handler` runs there too, inside a handle scope, once or more after each `ring`.
  /// The handle starts unreferenced: it does not keep the process alive.
  /// @returns null when the loop takes no more handles
  static std::shared_ptr<LoopBell> open(napi_env env, std::shared_ptr<EnvState> state, std::function<void()> handler);
  explicit LoopBell(napi_env env) : env_(env) {}

  /// Any thread, at any time, also after `close`. Several rings may become one call.
  void ring();
  /// The rest: the loop's thread.
  void ref(bool active);
  void close() override;

 private:
  napi_env env_;
  std::mutex mutex_;
  uv_async_s* async_ = nullptr;  // by mutex_, so that nobody sends to a closed handle
  bool referenced_ = false;
  std::function<void()> handler_;
  std::shared_ptr<EnvState> state_;
};

/// A JavaScript function that native code calls from the loop, with its async context.
class Callback {
 public:
  Callback(Napi::Env env, Napi::Function function);
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  /// An exception of the function becomes an uncaught exception of the process, as for any event handler.
  void call(std::initializer_list<napi_value> arguments);

 private:
  napi_env env_;
  napi_ref function_ = nullptr;
  napi_async_context context_ = nullptr;
};

}  // namespace busbar::addon
