// Directed lanes between nodes, with terrain, portals and closures.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "open_list.h"
#include "paths.h"

namespace busbar::combat {

enum class Terrain : uint8_t { plain, mountain, forest, water };

struct GraphColumns {
  uint32_t nodes = 0;
  Column<double> x, y;
  Column<uint32_t> source, target;
  Column<double> cost;
  Column<uint8_t> terrain, portal, closed;
};

struct GraphPatch {
  Column<uint32_t> close, open, lanes;
  Column<double> costs;
};

/// Memory of one search; belongs to a worker and serves any map.
struct GraphSearch {
  std::vector<uint32_t> stamp, parent;  // stamp: 2 x round for seen, + 1 for closed
  std::vector<double> g;
  OpenList open;
  uint32_t round = 0;
};

class Graph {
 public:
  Fault assign(const GraphColumns& columns, const Limits& limits);
  /// All or nothing.
  Fault patch(const GraphPatch& patch);
  /// Paths of all items; those without constraints are remembered until the map changes.
  Fault find(const PathRequest& request, const Workers& workers, const Limits& limits,
             std::vector<GraphSearch>& searches, PathResult& out);

  uint32_t nodes() const { return static_cast<uint32_t>(first_.size()) - 1; }
  const std::vector<uint32_t>& source() const { return source_; }
  const std::vector<uint32_t>& target() const { return target_; }
  const std::vector<double>& cost() const { return cost_; }
  const std::vector<double>& x() const { return x_; }
  const std::vector<double>& y() const { return y_; }
  const std::vector<uint8_t>& terrain() const { return terrain_; }
  const std::vector<uint8_t>& portal() const { return portal_; }
  const std::vector<uint8_t>& closed() const { return closed_; }
  uint64_t hash() const;

 private:
  /// What a profile pays on a lane; negative: it cannot use it.
  double price(uint32_t lane, Profile profile) const;
  double bound(Profile profile) const;
  Fault find_one(const PathRequest& request, double per_distance, const std::vector<uint8_t>& shut,
                 const std::vector<uint8_t>& avoid, uint32_t start, uint32_t end, GraphSearch& search, Path& out) const;

  std::vector<uint32_t> first_ = {0};  // of each node, into by_source_
  std::vector<uint32_t> by_source_;    // lanes, by source, then number
  std::vector<uint32_t> source_, target_;
  std::vector<double> cost_, x_, y_;
  std::vector<uint8_t> terrain_, portal_, closed_;
  /// Greatest admissible cost per distance and profile; negative: not known yet.
  mutable double bounds_[kProfiles] = {-1, -1, -1};
  /// Never iterated, so its order enters nothing.
  std::unordered_map<uint64_t, Path> remembered_[kProfiles];
};

}  // namespace busbar::combat
