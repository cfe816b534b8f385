#include "addon/telemetry_peer.h"

#include <unistd.h>

#include "addon/arguments.h"
#include "addon/env_state.h"

namespace busbar::addon {

using rendezvous::Status;

std::shared_ptr<TelemetryPeer> TelemetryPeer::connect(Napi::Env env, std::shared_ptr<EnvState> state,
                                                      const std::string& path, Napi::Function on_answer) {
  auto made = std::make_shared<TelemetryPeer>();
  std::string error;
  const Status status = rendezvous::connect_to(path, made->peer_, error);
  if (status != Status::kOk) {
    throw_failure(env, status == Status::kRefused
                           ? host::Failure{errors::transport_unreachable, {{"address", path}, {"reason", error}}}
                           : host::Failure{errors::telemetry_unavailable, {{"reason", path + ": " + error}}});
    return nullptr;
  }
  made->env_ = env;
  made->path_ = path;
  made->on_answer_ = std::make_unique<Callback>(env, on_answer);
  // Weak: the handle in JavaScript decides how long the peer lives.
  made->poll_ = LoopPoll::open(env, state, made->peer_.socket.get(), [weak = std::weak_ptr(made)] {
    if (const auto self = weak.lock()) self->readable();
  });
  if (made->poll_ != nullptr) return made;
  throw_failure(env, {errors::telemetry_unavailable, {{"reason", "the event loop takes no more handles"}}});
  return nullptr;
}

void TelemetryPeer::ask(Napi::Env env) {
  const std::vector<uint8_t> question = telemetry::encode_question("");
  std::string error = "it is closed";
  const Status status = !peer_.socket ? Status::kClosed
                                      : rendezvous::send_packet(peer_.socket.get(), question.data(),
                                                                static_cast<uint32_t>(question.size()), nullptr, 0, error);
  if (status == Status::kOk) return poll_->ref(true);
  throw_failure(env, {errors::transport_unreachable,
                      {{"address", path_}, {"reason", status == Status::kAgain ? "it does not read" : error}}});
}

void TelemetryPeer::readable() {
  rendezvous::Packet packet;
  std::string error;
  const Status status = rendezvous::receive_packet(peer_.socket.get(), packet, error);
  if (status == Status::kAgain) return;
  if (status != Status::kOk) return lose(status == Status::kClosed ? "" : error);
  telemetry::Answer answer;
  if (!telemetry::decode_answer(packet.bytes.data(), packet.bytes.size(), answer, error)) return lose(error);
  if (answer.code == 0 && packet.descriptors.size() != 1)
    return lose(std::to_string(packet.descriptors.size()) + " descriptors came, not 1");
  if (answer.code == 0 && board_ == nullptr) {
    // Its own descriptor of the connection: it outlives this handle as long as a record is open.
    Descriptor life(dup(peer_.socket.get()));
    board_ = telemetry::MappedBoard::open(std::move(packet.descriptors[0]), answer.slot_bytes, std::move(life), error);
    if (board_ == nullptr) return lose(error);
  }
  poll_->ref(false);
  const Napi::Env env(env_);
  Napi::Object result = Napi::Object::New(env);
  result.Set("code", Napi::Number::New(env, answer.code));
  result.Set("text", answer.text);
  result.Set("pid", Napi::Number::New(env, answer.pid));
  result.Set("process", answer.process);
  Napi::Array services = Napi::Array::New(env), slots = Napi::Array::New(env);
  for (uint32_t i = 0; i < answer.entries.size(); i++) {
    services.Set(i, answer.entries[i].service);
    slots.Set(i, Napi::Number::New(env, answer.entries[i].slot));
  }
  result.Set("services", services);
  result.Set("slots", slots);
  on_answer_->call({result});
}

void TelemetryPeer::lose(const std::string& reason) {
  // The descriptor stays readable for ever: look no more.
  poll_->close();
  on_answer_->call({Napi::Env(env_).Undefined(), Napi::String::New(env_, reason)});
}

void TelemetryPeer::close() {
  if (poll_ != nullptr) poll_->close();
  poll_ = nullptr;
  peer_.socket.reset();
  board_.reset();
}

}  // namespace busbar::addon
