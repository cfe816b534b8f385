// Comparisons of a block of values, as one bit per row.
#pragma once

#include <cstdint>

#include "types.h"

namespace busbar::ecs {

/// Rows that are looked at together: their bits fill four cache lines, their values stay in the first-level cache.
inline constexpr uint32_t kBlockRows = 2'048;
inline constexpr uint32_t kBlockWords = kBlockRows / 64;

/// Sets bit i of `mask` (kBlockWords words, bits from `rows` on become 0) where low <= values[i] <= high.
/// @param rows up to kBlockRows; `low` and `high` hold the type's own bits in their low bytes
using BetweenKernel = void (*)(const void* values, uint32_t rows, uint64_t low, uint64_t high, uint64_t* mask);
/// Where values[i] == value, bit for bit (so not for floats, which have two zeros).
using EqualKernel = void (*)(const void* values, uint32_t rows, uint64_t value, uint64_t* mask);

struct Kernels {
  BetweenKernel between[kFieldTypes];  ///< null for boolean and vec_f32
  EqualKernel equal[kFieldTypes];      ///< also null for f32 and f64
};

/// The fastest that this processor runs; all give the same bits.
const Kernels& kernels();
/// For tests: what every processor runs.
const Kernels& portable_kernels();

}  // namespace busbar::ecs
