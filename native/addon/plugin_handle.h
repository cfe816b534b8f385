// A plugin instance as JavaScript holds it: its host, and the way of its events to the event loop.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <napi.h>

#include "addon/env_state.h"
#include "addon/loop_bell.h"
#include "core/telemetry/board.h"
#include "host/plugin_host.h"

namespace busbar::addon {

/// What the callback of `loadPlugin` gets as its first argument; as PluginEvent in bus/transport/ring/addon.ts.
enum class PluginEvent : uint32_t { kReady = 0, kFailed = 1, kLog = 2, kHash = 3, kClosed = 4 };

struct PluginOptions {
  std::string path;
  std::string name;
  std::string config;
  uint32_t threads;
  Waiting waiting;
  /// Where the instance gets a telemetry record from, under the name of the service; null: it gets none.
  std::shared_ptr<telemetry::Board> board;
  std::string service;
  std::vector<host::EdgeOptions> edges = {};
};

class PluginHandle : public host::PluginEvents, public std::enable_shared_from_this<PluginHandle> {
 public:
  static constexpr uint32_t kTag = 0x504C5547;

  /// Starts the plugin's thread.
  /// @param about gives `PluginAbout` of bus/transport/ring/addon.ts; called for a plugin that takes what its service subscribes to
  /// @returns null with an exception pending when something is missing
  static std::shared_ptr<PluginHandle> start(Napi::Env env, std::shared_ptr<EnvState> state, PluginOptions options,
                                             Napi::Function callback, Napi::Function about);

  host::PluginHost& host() { return *host_; }
  Napi::Object describe(Napi::Env env) const;
  void ref(bool active) { bell_->ref(active); }
  /// The environment ends: waits for the frame in work. No event arrives any more.
  void end_now();

  // PluginEvents, on the plugin's thread.
  void ready() override { add({PluginEvent::kReady, 0, {}, {}}); }
  void failed(const host::Failure& failure) override { add({PluginEvent::kFailed, 0, {}, failure}); }
  void log(int32_t level, std::string_view text) override;
  void hashed(std::optional<uint64_t> hash) override;
  void closed() override { add({PluginEvent::kClosed, 0, {}, {}}); }

 private:
  struct Event {
    PluginEvent kind;
    int32_t level;
    std::string text;
    host::Failure failure;
  };
  static constexpr size_t kLogLinesMax = 1024;
  static constexpr size_t kLogLineBytesMax = 8192;

  void add(Event event);
  void deliver();

  napi_env env_ = nullptr;
  std::shared_ptr<EnvState> state_;
  std::shared_ptr<LoopBell> bell_;
  std::unique_ptr<Callback> callback_;
  std::mutex mutex_;
  std::deque<Event> events_;  // by mutex_
  uint64_t lines_lost_ = 0;   // by mutex_
  // Last, so that it is destroyed (and its thread joined) first.
  std::unique_ptr<host::PluginHost> host_;
};

}  // namespace busbar::addon
