// Jump point search without corner cutting, scanning 64 cells at a time (Harabor and Grastien 2011, 2014).
#pragma once

#include "grid.h"

namespace busbar::combat {

class JumpPoints {
 public:
  JumpPoints(const Grid& grid, uint32_t end_x, uint32_t end_y) : grid_(grid), end_x_(end_x), end_y_(end_y) {}

  /// Padded coordinates throughout. @returns whether `end` was reached; parents and costs are then in `search`
  bool run(uint32_t start, uint32_t end, GridSearch& search, uint32_t& expanded);

 private:
  /// Distance to the next jump point in a straight line, 0 when there is none.
  uint32_t along_row(uint32_t x, uint32_t y, bool forward) const;
  uint32_t along_column(uint32_t x, uint32_t y, bool forward) const;
  uint32_t along_diagonal(uint32_t x, uint32_t y, int dx, int dy) const;
  void jump(uint32_t from, int dx, int dy, GridSearch& search) const;

  const Grid& grid_;
  uint32_t end_x_, end_y_;
};

}  // namespace busbar::combat
