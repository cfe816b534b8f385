// What the addon holds per Node environment (main thread or worker). Everything in it belongs to that thread.
#pragma once

#include <memory>
#include <set>

#include <napi.h>

#include "addon/runtime_memory.h"
#include "core/doorbell/adaptive_spin.h"

namespace busbar::addon {

class LoopHandle;
class LoopSpinner;
class PluginHandle;

class EnvState : public std::enable_shared_from_this<EnvState> {
 public:
  /// Registers the clean-up that ends plugins and handles with the environment.
  static std::shared_ptr<EnvState> create(Napi::Env env);

  /// That of the environment whose thread this is.
  static const std::shared_ptr<EnvState>& of(Napi::Env env);

  void opened(LoopHandle* handle) { handles_.insert(handle); }
  void closing(LoopHandle* handle) {
    handles_.erase(handle);
    closing_++;
  }
  void closed();

  /// A running plugin lives as long as the environment, whether or not JavaScript still knows it.
  void keep(std::shared_ptr<PluginHandle> plugin) { plugins_.insert(std::move(plugin)); }
  void forget(const std::shared_ptr<PluginHandle>& plugin) { plugins_.erase(plugin); }

  const std::shared_ptr<RuntimeMemory> runtime_memory = std::make_shared<RuntimeMemory>();

  /// How this thread waits.
  Waiting waiting;
  /// Looks at rings before the loop sleeps; made when the first ring is watched.
  std::shared_ptr<LoopSpinner> spinner;
  /// Keeps what the spinner counts in.
  Napi::ObjectReference moved;

 private:
  void clean_up(napi_async_cleanup_hook_handle handle);

  std::set<LoopHandle*> handles_;
  std::set<std::shared_ptr<PluginHandle>> plugins_;
  int closing_ = 0;
  napi_async_cleanup_hook_handle hook_ = nullptr;  // set once the environment ends
};

}  // namespace busbar::addon
