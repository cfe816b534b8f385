// Why an item or a program is refused: number of schema/bus/errors.toml and a sentence with path, value and limit.
#pragma once

#include <cstdint>
#include <string>

namespace busbar::cards {

enum class Code : uint16_t {
  none = 0,
  cancelled = 8,
  unknown_format = 700,
  bad_header = 701,
  malformed = 702,
  out_of_range = 705,
  limit_exceeded = 706,
  unsupported = 707,
  not_found = 708,
  conflict = 709,
  corrupt_state = 710,
};

struct Fault {
  Code code = Code::none;
  std::string text;
  explicit operator bool() const { return code != Code::none; }
};

}  // namespace busbar::cards
