// Conditions over whole sets of cards: one evaluation answers for every card of a hand at once.
#pragma once

#include "rules.h"

namespace busbar::cards {

/// The cards for which the condition at `node` holds for `player`: kAllCards or 0 when it does not look at the card.
/// @param plays number of cards the player could play, for the reference valid_plays
CardSet cards_where(const Condition* node, const Rules& rules, const State& state, uint32_t player, uint32_t plays);

}  // namespace busbar::cards
