// Finds the simple cycles of a directed graph: strongly connected components (Tarjan 1972), triangles in both
// orientations, longer ones by enumeration from their smallest vertex (Johnson 1975) up to a length and a budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace busbar::payments {

struct GraphEdge {
  uint32_t from = 0;
  uint32_t to = 0;
};

/// Numbers of edges, one cycle behind the other.
struct FoundCycles {
  std::vector<uint32_t> edges;
  std::vector<uint32_t> ends;  // of each cycle in `edges`
  uint64_t visits = 0;
  /// The budget ended the search; there may be more cycles.
  bool exhausted = false;

  size_t size() const { return ends.size(); }
  const uint32_t* begin_of(size_t i) const { return edges.data() + (i == 0 ? 0 : ends[i - 1]); }
  uint32_t length_of(size_t i) const { return ends[i] - (i == 0 ? 0 : ends[i - 1]); }
};

/// Component of each vertex; vertices of equal numbers reach each other. Vertices are 0..vertices-1.
std::vector<uint32_t> strong_components(const std::vector<GraphEdge>& edges, uint32_t vertices);

/// All simple cycles of 3..length_max edges, triangles first, each once, beginning at its smallest vertex; cycles of
/// two are left out. Every edge that the search looks at counts as a visit; it ends when `budget` is spent.
/// @param edges no two from the same vertex to the same
void find_cycles(const std::vector<GraphEdge>& edges, uint32_t vertices, uint32_t length_max, uint64_t budget,
                 FoundCycles& found);

}  // namespace busbar::payments
