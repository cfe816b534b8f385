// What is asked of a map, and what comes out; grids and graphs answer alike.
#pragma once

#include <cstdint>
#include <vector>

#include "battle.h"
#include "config.h"
#include "fault.h"
#include "workers.h"

namespace busbar::combat {

enum class Algorithm : uint8_t { automatic, dijkstra, astar, jps };
enum class Profile : uint8_t { space, ground, hover };
inline constexpr uint32_t kProfiles = 3;

struct PathRequest {
  Column<uint32_t> start, end;
  uint8_t profile = 0, algorithm = 0;
  Column<uint32_t> closed_lanes, avoid_nodes;
  bool no_portals = false, costs_only = false;
  double max_cost = 0;

  bool constrained() const { return closed_lanes.size > 0 || avoid_nodes.size > 0 || no_portals; }
};

struct Path {
  double cost = 0;
  uint32_t straight = 0, diagonal = 0, expanded = 0;
  std::vector<uint32_t> nodes;
};

/// One per item. Kept between calls.
struct PathResult {
  std::vector<Path> paths;
  std::vector<ItemFault> faults;
};

inline Fault no_path(uint32_t start, uint32_t end, const std::string& why) {
  return {Code::not_found,
          "a path from " + std::to_string(start) + " to " + std::to_string(end) + " is not there; " + why};
}

}  // namespace busbar::combat
