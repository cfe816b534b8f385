// Whether a decoded program can be played with so many players, and how.
#pragma once

#include <cstdint>

#include "fault.h"
#include "program.h"

namespace busbar::cards {

/// Whether every part of `program` makes sense with `player_count` players. @returns cards/unsupported, out-of-range or
/// limit-exceeded with the path; else none
Fault check_playable(const GameProgram& program, uint32_t player_count);

/// Whether the plain rules of menu.cc play all of it. @param program checked as playable
bool is_menu_game(const GameProgram& program, uint32_t player_count);

}  // namespace busbar::cards
