// A link as JavaScript holds it: the rings as ArrayBuffers, and the bell that the plugin's thread rings.
#pragma once

#include <memory>

#include <napi.h>

#include "addon/env_state.h"
#include "addon/loop_bell.h"
#include "addon/loop_spinner.h"
#include "addon/plugin_handle.h"
#include "host/link.h"

namespace busbar::addon {

class LinkHandle {
 public:
  static constexpr uint32_t kTag = 0x4C494E4B;

  /// @returns null with an exception pending when memory is refused
  static std::shared_ptr<LinkHandle> create(Napi::Env env, std::shared_ptr<EnvState> state,
                                            std::shared_ptr<PluginHandle> plugin, host::LinkOptions options,
                                            Napi::Function callback);
  ~LinkHandle();

  /// The four rings in the order of host::RingIndex, once. Each buffer holds its memory for as long as it lives itself.
  Napi::Array rings(Napi::Env env);

  host::Link& link() { return *link_; }
  host::PluginHost& host() { return plugin_->host(); }
  void ref(bool active) { bell_->ref(active); }
  /// The reader of this lane holds (false) or reads again.
  void set_active(uint32_t lane, bool active) { watched_.set_active(lane, active); }
  void close();

 private:
  std::shared_ptr<PluginHandle> plugin_;
  std::shared_ptr<host::Link> link_;
  std::shared_ptr<LoopBell> bell_;
  WatchedRings watched_;
  /// Rings in memory of the runtime, where it takes no other: kept for `rings`.
  Napi::Reference<Napi::Array> owned_;
  bool closed_ = false;
};

}  // namespace busbar::addon
