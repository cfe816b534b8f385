// The five named policies are trees too.
#pragma once

#include <string>

#include "place.h"

namespace busbar::payments {

/// The payment tree of a named policy, as JSON; empty for Inline, which brings its own.
/// @param liquidity_buffer set by LiquidityAware
std::string named_tree(const Place& place, int64_t& liquidity_buffer);

}  // namespace busbar::payments
