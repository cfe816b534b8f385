// The general engine: plays every program, move by move. A state between two calls is settled: somebody has a move to
// make, or the game is over.
#pragma once

#include <cstdint>

#include "measure.h"
#include "rules.h"

namespace busbar::cards {

/// Deals the first hand into `state`. @param moves receives the legal moves of `state.seat`, empty when the game is
/// over
void start_game(const Rules& rules, State& state, Stream& chance, MoveList& moves, Counts* counts = nullptr);

/// Plays a legal move of `state.seat` and everything that follows without a choice: tricks and battles are taken, hands
/// counted and dealt anew. After max_turns moves the game is over, drawn.
/// @param moves receives the legal moves of the next one to move; may hold `move`
/// @param counts events are added to it; null in search, where nobody asks
/// @returns whether the move touched an opponent
bool play_move(const Rules& rules, State& state, Move move, Stream& chance, MoveList& moves, Counts* counts = nullptr);

/// Legal moves of `seat` as if it were the one to move now.
void list_moves_of(const Rules& rules, const State& state, uint32_t seat, MoveList& moves);
/// Legal moves of `seat` in one phase.
void list_phase(const Rules& rules, const State& state, uint32_t seat, uint32_t phase, MoveList& moves);

/// Held cards that a phase that plays or discards would take.
CardSet fitting_cards(const Rules& rules, const State& state, uint32_t seat, const Phase& phase);

/// Rank that the next claim of this phase names, kNone when the player chooses.
uint8_t rank_to_claim(const Phase& phase, const State& state);

/// Positions of the tableau that a capture takes: of the card's rank, else the set number `move.amount` that sums to
/// its value. @returns bits by position in `taken`, which has room for kCardsMax bits
struct Capture {
  uint64_t taken[(kCardsMax + 63) / 64] = {};
  uint32_t count = 0;
  bool has(uint32_t position) const { return (taken[position / 64] >> (position % 64) & 1) != 0; }
};
Capture capture_of(const Rules& rules, const State& state, Card card, int16_t number);
/// How many sets of table cards sum to the card's value, kMovesMax + 1 if they are more than a list of moves can hold;
/// 0 when its own rank lies there or sums do not capture.
uint32_t capture_sets(const Rules& rules, const State& state, Card card);

}  // namespace busbar::cards
