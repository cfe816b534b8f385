// A whole simulation as bytes, and back. Continuing from any tick ends on the same run hash.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "world.h"

namespace busbar::payments {

inline constexpr uint32_t kCheckpointVersion = 1;

/// Magic "BBPC", version u32, XXH64 of the rest u64, the rest. Little endian.
/// @param events false: without the events so far; hashes are the same, later queries about events know less
std::string write_checkpoint(World& world, bool events);

/// @throws Refusal payments/corrupt-state (also for bytes that are no checkpoint), payments/unsupported-version
std::unique_ptr<World> read_checkpoint(std::string_view bytes);

}  // namespace busbar::payments
