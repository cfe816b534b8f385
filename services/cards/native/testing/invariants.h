// What must hold after every move of every game.
#pragma once

#include <string>

#include "../cards/rules.h"

namespace busbar::cards::testing {

/// "" or what is wrong: each card of the deck is in exactly one place, hands equal their sets, chips add up.
inline std::string broken_invariant(const Rules& rules, const State& state) {
  uint32_t seen[kDeckCards] = {}, wanted[kDeckCards] = {};
  const auto count = [&](const Pile& pile) {
    for (uint32_t i = 0; i < pile.size; ++i) seen[pile.cards[i]] += 1;
  };
  for (uint32_t i = 0; i < rules.cards.size; ++i) wanted[rules.cards.cards[i]] += 1;
  count(state.deck);
  count(state.discard);
  count(state.tableau);
  uint64_t chips = 0;
  for (uint32_t seat = 0; seat < rules.player_count; ++seat) {
    const Player& player = state.players[seat];
    count(player.hand);
    if (!rules.menu) count(player.captured);
    CardSet held = 0;
    for (uint32_t i = 0; i < player.hand.size; ++i) held |= set_of(player.hand.cards[i]);
    if (held != player.held) return "the set of hand " + std::to_string(seat) + " is not its cards";
    if (rules.menu) continue;
    for (uint32_t o = 0; o < rules.player_count; ++o) {
      if ((player.known[o] & ~held) != 0) return "somebody knows a card where it is not";
    }
    if ((player.lacks & held) != 0) return "a hand holds what it is known to lack";
    chips += player.chips + player.staked;
    // Cards of a trick are in nobody's pile yet.
    if (rules.tricks && state.fronts[seat] != kNone) seen[state.fronts[seat]] += 1;
  }
  for (Card card = 0; card < kDeckCards; ++card) {
    if (seen[card] != wanted[card]) {
      return "card " + std::to_string(card) + " is there " + std::to_string(seen[card]) + " times, not " +
             std::to_string(wanted[card]);
    }
  }
  if (!rules.menu && chips != uint64_t{rules.starting_chips} * rules.player_count) return "chips do not add up";
  return "";
}

}  // namespace busbar::cards::testing
