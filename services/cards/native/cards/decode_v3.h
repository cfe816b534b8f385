// Programs of format V3: the FlatBuffers table busbar.cards.Program.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fault.h"
#include "program.h"

namespace busbar::cards {

/// As `decode`, for bytes with the identifier BBCP. They need no alignment.
Fault decode_v3(const uint8_t* bytes, size_t length, GameProgram& program);

}  // namespace busbar::cards
