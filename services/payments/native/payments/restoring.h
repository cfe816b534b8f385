// Checks a state that came from bytes, and makes the members anew that follow from others.
#pragma once

#include "world.h"

namespace busbar::payments {

/// @throws Refusal payments/corrupt-state
void check_transactions(const World& world);
/// After everything is read. @throws Refusal payments/corrupt-state for what no run can lead to
void restore_derived(World& world);

}  // namespace busbar::payments
