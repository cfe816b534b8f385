// The host's workers, as systems use them.
#pragma once

#include <cstdint>

#include "busbar_service.h"

namespace busbar::ecs {

/// Calls fn(index) for every index below `count`; which worker takes which is open, so it must not show.
template <class Fn>
void for_each_index(const busbar_host& host, uint32_t count, const Fn& fn) {
  if (count == 1) return fn(0);
  host.parallel(
      host.context, count,
      [](void* argument, uint32_t index, uint32_t) { (*static_cast<const Fn*>(argument))(index); },
      const_cast<Fn*>(&fn));
}

}  // namespace busbar::ecs
