// A telemetry desk (core/telemetry/desk.h) on the event loop.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <napi.h>

#include "addon/loop_bell.h"
#include "addon/loop_poll.h"
#include "core/telemetry/desk.h"

namespace busbar::addon {

class TelemetryDesk : public std::enable_shared_from_this<TelemetryDesk> {
 public:
  static constexpr uint32_t kTag = 0x5444534B;

  /// `on_refused` gets a text for each reader that was sent away. @returns null with an exception pending
  static std::shared_ptr<TelemetryDesk> open(Napi::Env env, std::shared_ptr<EnvState> state, const std::string& path,
                                             std::shared_ptr<telemetry::Board> board, const std::string& process,
                                             Napi::Function on_refused);
  ~TelemetryDesk() { close(); }
  /// Safe to call twice.
  void close();

 private:
  void meet();
  void serve(int connection);

  napi_env env_ = nullptr;
  std::shared_ptr<EnvState> state_;
  std::unique_ptr<Callback> on_refused_;
  std::unique_ptr<telemetry::Desk> desk_;
  std::shared_ptr<LoopPoll> listener_;
  std::map<int, std::shared_ptr<LoopPoll>> readers_;
};

}  // namespace busbar::addon
