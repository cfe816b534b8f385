// Why something is refused: number of schema/bus/errors.toml, where, and a sentence with both values.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace busbar::payments {

enum class Code : uint16_t {
  none = 0,
  cancelled = 8,
  malformed = 900,
  unsupported_version = 901,
  unknown_key = 902,
  missing_key = 903,
  unknown_name = 904,
  type_mismatch = 905,
  out_of_range = 906,
  not_found = 907,
  duplicate = 908,
  conflict = 909,
  limit_exceeded = 910,
  corrupt_state = 911,
  bad_policy = 912,
};

/// Thrown where configs, trees and checkpoints are read, and by a tick that would make too many payments; never over the ABI.
struct Refusal : std::exception {
  Refusal(Code number, std::string where, std::string problem)
      : code(number), path(std::move(where)), text(path.empty() ? std::move(problem) : path + ": " + problem) {}
  const char* what() const noexcept override { return text.c_str(); }

  Code code;
  std::string path;
  std::string text;
};

}  // namespace busbar::payments
