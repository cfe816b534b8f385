#include "evaluate.h"

#include <algorithm>

namespace busbar::cards {
namespace {

constexpr uint32_t kTotals = 1024;

/// The totals a hand can have, as bits.
struct Totals {
  uint64_t words[kTotals / 64] = {};
  bool has(uint32_t total) const { return (words[total / 64] >> (total % 64) & 1) != 0; }
  void add(uint32_t total) {
    words[std::min(total, kTotals - 1) / 64] |= uint64_t{1} << (std::min(total, kTotals - 1) % 64);
  }
  Totals plus(uint32_t a, uint32_t b) const {
    Totals next;
    for (uint32_t total = 0; total < kTotals; ++total) {
      if (!has(total)) continue;
      next.add(total + a);
      next.add(total + b);
    }
    return next;
  }
};

struct Values {
  uint32_t value[kRanks], alternate[kRanks];
};

Values values_of(const Rules& rules) {
  Values values{};
  if (rules.program.evaluation.values.empty()) {
    for (uint32_t rank = 0; rank < kRanks; ++rank) values.value[rank] = rules.meld_value[rank];
  }
  for (const CardValue& value : rules.program.evaluation.values) {
    values.value[value.rank] = value.value;
    values.alternate[value.rank] = value.alternate;
  }
  return values;
}

/// Ranks as digits of 16, the first the most important; at most `room` of them.
int64_t digits(const uint8_t* ranks, uint32_t count, uint32_t room) {
  int64_t key = 0;
  for (uint32_t i = 0; i < room; ++i) key = key << 4 | (i < count ? ranks[i] + 1 : 0);
  return key;
}

constexpr uint32_t kDigits = 11;

struct Counted {
  uint8_t ranks[kRanks] = {};
  CardSet held = 0;
  explicit Counted(const Pile& cards) {
    for (uint32_t i = 0; i < cards.size; ++i) {
      ranks[rank_of(cards.cards[i])] += 1;
      held |= set_of(cards.cards[i]);
    }
  }
};

int64_t high_cards(const Counted& counted) {
  uint8_t order[kCardsMax];
  uint32_t count = 0;
  for (int rank = 12; rank >= 0; --rank) {
    for (uint32_t i = 0; i < counted.ranks[rank]; ++i) order[count++] = static_cast<uint8_t>(rank);
  }
  return digits(order, count, kDigits);
}

/// Ranks by how many there are, then by height; each rank once.
int64_t grouped(const Counted& counted) {
  uint8_t order[kRanks];
  uint32_t count = 0;
  for (int rank = 12; rank >= 0; --rank) {
    if (counted.ranks[rank] != 0) order[count++] = static_cast<uint8_t>(rank);
  }
  // By insertion, which keeps equal ones in order; std::stable_sort would allocate.
  for (uint32_t i = 1; i < count; ++i) {
    for (uint32_t j = i; j > 0 && counted.ranks[order[j - 1]] < counted.ranks[order[j]]; --j)
      std::swap(order[j - 1], order[j]);
  }
  return digits(order, count, kDigits);
}

void descending(uint8_t (&list)[kRanks]) {
  for (uint32_t i = 1; i < kRanks; ++i) {
    for (uint32_t j = i; j > 0 && list[j - 1] < list[j]; --j) std::swap(list[j - 1], list[j]);
  }
}

/// Top of the highest run of `length` ranks in `held`, -1 without one. Wrapped: the ace is below the two as well.
int run_top(CardSet held, uint32_t length, bool wrap) {
  uint32_t present = 0;  // bit 0: the ace below; bit r + 1: rank r
  for (uint32_t rank = 0; rank < kRanks; ++rank) present |= ((held & rank_set(rank)) != 0 ? 1u : 0u) << (rank + 1);
  if (wrap && (present >> 13 & 1) != 0) present |= 1;
  const uint32_t run = (1u << length) - 1;
  for (int low = 14 - static_cast<int>(length); low >= 0; --low) {
    if ((present >> low & run) == run) return low + static_cast<int>(length) - 2;
  }
  return -1;
}

/// Top of the pattern's run in these cards, -1 when it has none.
int pattern_run(const Pattern& pattern, CardSet held) {
  if (pattern.same_suit == 0) return run_top(held, pattern.sequence_length, pattern.wrap);
  int top = -1;
  for (uint32_t suit = 0; suit < 4; ++suit) {
    const CardSet suited = held & suit_set(suit);
    if (size_of(suited) < pattern.same_suit) continue;
    top = std::max(top, run_top(suited, pattern.sequence_length, pattern.wrap));
  }
  return top;
}

int64_t pattern_key(const HandEvaluation& evaluation, const Pile& cards, const Counted& counted) {
  const Pattern* best = nullptr;
  for (const Pattern& pattern : evaluation.patterns) {
    if ((best == nullptr || pattern.priority > best->priority) && matches(pattern, cards)) best = &pattern;
  }
  if (best == nullptr) return high_cards(counted);
  const int64_t category = (int64_t{best->priority} + 1) << 52;
  if (best->sequence_length != 0) {
    return category | int64_t{pattern_run(*best, counted.held) + 1} << 44 | high_cards(counted) >> 4;
  }
  return category | (best->groups.empty() ? high_cards(counted) : grouped(counted));
}

}  // namespace

uint32_t hand_value(const Rules& rules, const Pile& cards) {
  const Values values = values_of(rules);
  const uint32_t target = rules.program.evaluation.target;
  const uint32_t bust = rules.program.evaluation.bust == 0 ? kTotals : rules.program.evaluation.bust;
  uint32_t sum = 0;
  bool alternates = false;
  for (uint32_t i = 0; i < cards.size; ++i) {
    sum += values.value[rank_of(cards.cards[i])];
    alternates |= values.alternate[rank_of(cards.cards[i])] != 0;
  }
  if (!alternates) return std::min(sum, kTotals - 1);
  Totals totals;
  totals.add(0);
  for (uint32_t i = 0; i < cards.size; ++i) {
    const uint32_t rank = rank_of(cards.cards[i]);
    totals = totals.plus(values.value[rank], values.alternate[rank] != 0 ? values.alternate[rank] : values.value[rank]);
  }
  // Below bust beats busting; then the nearest to the target (the lower of two as near), or the highest.
  uint32_t best = kTotals;
  for (uint32_t total = 0; total < kTotals; ++total) {
    if (!totals.has(total)) continue;
    if (best == kTotals) {
      best = total;
      continue;
    }
    if (total >= bust) break;
    const auto distance = [&](uint32_t of) { return of > target ? of - target : target - of; };
    if (target == 0 || distance(total) < distance(best)) best = total;
  }
  return best;
}

bool matches(const Pattern& pattern, const Pile& cards) {
  if (pattern.required_count != 0 && cards.size != pattern.required_count) return false;
  const Counted counted(cards);
  for (const uint8_t rank : pattern.ranks) {
    if (counted.ranks[rank] == 0) return false;
  }
  if (!pattern.groups.empty()) {
    // The largest groups asked for go to the ranks with most cards.
    const size_t groups = pattern.groups.size();
    if (groups > kRanks) return false;
    uint8_t have[kRanks], want[kRanks] = {};
    std::copy_n(counted.ranks, kRanks, have);
    std::copy_n(pattern.groups.begin(), groups, want);
    descending(have);
    descending(want);
    for (size_t i = 0; i < groups; ++i) {
      if (have[i] < want[i]) return false;
    }
  }
  if (pattern.same_suit != 0) {
    uint32_t suits[4] = {}, most = 0;
    for (uint32_t i = 0; i < cards.size; ++i) most = std::max(most, ++suits[suit_of(cards.cards[i])]);
    if (most < pattern.same_suit) return false;
  }
  return pattern.sequence_length == 0 || pattern_run(pattern, counted.held) >= 0;
}

int64_t evaluate(const Rules& rules, Method method, const Pile& cards) {
  const HandEvaluation& evaluation = rules.program.evaluation;
  switch (method) {
    case Method::none:
    case Method::high_card:
      return high_cards(Counted(cards));
    case Method::point_total: {
      const int64_t value = hand_value(rules, cards);
      if (evaluation.bust != 0 && value >= evaluation.bust) return 0;
      if (evaluation.target == 0) return value + 1;
      const int64_t distance = value > evaluation.target ? value - evaluation.target : evaluation.target - value;
      return kTotals - distance;
    }
    case Method::pattern:
      return pattern_key(evaluation, cards, Counted(cards));
    case Method::card_count:
      return cards.size;
  }
  return 0;
}

int64_t evaluate(const Rules& rules, const Pile& cards) {
  return evaluate(rules, rules.program.evaluation.method, cards);
}

double strength(const Rules& rules, const Pile& cards) {
  if (rules.strengths.empty()) return 0.5;
  const Method method = rules.showdown == Showdown::evaluation ? rules.program.evaluation.method : Method::high_card;
  const int64_t key = evaluate(rules, method, cards);
  const auto [low, high] = std::equal_range(rules.strengths.begin(), rules.strengths.end(), key);
  const double beaten = static_cast<double>(low - rules.strengths.begin());
  const double tied = static_cast<double>(high - low);
  return (beaten + tied / 2) / static_cast<double>(rules.strengths.size());
}

void measure_strengths(Rules& rules) {
  constexpr uint32_t kHands = 1000;
  const Method method = rules.showdown == Showdown::evaluation ? rules.program.evaluation.method : Method::high_card;
  Stream stream(0, "cards/strength", 0);
  const uint32_t size = std::min<uint32_t>(std::max(rules.program.cards_per_player, 1u), rules.cards.size);
  rules.strengths.clear();
  Pile deck = rules.cards;
  for (uint32_t i = 0; i < kHands; ++i) {
    Pile hand;
    for (uint32_t c = 0; c < size; ++c) {  // the first places of a shuffle
      std::swap(deck.cards[c], deck.cards[c + stream.below(deck.size - c)]);
      hand.push(deck.cards[c]);
    }
    rules.strengths.push_back(evaluate(rules, method, hand));
  }
  std::sort(rules.strengths.begin(), rules.strengths.end());
}

}  // namespace busbar::cards
