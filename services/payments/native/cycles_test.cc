// The cycle finder against brute force, components against reachability.
#include "payments/cycles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/random/random.h"

namespace busbar::payments {
namespace {

using Cycle = std::vector<uint32_t>;

std::vector<GraphEdge> random_graph(random::Stream& dice, uint32_t vertices, uint64_t percent) {
  std::vector<GraphEdge> edges;
  for (uint32_t a = 0; a < vertices; ++a) {
    for (uint32_t b = 0; b < vertices; ++b) {
      if (a != b && dice.below(100) < percent) edges.push_back({a, b});
    }
  }
  for (size_t i = edges.size(); i > 1; --i) std::swap(edges[i - 1], edges[dice.below(i)]);
  return edges;
}

/// All simple cycles of 3..length_max vertices that begin at their smallest one: by trying every path.
void brute_force(const std::vector<std::vector<bool>>& has, uint32_t length_max, Cycle& path, std::set<Cycle>& found) {
  const auto vertices = static_cast<uint32_t>(has.size());
  if (path.size() >= 3 && has[path.back()][path.front()]) found.insert(path);
  if (path.size() == length_max) return;
  for (uint32_t next = path.front() + 1; next < vertices; ++next) {
    if (!has[path.back()][next] || std::find(path.begin(), path.end(), next) != path.end()) continue;
    path.push_back(next);
    brute_force(has, length_max, path, found);
    path.pop_back();
  }
}

std::set<Cycle> all_cycles(const std::vector<GraphEdge>& edges, uint32_t vertices, uint32_t length_max) {
  std::vector<std::vector<bool>> has(vertices, std::vector<bool>(vertices, false));
  for (const GraphEdge& edge : edges) has[edge.from][edge.to] = true;
  std::set<Cycle> found;
  for (uint32_t start = 0; start < vertices; ++start) {
    Cycle path{start};
    brute_force(has, length_max, path, found);
  }
  return found;
}

/// The vertices along a found cycle; checks that its edges do follow each other.
Cycle vertices_of(const std::vector<GraphEdge>& edges, const FoundCycles& found, size_t i) {
  Cycle cycle;
  const uint32_t length = found.length_of(i);
  for (uint32_t k = 0; k < length; ++k) {
    const GraphEdge& edge = edges[found.begin_of(i)[k]];
    EXPECT_EQ(edge.to, edges[found.begin_of(i)[(k + 1) % length]].from);
    cycle.push_back(edge.from);
  }
  return cycle;
}

TEST(Cycles, AreAllFoundOnceInBothOrientations) {
  uint64_t seen = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "cycles", 0);
    const auto vertices = static_cast<uint32_t>(3 + dice.below(6));
    const auto length_max = static_cast<uint32_t>(3 + dice.below(6));
    const auto edges = random_graph(dice, vertices, 20 + dice.below(80));
    FoundCycles found;
    find_cycles(edges, vertices, length_max, 100'000'000, found);
    EXPECT_FALSE(found.exhausted);
    std::set<Cycle> cycles;
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(cycles.insert(vertices_of(edges, found, i)).second) << "a cycle is there twice";
    }
    ASSERT_EQ(cycles, all_cycles(edges, vertices, length_max));
    seen += cycles.size();
  }
  EXPECT_GT(seen, 10'000u);
}

TEST(Cycles, AreAsManyAsACompleteGraphHas) {
  std::vector<GraphEdge> edges;
  for (uint32_t a = 0; a < 8; ++a) {
    for (uint32_t b = 0; b < 8; ++b) {
      if (a != b) edges.push_back({a, b});
    }
  }
  // Choose k of 8, times (k - 1)! orders: 112 triangles, 420 of four, 1344, 3360, 5760, 5040.
  static constexpr uint32_t kSums[] = {112, 532, 1876, 5236, 10996, 16036};
  for (uint32_t length = 3; length <= 8; ++length) {
    FoundCycles found;
    find_cycles(edges, 8, length, 100'000'000, found);
    EXPECT_EQ(found.size(), kSums[length - 3]);
  }
}

TEST(Cycles, ASpentBudgetIsReportedAndGivesAPrefix) {
  random::Stream dice(9, "budget", 0);
  const auto edges = random_graph(dice, 40, 40);
  FoundCycles whole;
  find_cycles(edges, 40, 4, 100'000'000, whole);
  ASSERT_FALSE(whole.exhausted);
  for (const uint64_t budget : {uint64_t{1}, uint64_t{100}, uint64_t{5'000}, whole.visits - 1, whole.visits}) {
    FoundCycles found;
    find_cycles(edges, 40, 4, budget, found);
    EXPECT_EQ(found.exhausted, budget < whole.visits);
    EXPECT_LE(found.visits, budget);
    ASSERT_LE(found.edges.size(), whole.edges.size());
    EXPECT_TRUE(std::equal(found.edges.begin(), found.edges.end(), whole.edges.begin()));
  }
}

TEST(Components, AreThoseThatReachEachOther) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    random::Stream dice(seed, "components", 0);
    const auto vertices = static_cast<uint32_t>(1 + dice.below(30));
    const auto edges = random_graph(dice, vertices, dice.below(12));
    std::vector<std::vector<bool>> reach(vertices, std::vector<bool>(vertices, false));
    for (uint32_t i = 0; i < vertices; ++i) reach[i][i] = true;
    for (const GraphEdge& edge : edges) reach[edge.from][edge.to] = true;
    for (uint32_t k = 0; k < vertices; ++k) {
      for (uint32_t i = 0; i < vertices; ++i) {
        for (uint32_t j = 0; j < vertices; ++j) reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
      }
    }
    const auto component = strong_components(edges, vertices);
    for (uint32_t i = 0; i < vertices; ++i) {
      for (uint32_t j = 0; j < vertices; ++j) {
        ASSERT_EQ(component[i] == component[j], reach[i][j] && reach[j][i]) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace busbar::payments
