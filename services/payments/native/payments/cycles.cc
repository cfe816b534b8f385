#include "cycles.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "counting.h"

namespace busbar::payments {
namespace {

constexpr uint32_t kNobody = 0xFFFFFFFFu;

/// Edges by where they begin (or end), sorted by the other vertex.
struct Neighbours {
  std::vector<uint32_t> starts;
  std::vector<uint32_t> vertices;
  std::vector<uint32_t> edges;

  Neighbours(const std::vector<GraphEdge>& all, const std::vector<uint32_t>& chosen, uint32_t count, bool outgoing) {
    const auto size = static_cast<uint32_t>(chosen.size());
    const auto from = [&](uint32_t edge) { return all[edge].from; };
    const auto to = [&](uint32_t edge) { return all[edge].to; };
    std::vector<uint32_t> by_other;
    if (outgoing) {
      sort_by_count(size, count, starts, by_other, [&](uint32_t i) { return chosen[i]; }, to);
      sort_by_count(size, count, starts, edges, [&](uint32_t i) { return by_other[i]; }, from);
    } else {
      sort_by_count(size, count, starts, by_other, [&](uint32_t i) { return chosen[i]; }, from);
      sort_by_count(size, count, starts, edges, [&](uint32_t i) { return by_other[i]; }, to);
    }
    vertices.reserve(size);
    for (const uint32_t edge : edges) vertices.push_back(outgoing ? all[edge].to : all[edge].from);
  }

