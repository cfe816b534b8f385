// Methods: an exhaustive Dijkstra of another kind (relaxation until nothing
// changes) on small maps; A*, JPS and Dijkstra against each other on random
// maps; a path's steps added up again.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "combat/graph.h"
#include "combat/grid.h"
#include "core/random/random.h"

namespace busbar::combat {
namespace {

struct Map {
  uint32_t width, height;
  std::vector<uint8_t> cells;
  Column<uint8_t> column() const { return {cells.data(), cells.size()}; }
  bool free(int64_t x, int64_t y) const {
    if (x < 0 || y < 0 || x >= width || y >= height) return false;
    const uint8_t cell = cells[static_cast<size_t>(y) * width + static_cast<size_t>(x)];
    return cell == '.' || cell == 'G';
  }
  bool allows(int64_t x, int64_t y, int64_t dx, int64_t dy) const {
    return free(x + dx, y + dy) && (dx == 0 || dy == 0 || (free(x + dx, y) && free(x, y + dy)));
  }
};

Map random_map(random::Stream& dice, uint32_t largest) {
  Map map{static_cast<uint32_t>(1 + dice.below(largest)), static_cast<uint32_t>(1 + dice.below(largest)), {}};
  const uint64_t walls = dice.below(50);
  static const char kWalls[] = "@TOWS";
  for (uint32_t i = 0; i < map.width * map.height; i++)
    map.cells.push_back(static_cast<uint8_t>(dice.below(100) < walls ? kWalls[dice.below(5)]
                                             : dice.below(4) == 0    ? 'G'
                                                                     : '.'));
  if (dice.below(2) == 0) {  // rectangles rather than dust
    for (uint64_t left = dice.below(12); left > 0; left--) {
      const uint64_t x = dice.below(map.width), y = dice.below(map.height);
      const uint64_t to_x = std::min<uint64_t>(map.width, x + dice.below(map.width) / 2),
                     to_y = std::min<uint64_t>(map.height, y + dice.below(map.height) / 2);
      const uint8_t value = dice.below(2) == 0 ? '.' : 'T';
      for (uint64_t row = y; row < to_y; row++)
        for (uint64_t column = x; column < to_x; column++) map.cells[row * map.width + column] = value;
    }
  }
  return map;
}

/// Least costs from `start` to everywhere, by relaxing until nothing changes.
std::vector<double> relaxed(const Map& map, uint32_t start) {
  std::vector<double> best(map.cells.size(), std::numeric_limits<double>::infinity());
  best[start] = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t y = 0; y < map.height; y++) {
      for (int64_t x = 0; x < map.width; x++) {
        const double here = best[static_cast<size_t>(y * map.width + x)];
        if (!std::isfinite(here)) continue;
        for (int64_t dy = -1; dy <= 1; dy++) {
          for (int64_t dx = -1; dx <= 1; dx++) {
            if ((dx == 0 && dy == 0) || !map.allows(x, y, dx, dy)) continue;
            double& there = best[static_cast<size_t>((y + dy) * map.width + x + dx)];
            const double cost = here + (dx != 0 && dy != 0 ? std::sqrt(2.0) : 1.0);
            if (cost < there - 1e-9) there = cost, changed = true;
          }
        }
      }
    }
  }
  return best;
}

void expect_sound(const Map& map, const Path& path, uint32_t start, uint32_t end) {
  ASSERT_FALSE(path.nodes.empty());
  EXPECT_EQ(path.nodes.front(), start);
  EXPECT_EQ(path.nodes.back(), end);
  uint32_t straight = 0, diagonal = 0;
  for (size_t i = 1; i < path.nodes.size(); i++) {
    const int64_t x = path.nodes[i - 1] % map.width, y = path.nodes[i - 1] / map.width;
    const int64_t dx = path.nodes[i] % map.width - x, dy = path.nodes[i] / map.width - y;
    ASSERT_LE(std::max(std::abs(dx), std::abs(dy)), 1);
    ASSERT_TRUE(map.allows(x, y, dx, dy)) << "step " << i;
    (dx != 0 && dy != 0 ? diagonal : straight) += 1;
  }
  EXPECT_EQ(straight, path.straight);
  EXPECT_EQ(diagonal, path.diagonal);
}

