#include "grid.h"

#include <atomic>

#include "core/hash/hash.h"
#include "jump_points.h"

namespace busbar::combat {
namespace {

bool enterable(uint8_t value) { return value == '.' || value == 'G'; }

constexpr uint32_t kBlock = 8;

}  // namespace

Fault Grid::assign(uint32_t width, uint32_t height, const Column<uint8_t>& cells, const Limits& limits) {
  if (width == 0 || height == 0)
    return {Code::out_of_range,
            "grid is " + std::to_string(width) + " x " + std::to_string(height) + "; write at least 1 x 1"};
  const uint64_t count = uint64_t{width} * height;
  if (count > limits.cells_max) return limit_exceeded("number of cells", count, limits.cells_max);
  if (cells.size != count)
    return {Code::malformed, "grid.cells has " + std::to_string(cells.size) + " values for " + std::to_string(width) +
                                 " x " + std::to_string(height) + " cells; give one per cell"};
  width_ = width, height_ = height, stride_ = width + 2;
  row_words_ = (width + 2 + 63) / 64, column_words_ = (height + 2 + 63) / 64;
  cells_.assign(cells.data, cells.data + count);
  free_.assign(size_t{stride_} * (height + 2), 0);
  rows_.assign(size_t{row_words_} * (height + 2), ~uint64_t{0});
  columns_.assign(size_t{column_words_} * (width + 2), ~uint64_t{0});
  for (uint32_t cell = 0; cell < count; cell++) {
    if (enterable(cells_[cell])) set_cell(cell, cells_[cell]);
  }
  return {};
}

void Grid::set_cell(uint32_t cell, uint8_t value) {
  const uint32_t x = cell % width_ + 1, y = cell / width_ + 1;
  const bool enter = enterable(value);
  cells_[cell] = value;
  free_[padded(cell)] = enter;
  uint64_t& row = rows_[size_t{y} * row_words_ + x / 64];
  uint64_t& column = columns_[size_t{x} * column_words_ + y / 64];
  row = (row & ~(uint64_t{1} << (x % 64))) | uint64_t{!enter} << (x % 64);
  column = (column & ~(uint64_t{1} << (y % 64))) | uint64_t{!enter} << (y % 64);
}

Fault Grid::patch(const Column<uint32_t>& cells, const Column<uint8_t>& values) {
  if (cells.size != values.size)
    return {Code::malformed, "values has " + std::to_string(values.size) + " values, cells has " +
                                 std::to_string(cells.size) + "; both have one length"};
  for (size_t i = 0; i < cells.size; i++) {
    if (cells.data[i] >= cells_.size())
      return out_of_range("cells[" + std::to_string(i) + "]", cells.data[i],
                          "the map has " + std::to_string(cells_.size()) + " cells");
  }
  for (size_t i = 0; i < cells.size; i++) set_cell(cells.data[i], values.data[i]);
  return {};
}

uint64_t Grid::hash() const {
  hash::Xxh64 hash;
  hash.update_value(width_);
  hash.update_value(height_);
  hash.update(cells_.data(), cells_.size());
  return hash.digest();
}

Steps Grid::estimate(uint32_t from, uint32_t to) const {
  const uint32_t x0 = from % stride_, y0 = from / stride_, x1 = to % stride_, y1 = to / stride_;
  const uint32_t dx = x0 > x1 ? x0 - x1 : x1 - x0, dy = y0 > y1 ? y0 - y1 : y1 - y0;
  return dx > dy ? Steps{dx - dy, dy} : Steps{dy - dx, dx};
}

void Grid::begin(GridSearch& search) const {
  if (search.stamp.size() < free_.size() || search.round >= 0x7FFFFFF0u) {
    search.stamp.assign(std::max(search.stamp.size(), free_.size()), 0);
    search.parent.resize(search.stamp.size()), search.g.resize(search.stamp.size());
    search.round = 0;
  }
  search.round += 1;
  search.open.clear();
}

bool Grid::search_steps(uint32_t start, uint32_t end, bool estimated, GridSearch& search, Path& out) const {
  const int stride = static_cast<int>(stride_);
  const int offsets[8] = {-1, 1, -stride, stride, -stride - 1, -stride + 1, stride - 1, stride + 1};
  const int beside[8][2] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {-stride, -1}, {-stride, 1}, {stride, -1}, {stride, 1}};
  const uint32_t seen = search.round * 2, closed = seen + 1;
  search.stamp[start] = seen, search.g[start] = {}, search.parent[start] = start;
  search.open.push({0, 0, start});
  while (!search.open.empty()) {
    const uint32_t at = search.open.pop().place;
    if (search.stamp[at] == closed) continue;
    search.stamp[at] = closed;
    out.expanded += 1;
    if (at == end) return true;
    for (int i = 0; i < 8; i++) {
      const uint32_t to = at + static_cast<uint32_t>(offsets[i]);
      if (free_[to] == 0 || search.stamp[to] == closed) continue;
      if (i >= 4 && (free_[at + static_cast<uint32_t>(beside[i][0])] == 0 ||
                     free_[at + static_cast<uint32_t>(beside[i][1])] == 0))
        continue;
      // Corners are those of walls; what is only to be avoided may be passed at a corner.
      if (!search.avoid.empty() && search.avoid[to] != 0) continue;
      Steps g = search.g[at];
      (i < 4 ? g.straight : g.diagonal) += 1;
      const double cost = g.cost();
      if (search.stamp[to] == seen && search.g[to].cost() <= cost) continue;
      search.stamp[to] = seen, search.g[to] = g, search.parent[to] = at;
      const Steps rest = estimated ? estimate(to, end) : Steps{};
      search.open.push({Steps{g.straight + rest.straight, g.diagonal + rest.diagonal}.cost(), cost, to});
    }
  }
  return false;
}

