// One game with every move and the hash of the state after it.
#pragma once

#include <cstdint>
#include <vector>

#include "batch.h"

namespace busbar::cards {

struct TraceStep {
  uint32_t turn;
  uint8_t player;
  Move move;
  uint64_t state_hash;
};

struct Trace {
  Fault fault;
  std::vector<TraceStep> steps;
  Result result;
  uint64_t duration_ns = 0;
};

/// Plays game `game` of the request as `Simulator::run` would play it.
Trace trace_game(const Request& request, uint32_t game, const Limits& limits, Arena& arena);

}  // namespace busbar::cards
