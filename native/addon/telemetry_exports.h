// The addon's functions for telemetry records; declared in bus/transport/ring/addon.ts.
#pragma once

#include <memory>

#include <napi.h>

#include "core/telemetry/board.h"

namespace busbar::addon {

/// The records of this process, as JavaScript holds them.
struct BoardHandle {
  static constexpr uint32_t kTag = 0x424F5244;
  std::shared_ptr<telemetry::Board> board;
};

void export_telemetry(Napi::Env env, Napi::Object exports);

}  // namespace busbar::addon
