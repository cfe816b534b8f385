// Why an item or a request is refused: number of schema/bus/errors.toml and a sentence with place, value and cure.
#pragma once

#include <cstdint>
#include <string>

namespace busbar::ecs {

enum class Code : uint16_t {
  none = 0,
  cancelled = 8,
  malformed = 950,
  unsupported_version = 951,
  unknown_key = 952,
  unknown_name = 953,
  type_mismatch = 954,
  out_of_range = 955,
  not_found = 956,
  stale_id = 957,
  duplicate = 958,
  conflict = 959,
  limit_exceeded = 960,
  corrupt_state = 961,
  overflow = 962,
  bad_system = 963,
};

struct [[nodiscard]] Fault {
  Code code = Code::none;
  std::string text;
  explicit operator bool() const { return code != Code::none; }
};

/// Why one item of a batch was left out; its neighbours are not touched by it.
struct ItemFault {
  uint32_t item;
  Fault fault;
};

inline Fault limit_exceeded(const std::string& what, uint64_t value, uint64_t limit) {
  return {Code::limit_exceeded, what + " would be " + std::to_string(value) + ", the limit is " + std::to_string(limit)};
}

}  // namespace busbar::ecs
