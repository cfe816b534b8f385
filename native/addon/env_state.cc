#include "addon/env_state.h"

#include "addon/loop_handle.h"
#include "addon/loop_spinner.h"
#include "addon/plugin_handle.h"

namespace busbar::addon {

namespace {
struct Instance {
  std::shared_ptr<EnvState> state;
};
}  // namespace

const std::shared_ptr<EnvState>& EnvState::of(Napi::Env env) { return env.GetInstanceData<Instance>()->state; }

std::shared_ptr<EnvState> EnvState::create(Napi::Env env) {
  auto state = std::make_shared<EnvState>();
  env.SetInstanceData(new Instance{state});
  // Asynchronous, because closed handles are ours until the loop has turned once more. The holder frees itself there.
  auto* holder = new std::shared_ptr<EnvState>(state);
  napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle handle, void* data) {
        auto* held = static_cast<std::shared_ptr<EnvState>*>(data);
        const auto kept = *held;
        delete held;
        kept->clean_up(handle);
      },
      holder, nullptr);
  return state;
}

void EnvState::clean_up(napi_async_cleanup_hook_handle handle) {
  for (const auto& plugin : plugins_) plugin->end_now();
  plugins_.clear();
  hook_ = handle;
  closing_++;  // so that no handle that closes at once ends the clean-up early
  while (!handles_.empty()) (*handles_.begin())->close();
  spinner.reset();
  moved.Reset();
  closed();
}

void EnvState::closed() {
  closing_--;
  if (closing_ == 0 && hook_ != nullptr) napi_remove_async_cleanup_hook(std::exchange(hook_, nullptr));
}

}  // namespace busbar::addon
