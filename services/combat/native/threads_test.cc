// Method: real threads that take items in any order, for every mechanism that borrows workers; equal bytes as with one
// thread. Run it under the tsan preset too.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "combat/ballistics.h"
#include "combat/graph.h"
#include "combat/grid.h"
#include "combat/resolver.h"
#include "combat/spatial.h"
#include "testing/forces.h"

namespace busbar::combat {
namespace {

template <uint32_t kThreads>
Workers real_workers() {
  Workers workers;
  workers.threads = kThreads;
  workers.cancelled = [](void*) { return false; };
  workers.parallel = [](void*, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    std::atomic<uint32_t> next = 0;
    std::vector<std::thread> threads;
    for (uint32_t worker = 0; worker < kThreads; worker++) {
      threads.emplace_back([&, worker] {
        for (uint32_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) fn(argument, i, worker);
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  return workers;
}

TEST(Threads, BattlesAreTheSame) {
  const testing::Force a = testing::bench_side(0), b = testing::bench_side(1);
  std::vector<BattleRequest> requests(40, testing::request_of(a, b));
  for (size_t i = 0; i < requests.size(); i++) requests[i].rules = i % 2, requests[i].steps_max = 60;
  Resolver one({}, 1), four({}, 4);
  ASSERT_TRUE(one.run(requests.data(), requests.size(), 5, 0, {}));
  ASSERT_TRUE(four.run(requests.data(), requests.size(), 5, 0, real_workers<4>()));
  for (size_t i = 0; i < requests.size(); i++) EXPECT_EQ(one.outcomes()[i].hash, four.outcomes()[i].hash);
}

TEST(Threads, FlightsAreTheSame) {
  std::vector<double> velocity, angle;
  for (int i = 0; i < 2000; i++) velocity.push_back(i % 7 == 0 ? -1 : 200 + i * 0.1), angle.push_back(0.3);
  BallisticsRequest request;
  request.velocity = {velocity.data(), velocity.size()}, request.angle = {angle.data(), angle.size()};
  request.drag = 2, request.ballistic_coefficient = 0.3, request.step = 0.1;
  BallisticsResult one, four;
  ASSERT_FALSE(calculate(request, {}, {}, one));
  ASSERT_FALSE(calculate(request, {}, real_workers<4>(), four));
  EXPECT_EQ(one.hash, four.hash);
  EXPECT_EQ(one.faults.size(), four.faults.size());
}

TEST(Threads, QueriesAreTheSame) {
  random::Stream dice(3, "combat/threads", 0);
  std::vector<uint64_t> id;
  std::vector<double> x, y, radius = {3};
  for (uint64_t i = 0; i < 3000; i++)
    id.push_back(i * 2), x.push_back(100 * dice.real()), y.push_back(100 * dice.real());
  SpatialIndex index;
  ASSERT_FALSE(index.build({{id.data(), id.size()}, {x.data(), x.size()}, {y.data(), y.size()}, {}, {}, 0}, {}));
  NearbyRequest request;
  request.x = {x.data(), x.size()}, request.y = {y.data(), y.size()}, request.radius = {radius.data(), 1};
  NearbyResult one, four;
  ASSERT_FALSE(index.query(request, {}, {}, one));
  ASSERT_FALSE(index.query(request, {}, real_workers<4>(), four));
  EXPECT_EQ(one.ids, four.ids);
  EXPECT_EQ(one.offsets, four.offsets);
  EXPECT_EQ(one.total, four.total);
}

TEST(Threads, PathsAreTheSame) {
  random::Stream dice(4, "combat/threads", 1);
  std::vector<uint8_t> cells(80 * 80, '.');
  for (auto& cell : cells) cell = dice.below(5) == 0 ? '@' : '.';
  Grid grid;
  ASSERT_FALSE(grid.assign(80, 80, {cells.data(), cells.size()}, {}));
  std::vector<uint32_t> start, end, source, target;
  std::vector<double> cost;
  for (int i = 0; i < 300; i++)
    start.push_back(static_cast<uint32_t>(dice.below(6400))), end.push_back(static_cast<uint32_t>(dice.below(6400)));
  PathRequest request;
  request.start = {start.data(), start.size()}, request.end = {end.data(), end.size()};
  std::vector<GridSearch> searches(4);
  PathResult one, four;
  ASSERT_FALSE(grid.find(request, {}, searches, one));
  ASSERT_FALSE(grid.find(request, real_workers<4>(), searches, four));
  ASSERT_EQ(one.faults.size(), four.faults.size());
  for (size_t i = 0; i < start.size(); i++) EXPECT_EQ(one.paths[i].nodes, four.paths[i].nodes);

  for (int i = 0; i < 400; i++) {
    source.push_back(static_cast<uint32_t>(dice.below(100))), target.push_back(static_cast<uint32_t>(dice.below(100)));
    cost.push_back(1 + dice.real());
  }
  for (auto* column : {&start, &end}) {
    for (uint32_t& node : *column) node %= 100;
  }
  Graph graph, other;
  GraphColumns columns;
  columns.nodes = 100;
  columns.source = {source.data(), source.size()}, columns.target = {target.data(), target.size()},
  columns.cost = {cost.data(), cost.size()};
  ASSERT_FALSE(graph.assign(columns, {}));
  ASSERT_FALSE(other.assign(columns, {}));
  std::vector<GraphSearch> graph_searches(4);
  ASSERT_FALSE(graph.find(request, {}, {}, graph_searches, one));
  ASSERT_FALSE(other.find(request, real_workers<4>(), {}, graph_searches, four));
  ASSERT_EQ(one.faults.size(), four.faults.size());
  for (size_t i = 0; i < start.size(); i++) EXPECT_EQ(one.paths[i].nodes, four.paths[i].nodes);
}

}  // namespace
}  // namespace busbar::combat