struct Asked {
  PathRequest request;
  PathResult result;
  std::vector<GridSearch> searches = std::vector<GridSearch>(4);
  std::vector<uint32_t> start, end;
  Fault ask(const Grid& grid, Algorithm algorithm, const Workers& workers = {}) {
    request.start = {start.data(), start.size()}, request.end = {end.data(), end.size()};
    request.algorithm = static_cast<uint8_t>(algorithm);
    return grid.find(request, workers, searches, result);
  }
};

void compare(uint64_t seed, uint32_t largest, int rounds, bool exhaustive) {
  random::Stream dice(seed, "paths/test", largest);
  int found = 0, none = 0;
  Asked jps, astar, dijkstra;
  for (int round = 0; round < rounds; round++) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    Map map = random_map(dice, largest);
    Grid grid;
    ASSERT_FALSE(grid.assign(map.width, map.height, map.column(), {}));
    if (dice.below(3) == 0) {  // patched maps are searched like new ones
      std::vector<uint32_t> cells;
      std::vector<uint8_t> values;
      for (uint64_t left = dice.below(20); left > 0; left--) {
        cells.push_back(static_cast<uint32_t>(dice.below(map.cells.size())));
        values.push_back(dice.below(2) == 0 ? '.' : '@');
        map.cells[cells.back()] = values.back();
      }
      ASSERT_FALSE(grid.patch({cells.data(), cells.size()}, {values.data(), values.size()}));
    }
    std::vector<uint32_t> free;
    for (uint32_t i = 0; i < map.cells.size(); i++) {
      if (map.free(i % map.width, i / map.width)) free.push_back(i);
    }
    if (free.empty()) continue;
    for (Asked* asked : {&jps, &astar, &dijkstra}) asked->start.clear(), asked->end.clear();
    for (int i = 0; i < 8; i++) {
      const uint32_t start = free[i < 4 && exhaustive ? 0 : dice.below(free.size())],
                     end = free[dice.below(free.size())];
      for (Asked* asked : {&jps, &astar, &dijkstra}) asked->start.push_back(start), asked->end.push_back(end);
    }
    ASSERT_FALSE(jps.ask(grid, Algorithm::jps));
    ASSERT_FALSE(astar.ask(grid, Algorithm::astar));
    ASSERT_FALSE(dijkstra.ask(grid, Algorithm::dijkstra));
    std::vector<double> best;
    if (exhaustive) best = relaxed(map, free[0]);
    ASSERT_EQ(jps.result.faults.size(), astar.result.faults.size());
    ASSERT_EQ(jps.result.faults.size(), dijkstra.result.faults.size());
    size_t failed = 0;
    for (uint32_t i = 0; i < 8; i++) {
      if (exhaustive && i < 4) {
        const double exact = best[jps.end[i]];
        EXPECT_EQ(std::isfinite(exact), !(failed < jps.result.faults.size() && jps.result.faults[failed].item == i));
        if (std::isfinite(exact)) {
          EXPECT_NEAR(jps.result.paths[i].cost, exact, 1e-9);
        }
      }
      if (failed < jps.result.faults.size() && jps.result.faults[failed].item == i) {
        EXPECT_EQ(astar.result.faults[failed].item, i);
        EXPECT_EQ(jps.result.faults[failed].fault.code, Code::not_found);
        failed++, none++;
        continue;
      }
      found++;
      for (const Asked* asked : {&astar, &dijkstra}) {
        EXPECT_EQ(jps.result.paths[i].straight, asked->result.paths[i].straight);
        EXPECT_EQ(jps.result.paths[i].diagonal, asked->result.paths[i].diagonal);
      }
      for (const Asked* asked : {&jps, &astar, &dijkstra})
        expect_sound(map, asked->result.paths[i], jps.start[i], jps.end[i]);
    }
  }
  EXPECT_GT(found, rounds);
  EXPECT_GT(none, rounds / 20);
}

TEST(Grid, SmallMapsAgreeWithExhaustiveRelaxation) { compare(31, 14, 1500, true); }
TEST(Grid, LargerMapsAgreeAmongTheAlgorithms) { compare(32, 200, 150, false); }

