#include "config.h"

namespace busbar::cards {
namespace {

struct Text {
  std::string_view rest;
  void skip_spaces() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t' || rest[0] == '\r'))
      rest.remove_prefix(1);
  }
  bool take(char character) {
    skip_spaces();
    if (rest.empty() || rest[0] != character) return false;
    rest.remove_prefix(1);
    return true;
  }
};

}  // namespace

std::string read_config(std::string_view json, Limits& limits) {
  Text text{json};
  text.skip_spaces();
  if (text.rest.empty()) return {};
  if (!text.take('{')) return "the config is not a JSON object";
  bool first = true;
  while (!text.take('}')) {
    if (!first && !text.take(',')) return "the config is not a JSON object: ',' or '}' is missing";
    first = false;
    if (!text.take('"')) return "the config is not a JSON object: a key is missing";
    const size_t end = text.rest.find('"');
    if (end == std::string_view::npos) return "the config is not a JSON object: a key does not end";
    const std::string key(text.rest.substr(0, end));
    text.rest.remove_prefix(end + 1);
    uint32_t* target = nullptr;
    uint32_t max = 0;
    if (key == "items_max") {
      target = &limits.items_max;
      max = 65'536;
    } else if (key == "games_max") {
      target = &limits.games_max;
      max = 100'000'000;
    } else if (key == "iterations_max") {
      target = &limits.iterations_max;
      max = 10'000'000;
    } else if (key == "open_games_max") {
      target = &limits.open_games_max;
      max = 1'000'000;
    } else {
      return "unknown key '" + key + "'; known are items_max, games_max, iterations_max, open_games_max";
    }
    if (!text.take(':')) return key + " has no value";
    text.skip_spaces();
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < text.rest.size() && digits < 10 && text.rest[digits] >= '0' && text.rest[digits] <= '9'; ++digits) {
      value = value * 10 + static_cast<uint64_t>(text.rest[digits] - '0');
    }
    text.rest.remove_prefix(digits);
    text.skip_spaces();
    const bool ends = !text.rest.empty() && (text.rest[0] == ',' || text.rest[0] == '}');
    if (digits == 0 || !ends || value < 1 || value > max)
      return key + " must be a whole number from 1 to " + std::to_string(max);
    *target = static_cast<uint32_t>(value);
  }
  text.skip_spaces();
  if (!text.rest.empty()) return "the config is not a JSON object: something follows it";
  return {};
}

}  // namespace busbar::cards
