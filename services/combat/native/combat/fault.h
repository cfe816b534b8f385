// Why an item or a request is refused: number of schema/bus/errors.toml and a sentence with path, value and cure.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace busbar::combat {

enum class Code : uint16_t {
  none = 0,
  cancelled = 8,
  malformed = 740,
  unsupported_version = 741,
  unknown_key = 742,
  unknown_name = 743,
  out_of_range = 744,
  not_found = 745,
  stale_id = 746,
  duplicate = 747,
  conflict = 748,
  limit_exceeded = 749,
  corrupt_state = 750,
  calculation_failed = 751,
};

struct Fault {
  Code code = Code::none;
  std::string text;
  explicit operator bool() const { return code != Code::none; }
};

/// Why one item of a request in columns has no result.
struct ItemFault {
  uint32_t item;
  Fault fault;
};

/// A number as people write it: as few digits as say it.
inline std::string text_of(double value) {
  char text[32];
  for (const int digits : {6, 15, 17}) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (digits == 17 || std::stod(text) == value) break;
  }
  return text;
}

inline Fault out_of_range(const std::string& path, double value, const std::string& problem) {
  return {Code::out_of_range, path + " is " + text_of(value) + "; " + problem};
}

inline Fault limit_exceeded(const std::string& path, uint64_t value, uint64_t limit) {
  return {Code::limit_exceeded, path + " is " + std::to_string(value) + ", the limit is " + std::to_string(limit)};
}

}  // namespace busbar::combat
