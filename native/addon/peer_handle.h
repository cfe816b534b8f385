// Somebody that this thread has met, as JavaScript holds it: another process (socket_peer.h) or another thread of this
// one (thread_peer.h). The handshake goes by packets; the rings of both sides are handed over beside it.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <napi.h>

#include "addon/arguments.h"
#include "addon/env_state.h"
#include "addon/loop_bell.h"
#include "addon/loop_spinner.h"

namespace busbar::addon {

/// Throws transport/unavailable for rings.
void refuse_ring(Napi::Env env, std::string reason);

/// An ArrayBuffer over bytes that `holder` keeps: the finalizer may run long after the link is gone, or on another path
/// than a collection. @returns an empty value with an exception pending where the runtime makes none
Napi::Value external_buffer(Napi::Env env, uint8_t* bytes, size_t size, std::shared_ptr<void> holder);

class PeerHandle : public std::enable_shared_from_this<PeerHandle> {
 public:
  static constexpr uint32_t kTag = 0x50454552;

  explicit PeerHandle(std::shared_ptr<EnvState> state) : state_(std::move(state)) {}
  virtual ~PeerHandle() = default;

  /// `on_packet` gets each packet as a Uint8Array of its own; undefined and a text when the other side is gone.
  virtual void watch(Napi::Env env, Napi::Function on_packet) = 0;
  /// Makes the two rings (data, control) that this side writes and its doorbell. @returns them, or throws
  virtual Napi::Value make_rings(Napi::Env env, uint32_t data_capacity, uint32_t control_capacity) = 0;
  /// Sends a packet; `with_rings` hands over what `make_rings` made.
  virtual Napi::Value send(Napi::Env env, const uint8_t* bytes, uint32_t length, bool with_rings) = 0;
  /// Takes the rings that came with a packet, to be read here. @returns them, or throws
  virtual Napi::Value take_rings(Napi::Env env) = 0;
  /// `on_bell` is called when the other side rings, and before the loop sleeps while there is something to read.
  virtual void watch_bell(Napi::Env env, Napi::Function on_bell) = 0;
  virtual void ring() = 0;
  virtual void ref(bool active) = 0;
  /// Safe to call twice.
  virtual void close() = 0;

  /// The reader of this lane holds (false) or reads again.
  void set_active(uint32_t lane, bool active) { watched_.set_active(lane, active); }
  /// Closes, detaches the buffers of the rings and lets go of their memory.
  void free_rings(Napi::Env env, Napi::Array buffers);

 protected:
  virtual void drop_rings() = 0;

  /// One ArrayBuffer for each ring. @returns undefined with an exception pending where there are none
  template <typename Ring>
  static Napi::Value buffers(Napi::Env env, const std::array<std::shared_ptr<Ring>, 2>& rings) {
    Napi::Array result = Napi::Array::New(env, rings.size());
    for (uint32_t i = 0; i < rings.size(); i++) {
      const Napi::Value buffer = external_buffer(env, rings[i]->bytes(), rings[i]->size(), rings[i]);
      if (buffer.IsEmpty()) return env.Undefined();
      result.Set(i, buffer);
    }
    return result;
  }

  /// Has the inbound rings looked at before the loop sleeps.
  template <typename Ring>
  void watch_rings(Napi::Env env, const std::shared_ptr<Callback>& callback,
                   const std::array<std::shared_ptr<Ring>, 2>& rings) {
    if (!watched_.watch(env, state_, rings, [callback] { callback->call({}); }))
      refuse_ring(env, "the event loop takes no more handles");
  }
  void unwatch_rings() { watched_.unwatch(); }

  std::shared_ptr<EnvState> state_;

 private:
  WatchedRings watched_;
};

/// A place where others are met.
class ListenerHandle {
 public:
  static constexpr uint32_t kTag = 0x4C495354;
  virtual ~ListenerHandle() = default;
  /// Safe to call twice.
  virtual void close() = 0;
};

}  // namespace busbar::addon
