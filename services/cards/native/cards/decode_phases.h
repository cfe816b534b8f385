// Phases of a turn and their conditions in V1 and V2, and the codes that all sections use.
#pragma once

#include "program.h"
#include "reader.h"

namespace busbar::cards {

/// 0 to 3, or 255 for none.
uint8_t read_suit(Reader& in, const char* what);
/// 0 to 12; with `any` also 255.
uint8_t read_rank(Reader& in, const char* what, bool any);
/// Appends a phase, and its conditions, to the program.
void read_phase(Reader& in, GameProgram& program);

}  // namespace busbar::cards
