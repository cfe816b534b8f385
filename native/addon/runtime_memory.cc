#include "addon/runtime_memory.h"

#include <cstdlib>
#include <string_view>
#include <utility>

namespace busbar::addon {

namespace {

bool probe(Napi::Env env) {
  const char* wish = std::getenv("BUSBAR_EXTERNAL_BUFFERS");
  if (wish != nullptr && std::string_view(wish) == "refused") return false;
  static uint64_t probed = 0;
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env, &probed, sizeof probed, [](napi_env, void*, void*) {}, nullptr, &buffer);
  // Not detached: from the first detached buffer on, V8 compiles a check into each access to any typed array.
  return status != napi_no_external_buffers_allowed;
}

}  // namespace

bool external_buffers_allowed(Napi::Env env) {
  static const bool allowed = probe(env);
  return allowed;
}

struct RuntimeMemory::Holder {
  std::shared_ptr<RuntimeMemory> memory;
  napi_ref buffer;

  Holder(std::shared_ptr<RuntimeMemory> owner, napi_ref reference) : memory(std::move(owner)), buffer(reference) {}
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    const std::lock_guard lock(memory->mutex_);
    memory->dropped_.push_back(buffer);
  }
};

std::shared_ptr<ring::RingMemory> RuntimeMemory::make(Napi::Env env, uint32_t capacity, Napi::Value* buffer) {
  sweep(env);
  void* bytes = nullptr;
  napi_value made;
  napi_ref reference;
  if (napi_create_arraybuffer(env, ring::ring_bytes(capacity), &bytes, &made) != napi_ok ||
      napi_create_reference(env, made, 1, &reference) != napi_ok) {
    napi_value pending;
    napi_get_and_clear_last_exception(env, &pending);
    return nullptr;
  }
  *buffer = Napi::Value(env, made);
  auto holder = std::make_shared<Holder>(shared_from_this(), reference);
  return std::make_shared<ring::RingMemory>(capacity, static_cast<uint8_t*>(bytes), std::move(holder));
}

void RuntimeMemory::sweep(Napi::Env env) {
  std::vector<napi_ref> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(dropped_);
  }
  for (napi_ref reference : dropped) napi_delete_reference(env, reference);
}

}  // namespace busbar::addon
