#include "graph.h"

#include <atomic>
#include <cmath>
#include <limits>

#include "core/hash/hash.h"

namespace busbar::combat {
namespace {

constexpr double kCostMax = 1e12;
constexpr uint32_t kBlock = 8;
/// Keeps the estimate consistent although distances are rounded.
constexpr double kSafety = 1 - 1e-12;

Fault bad_length(const char* name, size_t size, const char* other, size_t expected) {
  return {Code::malformed, std::string(name) + " has " + std::to_string(size) + " values, " + other + " has " +
                               std::to_string(expected) + "; both have one length"};
}

Fault bad_cost(const std::string& at, double cost) { return out_of_range(at, cost, "write a number from 0 to 1e12"); }

bool is_cost(double cost) { return cost >= 0 && cost <= kCostMax; }

Fault check(const GraphColumns& columns, const Limits& limits) {
  const size_t lanes = columns.source.size;
  if (columns.nodes == 0 || columns.nodes > limits.nodes_max) {
    if (columns.nodes == 0) return out_of_range("graph.nodes", 0, "write at least 1");
    return limit_exceeded("graph.nodes", columns.nodes, limits.nodes_max);
  }
  if (lanes > limits.lanes_max) return limit_exceeded("number of lanes", lanes, limits.lanes_max);
  if (columns.target.size != lanes) return bad_length("graph.target", columns.target.size, "graph.source", lanes);
  if (columns.cost.size != lanes) return bad_length("graph.cost", columns.cost.size, "graph.source", lanes);
  for (const auto& [name, column] : {std::pair{"graph.terrain", &columns.terrain},
                                     {"graph.portal", &columns.portal},
                                     {"graph.closed", &columns.closed}}) {
    if (*column && column->size != lanes) return bad_length(name, column->size, "graph.source", lanes);
  }
  if (static_cast<bool>(columns.x) != static_cast<bool>(columns.y))
    return {Code::malformed, "graph has one of x and y; give both or none"};
  for (const auto& [name, column] : {std::pair{"graph.x", &columns.x}, {"graph.y", &columns.y}}) {
    if (!*column) continue;
    if (column->size != columns.nodes)
      return {Code::malformed, std::string(name) + " has " + std::to_string(column->size) + " values for " +
                                   std::to_string(columns.nodes) + " nodes; give one per node"};
    for (size_t i = 0; i < column->size; i++) {
      if (!(std::fabs(column->data[i]) <= 1e9))
        return out_of_range(std::string(name) + "[" + std::to_string(i) + "]", column->data[i],
                            "write a number from -1e9 to 1e9");
    }
  }
  for (size_t i = 0; i < lanes; i++) {
    const auto at = [i](const char* name) { return "graph." + std::string(name) + "[" + std::to_string(i) + "]"; };
    const std::string nodes = "the graph has " + std::to_string(columns.nodes) + " nodes";
    if (columns.source.data[i] >= columns.nodes) return out_of_range(at("source"), columns.source.data[i], nodes);
    if (columns.target.data[i] >= columns.nodes) return out_of_range(at("target"), columns.target.data[i], nodes);
    if (!is_cost(columns.cost.data[i])) return bad_cost(at("cost"), columns.cost.data[i]);
    if (columns.terrain.at(i, 0) > 3)
      return {Code::unknown_name, at("terrain") + " is " + std::to_string(columns.terrain.data[i]) +
                                      ", which is no terrain; they are 0 plain, 1 mountain, 2 forest, 3 water"};
    if (columns.portal.at(i, 0) > 1) return out_of_range(at("portal"), columns.portal.data[i], "write 0 or 1");
    if (columns.closed.at(i, 0) > 1) return out_of_range(at("closed"), columns.closed.data[i], "write 0 or 1");
  }
  return {};
}

template <class T>
void take(std::vector<T>& to, const Column<T>& from, size_t size) {
  if (from)
    to.assign(from.data, from.data + from.size);
  else
    to.assign(size, 0);
}

}  // namespace

Fault Graph::assign(const GraphColumns& columns, const Limits& limits) {
  if (Fault fault = check(columns, limits)) return fault;
  const size_t lanes = columns.source.size;
  take(source_, columns.source, lanes), take(target_, columns.target, lanes), take(cost_, columns.cost, lanes);
  take(terrain_, columns.terrain, lanes), take(portal_, columns.portal, lanes), take(closed_, columns.closed, lanes);
  take(x_, columns.x, 0), take(y_, columns.y, 0);
  first_.assign(size_t{columns.nodes} + 1, 0);
  for (const uint32_t source : source_) first_[source + 1] += 1;
  for (uint32_t i = 0; i < columns.nodes; i++) first_[i + 1] += first_[i];
  by_source_.resize(lanes);
  std::vector<uint32_t> next(first_.begin(), first_.end() - 1);
  for (uint32_t lane = 0; lane < lanes; lane++) by_source_[next[source_[lane]]++] = lane;
  for (uint32_t profile = 0; profile < kProfiles; profile++) bounds_[profile] = -1, remembered_[profile].clear();
  return {};
}

Fault Graph::patch(const GraphPatch& patch) {
  if (patch.lanes.size != patch.costs.size) return bad_length("costs", patch.costs.size, "lanes", patch.lanes.size);
  for (const auto& [name, column] :
       {std::pair{"close", &patch.close}, {"open", &patch.open}, {"lanes", &patch.lanes}}) {
    for (size_t i = 0; i < column->size; i++) {
      if (column->data[i] >= source_.size())
        return out_of_range(std::string(name) + "[" + std::to_string(i) + "]", column->data[i],
                            "the graph has " + std::to_string(source_.size()) + " lanes");
    }
  }
  for (size_t i = 0; i < patch.costs.size; i++) {
    if (!is_cost(patch.costs.data[i])) return bad_cost("costs[" + std::to_string(i) + "]", patch.costs.data[i]);
  }
  for (size_t i = 0; i < patch.close.size; i++) closed_[patch.close.data[i]] = 1;
  for (size_t i = 0; i < patch.open.size; i++) closed_[patch.open.data[i]] = 0;
  for (size_t i = 0; i < patch.lanes.size; i++) cost_[patch.lanes.data[i]] = patch.costs.data[i];
  for (uint32_t profile = 0; profile < kProfiles; profile++) bounds_[profile] = -1, remembered_[profile].clear();
  return {};
}

uint64_t Graph::hash() const {
  hash::Xxh64 hash;
  hash.update_value(uint64_t{nodes()});
  hash.update_value(uint64_t{source_.size()});
  const auto put = [&](const auto& column) { hash.update(column.data(), column.size() * sizeof column[0]); };
  put(source_), put(target_), put(cost_), put(terrain_), put(portal_), put(closed_), put(x_), put(y_);
  return hash.digest();
}

double Graph::price(uint32_t lane, Profile profile) const {
  if (closed_[lane] != 0) return -1;
  if (portal_[lane] != 0 || profile == Profile::space) return cost_[lane];
  switch (static_cast<Terrain>(terrain_[lane])) {
    case Terrain::mountain:
      return cost_[lane] * 2;
    case Terrain::forest:
      return profile == Profile::ground ? cost_[lane] * 1.5 : cost_[lane];
    case Terrain::water:
      return profile == Profile::ground ? -1 : cost_[lane];
    default:
      return cost_[lane];
  }
}

double Graph::bound(Profile profile) const {
  double& known = bounds_[static_cast<uint32_t>(profile)];
  if (known >= 0) return known;
  double least = x_.empty() ? 0 : std::numeric_limits<double>::infinity();
  for (uint32_t lane = 0; lane < source_.size() && least > 0; lane++) {
    const double cost = price(lane, profile);
    const double distance = std::hypot(x_[source_[lane]] - x_[target_[lane]], y_[source_[lane]] - y_[target_[lane]]);
    if (cost >= 0 && distance > 0) least = std::min(least, cost / distance);
  }
  return known = std::isfinite(least) ? least * kSafety : 0;
}

Fault Graph::find_one(const PathRequest& request, double per_distance, const std::vector<uint8_t>& shut,
                      const std::vector<uint8_t>& avoid, uint32_t start, uint32_t end, GraphSearch& search,
                      Path& out) const {
  out.cost = 0, out.straight = out.diagonal = out.expanded = 0;
  out.nodes.clear();
  for (const auto& [name, node] : {std::pair{"start", start}, {"end", end}}) {
    if (node >= nodes()) return out_of_range(name, node, "the graph has " + std::to_string(nodes()) + " nodes");
  }
  if (search.stamp.size() < nodes() || search.round >= 0x7FFFFFF0u) {
    search.stamp.assign(std::max<size_t>(search.stamp.size(), nodes()), 0);
    search.parent.resize(search.stamp.size()), search.g.resize(search.stamp.size());
    search.round = 0;
  }
  search.round += 1;
  search.open.clear();
  const uint32_t seen = search.round * 2, closed = seen + 1;
  const auto estimate = [&](uint32_t node) {
    return per_distance > 0 ? per_distance * std::sqrt((x_[node] - x_[end]) * (x_[node] - x_[end]) +
                                                       (y_[node] - y_[end]) * (y_[node] - y_[end]))
                            : 0;
  };
  const Profile profile = static_cast<Profile>(request.profile);
  search.stamp[start] = seen, search.g[start] = 0, search.parent[start] = start;
  search.open.push({estimate(start), 0, start});
  bool found = false;
  while (!search.open.empty()) {
    const uint32_t at = search.open.pop().place;
    if (search.stamp[at] == closed) continue;
    search.stamp[at] = closed;
    out.expanded += 1;
    if (at == end) {
      found = true;
      break;
    }
    for (uint32_t i = first_[at]; i < first_[at + 1]; i++) {
      const uint32_t lane = by_source_[i], to = target_[lane];
      if (search.stamp[to] == closed || (!shut.empty() && shut[lane] != 0) || (!avoid.empty() && avoid[to] != 0))
        continue;
      if (request.no_portals && portal_[lane] != 0) continue;
      const double cost = price(lane, profile);
      if (cost < 0) continue;
      const double g = search.g[at] + cost;
      if (search.stamp[to] == seen && search.g[to] <= g) continue;
      search.stamp[to] = seen, search.g[to] = g, search.parent[to] = at;
      search.open.push({g + estimate(to), g, to});
    }
  }
  if (!found) return no_path(start, end, "no open lanes connect them for this profile");
  out.cost = search.g[end];
  if (request.max_cost > 0 && out.cost > request.max_cost)
    return no_path(start, end, "the best costs " + text_of(out.cost) + ", max_cost is " + text_of(request.max_cost));
  if (request.costs_only) return {};
  for (uint32_t at = end;; at = search.parent[at]) {
    out.nodes.push_back(at);
    if (at == start) break;
  }
  std::reverse(out.nodes.begin(), out.nodes.end());
  return {};
}

Fault Graph::find(const PathRequest& request, const Workers& workers, const Limits& limits,
                  std::vector<GraphSearch>& searches, PathResult& out) {
  const auto algorithm = static_cast<Algorithm>(request.algorithm);
  if (algorithm == Algorithm::jps) return {Code::conflict, "algorithm is jps; it is for grids, use astar"};
  const Profile profile = static_cast<Profile>(request.profile);
  double per_distance = algorithm == Algorithm::dijkstra ? 0 : bound(profile);
  if (algorithm == Algorithm::astar && x_.empty())
    return {Code::conflict, "algorithm is astar; the graph has no positions, use dijkstra"};
  std::vector<uint8_t> shut, avoid;
  const auto mark = [](std::vector<uint8_t>& marks, const Column<uint32_t>& which, size_t size, const char* name,
                       const char* what) {
    if (which.size > 0) marks.assign(size, 0);
    for (size_t i = 0; i < which.size; i++) {
      if (which.data[i] >= size)
        return out_of_range("constraints." + std::string(name) + "[" + std::to_string(i) + "]", which.data[i],
                            "the graph has " + std::to_string(size) + " " + what);
      marks[which.data[i]] = 1;
    }
    return Fault{};
  };
  if (Fault fault = mark(shut, request.closed_lanes, source_.size(), "closed_lanes", "lanes")) return fault;
  if (Fault fault = mark(avoid, request.avoid_nodes, nodes(), "avoid_nodes", "nodes")) return fault;

  const uint32_t n = static_cast<uint32_t>(request.start.size);
  if (out.paths.size() < n) out.paths.resize(n);
  const bool remembers =
      !request.constrained() && request.max_cost == 0 && !request.costs_only && algorithm == Algorithm::automatic;
  auto& memory = remembered_[request.profile];
  const auto key = [&](uint32_t i) { return uint64_t{request.start.data[i]} << 32 | request.end.data[i]; };
  std::vector<uint32_t> todo;
  for (uint32_t i = 0; i < n; i++) {
    const auto known = remembers ? memory.find(key(i)) : memory.end();
    if (known == memory.end()) {
      todo.push_back(i);
      continue;
    }
    out.paths[i] = known->second;
    out.paths[i].expanded = 0;
  }
  const uint32_t blocks = (static_cast<uint32_t>(todo.size()) + kBlock - 1) / kBlock;
  std::vector<std::vector<ItemFault>> faults(blocks);
  std::atomic<bool> cancelled = false;
  auto block = [&](uint32_t index, uint32_t worker) {
    for (uint32_t at = index * kBlock; at < std::min(todo.size(), (index + size_t{1}) * kBlock); at++) {
      // Relaxed: `parallel` orders everything before its return; here it only saves work.
      if (cancelled.load(std::memory_order_relaxed) || workers.is_cancelled()) {
        cancelled.store(true, std::memory_order_relaxed);
        return;
      }
      const uint32_t i = todo[at];
      Fault fault = find_one(request, per_distance, shut, avoid, request.start.data[i], request.end.data[i],
                             searches[worker], out.paths[i]);
      if (fault) faults[index].push_back({i, std::move(fault)});
    }
  };
  workers.run(blocks, block);
  if (cancelled.load(std::memory_order_relaxed)) return {Code::cancelled, "the request was cancelled"};
  out.faults.clear();
  for (auto& list : faults) std::move(list.begin(), list.end(), std::back_inserter(out.faults));
  if (!remembers) return {};
  if (memory.size() + todo.size() > limits.paths_max) memory.clear();
  size_t failed = 0;
  for (size_t at = 0; at < todo.size() && memory.size() < limits.paths_max; at++) {
    if (failed < out.faults.size() && out.faults[failed].item == todo[at])
      failed++;
    else
      memory.emplace(key(todo[at]), out.paths[todo[at]]);
  }
  return {};
}

}  // namespace busbar::combat