TEST(Grid, AvoidsCellsAndThreadsChangeNothing) {
  const uint32_t size = 64;
  Map map{size, size, std::vector<uint8_t>(size * size, '.')};
  Grid grid;
  ASSERT_FALSE(grid.assign(size, size, map.column(), {}));
  std::vector<uint32_t> wall;
  for (uint32_t y = 0; y + 1 < size; y++) wall.push_back(y * size + 32);
  Asked asked;
  for (uint32_t i = 0; i < 40; i++) asked.start.push_back(i * size), asked.end.push_back(i * size + 63);
  asked.request.avoid_nodes = {wall.data(), wall.size()};
  ASSERT_FALSE(asked.ask(grid, Algorithm::automatic));
  EXPECT_TRUE(asked.result.faults.empty());
  for (uint32_t i = 0; i < 40; i++) {
    for (const uint32_t node : asked.result.paths[i].nodes) EXPECT_TRUE(node % size != 32 || node / size == 63);
    expect_sound(map, asked.result.paths[i], asked.start[i], asked.end[i]);
  }
  const std::vector<Path> before(asked.result.paths.begin(), asked.result.paths.begin() + 40);
  Workers workers;
  workers.threads = 4;
  workers.parallel = [](void*, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    for (uint32_t i = count; i-- > 0;) fn(argument, i, i % 4);
  };
  ASSERT_FALSE(asked.ask(grid, Algorithm::automatic, workers));
  for (uint32_t i = 0; i < 40; i++) EXPECT_EQ(asked.result.paths[i].nodes, before[i].nodes);
  EXPECT_EQ(asked.ask(grid, Algorithm::jps).code, Code::conflict);
}

TEST(Grid, RefusesWhatItCannotDo) {
  Grid grid;
  const std::vector<uint8_t> cells = {'.', '@', '.', '.'};
  EXPECT_EQ(grid.assign(0, 4, {cells.data(), 4}, {}).code, Code::out_of_range);
  EXPECT_EQ(grid.assign(3, 1, {cells.data(), 4}, {}).text,
            "grid.cells has 4 values for 3 x 1 cells; give one per cell");
  EXPECT_EQ(grid.assign(65'536, 65'536, {cells.data(), 4}, {}).code, Code::limit_exceeded);
  ASSERT_FALSE(grid.assign(4, 1, {cells.data(), 4}, {}));
  Asked asked;
  asked.start = {0, 1, 9, 2}, asked.end = {3, 0, 0, 3};
  ASSERT_FALSE(asked.ask(grid, Algorithm::automatic));
  ASSERT_EQ(asked.result.faults.size(), 3u);
  EXPECT_EQ(asked.result.faults[0].fault.text, "a path from 0 to 3 is not there; nothing connects them");
  EXPECT_EQ(asked.result.faults[1].fault.text, "start is 1; that cell cannot be entered, it is '@'");
  EXPECT_EQ(asked.result.faults[2].fault.text, "start is 9; the map has 4 cells");
  EXPECT_EQ(asked.result.paths[3].nodes, (std::vector<uint32_t>{2, 3}));
  asked.request.max_cost = 0.5;
  ASSERT_FALSE(asked.ask(grid, Algorithm::automatic));
  EXPECT_EQ(asked.result.faults[3].fault.text, "a path from 2 to 3 is not there; the best costs 1, max_cost is 0.5");
  asked.request.profile = 1;
  EXPECT_EQ(asked.ask(grid, Algorithm::automatic).code, Code::conflict);
}

struct Lanes {
  uint32_t nodes = 0;
  std::vector<double> x, y, cost;
  std::vector<uint32_t> source, target;
  std::vector<uint8_t> terrain, portal, closed;
  GraphColumns columns() const {
    GraphColumns out;
    out.nodes = nodes;
    if (!x.empty()) out.x = {x.data(), x.size()}, out.y = {y.data(), y.size()};
    out.source = {source.data(), source.size()}, out.target = {target.data(), target.size()},
    out.cost = {cost.data(), cost.size()};
    out.terrain = {terrain.data(), terrain.size()}, out.portal = {portal.data(), portal.size()},
    out.closed = {closed.data(), closed.size()};
    return out;
  }
};

