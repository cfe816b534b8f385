// The addon's functions for rings between processes; declared in bus/transport/ring/addon.ts.
#pragma once

#include <napi.h>

namespace busbar::addon {

void export_rendezvous(Napi::Env env, Napi::Object exports);

}  // namespace busbar::addon
