#include "addon/loop_poll.h"

#include <cstdlib>

#include "addon/env_state.h"

namespace busbar::addon {

std::shared_ptr<LoopPoll> LoopPoll::open(napi_env env, std::shared_ptr<EnvState> state, int fd,
                                         std::function<void()> handler) {
  uv_loop_s* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  auto* poll = static_cast<uv_poll_s*>(std::calloc(1, uv_handle_size(BUSBAR_UV_POLL)));
  if (poll == nullptr) return nullptr;
  if (uv_poll_init(loop, poll, fd) != 0) {
    std::free(poll);
    return nullptr;
  }
  auto made = std::make_shared<LoopPoll>(env);
  made->poll_ = poll;
  made->handler_ = std::move(handler);
  made->state_ = std::move(state);
  made->state_->opened(made.get());
  auto* handle = reinterpret_cast<uv_handle_s*>(poll);
  // The handle holds the object until it is closed for good.
  uv_handle_set_data(handle, new std::shared_ptr<LoopPoll>(made));
  uv_unref(handle);
  uv_poll_start(poll, BUSBAR_UV_READABLE, [](uv_poll_s* polled, int, int) {
    const auto self =
        *static_cast<std::shared_ptr<LoopPoll>*>(uv_handle_get_data(reinterpret_cast<uv_handle_s*>(polled)));
    const Napi::HandleScope scope(self->env_);
    if (self->handler_) self->handler_();
  });
  return made;
}

void LoopPoll::ref(bool active) {
  if (active == referenced_ || poll_ == nullptr) return;
  referenced_ = active;
  auto* handle = reinterpret_cast<uv_handle_s*>(poll_);
  if (active)
    uv_ref(handle);
  else
    uv_unref(handle);
}

void LoopPoll::close() {
  if (poll_ == nullptr) return;
  auto* handle = reinterpret_cast<uv_handle_s*>(std::exchange(poll_, nullptr));
  state_->closing(this);
  uv_close(handle, [](uv_handle_s* closed) {
    auto* holder = static_cast<std::shared_ptr<LoopPoll>*>(uv_handle_get_data(closed));
    const auto state = (*holder)->state_;
    (*holder)->handler_ = nullptr;
    delete holder;
    std::free(closed);
    state->closed();
  });
}

}  // namespace busbar::addon