void Grid::trace(uint32_t start, uint32_t end, const GridSearch& search, Path& out) const {
  out.nodes.clear();
  const int stride = static_cast<int>(stride_);
  for (uint32_t at = end; at != start;) {
    const uint32_t from = search.parent[at];
    const auto step = [](uint32_t a, uint32_t b) { return a == b ? 0 : a < b ? 1 : -1; };
    const int back = step(at % stride_, from % stride_) + step(at / stride_, from / stride_) * stride;
    for (; at != from; at += static_cast<uint32_t>(back)) out.nodes.push_back(cell_of(at));
  }
  out.nodes.push_back(cell_of(start));
  std::reverse(out.nodes.begin(), out.nodes.end());
}

Fault Grid::find_one(const PathRequest& request, uint32_t start, uint32_t end, GridSearch& search, Path& out) const {
  out.cost = 0, out.straight = out.diagonal = out.expanded = 0;
  out.nodes.clear();
  for (const auto& [name, cell] : {std::pair{"start", start}, {"end", end}}) {
    if (cell >= cells_.size())
      return out_of_range(name, cell, "the map has " + std::to_string(cells_.size()) + " cells");
    if (!enterable(cells_[cell]))
      return out_of_range(
          name, cell, "that cell cannot be entered, it is '" + std::string(1, static_cast<char>(cells_[cell])) + "'");
  }
  begin(search);
  const uint32_t from = padded(start), to = padded(end);
  const auto algorithm = static_cast<Algorithm>(request.algorithm);
  const bool jumps = algorithm == Algorithm::jps || (algorithm == Algorithm::automatic && search.avoid.empty());
  bool found = true;
  if (jumps)
    found = JumpPoints(*this, to % stride_, to / stride_).run(from, to, search, out.expanded);
  else
    found = search_steps(from, to, algorithm != Algorithm::dijkstra, search, out);
  if (!found) return no_path(start, end, "nothing connects them");
  const Steps steps = search.g[to];
  if (request.max_cost > 0 && steps.cost() > request.max_cost)
    return no_path(start, end,
                   "the best costs " + text_of(steps.cost()) + ", max_cost is " + text_of(request.max_cost));
  out.straight = steps.straight, out.diagonal = steps.diagonal, out.cost = steps.cost();
  if (!request.costs_only) trace(from, to, search, out);
  return {};
}

Fault Grid::find(const PathRequest& request, const Workers& workers, std::vector<GridSearch>& searches,
                 PathResult& out) const {
  if (request.profile != 0)
    return {Code::conflict,
            "profile is " + std::to_string(request.profile) + "; a grid has no terrain, leave it at space"};
  if (request.closed_lanes.size > 0 || request.no_portals)
    return {Code::conflict, "constraints name lanes or portals; a grid has neither, use avoid_nodes"};
  if (static_cast<Algorithm>(request.algorithm) == Algorithm::jps && request.avoid_nodes.size > 0)
    return {Code::conflict, "algorithm is jps and avoid_nodes is given; jps cannot avoid cells, use astar"};
  for (size_t i = 0; i < request.avoid_nodes.size; i++) {
    if (request.avoid_nodes.data[i] >= cells_.size())
      return out_of_range("constraints.avoid_nodes[" + std::to_string(i) + "]", request.avoid_nodes.data[i],
                          "the map has " + std::to_string(cells_.size()) + " cells");
  }
  for (GridSearch& search : searches) {
    search.avoid.clear();
    if (request.avoid_nodes.size > 0) search.avoid.assign(free_.size(), 0);
    for (size_t i = 0; i < request.avoid_nodes.size; i++) search.avoid[padded(request.avoid_nodes.data[i])] = 1;
  }
  const uint32_t n = static_cast<uint32_t>(request.start.size), blocks = (n + kBlock - 1) / kBlock;
  if (out.paths.size() < n) out.paths.resize(n);
  std::vector<std::vector<ItemFault>> faults(blocks);
  std::atomic<bool> cancelled = false;
  auto block = [&](uint32_t index, uint32_t worker) {
    for (uint32_t i = index * kBlock; i < std::min(n, (index + 1) * kBlock); i++) {
      // Relaxed: `parallel` orders everything before its return; here it only saves work.
      if (cancelled.load(std::memory_order_relaxed) || workers.is_cancelled()) {
        cancelled.store(true, std::memory_order_relaxed);
        return;
      }
      Fault fault = find_one(request, request.start.data[i], request.end.data[i], searches[worker], out.paths[i]);
      if (fault) faults[index].push_back({i, std::move(fault)});
    }
  };
  workers.run(blocks, block);
  if (cancelled.load(std::memory_order_relaxed)) return {Code::cancelled, "the request was cancelled"};
  out.faults.clear();
  for (auto& list : faults) std::move(list.begin(), list.end(), std::back_inserter(out.faults));
  return {};
}

}  // namespace busbar::combat
