// What settlement costs, in whole numbers: exact products of 128 bits, rounded once (services.md 4.6).
#pragma once

#include <cstdint>
#include <limits>

#include "wide.h"

namespace busbar::payments {

inline constexpr int64_t kMoneyEnd = std::numeric_limits<int64_t>::max();

inline int64_t saturated(Wide value) {
  return value > static_cast<Wide>(kMoneyEnd) ? kMoneyEnd : static_cast<int64_t>(value);
}

/// a + b, at most the largest number there is. Both >= 0.
inline int64_t add_cost(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kMoneyEnd : sum;
}

/// amount * rate / divisor, half up. All >= 0, divisor even.
inline int64_t scaled_half_up(int64_t amount, uint64_t rate, uint64_t divisor) {
  const Wide product = static_cast<Wide>(static_cast<uint64_t>(amount)) * rate + divisor / 2;
  const auto low = static_cast<uint64_t>(product);
  return low == product ? saturated(low / divisor) : saturated(product / divisor);
}

/// amount * rate / divisor, truncated.
inline int64_t scaled_down(int64_t amount, uint64_t rate, uint64_t divisor) {
  return saturated(static_cast<Wide>(static_cast<uint64_t>(amount)) * rate / divisor);
}

inline constexpr uint64_t kBpsE3 = 10'000'000;            // bps / 10,000, scaled by 10^3
inline constexpr uint64_t kBpsE6 = 10'000'000'000;        // the same by 10^6
inline constexpr uint64_t kMultiplierOne = 1'000;         // scaled by 10^3
inline constexpr uint64_t kDelayE12 = 1'000'000'000'000;  // overdue and class multipliers (10^3 each), rate (10^6)

/// A fixed sum, or a rate on an amount.
struct Penalty {
  bool rate = false;
  int64_t amount = 0;
  uint64_t bps_e6 = 0;

  int64_t of(int64_t value) const { return rate ? scaled_down(value, bps_e6, kBpsE6) : amount; }
};

struct CostRates {
  uint64_t overdraft_bps_e3 = 0;
  uint64_t delay_e6 = 0;
  uint64_t collateral_bps_e6 = 0;
  uint64_t liquidity_bps_e6 = 0;
  Penalty deadline;
  Penalty end_of_day;
  int64_t split_friction = 0;
  uint64_t overdue_multiplier_e3 = 1000;
  /// By class: normal (0..3), urgent (4..7), highly urgent (8..10).
  uint64_t class_multiplier_e3[3] = {1000, 1000, 1000};
};

enum class CostKind : uint8_t {
  overdraft,
  delay,
  collateral,
  liquidity,
  deadline_penalty,
  eod_penalty,
  split_friction
};
inline constexpr uint32_t kCostKinds = 7;

struct Costs {
  int64_t part[kCostKinds] = {};

  int64_t& operator[](CostKind kind) { return part[static_cast<uint8_t>(kind)]; }
  int64_t operator[](CostKind kind) const { return part[static_cast<uint8_t>(kind)]; }
  void add(CostKind kind, int64_t cost) { (*this)[kind] = add_cost((*this)[kind], cost); }
  void add(const Costs& other) {
    for (uint32_t i = 0; i < kCostKinds; ++i) part[i] = add_cost(part[i], other.part[i]);
  }
  int64_t total() const {
    int64_t sum = 0;
    for (const int64_t cost : part) sum = add_cost(sum, cost);
    return sum;
  }
};

/// Weight of the open payments of a bank: sum of remaining * overdue multiplier * class multiplier. At most 2^103.
struct DelayWeight {
  int64_t remaining[2][3] = {};  // by overdue, class

  void add(int64_t amount, bool overdue, uint32_t priority_class) { remaining[overdue][priority_class] += amount; }

  int64_t cost(const CostRates& rates) const {
    Wide weight = 0;
    for (int overdue = 0; overdue < 2; ++overdue) {
      for (int which = 0; which < 3; ++which) {
        if (remaining[overdue][which] == 0) continue;
        weight += static_cast<Wide>(static_cast<uint64_t>(remaining[overdue][which])) *
                  (overdue != 0 ? rates.overdue_multiplier_e3 : kMultiplierOne) * rates.class_multiplier_e3[which];
      }
    }
    if (weight == 0 || rates.delay_e6 == 0) return 0;
    return saturated((weight * rates.delay_e6 + kDelayE12 / 2) / kDelayE12);
  }
};

}  // namespace busbar::payments
