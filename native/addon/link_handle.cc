#include "addon/link_handle.h"

#include "addon/arguments.h"
#include "addon/peer_handle.h"

namespace busbar::addon {

std::shared_ptr<LinkHandle> LinkHandle::create(Napi::Env env, std::shared_ptr<EnvState> state,
                                               std::shared_ptr<PluginHandle> plugin, host::LinkOptions options,
                                               Napi::Function function) {
  const auto callback = std::make_shared<Callback>(env, function);
  auto bell = LoopBell::open(env, state, [callback] { callback->call({}); });
  if (bell == nullptr) {
    throw_failure(env, {errors::core_internal, {{"reason", "the event loop takes no more handles"}}});
    return nullptr;
  }
  options.ring_peer = [bell] { bell->ring(); };
  Napi::Array owned;
  if (!external_buffers_allowed(env)) {
    owned = Napi::Array::New(env, host::kRings);
    options.make_memory = [&, made = uint32_t{0}](uint32_t capacity) mutable {
      Napi::Value buffer;
      auto memory = EnvState::of(env)->runtime_memory->make(env, capacity, &buffer);
      if (memory != nullptr) owned.Set(made++, buffer);
      return memory;
    };
  }
  auto link = host::Link::create(std::move(options));
  if (link == nullptr) {
    bell->close();
    throw_failure(
        env, {errors::transport_unavailable, {{"transport", "ring"}, {"reason", "there is no memory for its rings"}}});
    return nullptr;
  }
  auto handle = std::make_shared<LinkHandle>();
  handle->plugin_ = std::move(plugin);
  handle->link_ = link;
  handle->bell_ = std::move(bell);
  if (!owned.IsEmpty()) handle->owned_ = Napi::Persistent(owned);
  const std::array inbound{link->memory(host::kOutData), link->memory(host::kOutControl)};
  if (!handle->watched_.watch(env, state, inbound, [callback] { callback->call({}); })) {
    handle->bell_->close();
    handle->closed_ = true;
    refuse_ring(env, "the event loop takes no more handles");
    return nullptr;
  }
  handle->host().connect(std::move(link));
  return handle;
}

LinkHandle::~LinkHandle() { close(); }

void LinkHandle::close() {
  if (closed_) return;
  closed_ = true;
  watched_.unwatch();
  host().disconnect(*link_);
  bell_->close();
}

Napi::Array LinkHandle::rings(Napi::Env env) {
  if (!owned_.IsEmpty()) {
    const Napi::Array owned = owned_.Value();
    owned_.Reset();
    return owned;
  }
  Napi::Array rings = Napi::Array::New(env, host::kRings);
  for (uint32_t i = 0; i < host::kRings; i++) {
    const auto& memory = link_->memory(static_cast<host::RingIndex>(i));
    const Napi::Value buffer = external_buffer(env, memory->bytes(), memory->size(), memory);
    if (buffer.IsEmpty()) return rings;
    rings.Set(i, buffer);
  }
  return rings;
}

}  // namespace busbar::addon