  /// Place of the first neighbour above `vertex`.
  uint32_t first_above(uint32_t home, uint32_t vertex) const {
    return static_cast<uint32_t>(
        std::upper_bound(vertices.begin() + starts[home], vertices.begin() + starts[home + 1], vertex) -
        vertices.begin());
  }
};

std::vector<uint32_t> numbers_below(size_t count) {
  std::vector<uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

std::vector<uint32_t> components_of(const Neighbours& out, uint32_t vertices);

class Search {
 public:
  Search(const std::vector<GraphEdge>& edges, uint32_t vertices, uint32_t length_max, uint64_t budget,
         FoundCycles& found)
      : edges_(edges), vertices_(vertices), length_max_(length_max), budget_(budget), found_(found) {}

  void run() {
    std::vector<uint32_t> inside = numbers_below(edges_.size());
    Neighbours out(edges_, inside, vertices_, true);
    const std::vector<uint32_t> component = components_of(out, vertices_);
    const size_t left_out = std::erase_if(
        inside, [&](uint32_t edge) { return component[edges_[edge].from] != component[edges_[edge].to]; });
    if (left_out > 0) out = Neighbours(edges_, inside, vertices_, true);
    const Neighbours in(edges_, inside, vertices_, false);
    triangles(out, in);
    if (length_max_ > 3) longer(out, in);
  }

 private:
  /// @returns false once the budget is spent
  bool visit() {
    if (found_.visits == budget_) {
      found_.exhausted = true;
      return false;
    }
    found_.visits += 1;
    return true;
  }

  /// a -> b -> c -> a with a the smallest; b and c in either order, which gives both orientations. The vertices that b
  /// leads to and that lead to a are found 64 at a time; every edge a -> b and every triangle is a visit.
  void triangles(const Neighbours& out, const Neighbours& in) {
    /// 64 vertices that one vertex may lead to.
    struct Leads {
      uint64_t bits = 0;
      uint32_t first = 0;  // place of the first of them among the neighbours
    };
    const size_t words = (vertices_ + 63) / 64;
    std::vector<Leads> leads(words * vertices_);
    for (uint32_t b = 0; b < vertices_; ++b) {
      for (uint32_t i = out.starts[b + 1]; i-- > out.starts[b];) {
        Leads& word = leads[b * words + out.vertices[i] / 64];
        word.bits |= uint64_t{1} << out.vertices[i] % 64;
        word.first = i;
      }
    }
    std::vector<uint64_t> closes(words);
    std::vector<uint32_t> closing(vertices_);  // edge from a vertex to a
    for (uint32_t a = 0; a < vertices_; ++a) {
      std::fill(closes.begin(), closes.end(), 0);
      for (uint32_t i = in.first_above(a, a); i < in.starts[a + 1]; ++i) {
        closes[in.vertices[i] / 64] |= uint64_t{1} << in.vertices[i] % 64;
        closing[in.vertices[i]] = in.edges[i];
      }
      for (uint32_t i = out.first_above(a, a); i < out.starts[a + 1]; ++i) {
        if (!visit()) return;
        const Leads* const from_b = &leads[out.vertices[i] * words];
        for (size_t word = a / 64; word < words; ++word) {
          for (uint64_t both = from_b[word].bits & closes[word]; both != 0; both &= both - 1) {
            if (!visit()) return;
            const uint64_t below = (both & -both) - 1;
            const uint32_t to_c = out.edges[from_b[word].first + std::popcount(from_b[word].bits & below)];
            const uint32_t c = static_cast<uint32_t>(word * 64) + std::popcount(below);
            found_.edges.insert(found_.edges.end(), {out.edges[i], to_c, closing[c]});
            found_.ends.push_back(static_cast<uint32_t>(found_.edges.size()));
          }
        }
      }
    }
  }

  void longer(const Neighbours& out, const Neighbours& in) {
    on_path_.assign(vertices_, 0);
    distance_.assign(vertices_, kNobody);
    for (uint32_t start = 0; start < vertices_ && !found_.exhausted; ++start) {
      if (in.first_above(start, start) == in.starts[start + 1]) continue;
      if (out.first_above(start, start) == out.starts[start + 1]) continue;
      measure(in, start);
      start_ = start;
      extend(out, start, 0);
      for (const uint32_t vertex : reached_) distance_[vertex] = kNobody;
    }
  }

  /// Edges from each vertex back to the start over larger vertices: a path is worth following only while it can close.
  void measure(const Neighbours& in, uint32_t start) {
    reached_.assign(1, start);
    distance_[start] = 0;
    for (size_t next = 0; next < reached_.size(); ++next) {
      const uint32_t vertex = reached_[next];
      if (distance_[vertex] + 1 >= length_max_) break;
      for (uint32_t i = in.first_above(vertex, start); i < in.starts[vertex + 1]; ++i) {
        if (!visit()) return;
        if (distance_[in.vertices[i]] != kNobody) continue;
        distance_[in.vertices[i]] = distance_[vertex] + 1;
        reached_.push_back(in.vertices[i]);
      }
    }
  }

  /// `depth` edges are on the path so far; at most length_max levels.
  void extend(const Neighbours& out, uint32_t vertex, uint32_t depth) {
    on_path_[vertex] = 1;
    uint32_t i = out.first_above(vertex, start_);
    // Back to the start: the neighbour right before those above it.
    if (depth >= 3 && i > out.starts[vertex] && out.vertices[i - 1] == start_) {
      found_.edges.insert(found_.edges.end(), path_, path_ + depth);
      found_.edges.push_back(out.edges[i - 1]);
      found_.ends.push_back(static_cast<uint32_t>(found_.edges.size()));
    }
    for (; i < out.starts[vertex + 1] && !found_.exhausted; ++i) {
      const uint32_t next = out.vertices[i];
      if (!visit()) break;
      if (on_path_[next] != 0 || distance_[next] == kNobody || depth + 1 + distance_[next] > length_max_) continue;
      path_[depth] = out.edges[i];
      extend(out, next, depth + 1);
    }
    on_path_[vertex] = 0;
  }

  const std::vector<GraphEdge>& edges_;
  const uint32_t vertices_;
  const uint32_t length_max_;
  const uint64_t budget_;
  FoundCycles& found_;
  std::vector<uint8_t> on_path_;
  std::vector<uint32_t> distance_;
  std::vector<uint32_t> reached_;
  uint32_t path_[16] = {};
  uint32_t start_ = 0;
};

}  // namespace

namespace {

std::vector<uint32_t> components_of(const Neighbours& out, uint32_t vertices) {
  std::vector<uint32_t> order(vertices, kNobody), low(vertices, 0), component(vertices, kNobody), stack, path, next;
  std::vector<uint8_t> stacked(vertices, 0);
  next.assign(out.starts.begin(), out.starts.end() - 1);
  uint32_t count = 0, components = 0;
  const auto enter = [&](uint32_t vertex) {
    order[vertex] = low[vertex] = count++;
    stack.push_back(vertex);
    stacked[vertex] = 1;
    path.push_back(vertex);
  };
  for (uint32_t root = 0; root < vertices; ++root) {
    if (order[root] != kNobody) continue;
    enter(root);
    while (!path.empty()) {
      const uint32_t vertex = path.back();
      if (next[vertex] < out.starts[vertex + 1]) {
        const uint32_t to = out.vertices[next[vertex]++];
        if (order[to] == kNobody) {
          enter(to);
        } else if (stacked[to] != 0) {
          low[vertex] = std::min(low[vertex], order[to]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[vertex]);
      if (low[vertex] != order[vertex]) continue;
      uint32_t member = kNobody;
      while (member != vertex) {
        member = stack.back();
        stack.pop_back();
        stacked[member] = 0;
        component[member] = components;
      }
      components += 1;
    }
  }
  return component;
}

}  // namespace

std::vector<uint32_t> strong_components(const std::vector<GraphEdge>& edges, uint32_t vertices) {
  return components_of(Neighbours(edges, numbers_below(edges.size()), vertices, true), vertices);
}

void find_cycles(const std::vector<GraphEdge>& edges, uint32_t vertices, uint32_t length_max, uint64_t budget,
                 FoundCycles& found) {
  found.edges.clear();
  found.ends.clear();
  found.visits = 0;
  found.exhausted = false;
  // Memory that is not touched costs nothing, memory that is moved does.
  const auto likely = static_cast<size_t>(std::min<uint64_t>(budget, 65'536));
  found.edges.reserve(3 * likely);
  found.ends.reserve(likely);
  Search(edges, vertices, length_max, budget, found).run();
}

}  // namespace busbar::payments
