// Rows put into the order of a query.
#pragma once

#include "top.h"

namespace busbar::ecs {

/// Sorts by `order`. Rows whose first keys differ cost no comparison: they are placed by the bytes of the keys.
void sort_candidates(Candidates& rows, const RowOrder& order);

}  // namespace busbar::ecs
