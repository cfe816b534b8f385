// The C functions behind `busbar_host`. Only plugin_host*.cc include this.
#pragma once

#include "host/plugin_host.h"

namespace busbar::host {

struct PluginHost::Calls {
  static busbar_host table(PluginHost* host);
};

}  // namespace busbar::host
