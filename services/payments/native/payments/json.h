// Strict JSON (RFC 8259) with places for errors, and its canonical text (README "Canonical config").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace busbar::payments {

struct Json {
  enum class Kind : uint8_t { null, boolean, integer, real, text, list, object };
  Kind kind = Kind::null;
  bool boolean = false;
  bool negative = false;   // of an integer
  uint64_t magnitude = 0;  // of an integer
  double real = 0;         // of a real; finite
  std::string text;
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;  // in the order of the text

  /// The member, or nullptr.
  const Json* find(std::string_view key) const;
};

/// @throws Refusal payments/malformed with the byte (duplicate keys too: payments/duplicate). At most 512 levels.
Json read_json(std::string_view text);

/// Keys by their bytes, no spaces, numbers as JavaScript prints them.
std::string canonical(const Json& json);

/// A finite number as JavaScript prints it: the shortest text that reads back the same.
std::string number_text(double value);

}  // namespace busbar::payments
