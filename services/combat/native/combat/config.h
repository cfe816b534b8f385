// The service's config: canonical JSON, a flat object of numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "constants.h"

namespace busbar::combat {

/// Limits, refused by name when exceeded. The config may lower or raise them up to what `config.cc` allows.
struct Limits {
  uint32_t items_max = 65'536;
  /// Units of one battle, both sides together.
  uint32_t units_max = 10'000;
  /// Weapons of one unit, events of one battle, steps of one battle or flight.
  uint32_t weapons_max = 16;
  uint32_t events_max = 1'000'000;
  uint32_t steps_max = 100'000;
  /// Ballistics and spatial queries come in columns.
  uint32_t columns_max = 1'000'000;
  uint32_t entities_max = 1'000'000;
  uint32_t hits_max = 2'000'000;
  uint32_t cells_max = 4'194'304;
  uint32_t nodes_max = 50'000;
  uint32_t lanes_max = 1'000'000;
  uint32_t handles_max = 256;
  /// Remembered paths of one map.
  uint32_t paths_max = 4'096;
};

struct Config {
  Limits limits;
  Constants constants;
};

/// Reads `{"items_max": 1000, "engage_range": 25}`; every key may be left out, and the text may be empty.
/// @returns what is wrong, with key and value; empty when it was read
std::string read_config(std::string_view json, Config& config);

}  // namespace busbar::combat
