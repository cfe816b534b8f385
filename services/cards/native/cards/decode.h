// Program bytes (V1, V2) to Program, and what of it this version can play.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fault.h"
#include "program.h"

namespace busbar::cards {

/// Reads `length` bytes of any content. Never reads outside them, allocates at most in proportion to them.
/// @returns cards/unknown-format, bad-header, malformed, out-of-range or limit-exceeded, with the byte offset; else
/// none
Fault decode(const uint8_t* bytes, size_t length, Program& program);

/// Whether the interpreter can play `program` with `player_count` players, all of it. @returns cards/unsupported or
/// out-of-range with path and byte offset; else none
Fault check_playable(const Program& program, uint32_t player_count);

}  // namespace busbar::cards
