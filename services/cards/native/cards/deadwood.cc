// The least deadwood by dynamic programming over ranks: for each suit it is enough to know how long the run is that
// ends at the rank before (up to the least length of a run), so the work is bounded whatever the hand holds.
#include <algorithm>
#include <array>

#include "evaluate.h"

namespace busbar::cards {
namespace {

constexpr uint16_t kImpossible = 0xFFFF;
constexpr uint32_t kStatesMax = 6 * 6 * 6 * 6;

/// @param aces_high which suits' aces stand above the king; the others stand below the two
uint32_t least(const Rules& rules, const Phase& phase, CardSet held, uint32_t aces_high) {
  const uint32_t run_min = phase.meld.run_min, lengths = run_min + 1;
  const uint32_t steps[4] = {1, lengths, lengths * lengths, lengths * lengths * lengths};
  const uint32_t states = steps[3] * lengths;
  std::array<uint16_t, kStatesMax> now, next;
  std::fill_n(now.begin(), states, kImpossible);
  now[0] = 0;
  // Positions: 0 the low aces, 1 to 12 the ranks 2 to K, 13 the high aces. Sets are of one rank, so both positions of
  // the ace ask which of its cards are in one set: where aces are split, a set of aces takes neither run (see below).
  for (uint32_t position = 0; position < 14; ++position) {
    const uint32_t rank = position == 0 || position == 13 ? 12 : position - 1;
    uint32_t here = static_cast<uint32_t>(held >> (rank * 4)) & 15;
    if (position == 0) here &= ~aces_high;
    if (position == 13) here &= aces_high;
    std::fill_n(next.begin(), states, kImpossible);
    // Which of the cards here go to a set; the others to runs or deadwood.
    for (uint32_t in_set = here;; in_set = (in_set - 1) & here) {
      const uint32_t set_size = size_of(in_set);
      if (in_set == 0 || set_size >= phase.meld.set_min) {
        const uint32_t rest = here & ~in_set;
        for (uint32_t in_run = rest;; in_run = (in_run - 1) & rest) {
          const uint32_t loose = size_of(rest & ~in_run) * rules.meld_value[rank];
          for (uint32_t state = 0; state < states; ++state) {
            if (now[state] == kImpossible) continue;
            uint32_t to = 0;
            bool possible = true;
            for (uint32_t suit = 0; suit < 4 && possible; ++suit) {
              const uint32_t length = state / steps[suit] % lengths;
              if ((in_run >> suit & 1) != 0) {
                to += std::min(length + 1, run_min) * steps[suit];
              } else {
                possible = length == 0 || length == run_min;  // a run that was begun must be long enough
              }
            }
            if (!possible) continue;
            const uint16_t cost = static_cast<uint16_t>(now[state] + loose);
            next[to] = std::min(next[to], cost);
          }
          if (in_run == 0) break;
        }
      }
      if (in_set == 0) break;
    }
    std::swap(now, next);
  }
  uint32_t best = kImpossible;
  for (uint32_t state = 0; state < states; ++state) {
    bool complete = true;
    for (uint32_t suit = 0; suit < 4; ++suit) {
      const uint32_t length = state / steps[suit] % lengths;
      complete &= length == 0 || length == run_min;
    }
    if (complete) best = std::min<uint32_t>(best, now[state]);
  }
  return best;
}

}  // namespace

uint32_t deadwood(const Rules& rules, const Phase& meld, CardSet held) {
  const uint32_t aces = static_cast<uint32_t>(held >> 48) & 15;
  if (meld.meld.ace == 0) return least(rules, meld, held, 0);
  if (meld.meld.ace == 1) return least(rules, meld, held, aces);
  uint32_t best = kImpossible;
  for (uint32_t high = aces;; high = (high - 1) & aces) {
    best = std::min(best, least(rules, meld, held, high));
    // Sets of aces that stand on both sides.
    if (high == 0) break;
  }
  // A set of aces is found only where its aces stand on one side; splits with a set leave out its aces altogether.
  for (uint32_t set = aces; set != 0; set = (set - 1) & aces) {
    if (size_of(set) < meld.meld.set_min) continue;
    const CardSet without = held & ~(static_cast<CardSet>(set) << 48);
    const uint32_t left = aces & ~set;
    for (uint32_t high = left;; high = (high - 1) & left) {
      best = std::min(best, least(rules, meld, without, high));
      if (high == 0) break;
    }
  }
  return best;
}

}  // namespace busbar::cards
