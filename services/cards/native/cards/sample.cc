#include <algorithm>

#include "search.h"

namespace busbar::cards {
namespace {

/// Places of cards that the observer does not see: filled anew from the pool of what may be there.
struct Unseen {
  struct Slot {
    Card* place;
    CardSet forbidden;
  };
  Slot slots[kCardsMax];
  uint32_t count = 0;
  uint8_t left[kDeckCards] = {};  // of each card, how many lie unseen

  void add(Card& place, CardSet forbidden) {
    left[place] += 1;
    slots[count++] = {&place, forbidden};
  }
};

/// Exchanges cards until no hand holds what it is known to lack. @returns whether that worked
bool respect_lacks(Unseen& unseen, Card* cards, Stream& stream) {
  for (uint32_t i = 0; i < unseen.count; ++i) {
    if ((unseen.slots[i].forbidden >> cards[i] & 1) == 0) continue;
    const uint32_t from = static_cast<uint32_t>(stream.below(unseen.count));
    bool exchanged = false;
    for (uint32_t step = 0; step < unseen.count && !exchanged; ++step) {
      const uint32_t j = (from + step) % unseen.count;
      if ((unseen.slots[i].forbidden >> cards[j] & 1) != 0 || (unseen.slots[j].forbidden >> cards[i] & 1) != 0)
        continue;
      std::swap(cards[i], cards[j]);
      exchanged = true;
    }
    if (!exchanged) return false;
  }
  return true;
}

}  // namespace

void sample_world(const Rules& rules, const State& seen, uint32_t observer, State& world, Stream& stream) {
  world = seen;
  const GameProgram& program = rules.program;
  Unseen unseen;
  bool constrained = false;
  for (uint32_t seat = 0; seat < seen.player_count; ++seat) {
    Player& player = world.players[seat];
    if (is_open(program.hand_visibility) || (seat == observer && !rules.queue_hands)) continue;
    CardSet known = player.known[observer];
    constrained |= player.lacks != 0;
    for (uint32_t i = 0; i < player.hand.size; ++i) {
      const CardSet bit = set_of(player.hand.cards[i]);
      if ((known & bit) != 0) {
        known &= ~bit;  // one copy of it is known
      } else {
        unseen.add(player.hand.cards[i], player.lacks);
      }
    }
  }
  if (rules.claims || !is_open(program.discard_visibility)) {
    CardSet known = world.seen_discards[observer];
    for (uint32_t i = 0; i < world.discard.size; ++i) {
      const CardSet bit = set_of(world.discard.cards[i]);
      if ((known & bit) != 0) {
        known &= ~bit;
      } else {
        unseen.add(world.discard.cards[i], 0);
      }
    }
  }
  if (!is_open(program.tableau_visibility) || (program.rules.tie == Tie::battle && program.war.face_down > 0)) {
    for (uint32_t i = 0; i < world.tableau.size; ++i) {
      bool front = false;
      for (uint32_t seat = 0; seat < seen.player_count; ++seat) front |= world.fronts[seat] == world.tableau.cards[i];
      if (!front) unseen.add(world.tableau.cards[i], 0);
    }
  }
  const uint32_t hidden = world.deck.size - (is_open(program.deck_visibility) && world.deck.size > 0 ? 1u : 0u);
  for (uint32_t i = 0; i < hidden; ++i) unseen.add(world.deck.cards[i], 0);

  // In order of cards, so that where they really lie plays no part.
  Card sorted[kCardsMax], cards[kCardsMax];
  uint32_t count = 0;
  for (Card card = 0; card < kDeckCards; ++card) {
    for (uint32_t i = 0; i < unseen.left[card]; ++i) sorted[count++] = card;
  }
  for (int attempt = 0; attempt < 32; ++attempt) {
    std::copy_n(sorted, count, cards);
    for (uint32_t i = count; i > 1; --i) std::swap(cards[i - 1], cards[stream.below(i)]);
    if (!constrained || respect_lacks(unseen, cards, stream)) break;
  }
  for (uint32_t i = 0; i < count; ++i) *unseen.slots[i].place = cards[i];
  for (uint32_t seat = 0; seat < seen.player_count; ++seat) {
    Player& player = world.players[seat];
    // What others know of it is none of the observer's business.
    for (uint32_t o = 0; o < seen.player_count; ++o) {
      if (o != observer) player.known[o] = 0;
    }
    player.held = 0;
    for (uint32_t i = 0; i < player.hand.size; ++i) player.held |= set_of(player.hand.cards[i]);
  }
}

}  // namespace busbar::cards
