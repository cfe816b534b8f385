// Compiled with AVX2 and called only where the processor has it. Multiplications and additions stay apart (no FMA), so
// that results are those of every other processor.
#if defined(__x86_64__)

#include <immintrin.h>

#include <array>

#include "near_loops.h"

namespace busbar::combat {
namespace {

/// For each mask, the bytes of the chosen lanes, moved to the front.
constexpr auto kToFront = [] {
  std::array<std::array<uint8_t, 16>, 16> table{};
  for (uint32_t mask = 0; mask < 16; mask++) {
    uint32_t to = 0;
    for (uint32_t lane = 0; lane < 4; lane++) {
      for (uint32_t i = 0; (mask >> lane & 1) != 0 && i < 4; i++)
        table[mask][to++] = static_cast<uint8_t>(lane * 4 + i);
    }
  }
  return table;
}();

struct Avx2Lanes {
  static void test(const PlaceBlock& block, const RoundedCircle& circle,
                   uint32_t& perhaps, uint32_t& surely) {
    const __m128 dx = _mm_sub_ps(_mm_load_ps(block.x), _mm_set1_ps(circle.x));
    const __m128 dy = _mm_sub_ps(_mm_load_ps(block.y), _mm_set1_ps(circle.y));
    const __m128 square = _mm_add_ps(_mm_mul_ps(dx, dx), _mm_mul_ps(dy, dy));
    perhaps = static_cast<uint32_t>(_mm_movemask_ps(_mm_cmple_ps(square, _mm_set1_ps(circle.perhaps))));
    surely = static_cast<uint32_t>(_mm_movemask_ps(_mm_cmple_ps(square, _mm_set1_ps(circle.surely))));
  }
  static uint32_t keep(const PlaceBlock& block, uint32_t mask, uint32_t* to) {
    const __m128i ranks = _mm_load_si128(reinterpret_cast<const __m128i*>(block.rank));
    const __m128i front = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kToFront[mask].data()));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(ranks, front));
    return static_cast<uint32_t>(_mm_popcnt_u32(mask));
  }
};

uint32_t collect(const PlaceBlock* blocks, const PlaceRow* rows, uint32_t count, const RoundedCircle& circle,
                 const GroupMasks& masks, uint32_t* ranks, bool& doubtful) {
  return collect_any<Avx2Lanes>(blocks, rows, count, circle, masks, ranks, doubtful);
}
void place_of_each(uint32_t* ranks, uint32_t count, uint32_t* places) { count_any(ranks, count, places); }

using Doubles [[gnu::vector_size(32)]] = double;
uint32_t nearest(const double* x, const double* y, uint32_t from, uint32_t to, double here_x, double here_y,
                 double& square) {
  return nearest_any<Doubles>(x, y, from, to, here_x, here_y, square,
                              [](Doubles a, Doubles b) -> Doubles { return _mm256_min_pd(a, b); });
}

}  // namespace

const NearLoops& avx2_near_loops() {
  static constexpr NearLoops kLoops{collect, place_of_each, nearest};
  return kLoops;
}

}  // namespace busbar::combat

#endif
