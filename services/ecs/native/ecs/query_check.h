// Whether a query can be answered.
#pragma once

#include "query.h"

namespace busbar::ecs {

Fault check_query(const Store& store, const EngineOptions& options, const Query& query);

}  // namespace busbar::ecs
