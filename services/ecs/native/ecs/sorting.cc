#include "sorting.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace busbar::ecs {
namespace {

/// Below so many rows a sort by comparison is faster than counting bytes.
constexpr size_t kRadixRows = 192;
constexpr uint32_t kDigitBits = 8;
constexpr size_t kDigits = size_t{1} << kDigitBits;

/// What moves while rows are placed: half of a candidate. There are fewer rows than 2^32.
struct Item {
  uint64_t key;
  uint32_t from;
};

/// Places [0, count) by key, least digit first; equal keys stay in the order they came. Only digits in which keys differ
/// are looked at.
void place_by_key(std::vector<Candidate>& rows, size_t count) {
  uint64_t differ = 0;
  for (size_t i = 1; i < count; i++) differ |= rows[i].key ^ rows[0].key;
  if (differ == 0) return;
  std::vector<Item> items(count), placed(count);
  for (size_t i = 0; i < count; i++) items[i] = {rows[i].key, static_cast<uint32_t>(i)};
  const auto end = static_cast<uint32_t>(64 - std::countl_zero(differ));
  for (auto shift = static_cast<uint32_t>(std::countr_zero(differ)); shift < end; shift += kDigitBits) {
    if ((differ >> shift & (kDigits - 1)) == 0) continue;
    std::array<uint32_t, kDigits> next{};
    for (const Item& item : items) next[item.key >> shift & (kDigits - 1)]++;
    uint32_t before = 0;
    for (uint32_t& place : next) before += std::exchange(place, before);
    for (const Item& item : items) placed[next[item.key >> shift & (kDigits - 1)]++] = item;
    items.swap(placed);
  }
  std::vector<Candidate> sorted;
  sorted.reserve(rows.size());
  for (const Item& item : items) sorted.push_back(rows[item.from]);
  sorted.insert(sorted.end(), rows.begin() + static_cast<ptrdiff_t>(count), rows.end());
  rows.swap(sorted);
}

}  // namespace

void sort_candidates(std::vector<Candidate>& rows, const RowOrder& order) {
  // By reference: algorithms copy what they are given, and an order owns its keys.
  const auto before = [&order](const Candidate& a, const Candidate& b) { return order(a, b); };
  // Rows of one table that only grew come in order already.
  if (std::is_sorted(rows.begin(), rows.end(), before)) return;
  if (rows.size() < kRadixRows) return std::sort(rows.begin(), rows.end(), before);
  const auto nulls = std::stable_partition(rows.begin(), rows.end(), [](const Candidate& row) { return row.null == 0; });
  place_by_key(rows, static_cast<size_t>(nulls - rows.begin()));
  // What is left: rows with equal keys, and those without one.
  for (auto first = rows.begin(); first != rows.end();) {
    auto last = first + 1;
    while (last != rows.end() && last->key == first->key && last->null == first->null) ++last;
    if (last - first > 1 && !std::is_sorted(first, last, before)) std::sort(first, last, before);
    first = last;
  }
}

}  // namespace busbar::ecs
