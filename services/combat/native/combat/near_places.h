// The inner loops of searches for places: which ones lie in a circle and how their ranks are ordered, and which one is
// the nearest.
#pragma once

#include <cstdint>

namespace busbar::combat {

/// Four places, one cache line. Coordinates are rounded, counted from the corner of the index; what they cannot decide
/// is decided by the exact ones.
struct alignas(64) PlaceBlock {
  float x[4], y[4];
  uint32_t rank[4];
  uint8_t faction[4], kind[4];
  uint8_t unused[8];
};

/// A circle in rounded numbers: squares up to `surely` lie in it, squares above `perhaps` do not.
struct RoundedCircle {
  float x, y, surely, perhaps;
};

struct GroupMasks {
  uint64_t factions = ~uint64_t{0}, kinds = ~uint64_t{0};
  bool all() const { return factions == ~uint64_t{0} && kinds == ~uint64_t{0}; }
};

/// Places that follow each other in memory: [from, to), not empty.
struct PlaceRow {
  uint32_t from, to;
};

/// Room behind the ranks that `collect` may scribble on.
constexpr uint32_t kRankSlack = 4;
/// At most so many ranks can be put in order by `place_of_each`.
constexpr uint32_t kFewMax = 64;
/// `nearest` looks at so many places at a time.
constexpr uint32_t kNearestLanes = 4;

struct NearLoops {
  /// Writes the ranks of all that are perhaps in the circle. @returns how many
  /// @param doubtful is set when one of them is not surely in it
  uint32_t (*collect)(const PlaceBlock* blocks, const PlaceRow* rows, uint32_t count, const RoundedCircle& circle,
                      const GroupMasks& masks, uint32_t* ranks, bool& doubtful);
  /// For up to kFewMax different ranks below 2^31, in memory for kFewMax: how many are smaller than each.
  void (*place_of_each)(uint32_t* ranks, uint32_t count, uint32_t* places);
  /// The first of those at the smallest distance, and its square. [from, to) is a multiple of kNearestLanes, not empty.
  /// Places that are not meant have an infinite x.
  uint32_t (*nearest)(const double* x, const double* y, uint32_t from, uint32_t to, double here_x, double here_y,
                      double& square);
};

/// The fastest ones that this processor has. All give the same results: they compare and count.
const NearLoops& near_loops();
/// The ones that every processor has, for tests.
const NearLoops& plain_near_loops();
#if defined(__x86_64__)
/// Only for processors that have AVX2 and POPCNT.
const NearLoops& avx2_near_loops();
#endif

}  // namespace busbar::combat
