#include "addon/loop_bell.h"

#include <cstdlib>

#include "addon/env_state.h"

namespace busbar::addon {

std::shared_ptr<LoopBell> LoopBell::open(napi_env env, std::shared_ptr<EnvState> state, std::function<void()> handler) {
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  auto* async = static_cast<uv_async_s*>(std::calloc(1, uv_handle_size(BUSBAR_UV_ASYNC)));
  if (async == nullptr) return nullptr;
  const auto on_ring = [](uv_async_s* handle) {
    const auto bell =
        *static_cast<std::shared_ptr<LoopBell>*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(handle)));
    const Napi::HandleScope scope(bell->env_);
    if (bell->handler_) bell->handler_();
  };
  if (uv_async_init(loop, async, on_ring) != 0) {
    std::free(async);
    return nullptr;
  }
  auto bell = std::make_shared<LoopBell>(env);
  bell->async_ = async;
  bell->handler_ = std::move(handler);
  bell->state_ = std::move(state);
  bell->state_->opened(bell.get());
  auto* handle = reinterpret_cast<uv_handle_s*>(async);
  // The handle holds the bell until it is closed for good.
  uv_handle_set_data(handle, new std::shared_ptr<LoopBell>(bell));
  uv_unref(handle);
  return bell;
}

void LoopBell::ring() {
  const std::lock_guard lock(mutex_);
  if (async_ != nullptr) uv_async_send(async_);
}

void LoopBell::ref(bool active) {
  if (active == referenced_ || async_ == nullptr) return;
  referenced_ = active;
  auto* handle = reinterpret_cast<uv_handle_s*>(async_);
  if (active)
    uv_ref(handle);
  else
    uv_unref(handle);
}

void LoopBell::close() {
  uv_async_s* async = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::swap(async, async_);
  }
  if (async == nullptr) return;
  state_->closing(this);
  uv_close(reinterpret_cast<uv_handle_s*>(async), [](uv_handle_s* handle) {
    auto* holder = static_cast<std::shared_ptr<LoopBell>*>(uv_handle_get_data(handle));
    const auto state = (*holder)->state_;
    (*holder)->handler_ = nullptr;
    delete holder;
    std::free(handle);
    state->closed();
  });
}

Callback::Callback(Napi::Env env, Napi::Function function) : env_(env) {
  napi_create_reference(env, function, 1, &function_);
  napi_value name;
  napi_create_string_utf8(env, "busbar", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, nullptr, name, &context_);
}

Callback::~Callback() {
  if (context_ != nullptr) napi_async_destroy(env_, context_);
  if (function_ != nullptr) napi_delete_reference(env_, function_);
}

void Callback::call(std::initializer_list<napi_value> arguments) {
  napi_value function, receiver, result;
  if (napi_get_reference_value(env_, function_, &function) != napi_ok || function == nullptr) return;
  if (napi_get_global(env_, &receiver) != napi_ok) return;
  const napi_status status =
      napi_make_callback(env_, context_, receiver, function, arguments.size(), arguments.begin(), &result);
  if (status != napi_pending_exception) return;
  // Left alone, the exception would end the process without a word.
  napi_value exception;
  if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) napi_fatal_exception(env_, exception);
}

}  // namespace busbar::addon
