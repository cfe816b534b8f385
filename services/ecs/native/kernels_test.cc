// Comparisons of blocks: every instruction set against a loop, for every type and every number of rows that matters.
#include "ecs/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "core/random/random.h"
#include "ecs/bits.h"
#include "ecs/ordering.h"

namespace busbar::ecs {
namespace {

template <typename T>
void check(const Kernels& kernels, FieldType type, random::Stream& dice, uint32_t rows) {
  std::vector<T> values(rows);
  // Few values, so that bounds are met; both zeros among the floats.
  for (T& value : values) value = static_cast<T>(static_cast<T>(dice.below(7)) - static_cast<T>(3));
  if constexpr (std::is_floating_point_v<T>) {
    for (T& value : values) {
      if (value == 0 && dice.below(2) == 0) value = static_cast<T>(-0.0);
    }
  }
  T low = static_cast<T>(static_cast<T>(dice.below(5)) - static_cast<T>(2)), high = static_cast<T>(low + 2);
  if (high < low) std::swap(low, high);
  uint64_t low_bits = 0, high_bits = 0, mask[kBlockWords];
  std::memcpy(&low_bits, &low, sizeof low);
  std::memcpy(&high_bits, &high, sizeof high);
  kernels.between[static_cast<size_t>(type)](values.data(), rows, low_bits, high_bits, mask);
  for (uint32_t i = 0; i < kBlockRows; i++) {
    ASSERT_EQ(bits::get(mask, i), i < rows && values[i] >= low && values[i] <= high) << name_of(type) << " row " << i;
  }
  const EqualKernel equal = kernels.equal[static_cast<size_t>(type)];
  if (equal == nullptr) return;
  equal(values.data(), rows, low_bits, mask);
  for (uint32_t i = 0; i < kBlockRows; i++) {
    ASSERT_EQ(bits::get(mask, i), i < rows && values[i] == low) << name_of(type) << " row " << i;
  }
}

TEST(Kernels, AllInstructionSetsGiveTheBitsOfALoop) {
  random::Stream dice(1, "ecs/kernels", 0);
  for (const Kernels* set : {&portable_kernels(), &kernels()}) {
    for (uint32_t rows : {0u, 1u, 15u, 16u, 63u, 64u, 65u, 1000u, 2047u, 2048u}) {
      for (uint8_t type = 1; type < kFieldTypes - 1; type++) {
        const auto field = static_cast<FieldType>(type);
        with_type(field, [&]<typename T>(T) { check<T>(*set, field, dice, rows); });
        if (HasFatalFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace busbar::ecs
