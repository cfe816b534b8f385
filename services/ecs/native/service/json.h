// A strict JSON reader for the config.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busbar::ecs {

struct Json {
  enum class Kind { null, boolean, number, text, list, object } kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;  ///< keys differ
};

/// RFC 8259 but for numbers that are no finite double, which are refused; at most 8 levels.
/// @returns the problem with its byte, empty when there is none
std::string read_json(std::string_view text, Json& json);

}  // namespace busbar::ecs
