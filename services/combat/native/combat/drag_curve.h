// Drag coefficients by Mach number.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace busbar::combat {

/// A monotone cubic (Fritsch and Butland 1984) through a table, cut into equal cells so that finding one costs no
/// search.
class DragCurve {
 public:
  /// The standard projectiles G1 and G7 (public tables of the Ballistic Research Laboratory), Mach 0 to 5.
  static const DragCurve& g1();
  static const DragCurve& g7();
  /// The same coefficient at every speed.
  static DragCurve constant(double coefficient);

  /// @param mach at least 0; beyond the table its last value holds
  double operator()(double mach) const {
    const double at = std::min(mach, kMachMax) * kCellsPerMach;
    const Cell& cell = cells_[static_cast<uint32_t>(at)];
    const double t = at - static_cast<double>(static_cast<uint32_t>(at));
    return cell.a + t * (cell.b + t * (cell.c + t * cell.d));
  }

  static constexpr double kMachMax = 5;

 private:
  static constexpr double kCellsPerMach = 40;  // every table point is a multiple of 1/40
  struct Cell {
    double a, b, c, d;
  };
  DragCurve() = default;
  DragCurve(const double (*points)[2], size_t count);
  std::array<Cell, 201> cells_{};
};

}  // namespace busbar::combat
