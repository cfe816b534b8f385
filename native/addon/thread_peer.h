// Another thread of this process that this one has met: rings in private memory, which both hold, and two bells.
#pragma once

#include "addon/loop_handle.h"
#include "addon/peer_handle.h"
#include "core/rendezvous/thread_door.h"

namespace busbar::addon {

/// A loop handle of its own, so that the other thread hears of it when this environment ends, however it ends.
class ThreadPeer final : public PeerHandle, public LoopHandle {
 public:
  /// @returns null when the loop takes no more handles
  static std::shared_ptr<ThreadPeer> open(Napi::Env env, std::shared_ptr<EnvState> state,
                                          std::shared_ptr<rendezvous::ThreadEnd> end);
  explicit ThreadPeer(std::shared_ptr<EnvState> state) : PeerHandle(std::move(state)) {}
  ~ThreadPeer() override { ThreadPeer::close(); }

  void watch(Napi::Env env, Napi::Function on_packet) override;
  Napi::Value make_rings(Napi::Env env, uint32_t data_capacity, uint32_t control_capacity) override;
  Napi::Value send(Napi::Env env, const uint8_t* bytes, uint32_t length, bool with_rings) override;
  Napi::Value take_rings(Napi::Env env) override;
  void watch_bell(Napi::Env env, Napi::Function on_bell) override;
  void ring() override;
  void ref(bool active) override;
  void close() override;

 private:
  using Rings = std::array<std::shared_ptr<ring::RingMemory>, 2>;

  void drop_rings() override;
  void read_mail(Napi::Env env);

  std::shared_ptr<rendezvous::ThreadEnd> end_;
  std::shared_ptr<LoopBell> mail_bell_;
  std::shared_ptr<LoopBell> bell_;
  std::shared_ptr<Callback> on_packet_;
  std::shared_ptr<Callback> on_bell_;
  Rings own_, theirs_, received_;
  bool rung_early_ = false;
  bool other_gone_ = false;
  bool closed_ = false;
};

class ThreadListener final : public ListenerHandle, public LoopHandle {
 public:
  /// `on_peer` gets a handle, and pid and uid of this process, for each thread that comes.
  static std::shared_ptr<ThreadListener> create(Napi::Env env, std::shared_ptr<EnvState> state, const std::string& name,
                                                Napi::Function on_peer);
  ~ThreadListener() override { ThreadListener::close(); }
  void close() override;

 private:
  std::shared_ptr<EnvState> state_;
  std::shared_ptr<rendezvous::ThreadDoor> door_;
  std::shared_ptr<LoopBell> bell_;
};

}  // namespace busbar::addon
