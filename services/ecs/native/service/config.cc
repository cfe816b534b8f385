#include "config.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "json.h"

namespace busbar::ecs {
namespace {

struct Number {
  std::string_view name;
  uint32_t Config::*member;
  uint32_t min, max;
};

constexpr Number kNumbers[] = {
    {"components_max", &Config::components_max, 1, 4'096},
    {"entities_max", &Config::entities_max, 1, 4'294'967'294},
    {"items_max", &Config::items_max, 1, 1'048'576},
    {"answer_rows_max", &Config::answer_rows_max, 1, 1'048'576},
    {"part_bytes", &Config::part_bytes, 4'096, 16'000'000},
    {"cache_bytes", &Config::cache_bytes, 0, 4'294'967'295},
    {"index_bytes", &Config::index_bytes, 0, 4'294'967'295},
    {"subscriptions_max", &Config::subscriptions_max, 0, 65'536},
    {"subscription_rows_max", &Config::subscription_rows_max, 1, 1'048'576},
    {"filters_max", &Config::filters_max, 0, 65'536},
    {"restore_bytes_max", &Config::restore_bytes_max, 4'096, 4'294'967'295},
    {"event_items_max", &Config::event_items_max, 1, 262'144},
    {"block_rows", &Config::block_rows, 64, 1'048'576},
};
struct Schedule {
  std::string_view name;
  std::vector<Scheduled> Config::*member;
};
constexpr Schedule kSchedules[] = {
    {"tick", &Config::tick}, {"turn_start", &Config::turn_start}, {"turn_end", &Config::turn_end}};
constexpr size_t kScheduledMax = 256;

std::string read_schedule(const std::string& key, const Json& value, std::vector<Scheduled>& out) {
  if (value.kind != Json::Kind::list) return key + " is no list of {system, dt}";
  if (value.items.size() > kScheduledMax) return key + " has more than " + std::to_string(kScheduledMax) + " entries";
  for (size_t i = 0; i < value.items.size(); i++) {
    const std::string place = key + "[" + std::to_string(i) + "]";
    const Json& item = value.items[i];
    Scheduled scheduled;
    bool has_dt = false;
    if (item.kind != Json::Kind::object) return place + " is no {system, dt}";
    for (const auto& [name, part] : item.members) {
      if (name == "system") {
        if (part.kind != Json::Kind::text || part.text.empty()) return place + ".system is no name";
        scheduled.system = part.text;
      } else if (name == "dt") {
        if (part.kind != Json::Kind::number || !(part.number >= 0)) return place + ".dt is no number of seconds";
        scheduled.dt = part.number;
        has_dt = true;
      } else {
        return "unknown key '" + place + "." + name + "'" + did_you_mean(name, {"system", "dt"});
      }
    }
    if (scheduled.system.empty() || !has_dt) return place + " needs system and dt";
    out.push_back(std::move(scheduled));
  }
  return {};
}

std::string read_libraries(const Json& value, std::vector<std::string>& out) {
  if (value.kind != Json::Kind::list || value.items.size() > 64) return "libraries is no list of at most 64 paths";
  for (const Json& item : value.items) {
    if (item.kind != Json::Kind::text || item.text.empty()) return "libraries has an entry that is no path";
    out.push_back(item.text);
  }
  return {};
}

std::string read_member(const std::string& key, const Json& value, Config& config) {
  for (const Number& number : kNumbers) {
    if (number.name != key) continue;
    if (value.kind != Json::Kind::number || value.number != std::floor(value.number) || value.number < number.min ||
        value.number > number.max) {
      return key + " is no whole number from " + std::to_string(number.min) + " to " + std::to_string(number.max);
    }
    config.*number.member = static_cast<uint32_t>(value.number);
    return {};
  }
  for (const Schedule& schedule : kSchedules) {
    if (schedule.name == key) return read_schedule(key, value, config.*schedule.member);
  }
  if (key == "libraries") return read_libraries(value, config.libraries);
  if (key == "events") {
    if (value.kind != Json::Kind::boolean) return "events is neither true nor false";
    config.events = value.boolean;
    return {};
  }
  std::vector<std::string_view> known = {"libraries", "events"};
  for (const Number& number : kNumbers) known.push_back(number.name);
  for (const Schedule& schedule : kSchedules) known.push_back(schedule.name);
  return "unknown key '" + key + "'" + did_you_mean(key, known);
}

}  // namespace

std::string read_config(std::string_view text, Config& config) {
  if (text.empty()) return {};
  Json json;
  if (std::string problem = read_json(text, json); !problem.empty()) return "the config is no JSON: " + problem;
  if (json.kind != Json::Kind::object) return "the config is no JSON object";
  for (const auto& [key, value] : json.members) {
    if (std::string problem = read_member(key, value, config); !problem.empty()) return problem;
  }
  if (config.block_rows % 64 != 0) return "block_rows is no multiple of 64";
  return {};
}

std::string did_you_mean(std::string_view given, const std::vector<std::string_view>& known) {
  constexpr size_t kLengthMax = 128, kKnownMax = 4'096;
  if (given.size() > kLengthMax) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, given.size() / 3) + 1;
  std::vector<size_t> row;
  for (size_t k = 0; k < known.size() && k < kKnownMax; k++) {
    const std::string_view name = known[k];
    if (name.size() > kLengthMax) continue;
    // Levenshtein's distance, one row at a time.
    row.resize(name.size() + 1);
    for (size_t j = 0; j <= name.size(); j++) row[j] = j;
    for (size_t i = 1; i <= given.size(); i++) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= name.size(); j++) {
        const size_t above = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (given[i - 1] == name[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    if (row[name.size()] < best_distance) {
      best_distance = row[name.size()];
      best = name;
    }
  }
  return best.empty() ? std::string() : ", did you mean '" + std::string(best) + "'?";
}

}  // namespace busbar::ecs
