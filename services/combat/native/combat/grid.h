// A grid of cells with 8 neighbours: straight steps cost 1, diagonal ones sqrt 2, and no corner is cut.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "open_list.h"
#include "paths.h"

namespace busbar::combat {

/// Cost as counts, hence exact. As a number it is s + d sqrt 2, computed from the counts: for maps of up to 2^22 cells
/// two different pairs lie at least 1 / (3 x 2^22) apart, far more than the rounding of that sum, so numbers order like
/// costs.
struct Steps {
  uint32_t straight = 0, diagonal = 0;
  double cost() const { return straight + diagonal * 1.4142135623730951; }
};

/// Memory of one search; belongs to a worker and serves any map.
struct GridSearch {
  std::vector<uint32_t> stamp, parent;  // stamp: 2 x round for seen, + 1 for closed
  std::vector<Steps> g;
  std::vector<uint8_t> avoid;
  OpenList open;
  uint32_t round = 0;
};

class Grid {
 public:
  /// @param cells row by row, one character each: '.' and 'G' can be entered
  Fault assign(uint32_t width, uint32_t height, const Column<uint8_t>& cells, const Limits& limits);
  /// All or nothing.
  Fault patch(const Column<uint32_t>& cells, const Column<uint8_t>& values);

  /// Paths of all items. @returns a fault of the request, core/cancelled, or nothing
  Fault find(const PathRequest& request, const Workers& workers, std::vector<GridSearch>& searches,
             PathResult& out) const;

  uint32_t width() const { return width_; }
  uint32_t height() const { return height_; }
  const std::vector<uint8_t>& cells() const { return cells_; }
  uint64_t hash() const;

 private:
  friend class JumpPoints;
  // Padded by a ring of blocked cells, so that no search looks outside.
  uint32_t padded(uint32_t cell) const { return (cell / width_ + 1) * stride_ + cell % width_ + 1; }
  uint32_t cell_of(uint32_t place) const { return (place / stride_ - 1) * width_ + place % stride_ - 1; }
  void set_cell(uint32_t cell, uint8_t value);
  bool blocked(uint32_t x, uint32_t y) const { return (rows_[size_t{y} * row_words_ + x / 64] >> (x % 64) & 1) != 0; }
  Steps estimate(uint32_t from, uint32_t to) const;
  Fault find_one(const PathRequest& request, uint32_t start, uint32_t end, GridSearch& search, Path& out) const;
  bool search_steps(uint32_t start, uint32_t end, bool estimated, GridSearch& search, Path& out) const;
  void begin(GridSearch& search) const;
  void trace(uint32_t start, uint32_t end, const GridSearch& search, Path& out) const;

  uint32_t width_ = 0, height_ = 0, stride_ = 2;
  uint32_t row_words_ = 1, column_words_ = 1;
  std::vector<uint8_t> cells_;
  std::vector<uint8_t> free_;             // padded, 1 = can be entered
  std::vector<uint64_t> rows_, columns_;  // padded, bit = blocked; the same map by rows and by columns
};

}  // namespace busbar::combat
