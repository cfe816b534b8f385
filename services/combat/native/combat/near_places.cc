#include "near_places.h"

#include "near_loops.h"

namespace busbar::combat {
namespace {

struct PlainLanes {
  static uint32_t upto(const float (&squares)[4], float limit) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 4; i++) mask |= static_cast<uint32_t>(squares[i] <= limit) << i;
    return mask;
  }
  static void test(const PlaceBlock& block, const RoundedCircle& circle, uint32_t& perhaps, uint32_t& surely) {
    float squares[4];
    for (uint32_t i = 0; i < 4; i++) {
      const float dx = block.x[i] - circle.x, dy = block.y[i] - circle.y;
      squares[i] = dx * dx + dy * dy;
    }
    perhaps = upto(squares, circle.perhaps), surely = upto(squares, circle.surely);
  }
  /// Writes the chosen ranks side by side: written always, kept when it counts.
  static uint32_t keep(const PlaceBlock& block, uint32_t mask, uint32_t* to) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < 4; i++) {
      to[count] = block.rank[i];
      count += mask >> i & 1;
    }
    return count;
  }
};

uint32_t collect(const PlaceBlock* blocks, const PlaceRow* rows, uint32_t count, const RoundedCircle& circle,
                 const GroupMasks& masks, uint32_t* ranks, bool& doubtful) {
  return collect_any<PlainLanes>(blocks, rows, count, circle, masks, ranks, doubtful);
}
void place_of_each(uint32_t* ranks, uint32_t count, uint32_t* places) { count_any(ranks, count, places); }

using Doubles [[gnu::vector_size(16)]] = double;
uint32_t nearest(const double* x, const double* y, uint32_t from, uint32_t to, double here_x, double here_y,
                 double& square) {
  return nearest_any<Doubles>(x, y, from, to, here_x, here_y, square,
                              [](Doubles a, Doubles b) { return a < b ? a : b; });
}

constexpr NearLoops kPlain{collect, place_of_each, nearest};

}  // namespace

const NearLoops& plain_near_loops() { return kPlain; }

const NearLoops& near_loops() {
#if defined(__x86_64__)
  static const NearLoops& best =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? avx2_near_loops() : kPlain;
  return best;
#else
  return kPlain;
#endif
}

}  // namespace busbar::combat
