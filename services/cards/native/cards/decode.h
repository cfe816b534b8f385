// Program bytes (V1, V2, V3) to GameProgram.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fault.h"
#include "playable.h"
#include "program.h"

namespace busbar::cards {

/// Reads `length` bytes of any content. Never reads outside them, allocates at most in proportion to them.
/// @returns cards/unknown-format, bad-header, malformed, out-of-range or limit-exceeded, with the byte offset (V1, V2)
/// or the path (V3); else none
Fault decode(const uint8_t* bytes, size_t length, GameProgram& program);

}  // namespace busbar::cards
