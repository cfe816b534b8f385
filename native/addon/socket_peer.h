// A process that this one has met: the rendezvous socket, the shared rings of both sides, the doorbells.
#pragma once

#include "addon/loop_poll.h"
#include "addon/peer_handle.h"
#include "core/rendezvous/rendezvous.h"
#include "core/rendezvous/shared_ring.h"

namespace busbar::addon {

class SocketPeer final : public PeerHandle {
 public:
  SocketPeer(std::shared_ptr<EnvState> state, rendezvous::Peer peer)
      : PeerHandle(std::move(state)), peer_(std::move(peer)) {}
  ~SocketPeer() override { SocketPeer::close(); }

  void watch(Napi::Env env, Napi::Function on_packet) override;
  Napi::Value make_rings(Napi::Env env, uint32_t data_capacity, uint32_t control_capacity) override;
  Napi::Value send(Napi::Env env, const uint8_t* bytes, uint32_t length, bool with_rings) override;
  /// Maps what came beside a packet.
  Napi::Value take_rings(Napi::Env env) override;
  void watch_bell(Napi::Env env, Napi::Function on_bell) override;
  void ring() override;
  void ref(bool active) override;
  void close() override;

 private:
  void drop_rings() override;
  void readable(Napi::Env env, Callback& callback);
  std::weak_ptr<SocketPeer> weak_self() { return std::static_pointer_cast<SocketPeer>(shared_from_this()); }

  rendezvous::Peer peer_;
  std::shared_ptr<LoopPoll> socket_poll_;
  std::shared_ptr<LoopPoll> bell_poll_;
  std::array<std::shared_ptr<rendezvous::SharedRing>, 2> own_;
  std::array<std::shared_ptr<rendezvous::SharedRing>, 2> theirs_;
  std::vector<Descriptor> received_;
  Descriptor own_bell_;
  Descriptor their_bell_;
  bool closed_ = false;
};

class SocketListener final : public ListenerHandle {
 public:
  /// `on_peer` gets a handle, pid and uid for each process of this user; undefined and a text for any other.
  static std::shared_ptr<SocketListener> create(Napi::Env env, std::shared_ptr<EnvState> state, const std::string& path,
                                                Napi::Function on_peer);
  ~SocketListener() override { SocketListener::close(); }
  void close() override;

 private:
  Descriptor listener_;
  std::shared_ptr<LoopPoll> poll_;
};

}  // namespace busbar::addon
