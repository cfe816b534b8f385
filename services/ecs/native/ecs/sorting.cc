#include "sorting.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace busbar::ecs {
namespace {

/// Below so many rows a sort by comparison is faster than counting bytes.
constexpr size_t kRadixRows = 192;
/// Most bits of a digit: the counters of all digits should stay in the first-level cache.
constexpr uint32_t kDigitBitsMax = 11;
/// What placing a row in a pass costs, in steps per value of a digit.
constexpr uint64_t kRowCost = 4;

/// In how many digits `span` bits are sorted at the least cost: a pass costs a step per row and one per value of a
/// digit.
uint32_t passes_for(size_t count, uint32_t span) {
  uint32_t best = (span + kDigitBitsMax - 1) / kDigitBitsMax;
  const auto cost = [&](uint32_t passes) {
    return passes * (count * kRowCost + (uint64_t{1} << (span + passes - 1) / passes));
  };
  for (uint32_t passes = best + 1; passes <= span && cost(passes) < cost(best); passes++) best = passes;
  return best;
}

/// What moves while rows are placed: a quarter of a candidate where keys differ in 32 neighbouring bits, else half of
/// it. There are fewer rows than 2^32.
struct Narrow {
  Narrow() = default;
  Narrow(uint64_t key, uint32_t from) : word(key << 32 | from) {}
  uint64_t key() const { return word >> 32; }
  uint32_t from() const { return static_cast<uint32_t>(word); }
  uint64_t word;
};
struct Wide {
  Wide() = default;
  Wide(uint64_t key, uint32_t from) : key_(key), from_(from) {}
  uint64_t key() const { return key_; }
  uint32_t from() const { return from_; }
  uint64_t key_;
  uint32_t from_;
};

/// Where the next row with a digit goes: of those that come from the first row on, and, one behind it, of those that
/// come from the last row on. Side by side: in two arrays they would lie 4,096 bytes apart, which processors take for
/// the same place.
struct Ends {
  uint32_t first = 0, last = 0;
};

/// Places [0, count) by the `span` bits of key above `low`, least digit first; equal keys stay in the order they came.
/// Rows next to each other often have the same digit, and each waits for the counter that the one before it has raised.
/// So the first half goes forward from the beginnings of the digits, while the second half goes backward from their
/// ends.
/// @tparam Passes digits of a key; 0: `passes` of them
/// @returns whether there are equal keys
template <typename Item, uint32_t Passes>
bool place(Candidates& rows, size_t count, uint32_t low, uint32_t span, uint32_t passes) {
  if constexpr (Passes != 0) passes = Passes;
  const uint32_t bits = (span + passes - 1) / passes;
  const size_t digits = size_t{1} << bits, half = count / 2;
  const uint64_t mask = digits - 1;
  std::vector<Item, Uninitialised<Item>> items(count), placed(count);
  std::vector<Ends> counted(passes * digits);
  const auto take = [&](size_t i, uint32_t Ends::*end) {
    items[i] = Item(rows[i].key >> low, static_cast<uint32_t>(i));
    const uint64_t key = items[i].key();
    for (uint32_t pass = 0; pass < passes; pass++) (counted[pass * digits + (key >> (pass * bits) & mask)].*end)++;
  };
  for (size_t i = 0; i < half; i++) {
    take(i, &Ends::first);
    take(half + i, &Ends::last);
  }
  if (count % 2 != 0) take(count - 1, &Ends::last);
  for (uint32_t pass = 0; pass < passes; pass++) {
    Ends* const ends = counted.data() + pass * digits;
    const uint32_t shift = pass * bits;
    const auto ends_of = [&](const Item& item) -> Ends& { return ends[item.key() >> shift & mask]; };
    const Ends one_digit = ends_of(items[0]);
    if (one_digit.first + one_digit.last == count) continue;  // the same digit everywhere
    uint32_t before = 0;
    for (size_t i = 0; i < digits; i++) {
      const uint32_t here = ends[i].first + ends[i].last;
      ends[i] = {before, before + here};
      before += here;
    }
    const Item *forward = items.data(), *backward = items.data() + count;
    for (size_t i = 0; i < half; i++) {
      const Item &one = *forward++, &other = *--backward;
      placed[ends_of(one).first++] = one;
      placed[--ends_of(other).last] = other;
    }
    if (count % 2 != 0) placed[ends_of(*forward).first] = *forward;
    items.swap(placed);
  }
  bool equal = false;
  Candidates sorted(rows.size());
  for (size_t i = 0; i < count; i++) {
    sorted[i] = rows[items[i].from()];
    equal |= i > 0 && items[i].key() == items[i - 1].key();
  }
  std::copy(rows.begin() + static_cast<ptrdiff_t>(count), rows.end(), sorted.begin() + static_cast<ptrdiff_t>(count));
  rows.swap(sorted);
  return equal;
}

template <typename Item>
bool place(Candidates& rows, size_t count, uint32_t low, uint32_t span) {
  const uint32_t passes = passes_for(count, span);
  switch (passes) {
    case 1:
      return place<Item, 1>(rows, count, low, span, passes);
    case 2:
      return place<Item, 2>(rows, count, low, span, passes);
    case 3:
      return place<Item, 3>(rows, count, low, span, passes);
    default:
      return place<Item, 0>(rows, count, low, span, passes);
  }
}

/// Only bits in which keys differ are looked at. @returns whether there are equal keys
bool place_by_key(Candidates& rows, size_t count) {
  uint64_t any = 0, all = ~uint64_t{0};
  for (size_t i = 0; i < count; i++) {
    any |= rows[i].key;
    all &= rows[i].key;
  }
  const uint64_t differ = any & ~all;
  if (differ == 0) return count > 1;
  const auto low = static_cast<uint32_t>(std::countr_zero(differ));
  const auto span = static_cast<uint32_t>(std::bit_width(differ)) - low;
  // What lies above the span is the same in all keys, and would be cut off, or count in no digit.
  return span <= 32 ? place<Narrow>(rows, count, low, span) : place<Wide>(rows, count, low, span);
}

}  // namespace

void sort_candidates(Candidates& rows, const RowOrder& order) {
  // By reference: algorithms copy what they are given, and an order owns its keys.
  const auto before = [&order](const Candidate& a, const Candidate& b) { return order(a, b); };
  // Rows of one table that only grew come in order already.
  if (std::is_sorted(rows.begin(), rows.end(), before)) return;
  if (rows.size() < kRadixRows) return std::sort(rows.begin(), rows.end(), before);
  const auto nulls =
      std::stable_partition(rows.begin(), rows.end(), [](const Candidate& row) { return row.null == 0; });
  const auto with_key = nulls - rows.begin();
  const bool equal = place_by_key(rows, static_cast<size_t>(with_key));
  // What is left: rows with equal keys, and those without one.
  for (auto first = equal ? rows.begin() : rows.begin() + with_key; first != rows.end();) {
    auto last = first + 1;
    while (last != rows.end() && last->key == first->key && last->null == first->null) ++last;
    if (last - first > 1 && !std::is_sorted(first, last, before)) std::sort(first, last, before);
    first = last;
  }
}

}  // namespace busbar::ecs
