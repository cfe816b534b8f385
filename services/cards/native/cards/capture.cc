// Which cards of the table a card captures.
#include <algorithm>

#include "engine.h"

namespace busbar::cards {
namespace {

constexpr uint32_t kValuesMax = 256;

uint32_t value_of(const Rules& rules, Card card) { return rules.capture_value[rank_of(card)]; }

bool has_rank(const Pile& table, uint32_t rank) {
  return std::any_of(table.cards, table.cards + table.size, [rank](Card card) { return rank_of(card) == rank; });
}

/// The cards of set `number` that sums to `value`, where sets are in the order of the positions of their cards.
/// @param number below capture_sets
Capture find_set(const Rules& rules, const Pile& table, uint32_t value, uint32_t number) {
  // ways[s]: sets that sum to s of the cards from `i` on, modulo 2^64. Numbers that are looked at are below `number`'s
  // limit, so they are exact, and a card can be taken out of the sums again by the subtraction that undoes its addition.
  uint64_t ways[kValuesMax] = {1};
  for (uint32_t i = table.size; i-- > 0;) {
    const uint32_t of = value_of(rules, table.cards[i]);
    for (uint32_t sum = value; of != 0 && sum >= of; --sum) ways[sum] += ways[sum - of];
  }
  Capture capture;
  uint32_t left = value;
  for (uint32_t i = 0; i < table.size && left > 0; ++i) {
    const uint32_t of = value_of(rules, table.cards[i]);
    if (of == 0 || of > value) continue;
    for (uint32_t sum = of; sum <= value; ++sum) ways[sum] -= ways[sum - of];
    if (of > left) continue;
    // The sets with this card come before those without it.
    if (number >= ways[left - of]) {
      number -= static_cast<uint32_t>(ways[left - of]);
      continue;
    }
    capture.taken[i / 64] |= uint64_t{1} << (i % 64);
    capture.count += 1;
    left -= of;
  }
  return left == 0 ? capture : Capture{};
}

}  // namespace

uint32_t capture_sets(const Rules& rules, const State& state, Card card) {
  const Pile& table = state.tableau;
  if (!rules.program.capture_sums || has_rank(table, rank_of(card))) return 0;
  constexpr uint32_t kEnough = kMovesMax + 1;
  const uint32_t value = value_of(rules, card);
  uint32_t ways[kValuesMax] = {1};
  for (uint32_t i = 0; i < table.size; ++i) {
    const uint32_t of = value_of(rules, table.cards[i]);
    for (uint32_t sum = value; of != 0 && sum >= of; --sum) ways[sum] = std::min(ways[sum] + ways[sum - of], kEnough);
  }
  return ways[value];
}

Capture capture_of(const Rules& rules, const State& state, Card card, int16_t number) {
  const Pile& table = state.tableau;
  Capture capture;
  for (uint32_t i = 0; i < table.size; ++i) {
    if (rank_of(table.cards[i]) != rank_of(card)) continue;
    capture.taken[i / 64] |= uint64_t{1} << (i % 64);
    capture.count += 1;
  }
  if (capture.count > 0 || !rules.program.capture_sums || number < 0) return capture;
  return find_set(rules, table, value_of(rules, card), static_cast<uint32_t>(number));
}

}  // namespace busbar::cards
