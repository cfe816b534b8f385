#include "addon/thread_peer.h"

#include <unistd.h>

namespace busbar::addon {
namespace {

using rendezvous::Status;
using rendezvous::ThreadEnd;
using rendezvous::ThreadPacket;

constexpr int kPacketsPerTurn = 16;
constexpr const char* kNoHandles = "the event loop takes no more handles";

}  // namespace

std::shared_ptr<ThreadPeer> ThreadPeer::open(Napi::Env env, std::shared_ptr<EnvState> state,
                                             std::shared_ptr<ThreadEnd> end) {
  auto made = std::make_shared<ThreadPeer>(state);
  // Weak: the handle in JavaScript decides how long the peer lives.
  const std::weak_ptr<ThreadPeer> weak = made;
  const napi_env raw = env;
  made->mail_bell_ = LoopBell::open(env, state, [weak, raw] {
    if (const auto self = weak.lock()) self->read_mail(raw);
  });
  made->bell_ = LoopBell::open(env, state, [weak] {
    const auto self = weak.lock();
    if (self == nullptr || self->closed_) return;
    // A copy, because the callback may close the peer.
    if (const auto callback = self->on_bell_)
      callback->call({});
    else
      self->rung_early_ = true;
  });
  if (made->mail_bell_ == nullptr || made->bell_ == nullptr) return nullptr;
  made->end_ = std::move(end);
  state->opened(made.get());
  made->end_->listen([bell = made->mail_bell_] { bell->ring(); }, [bell = made->bell_] { bell->ring(); });
  return made;
}

void ThreadPeer::watch(Napi::Env env, Napi::Function on_packet) {
  on_packet_ = std::make_shared<Callback>(env, on_packet);
  mail_bell_->ring();  // for what came before
}

void ThreadPeer::read_mail(Napi::Env env) {
  const auto callback = on_packet_;  // a copy, because it may close the peer
  if (callback == nullptr || other_gone_) return;
  for (int left = kPacketsPerTurn; !closed_; left--) {
    if (left == 0) return mail_bell_->ring();
    ThreadPacket packet;
    const Status status = end_->receive(packet);
    if (status == Status::kAgain) return;
    if (status != Status::kOk) {
      other_gone_ = true;
      callback->call({env.Undefined(), Napi::String::New(env, "")});
      return;
    }
    if (packet.rings[1] != nullptr) received_ = std::move(packet.rings);
    callback->call({Napi::Buffer<uint8_t>::Copy(env, packet.bytes.data(), packet.bytes.size())});
  }
}

Napi::Value ThreadPeer::make_rings(Napi::Env env, uint32_t data_capacity, uint32_t control_capacity) {
  own_ = {std::make_shared<ring::RingMemory>(data_capacity), std::make_shared<ring::RingMemory>(control_capacity)};
  if (own_[0]->bytes() != nullptr && own_[1]->bytes() != nullptr) return buffers(env, own_);
  own_.fill(nullptr);
  refuse_ring(env, "there is no memory for its rings");
  return env.Undefined();
}

Napi::Value ThreadPeer::send(Napi::Env env, const uint8_t* bytes, uint32_t length, bool with_rings) {
  ThreadPacket packet;
  packet.bytes.assign(bytes, bytes + length);
  if (with_rings) packet.rings = own_;
  switch (end_->send(std::move(packet))) {
    case Status::kOk:
      break;
    case Status::kAgain:
      refuse_ring(env, "the other thread does not read what it is sent");
      break;
    case Status::kClosed:
      refuse_ring(env, "the other side is gone");
      break;
    default:
      refuse_ring(env, "a packet of " + std::to_string(length) + " B, at most 64 KiB go");
  }
  return env.Undefined();
}

Napi::Value ThreadPeer::take_rings(Napi::Env env) {
  if (received_[1] == nullptr) {
    refuse_ring(env, "the other side sent no rings");
    return env.Undefined();
  }
  theirs_ = std::move(received_);
  received_.fill(nullptr);
  return buffers(env, theirs_);
}

void ThreadPeer::watch_bell(Napi::Env env, Napi::Function on_bell) {
  if (theirs_[1] == nullptr) return refuse_ring(env, "the other side sent no rings");
  on_bell_ = std::make_shared<Callback>(env, on_bell);
  watch_rings(env, on_bell_, theirs_);
  if (std::exchange(rung_early_, false)) bell_->ring();
}

void ThreadPeer::ring() {
  if (!closed_) end_->ring();
}

void ThreadPeer::ref(bool active) { bell_->ref(active); }

void ThreadPeer::drop_rings() {
  for (auto* rings : {&own_, &theirs_, &received_}) rings->fill(nullptr);
}

void ThreadPeer::close() {
  if (closed_) return;
  closed_ = true;
  if (mail_bell_ != nullptr) mail_bell_->close();
  if (bell_ != nullptr) bell_->close();
  if (end_ == nullptr) return;  // it never came to be
  unwatch_rings();
  on_packet_ = nullptr;
  on_bell_ = nullptr;
  end_->close();
  received_.fill(nullptr);
  state_->closing(this);
  state_->closed();
}

std::shared_ptr<ThreadListener> ThreadListener::create(Napi::Env env, std::shared_ptr<EnvState> state,
                                                       const std::string& name, Napi::Function on_peer) {
  auto made = std::make_shared<ThreadListener>();
  const std::weak_ptr<ThreadListener> weak = made;
  const auto callback = std::make_shared<Callback>(env, on_peer);
  const napi_env raw = env;
  made->bell_ = LoopBell::open(env, state, [weak, callback, state, raw] {
    const Napi::Env napi(raw);
    for (;;) {
      // A callback may close the listener.
      const auto self = weak.lock();
      auto end = self == nullptr || self->door_ == nullptr ? nullptr : self->door_->accept();
      if (end == nullptr) return;
      std::shared_ptr<PeerHandle> peer = ThreadPeer::open(napi, state, std::move(end));
      if (peer == nullptr) return;
      callback->call({Arguments::wrap(napi, std::move(peer)), Napi::Number::New(napi, getpid()),
                      Napi::Number::New(napi, getuid())});
    }
  });
  if (made->bell_ == nullptr) {
    refuse_ring(env, kNoHandles);
    return nullptr;
  }
  if (rendezvous::ThreadDoor::open(
          name, [bell = made->bell_] { bell->ring(); }, made->door_) != Status::kOk) {
    made->bell_->close();
    throw_failure(env, {errors::transport_address_in_use, {{"address", name}, {"holder", "a thread of this process"}}});
    return nullptr;
  }
  made->state_ = std::move(state);
  made->state_->opened(made.get());
  return made;
}

void ThreadListener::close() {
  if (door_ == nullptr) return;
  door_->close();
  door_ = nullptr;
  bell_->close();
  state_->closing(this);
  state_->closed();
}

}  // namespace busbar::addon
