#include "jump_points.h"

#include <bit>
#include <cstdlib>

namespace busbar::combat {
namespace {

/// Scans one line of bits. `line`, `before` and `after` are it and its neighbours; bits are blocked cells. A cell stops
/// a jump when it is blocked, or when beside it a cell is free whose predecessor is blocked (a forced neighbour).
/// @returns steps to the jump point, 0 for a dead end; `goal` is the place of the goal on this line, or UINT32_MAX
uint32_t scan_forward(const uint64_t* line, const uint64_t* before, const uint64_t* after, uint32_t at, uint32_t goal) {
  uint32_t word = (at + 1) / 64;
  uint64_t mask = ~uint64_t{0} << ((at + 1) % 64);
  for (;; word++, mask = ~uint64_t{0}) {
    const auto forced = [word](const uint64_t* side) {
      const uint64_t carried = word == 0 ? 0 : side[word - 1] >> 63;
      return (side[word] << 1 | carried) & ~side[word];
    };
    const uint64_t stops = (line[word] | forced(before) | forced(after)) & mask;
    if (stops == 0) continue;  // the ring of blocked cells ends every line
    const uint32_t stop = word * 64 + static_cast<uint32_t>(std::countr_zero(stops));
    if (goal > at && goal <= stop) return goal - at;
    return (line[word] >> (stop % 64) & 1) != 0 ? 0 : stop - at;
  }
}

uint32_t scan_backward(const uint64_t* line, const uint64_t* before, const uint64_t* after, uint32_t words, uint32_t at,
                       uint32_t goal) {
  uint32_t word = (at - 1) / 64;
  uint64_t mask = ~uint64_t{0} >> (63 - (at - 1) % 64);
  for (;; word--, mask = ~uint64_t{0}) {
    const auto forced = [word, words](const uint64_t* side) {
      const uint64_t carried = word + 1 == words ? 0 : side[word + 1] << 63;
      return (side[word] >> 1 | carried) & ~side[word];
    };
    const uint64_t stops = (line[word] | forced(before) | forced(after)) & mask;
    if (stops == 0) continue;
    const uint32_t stop = word * 64 + 63 - static_cast<uint32_t>(std::countl_zero(stops));
    if (goal < at && goal >= stop) return at - goal;
    return (line[word] >> (stop % 64) & 1) != 0 ? 0 : at - stop;
  }
}

int sign(int value) { return (value > 0) - (value < 0); }

}  // namespace

uint32_t JumpPoints::along_row(uint32_t x, uint32_t y, bool forward) const {
  const uint32_t words = grid_.row_words_, goal = y == end_y_ ? end_x_ : UINT32_MAX;
  const uint64_t* const line = grid_.rows_.data() + size_t{y} * words;
  // Backwards no goal is one that is not below `at`.
  return forward ? scan_forward(line, line - words, line + words, x, goal)
                 : scan_backward(line, line - words, line + words, words, x, goal);
}

uint32_t JumpPoints::along_column(uint32_t x, uint32_t y, bool forward) const {
  const uint32_t words = grid_.column_words_, goal = x == end_x_ ? end_y_ : UINT32_MAX;
  const uint64_t* const line = grid_.columns_.data() + size_t{x} * words;
  return forward ? scan_forward(line, line - words, line + words, y, goal)
                 : scan_backward(line, line - words, line + words, words, y, goal);
}

uint32_t JumpPoints::along_diagonal(uint32_t x, uint32_t y, int dx, int dy) const {
  for (uint32_t steps = 1;; steps++) {
    const uint32_t to_x = x + static_cast<uint32_t>(dx), to_y = y + static_cast<uint32_t>(dy);
    if (grid_.blocked(to_x, y) || grid_.blocked(x, to_y) || grid_.blocked(to_x, to_y)) return 0;
    x = to_x, y = to_y;
    if (x == end_x_ && y == end_y_) return steps;
    if (along_row(x, y, dx > 0) != 0 || along_column(x, y, dy > 0) != 0) return steps;
  }
}

void JumpPoints::jump(uint32_t from, int dx, int dy, GridSearch& search) const {
  const uint32_t stride = grid_.stride_, x = from % stride, y = from / stride;
  const bool diagonal = dx != 0 && dy != 0;
  const uint32_t steps = diagonal  ? along_diagonal(x, y, dx, dy)
                         : dx != 0 ? along_row(x, y, dx > 0)
                                   : along_column(x, y, dy > 0);
  if (steps == 0) return;
  const uint32_t to = from + steps * static_cast<uint32_t>(dx + dy * static_cast<int>(stride));
  Steps g = search.g[from];
  (diagonal ? g.diagonal : g.straight) += steps;
  const double cost = g.cost();
  if (search.stamp[to] >= search.round * 2 && (search.stamp[to] == search.round * 2 + 1 || search.g[to].cost() <= cost))
    return;
  search.stamp[to] = search.round * 2;
  search.g[to] = g, search.parent[to] = from;
  const Steps rest = grid_.estimate(to, end_y_ * stride + end_x_);
  search.open.push({Steps{g.straight + rest.straight, g.diagonal + rest.diagonal}.cost(), cost, to});
}

bool JumpPoints::run(uint32_t start, uint32_t end, GridSearch& search, uint32_t& expanded) {
  const uint32_t stride = grid_.stride_;
  search.stamp[start] = search.round * 2;
  search.g[start] = {}, search.parent[start] = start;
  search.open.push({0, 0, start});
  while (!search.open.empty()) {
    const uint32_t at = search.open.pop().place;
    if (search.stamp[at] == search.round * 2 + 1) continue;
    search.stamp[at] = search.round * 2 + 1;
    expanded += 1;
    if (at == end) return true;
    const uint32_t from = search.parent[at];
    if (from == at) {
      for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
          if (dx != 0 || dy != 0) jump(at, dx, dy, search);
        }
      }
      continue;
    }
    const uint32_t x = at % stride, y = at / stride;
    const int dx = sign(static_cast<int>(x) - static_cast<int>(from % stride)),
              dy = sign(static_cast<int>(y) - static_cast<int>(from / stride));
    jump(at, dx, dy, search);
    if (dx != 0 && dy != 0) {
      jump(at, dx, 0, search), jump(at, 0, dy, search);
      continue;
    }
    // Straight: a side is worth going to only where an obstacle behind kept the way from going there diagonally.
    for (const int side : {-1, 1}) {
      const int side_x = dx == 0 ? side : 0, side_y = dy == 0 ? side : 0;
      const uint32_t beside_x = x + static_cast<uint32_t>(side_x), beside_y = y + static_cast<uint32_t>(side_y);
      if (grid_.blocked(beside_x, beside_y)) continue;
      if (!grid_.blocked(beside_x - static_cast<uint32_t>(dx), beside_y - static_cast<uint32_t>(dy))) continue;
      jump(at, side_x, side_y, search);
      jump(at, dx + side_x, dy + side_y, search);
    }
  }
  return false;
}

}  // namespace busbar::combat
