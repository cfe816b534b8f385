// Single-observer information-set Monte Carlo tree search.
// Source: Cowling, Powley, Whitehouse, "Information Set Monte Carlo Tree Search", 2012 (SO-ISMCTS).
#pragma once

#include <cstdint>
#include <vector>

#include "engine.h"

namespace busbar::cards {

/// A world that seat `observer` may be in: everything it has seen is as it is in `seen`, all other cards are dealt anew
/// with what others showed not to hold. It depends on no hidden card: exchanging unseen cards in `seen` gives the same
/// world.
void sample_world(const Rules& rules, const State& seen, uint32_t observer, State& world, Stream& stream);

struct SearchReport {
  uint32_t chosen = 0;
  uint32_t iterations = 0;
  uint64_t playout_moves = 0;
  /// It came to a world in which a list of moves was overfull, and stopped there.
  bool overfull = false;
};

/// One per worker: its memory is kept, so that a search allocates nothing once it has grown.
class Search {
 public:
  static constexpr double kExploration = 0.7;

  /// Position in `moves` (at least one) of the most visited move, the lowest among equals. Reads `state` only through
  /// sample_world. @param moves legal moves of `player`, whose turn it is
  SearchReport choose(const Rules& rules, const State& state, uint32_t player, const MoveList& moves,
                      uint32_t iterations, Stream& stream, double exploration = kExploration);

 private:
  struct Node {
    uint64_t key;
    uint32_t first_child, next_sibling;
    uint32_t visits, available;
    uint32_t stamp;
    uint32_t mover;
    double reward;
  };
  static constexpr uint32_t kNone32 = 0xFFFFFFFF;

  uint32_t child_of(uint32_t node, uint64_t key) const;
  uint32_t add_child(uint32_t node, uint64_t key, uint32_t mover);

  std::vector<Node> nodes_;
  std::vector<uint32_t> path_;
  std::vector<uint32_t> children_;  // of the legal moves, kNone32: untried
  State world_;
  MoveList moves_;
};

}  // namespace busbar::cards
