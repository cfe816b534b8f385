#include "config.h"

#include <charconv>
#include <cmath>

namespace busbar::combat {
namespace {

struct Known {
  std::string_view name;
  uint32_t Limits::*member;
  uint32_t max;
};

constexpr Known kLimits[] = {
    {"items_max", &Limits::items_max, 65'536},          {"units_max", &Limits::units_max, 100'000},
    {"weapons_max", &Limits::weapons_max, 1'000},       {"events_max", &Limits::events_max, 10'000'000},
    {"steps_max", &Limits::steps_max, 10'000'000},      {"columns_max", &Limits::columns_max, 2'000'000},
    {"entities_max", &Limits::entities_max, 2'000'000}, {"hits_max", &Limits::hits_max, 2'000'000},
    {"cells_max", &Limits::cells_max, 4'194'304},       {"nodes_max", &Limits::nodes_max, 50'000},
    {"lanes_max", &Limits::lanes_max, 2'000'000},       {"handles_max", &Limits::handles_max, 65'536},
    {"paths_max", &Limits::paths_max, 1'000'000},
};

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

std::string set(Config& config, std::string_view key, double value) {
  for (const Known& known : kLimits) {
    if (known.name != key) continue;
    if (!(value >= 1 && value <= known.max && value == std::floor(value)))
      return std::string(key) + " is " + text_of(value) + "; write a whole number from 1 to " +
             std::to_string(known.max);
    config.limits.*known.member = static_cast<uint32_t>(value);
    return {};
  }
  const Fault fault = set_constant(config.constants, key, value);
  if (fault.code != Code::unknown_key) return fault.text;
  std::string_view names[std::size(kLimits)];
  for (size_t i = 0; i < std::size(kLimits); i++) names[i] = kLimits[i].name;
  const std::string limit = did_you_mean(key, names, std::size(kLimits));
  return "unknown key '" + std::string(key) + "'" +
         (limit.empty() ? fault.text.substr(fault.text.find('\'', fault.text.find('\'') + 1) + 1) : limit) +
         "; keys are the limits (items_max, units_max, ...) and constants of the README";
}

}  // namespace

std::string read_config(std::string_view json, Config& config) {
  static const std::string kNoObject = "the config is not a JSON object";
  Text text{json};
  text.skip_spaces();
  if (text.rest.empty()) return {};
  if (!text.take('{')) return kNoObject;
  bool first = true;
  while (!text.take('}')) {
    if (!first && !text.take(',')) return kNoObject + ": ',' or '}' is missing";
    first = false;
    if (!text.take('"')) return kNoObject + ": a key is missing";
    const size_t end = text.rest.find('"');
    if (end == std::string_view::npos) return kNoObject + ": a key does not end";
    const std::string_view key = text.rest.substr(0, end);
    text.rest.remove_prefix(end + 1);
    if (!text.take(':')) return std::string(key) + " has no value";
    text.skip_spaces();
    double value = 0;
    const char* const begin = text.rest.data();
    const auto [stop, error] = std::from_chars(begin, begin + text.rest.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return std::string(key) + " is no number; write one";
    text.rest.remove_prefix(static_cast<size_t>(stop - begin));
    const std::string problem = set(config, key, value);
    if (!problem.empty()) return problem;
  }
  text.skip_spaces();
  return text.rest.empty() ? std::string() : kNoObject + ": something follows it";
}

}  // namespace busbar::combat
