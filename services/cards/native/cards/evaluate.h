// What a hand is worth: points, ranks and patterns; and the least deadwood of a rummy hand.
#pragma once

#include <cstdint>

#include "rules.h"

namespace busbar::cards {

/// Points of the cards by evaluation.card_values (else A 1, 2 to 10 as they are, J Q K 10); alternates as they bring
/// the total nearest to the target below the bust threshold, without a target the highest. Totals stop at 1,023.
uint32_t hand_value(const Rules& rules, const Pile& cards);

/// The hand as a number by which hands compare: larger is better, equal is a tie.
int64_t evaluate(const Rules& rules, const Pile& cards);
/// The same for any method of the rules' evaluation.
int64_t evaluate(const Rules& rules, Method method, const Pile& cards);

/// Whether the cards have everything the pattern asks for.
bool matches(const Pattern& pattern, const Pile& cards);

/// Share of random hands of the same size of deck that this hand beats, 0 to 1; a tie counts half. By 1,000 hands that
/// are drawn once per program from a stream of their own, so that it is the same everywhere.
double strength(const Rules& rules, const Pile& cards);
/// Fills rules.strengths.
void measure_strengths(Rules& rules);

/// Points of the cards that no set or run takes, at best; exact. One copy of each card.
uint32_t deadwood(const Rules& rules, const Phase& meld, CardSet held);

}  // namespace busbar::cards
