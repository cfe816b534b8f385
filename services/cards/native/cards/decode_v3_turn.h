// The turn of a V3 program: its phases in order.
#pragma once

#include "fault.h"
#include "program.h"

namespace busbar::cards {

struct ProgramTurn;

/// Appends phases and conditions to a program that has none. @returns the first fault
Fault decode_v3_turn(const ProgramTurn& turn, GameProgram& program);

}  // namespace busbar::cards
