// Who chooses: random and greedy players.
#pragma once

#include "game.h"

namespace busbar::cards {

/// Position of the chosen move in the list of `arena.choices`. A single legal move is taken without a draw.
uint32_t choose_random(const Choices& choices, Stream& stream);

/// One ply in a world sampled from what the player cannot see: the move with the largest margin of its own standing
/// over the best opponent's; the first of the list among equals.
uint32_t choose_greedy(const Rules& rules, uint32_t player, Arena& arena, Stream& stream);

/// The same on the general engine, over `arena.moves`; equal choices for menu games.
uint32_t choose_greedy_move(const Rules& rules, uint32_t player, Arena& arena, Stream& stream);

/// The reference's heuristic, for comparison: +10 for laying a card, plus its rank; in betting, a strength above 0.7
/// raises and bets, one below 0.3 folds or checks. The first of the list among equals.
uint32_t choose_greedy_v2(const Rules& rules, const State& state, const MoveList& moves);

}  // namespace busbar::cards
