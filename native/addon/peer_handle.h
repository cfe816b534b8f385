// A process that this one has met, as JavaScript holds it: the rendezvous socket, the rings of both sides, the doorbells.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <napi.h>

#include "addon/env_state.h"
#include "addon/loop_bell.h"
#include "addon/loop_poll.h"
#include "addon/loop_spinner.h"
#include "core/rendezvous/rendezvous.h"
#include "core/rendezvous/shared_ring.h"

namespace busbar::addon {

class PeerHandle : public std::enable_shared_from_this<PeerHandle> {
 public:
  static constexpr uint32_t kTag = 0x50454552;

  PeerHandle(std::shared_ptr<EnvState> state, rendezvous::Peer peer) : state_(std::move(state)), peer_(std::move(peer)) {}
  ~PeerHandle() { close(); }

  pid_t pid() const { return peer_.pid; }
  uid_t uid() const { return peer_.uid; }

  /// `on_packet` gets each packet as a Uint8Array of its own; undefined and a text when the other side is gone.
  void watch(Napi::Env env, Napi::Function on_packet);
  /// Makes the two rings (data, control) that this side writes and its doorbell. @returns them, or throws
  Napi::Value make_rings(Napi::Env env, uint32_t data_capacity, uint32_t control_capacity);
  /// Sends a packet; `with_rings` hands over what `make_rings` made.
  Napi::Value send(Napi::Env env, const uint8_t* bytes, uint32_t length, bool with_rings);
  /// Maps the rings that came with a packet, to be read here. @returns them, or throws
  Napi::Value take_rings(Napi::Env env);
  /// `on_bell` is called when the other side rings, and before the loop sleeps while there is something to read.
  void watch_bell(Napi::Env env, Napi::Function on_bell);
  /// The reader of this lane holds (false) or reads again.
  void set_active(uint32_t lane, bool active);
  void ring();
  void ref(bool active);
  /// Detaches the buffers of the rings and lets go of the mappings.
  void free_rings(Napi::Env env, Napi::Array buffers);
  void close();

 private:
  void readable(Napi::Env env, Callback& callback);
  Napi::Value buffers(Napi::Env env, const std::array<std::shared_ptr<rendezvous::SharedRing>, 2>& rings);

  std::shared_ptr<EnvState> state_;
  rendezvous::Peer peer_;
  std::shared_ptr<LoopPoll> socket_poll_;
  std::shared_ptr<LoopPoll> bell_poll_;
  std::array<std::shared_ptr<rendezvous::SharedRing>, 2> own_;
  std::array<std::shared_ptr<rendezvous::SharedRing>, 2> theirs_;
  std::array<std::shared_ptr<LoopSpinner::Watched>, 2> watched_;
  std::vector<Descriptor> received_;
  Descriptor own_bell_;
  Descriptor their_bell_;
  bool closed_ = false;
};

/// A place where processes are met.
class ListenerHandle {
 public:
  static constexpr uint32_t kTag = 0x4C495354;

  /// `on_peer` gets a handle, pid and uid for each process of this user; undefined and a text for any other.
  static std::shared_ptr<ListenerHandle> create(Napi::Env env, std::shared_ptr<EnvState> state, const std::string& path,
                                                Napi::Function on_peer);
  ~ListenerHandle() { close(); }
  void close();

 private:
  Descriptor listener_;
  std::shared_ptr<LoopPoll> poll_;
};

}  // namespace busbar::addon
