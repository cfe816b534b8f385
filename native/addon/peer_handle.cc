#include "addon/peer_handle.h"

namespace busbar::addon {

void refuse_ring(Napi::Env env, std::string reason) {
  throw_failure(env, {errors::transport_unavailable, {{"transport", "ring"}, {"reason", std::move(reason)}}});
}

Napi::Value external_buffer(Napi::Env env, uint8_t* bytes, size_t size, std::shared_ptr<void> holder) {
  if (!external_buffers_allowed(env)) {
    refuse_ring(env, "this runtime allows no external buffers");
    return {};
  }
  auto* held = new std::shared_ptr<void>(std::move(holder));
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env, bytes, size, [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<void>*>(hint); }, held,
      &buffer);
  if (status == napi_ok) return {env, buffer};
  delete held;
  refuse_ring(env, "the runtime made no buffer of the ring");
  return {};
}

void PeerHandle::free_rings(Napi::Env env, Napi::Array buffers) {
  close();
  for (uint32_t i = 0; i < buffers.Length(); i++) {
    const Napi::Value buffer = buffers.Get(i);
    // Afterwards it has no bytes: what still looks at it sees nothing, rather than memory that is gone.
    if (buffer.IsArrayBuffer()) napi_detach_arraybuffer(env, buffer);
  }
  // Given back as soon as the last buffer is really detached, and nobody else holds it.
  drop_rings();
}

}  // namespace busbar::addon
