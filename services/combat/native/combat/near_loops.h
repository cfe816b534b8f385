// Bodies of the loops of near_places.h, compiled once for every processor and once with wider instructions. `Lanes` has
// what no portable code says as fast.
#pragma once

#include <algorithm>
#include <climits>
#include <cstring>
#include <limits>

#include "near_places.h"

namespace busbar::combat {
// Each including file gets functions of its own: the linker must not take one file's for the other's.
namespace {

inline uint32_t members(const PlaceBlock& block, const GroupMasks& masks) {
  uint32_t mask = 0;
  for (uint32_t i = 0; i < 4; i++) {
    const uint64_t in = masks.factions >> (block.faction[i] & 63) & masks.kinds >> (block.kind[i] & 63) & 1;
    mask |= static_cast<uint32_t>(in) << i;
  }
  return mask;
}

template <class Lanes, bool kAll>
[[gnu::always_inline]] inline uint32_t collect_rows(const PlaceBlock* blocks, const PlaceRow* rows, uint32_t row_count,
                                                    const RoundedCircle& circle, const GroupMasks& masks,
                                                    uint32_t* ranks, bool& doubtful) {
  uint32_t count = 0, doubt = 0;
  const auto step = [&](const PlaceBlock& block, uint32_t mask) __attribute__((always_inline)) {
    uint32_t perhaps, surely;
    Lanes::test(block, circle, perhaps, surely);
    if constexpr (!kAll) mask &= members(block, masks);
    doubt |= (perhaps ^ surely) & mask;
    count += Lanes::keep(block, perhaps & mask, ranks + count);
  };
  for (const PlaceRow *row = rows, *end = rows + row_count; row < end; row++) {
    const PlaceBlock* block = blocks + row->from / 4;
    const PlaceBlock* const last = blocks + (row->to - 1) / 4;
    uint32_t mask = 15u << row->from % 4;
    for (; block < last; block++) {
      step(*block, mask);
      mask = 15;
    }
    step(*last, mask & 15u >> (3 - (row->to - 1) % 4));
  }
  doubtful = doubt != 0;
  return count;
}

template <class Lanes>
[[gnu::always_inline]] inline uint32_t collect_any(const PlaceBlock* blocks, const PlaceRow* rows, uint32_t row_count,
                                                   const RoundedCircle& circle, const GroupMasks& masks,
                                                   uint32_t* ranks, bool& doubtful) {
  return masks.all() ? collect_rows<Lanes, true>(blocks, rows, row_count, circle, masks, ranks, doubtful)
                     : collect_rows<Lanes, false>(blocks, rows, row_count, circle, masks, ranks, doubtful);
}

using Eight [[gnu::vector_size(32), gnu::may_alias]] = int32_t;

/// How many of all are smaller, for each of kEights times eight. Accumulators have names, not numbers: the compiler
/// keeps an array of them in memory, which takes three times as long.
template <uint32_t kEights>
[[gnu::always_inline]] inline void count_smaller(const uint32_t* of, const uint32_t* all, uint32_t count,
                                                 uint32_t* places) {
  static_assert(kEights >= 1 && kEights <= 4);
  Eight values0, values1 = {}, values2 = {}, values3 = {};
  std::memcpy(&values0, of, sizeof values0);
  if constexpr (kEights > 1) std::memcpy(&values1, of + 8, sizeof values1);
  if constexpr (kEights > 2) std::memcpy(&values2, of + 16, sizeof values2);
  if constexpr (kEights > 3) std::memcpy(&values3, of + 24, sizeof values3);
  Eight smaller0 = {}, smaller1 = {}, smaller2 = {}, smaller3 = {};
  for (uint32_t j = 0; j < count; j++) {
    const int32_t value = static_cast<int32_t>(all[j]);
    const Eight each = {value, value, value, value, value, value, value, value};
    smaller0 -= each < values0;
    if constexpr (kEights > 1) smaller1 -= each < values1;
    if constexpr (kEights > 2) smaller2 -= each < values2;
    if constexpr (kEights > 3) smaller3 -= each < values3;
  }
  std::memcpy(places, &smaller0, sizeof smaller0);
  if constexpr (kEights > 1) std::memcpy(places + 8, &smaller1, sizeof smaller1);
  if constexpr (kEights > 2) std::memcpy(places + 16, &smaller2, sizeof smaller2);
  if constexpr (kEights > 3) std::memcpy(places + 24, &smaller3, sizeof smaller3);
}

/// Each rank's place is the number of smaller ones: for few this is the fastest, as it has no branch and no order.
[[gnu::always_inline]] inline void count_any(uint32_t* ranks, uint32_t count, uint32_t* places) {
  const uint32_t eights = (count + 7) / 8;
  for (uint32_t i = count; i < eights * 8; i++) ranks[i] = INT32_MAX;
  uint32_t done = 0;
  for (; done + 4 <= eights; done += 4) count_smaller<4>(ranks + done * 8, ranks, count, places + done * 8);
  switch (eights - done) {
    case 1: return count_smaller<1>(ranks + done * 8, ranks, count, places + done * 8);
    case 2: return count_smaller<2>(ranks + done * 8, ranks, count, places + done * 8);
    case 3: return count_smaller<3>(ranks + done * 8, ranks, count, places + done * 8);
    default: return;
  }
}

/// Doubles: a vector of doubles, of which `smaller` takes the smaller lanes. Places are counted in doubles too, because
/// comparing and choosing then stay in registers of one kind; they are below 2^53.
template <class Doubles, class Smaller>
[[gnu::always_inline]] inline uint32_t nearest_any(const double* x, const double* y, uint32_t from, uint32_t to,
                                                   double here_x, double here_y, double& square, Smaller smaller) {
  constexpr uint32_t kWidth = sizeof(Doubles) / sizeof(double);
  static_assert(kNearestLanes % kWidth == 0);
  Doubles nearest = Doubles{} + std::numeric_limits<double>::infinity(), places{};
  for (uint32_t lane = 0; lane < kWidth; lane++) places[lane] = from + lane;
  Doubles found = places;
  for (uint32_t i = from; i < to; i += kWidth) {
    Doubles dx, dy;
    std::memcpy(&dx, x + i, sizeof dx), std::memcpy(&dy, y + i, sizeof dy);
    dx -= here_x, dy -= here_y;
    const Doubles squares = dx * dx + dy * dy;
    found = squares < nearest ? places : found;
    nearest = smaller(squares, nearest);
    places += kWidth;
  }
  double least = nearest[0];
  for (uint32_t lane = 1; lane < kWidth; lane++) least = std::min(least, double{nearest[lane]});
  const Doubles equal = nearest == least ? found : Doubles{} + to;
  double first = equal[0];
  for (uint32_t lane = 1; lane < kWidth; lane++) first = std::min(first, double{equal[lane]});
  square = least;
  return static_cast<uint32_t>(first);
}

}  // namespace
}  // namespace busbar::combat