/// Bellman and Ford, with the table of the profiles written out again.
std::vector<double> all_costs(const Lanes& lanes, uint32_t start, Profile profile, bool portals) {
  static const double kFactors[3][4] = {{1, 1, 1, 1}, {1, 2, 1.5, -1}, {1, 2, 1, 1}};
  std::vector<double> best(lanes.nodes, std::numeric_limits<double>::infinity());
  best[start] = 0;
  for (uint32_t round = 0; round < lanes.nodes; round++) {
    for (size_t i = 0; i < lanes.source.size(); i++) {
      const double factor =
          lanes.portal[i] != 0 ? (portals ? 1 : -1) : kFactors[static_cast<int>(profile)][lanes.terrain[i]];
      if (lanes.closed[i] != 0 || factor < 0) continue;
      best[lanes.target[i]] = std::min(best[lanes.target[i]], best[lanes.source[i]] + lanes.cost[i] * factor);
    }
  }
  return best;
}

TEST(Graph, AgreesWithBellmanAndFordForEveryProfile) {
  constexpr uint64_t kSeed = 33;
  random::Stream dice(kSeed, "paths/test", 0);
  for (int round = 0; round < 300; round++) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    Lanes lanes;
    lanes.nodes = static_cast<uint32_t>(1 + dice.below(40));
    const bool placed = dice.below(3) != 0;
    for (uint32_t i = 0; placed && i < lanes.nodes; i++)
      lanes.x.push_back(100 * dice.real()), lanes.y.push_back(100 * dice.real());
    for (uint64_t left = dice.below(4) * lanes.nodes; left > 0; left--) {
      const uint32_t a = static_cast<uint32_t>(dice.below(lanes.nodes)),
                     b = static_cast<uint32_t>(dice.below(lanes.nodes));
      const double distance = placed ? std::hypot(lanes.x[a] - lanes.x[b], lanes.y[a] - lanes.y[b]) : 10;
      lanes.source.push_back(a), lanes.target.push_back(b);
      lanes.portal.push_back(dice.below(10) == 0), lanes.closed.push_back(dice.below(8) == 0);
      lanes.terrain.push_back(static_cast<uint8_t>(dice.below(4)));
      lanes.cost.push_back(lanes.portal.back() != 0 && dice.below(4) == 0 ? 0 : distance * (1 + dice.real()));
    }
    Graph graph;
    ASSERT_FALSE(graph.assign(lanes.columns(), {}));
    std::vector<GraphSearch> searches(1);
    for (int change = 0; change < 2; change++) {
      for (uint32_t profile = 0; profile < 3; profile++) {
        for (const bool portals : {true, false}) {
          PathRequest request;
          std::vector<uint32_t> start(lanes.nodes, static_cast<uint32_t>(dice.below(lanes.nodes))), end;
          for (uint32_t i = 0; i < lanes.nodes; i++) end.push_back(i);
          request.start = {start.data(), start.size()}, request.end = {end.data(), end.size()};
          request.profile = static_cast<uint8_t>(profile), request.no_portals = !portals;
          const auto best = all_costs(lanes, start[0], static_cast<Profile>(profile), portals);
          for (int again = 0; again < 3; again++) {  // the second time from memory, the third by Dijkstra
            request.algorithm = again == 2 ? 1 : 0;
            PathResult result;
            ASSERT_FALSE(graph.find(request, {}, {}, searches, result));
            size_t failed = 0;
            for (uint32_t i = 0; i < lanes.nodes; i++) {
              if (failed < result.faults.size() && result.faults[failed].item == i) {
                EXPECT_FALSE(std::isfinite(best[i]));
                failed++;
                continue;
              }
              EXPECT_NEAR(result.paths[i].cost, best[i], 1e-9 * (1 + best[i]));
              EXPECT_EQ(result.paths[i].nodes.back(), i);
              EXPECT_EQ(result.paths[i].expanded == 0, again == 1 && portals);
            }
          }
        }
      }
      if (lanes.source.empty()) break;
      // Close one, open one, change the cost of one: nothing remembered may
      // stay.
      const auto lane = [&] { return static_cast<uint32_t>(dice.below(lanes.source.size())); };
      const uint32_t close = lane(), open = lane(), dear = lane();
      const double cost = 300;
      ASSERT_FALSE(graph.patch({{&close, 1}, {&open, 1}, {&dear, 1}, {&cost, 1}}));
      lanes.closed[close] = 1, lanes.closed[open] = 0, lanes.cost[dear] = cost;
    }
  }
}

