#include "addon/rendezvous_exports.h"

#include <unistd.h>

#include "addon/arguments.h"
#include "addon/peer_handle.h"
#include "addon/socket_peer.h"
#include "addon/thread_peer.h"

namespace busbar::addon {
namespace {

Napi::Value listen_peers(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "listenPeers");
  const std::string path = arguments.text("path");
  const Napi::Function callback = arguments.function("onPeer");
  if (!arguments.ok()) return info.Env().Undefined();
  std::shared_ptr<ListenerHandle> listener =
      SocketListener::create(info.Env(), EnvState::of(info.Env()), path, callback);
  return listener == nullptr ? info.Env().Undefined() : Arguments::wrap(info.Env(), std::move(listener));
}

Napi::Value close_listener(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "closeListener");
  if (const auto listener = arguments.handle<ListenerHandle>("listener")) listener->close();
  return info.Env().Undefined();
}

Napi::Value connect_peer(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "connectPeer");
  const std::string path = arguments.text("path");
  if (!arguments.ok()) return env.Undefined();
  rendezvous::Peer peer;
  std::string error;
  const auto status = rendezvous::connect_to(path, peer, error);
  if (status != rendezvous::Status::kOk) {
    const bool absent = status == rendezvous::Status::kRefused;
    throw_failure(env, absent
                           ? host::Failure{errors::transport_unreachable, {{"address", path}, {"reason", error}}}
                           : host::Failure{errors::transport_unavailable, {{"transport", "ring"}, {"reason", error}}});
    return env.Undefined();
  }
  std::shared_ptr<PeerHandle> handle = std::make_shared<SocketPeer>(EnvState::of(env), std::move(peer));
  return Arguments::wrap(env, std::move(handle));
}

Napi::Value listen_threads(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "listenThreads");
  const std::string name = arguments.text("name");
  const Napi::Function callback = arguments.function("onPeer");
  if (!arguments.ok()) return info.Env().Undefined();
  std::shared_ptr<ListenerHandle> listener =
      ThreadListener::create(info.Env(), EnvState::of(info.Env()), name, callback);
  return listener == nullptr ? info.Env().Undefined() : Arguments::wrap(info.Env(), std::move(listener));
}

Napi::Value connect_thread(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "connectThread");
  const std::string name = arguments.text("name");
  if (!arguments.ok()) return env.Undefined();
  std::shared_ptr<rendezvous::ThreadEnd> end;
  const auto status = rendezvous::ThreadDoor::connect(name, end);
  if (status != rendezvous::Status::kOk) {
    const char* reason = status == rendezvous::Status::kAgain ? "too many threads wait there"
                                                              : "no thread of this process listens there";
    throw_failure(env, {errors::transport_unreachable, {{"address", name}, {"reason", reason}}});
    return env.Undefined();
  }
  std::shared_ptr<PeerHandle> peer = ThreadPeer::open(env, EnvState::of(env), std::move(end));
  if (peer != nullptr) return Arguments::wrap(env, std::move(peer));
  refuse_ring(env, "the event loop takes no more handles");
  return env.Undefined();
}

/// Why rings cannot be had here: { shared } between processes, { external } at all; "" where they can.
Napi::Value probe_rings(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string shared, external;
  const auto ring = rendezvous::SharedRing::create(ring::kCapacityBytesMin, shared);
  if (ring != nullptr) {
    shared.clear();
    // As a reader would: a kernel without the seals makes a ring and then refuses it.
    rendezvous::SharedRing::open(Descriptor(dup(ring->header_fd())), Descriptor(dup(ring->data_fd())), shared);
  } else if (shared.empty()) {
    shared = "no shared memory";
  }
  const auto memory = std::make_shared<ring::RingMemory>(ring::kCapacityBytesMin);
  const Napi::Value buffer = external_buffer(env, memory->bytes(), memory->size(), memory);
  if (buffer.IsEmpty()) {
    env.GetAndClearPendingException();
    external = "this runtime allows no external buffers";
  }
  // A buffer that was made is left to the collector: see probe() in runtime_memory.cc for what detaching would cost.
  Napi::Object result = Napi::Object::New(env);
  result.Set("shared", shared);
  result.Set("external", external);
  return result;
}

Napi::Value watch_peer(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "watchPeer");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const Napi::Function callback = arguments.function("onPacket");
  if (arguments.ok()) peer->watch(info.Env(), callback);
  return info.Env().Undefined();
}

Napi::Value make_rings(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "makeRings");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const uint32_t data = arguments.u32("dataBytes"), control = arguments.u32("controlBytes");
  if (!arguments.ok()) return info.Env().Undefined();
  for (const uint32_t capacity : {data, control}) {
    if (capacity >= ring::kCapacityBytesMin && capacity <= ring::kCapacityBytesMax &&
        (capacity & (capacity - 1)) == 0) {
      continue;
    }
    Napi::RangeError::New(info.Env(), "makeRings: a capacity is a power of two from 4 KiB to 1 GiB")
        .ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return peer->make_rings(info.Env(), data, control);
}

