#include "addon/telemetry_desk.h"

#include "addon/arguments.h"
#include "addon/env_state.h"

namespace busbar::addon {

std::shared_ptr<TelemetryDesk> TelemetryDesk::open(Napi::Env env, std::shared_ptr<EnvState> state,
                                                   const std::string& path, std::shared_ptr<telemetry::Board> board,
                                                   const std::string& process, Napi::Function on_refused) {
  auto made = std::make_shared<TelemetryDesk>();
  bool in_use = false;
  std::string error;
  made->desk_ = telemetry::Desk::open(path, std::move(board), process, in_use, error);
  if (made->desk_ == nullptr) {
    if (in_use)
      throw_failure(env, {errors::transport_address_in_use, {{"address", path}, {"holder", ""}}});
    else
      throw_failure(env, {errors::telemetry_unavailable, {{"reason", path + ": " + error}}});
    return nullptr;
  }
  made->env_ = env;
  made->state_ = state;
  made->on_refused_ = std::make_unique<Callback>(env, on_refused);
  made->listener_ = LoopPoll::open(env, state, made->desk_->listener(), [weak = std::weak_ptr(made)] {
    if (const auto self = weak.lock()) self->meet();
  });
  if (made->listener_ != nullptr) return made;
  throw_failure(env, {errors::telemetry_unavailable, {{"reason", "the event loop takes no more handles"}}});
  return nullptr;
}

void TelemetryDesk::meet() {
  std::string refused;
  const int connection = desk_->accept(refused);
  if (connection < 0) {
    if (!refused.empty()) on_refused_->call({Napi::String::New(env_, refused)});
    return;
  }
  auto poll = LoopPoll::open(env_, state_, connection, [weak = weak_from_this(), connection] {
    if (const auto self = weak.lock()) self->serve(connection);
  });
  if (poll == nullptr) return desk_->drop(connection);
  readers_.emplace(connection, std::move(poll));
}

void TelemetryDesk::serve(int connection) {
  if (desk_ == nullptr || desk_->serve(connection)) return;
  // First the poll, then what it looks at.
  if (const auto reader = readers_.find(connection); reader != readers_.end()) {
    reader->second->close();
    readers_.erase(reader);
  }
  desk_->drop(connection);
}

void TelemetryDesk::close() {
  if (listener_ != nullptr) listener_->close();
  listener_ = nullptr;
  for (const auto& [connection, poll] : readers_) poll->close();
  readers_.clear();
  desk_.reset();
}

}  // namespace busbar::addon
