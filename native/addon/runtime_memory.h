// Memory of rings that the JavaScript runtime owns, for runtimes that refuse buffers over foreign memory (Electron).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <napi.h>

#include "core/ring/ring_memory.h"

namespace busbar::addon {

/// Whether this runtime takes buffers over memory that is not its own. Asked once; the environment variable
/// BUSBAR_EXTERNAL_BUFFERS=refused says no, so that what happens in Electron can be tried in Node.
bool external_buffers_allowed(Napi::Env env);

/// ArrayBuffers of one environment that hold rings. A ring may be let go of on the thread of a plugin, an ArrayBuffer on
/// the environment's own only: what was let go is freed at the next `make` or `sweep`.
class RuntimeMemory : public std::enable_shared_from_this<RuntimeMemory> {
 public:
  /// A ring inside an ArrayBuffer, which stays where it is and alive while the ring or `*buffer` does.
  /// Environment's thread. @returns null when the runtime has no memory to give
  std::shared_ptr<ring::RingMemory> make(Napi::Env env, uint32_t capacity, Napi::Value* buffer);
  /// Environment's thread.
  void sweep(Napi::Env env);

 private:
  struct Holder;

  std::mutex mutex_;
  std::vector<napi_ref> dropped_;  // by mutex_
};

}  // namespace busbar::addon