Napi::Value send_packet(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "sendPacket");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const Napi::Object given = arguments.object("bytes");
  const bool with_rings = arguments.boolean("withRings");
  if (!arguments.ok()) return info.Env().Undefined();
  if (!given.IsTypedArray()) {
    Napi::TypeError::New(info.Env(), "sendPacket: bytes must be a Uint8Array").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  const auto bytes = Napi::Value(given).As<Napi::Uint8Array>();
  return peer->send(info.Env(), bytes.Data(), static_cast<uint32_t>(bytes.ByteLength()), with_rings);
}

Napi::Value take_rings(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "takeRings");
  const auto peer = arguments.handle<PeerHandle>("peer");
  return peer == nullptr ? info.Env().Undefined() : peer->take_rings(info.Env());
}

Napi::Value watch_bell(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "watchBell");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const Napi::Function callback = arguments.function("onBell");
  if (arguments.ok()) peer->watch_bell(info.Env(), callback);
  return info.Env().Undefined();
}

Napi::Value set_active(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "setActive");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const uint32_t lane = arguments.u32("lane");
  const bool active = arguments.boolean("active");
  if (arguments.ok()) peer->set_active(lane, active);
  return info.Env().Undefined();
}

Napi::Value ref_peer(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "refPeer");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const bool active = arguments.boolean("active");
  if (arguments.ok()) peer->ref(active);
  return info.Env().Undefined();
}

Napi::Value close_peer(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "closePeer");
  if (const auto peer = arguments.handle<PeerHandle>("peer")) peer->close();
  return info.Env().Undefined();
}

Napi::Value free_rings(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "freeRings");
  const auto peer = arguments.handle<PeerHandle>("peer");
  const Napi::Object rings = arguments.object("rings");
  if (!arguments.ok()) return info.Env().Undefined();
  if (!rings.IsArray()) {
    Napi::TypeError::New(info.Env(), "freeRings: rings must be an array").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  peer->free_rings(info.Env(), rings.As<Napi::Array>());
  return info.Env().Undefined();
}

/// How this thread waits: longest look before it sleeps, in microseconds, and whether it gives looking up when idle.
Napi::Value set_waiting(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments arguments(info, "setWaiting");
  const uint32_t spin_us = arguments.u32("spinUs");
  const bool adaptive = arguments.boolean("adaptive");
  if (!arguments.ok()) return env.Undefined();
  const auto& state = EnvState::of(env);
  state->waiting = {spin_us, adaptive};
  if (state->spinner != nullptr) state->spinner->configure(state->waiting);
  return env.Undefined();
}

/// Whether the descriptors of this thread's loop are looked at as rings are.
Napi::Value watch_loop(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const bool is_wanted = !info[0].IsUndefined();
  if (is_wanted && (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array ||
                    info[0].As<Napi::TypedArray>().ElementLength() == 0)) {
    Napi::TypeError::New(env, "watchLoop: moved must be a Uint32Array with one element").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  const auto& state = EnvState::of(env);
  if (state->spinner == nullptr) state->spinner = LoopSpinner::open(env, state);
  if (state->spinner == nullptr) return env.Undefined();
  if (is_wanted) {
    auto moved = info[0].As<Napi::Uint32Array>();
    state->spinner->watch_loop(moved.Data());
    state->moved = Napi::Persistent(moved.As<Napi::Object>());
  } else {
    state->spinner->watch_loop(nullptr);
    state->moved.Reset();
  }
  return env.Undefined();
}

/// Raw, because it is called for each message that a socket has received.
napi_value release_buffer(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  bool is_buffer = false;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (count > 0) napi_is_arraybuffer(env, argument, &is_buffer);
  // One that cannot be detached is the collector's, as it was.
  if (is_buffer) napi_detach_arraybuffer(env, argument);
  else napi_throw_type_error(env, nullptr, "releaseBuffer: buffer must be an ArrayBuffer");
  return nullptr;
}

/// Raw, because it is on the way of messages.
napi_value ring_peer(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (PeerHandle* peer = count > 0 ? Arguments::raw_handle<PeerHandle>(env, argument) : nullptr) {
    peer->ring();
  } else {
    napi_throw_type_error(env, nullptr, (std::string("ringPeer: peer must be ") + Arguments::kHandle).c_str());
  }
  return nullptr;
}

}  // namespace

void export_rendezvous(Napi::Env env, Napi::Object exports) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"listenPeers", listen_peers}, {"closeListener", close_listener}, {"connectPeer", connect_peer},
      {"watchPeer", watch_peer},     {"makeRings", make_rings},         {"sendPacket", send_packet},
      {"takeRings", take_rings},     {"watchBell", watch_bell},         {"setActive", set_active},
      {"refPeer", ref_peer},         {"closePeer", close_peer},         {"setWaiting", set_waiting},
      {"freeRings", free_rings},     {"listenThreads", listen_threads}, {"connectThread", connect_thread},
      {"probeRings", probe_rings},   {"watchLoop", watch_loop},
  };
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function, name));
  const std::pair<const char*, napi_callback> raw[] = {{"ringPeer", ring_peer}, {"releaseBuffer", release_buffer}};
  for (const auto& [name, callback] : raw) {
    napi_value function = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) continue;
    exports.Set(name, Napi::Value(env, function));
  }
}

}  // namespace busbar::addon
