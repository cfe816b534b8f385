// What the topology may set for one instance of the service.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::ecs {

/// A system that runs by itself: at each tick, or when a faction's turn begins or ends.
struct Scheduled {
  std::string system;
  double dt = 0;  ///< seconds
};

struct Config {
  uint32_t components_max = 1'024;
  uint32_t entities_max = 16'777'216;
  uint32_t items_max = 65'536;        ///< entities, ids, queries, runs of one request
  uint32_t answer_rows_max = 65'536;  ///< rows of one answer of a query
  uint32_t part_bytes = 2'097'152;    ///< of a part of a stream
  uint32_t cache_bytes = 33'554'432;
  uint32_t index_bytes = 268'435'456;
  uint32_t subscriptions_max = 256;
  uint32_t subscription_rows_max = 4'096;
  uint32_t filters_max = 256;
  uint32_t restore_bytes_max = 1'073'741'824;
  uint32_t event_items_max = 4'096;  ///< entities of one event message
  uint32_t block_rows = 2'048;       ///< rows a worker takes at a time; a multiple of 64
  bool events = true;
  std::vector<Scheduled> tick, turn_start, turn_end;
  std::vector<std::string> libraries;  ///< paths of system libraries (busbar_ecs_system.h)
};

/// Reads canonical JSON; an empty text is `{}`. @returns why it is refused, empty when it is not
std::string read_config(std::string_view json, Config& config);

/// `, did you mean "x"?` or nothing.
std::string did_you_mean(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace busbar::ecs
