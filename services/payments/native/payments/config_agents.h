// Reads `agents` of a config.
#pragma once

#include "config.h"
#include "place.h"

namespace busbar::payments {

inline constexpr double kWeightMax = 1e12;

/// Fills config.agents, sorted by id.
void read_agents(const Place& list, Config& config);

/// The bank that a text names.
/// @throws Refusal payments/unknown-name with a suggestion
uint32_t agent_of(const Place& place, const Config& config);
uint32_t agent_of(std::string_view id, const Place& place, const Config& config);

}  // namespace busbar::payments