TEST(Graph, ConstraintsAndRefusals) {
  Lanes lanes;
  lanes.nodes = 4;
  lanes.source = {0, 1, 0, 2}, lanes.target = {1, 3, 2, 3}, lanes.cost = {1, 1, 5, 5};
  lanes.terrain = {0, 0, 0, 0}, lanes.portal = {0, 0, 0, 0}, lanes.closed = {0, 0, 0, 0};
  Graph graph;
  ASSERT_FALSE(graph.assign(lanes.columns(), {}));
  std::vector<GraphSearch> searches(1);
  PathResult result;
  const uint32_t start = 0, end = 3, one = 1, nine = 9;
  PathRequest request;
  request.start = {&start, 1}, request.end = {&end, 1};
  ASSERT_FALSE(graph.find(request, {}, {}, searches, result));
  EXPECT_EQ(result.paths[0].nodes, (std::vector<uint32_t>{0, 1, 3}));
  request.avoid_nodes = {&one, 1};
  ASSERT_FALSE(graph.find(request, {}, {}, searches, result));
  EXPECT_EQ(result.paths[0].nodes, (std::vector<uint32_t>{0, 2, 3}));
  request.avoid_nodes = {}, request.closed_lanes = {&one, 1};
  ASSERT_FALSE(graph.find(request, {}, {}, searches, result));
  EXPECT_EQ(result.paths[0].cost, 10);
  request.closed_lanes = {&nine, 1};
  EXPECT_EQ(graph.find(request, {}, {}, searches, result).text,
            "constraints.closed_lanes[0] is 9; the graph has 4 lanes");
  request.closed_lanes = {}, request.algorithm = 3;
  EXPECT_EQ(graph.find(request, {}, {}, searches, result).code, Code::conflict);
  request.algorithm = 2;
  EXPECT_EQ(graph.find(request, {}, {}, searches, result).text,
            "algorithm is astar; the graph has no positions, use dijkstra");
  lanes.cost[2] = -1;
  EXPECT_EQ(graph.assign(lanes.columns(), {}).text, "graph.cost[2] is -1; write a number from 0 to 1e12");
  lanes.cost[2] = 1, lanes.target[1] = 4;
  EXPECT_EQ(graph.assign(lanes.columns(), {}).text, "graph.target[1] is 4; the graph has 4 nodes");
  lanes.nodes = 60'000;
  EXPECT_EQ(graph.assign(lanes.columns(), {}).text, "graph.nodes is 60000, the limit is 50000");
  EXPECT_EQ(graph.nodes(), 4u);
}

TEST(Grid, PrintsItsSpeed) {
  random::Stream dice(34, "paths/test", 1);
  const uint32_t size = 512;
  Map map{size, size, std::vector<uint8_t>(size * size, '.')};
  for (int i = 0; i < 120; i++) {
    const uint64_t x = dice.below(size - 20), y = dice.below(size - 20), w = 3 + dice.below(15), h = 3 + dice.below(15);
    for (uint64_t row = y; row < y + h; row++)
      for (uint64_t column = x; column < x + w; column++) map.cells[row * size + column] = 'T';
  }
  Grid grid;
  ASSERT_FALSE(grid.assign(size, size, map.column(), {}));
  Asked asked;
  while (asked.start.size() < 100) {
    const uint32_t a = static_cast<uint32_t>(dice.below(map.cells.size())),
                   b = static_cast<uint32_t>(dice.below(map.cells.size()));
    if (map.cells[a] == '.' && map.cells[b] == '.') asked.start.push_back(a), asked.end.push_back(b);
  }
  for (const Algorithm algorithm : {Algorithm::dijkstra, Algorithm::astar, Algorithm::jps}) {
    const auto start = std::chrono::steady_clock::now();
    ASSERT_FALSE(asked.ask(grid, algorithm));
    double expanded = 0;
    for (const Path& path : asked.result.paths) expanded += path.expanded;
    std::printf("algorithm %d: %.1f us a path, %.0f expanded\n", static_cast<int>(algorithm),
                std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / 100,
                expanded / 100);
  }
}

}  // namespace
}  // namespace busbar::combat
