// Which cards of the table a card captures.
#include "engine.h"

namespace busbar::cards {
namespace {

/// Sets of table cards that are offered for one card, and how long they are looked for.
constexpr uint32_t kCapturesMax = 64, kCaptureSteps = 4096;

/// Numbers the sets of table cards that sum to `left` in the order of positions; stops at number `wanted`.
bool find_sum(const Rules& rules, const Pile& table, uint32_t position, uint32_t left, int32_t wanted, uint32_t& steps,
              Capture& capture) {
  if (left == 0) {
    capture.count += 1;
    return static_cast<int32_t>(capture.count) == wanted + 1 || capture.count == kCapturesMax;
  }
  if (steps-- == 0) {
    steps = 0;
    return false;
  }
  for (uint32_t i = position; i < table.size; ++i) {
    const uint32_t value = rules.capture_value[rank_of(table.cards[i])];
    if (value == 0 || value > left) continue;
    capture.taken[i / 64] |= uint64_t{1} << (i % 64);
    if (find_sum(rules, table, i + 1, left - value, wanted, steps, capture)) return true;
    capture.taken[i / 64] &= ~(uint64_t{1} << (i % 64));
  }
  return false;
}

}  // namespace

Capture capture_of(const Rules& rules, const State& state, Card card, int16_t number) {
  Capture capture;
  const Pile& table = state.tableau;
  uint32_t same = 0;
  for (uint32_t i = 0; i < table.size; ++i) {
    if (rank_of(table.cards[i]) != rank_of(card)) continue;
    capture.taken[i / 64] |= uint64_t{1} << (i % 64);
    same += 1;
  }
  if (same > 0) {
    capture.count = number == -2 ? 0 : same;  // -2: only sums are counted, and there are none
    return capture;
  }
  if (!rules.program.capture_sums || number == -1) return capture;
  uint32_t steps = kCaptureSteps;
  const int32_t wanted = number == -2 ? INT32_MAX - 1 : number;
  const bool found = find_sum(rules, table, 0, rules.capture_value[rank_of(card)], wanted, steps, capture);
  if (number == -2) return capture;
  capture.count = 0;
  for (uint32_t i = 0; i < table.size && found; ++i) capture.count += capture.has(i);
  return capture;
}

}  // namespace busbar::cards
