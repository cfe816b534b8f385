// Who chooses: random and greedy players.
#pragma once

#include "game.h"

namespace busbar::cards {

/// Position of the chosen move in the list of `arena.choices`. A single legal move is taken without a draw.
uint32_t choose_random(const Choices& choices, Stream& stream);

/// One ply in a world sampled from what the player cannot see: the move with the largest margin of its own standing
/// over the best opponent's; the first of the list among equals.
uint32_t choose_greedy(const Rules& rules, uint32_t player, Arena& arena, Stream& stream);

}  // namespace busbar::cards
