// The service's config: canonical JSON, a flat object of whole numbers.
#pragma once

#include <string>
#include <string_view>

#include "batch.h"

namespace busbar::cards {

/// Reads `{"items_max": 1000, "games_max": 5000}`; both may be left out, and the text may be empty.
/// @returns what is wrong, with key and value; empty when it was read
std::string read_config(std::string_view json, Limits& limits);

}  // namespace busbar::cards
