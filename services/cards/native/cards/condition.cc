#include "condition.h"

namespace busbar::cards {
namespace {

bool compare(int64_t left, Compare how, int64_t right) {
  switch (how) {
    case Compare::eq:
      return left == right;
    case Compare::ne:
      return left != right;
    case Compare::lt:
      return left < right;
    case Compare::gt:
      return left > right;
    case Compare::le:
      return left <= right;
    case Compare::ge:
      return left >= right;
  }
  return false;
}

CardSet all_if(bool holds) { return holds ? kAllCards : 0; }

/// Conditions of the form "has": == and >= ask whether, != and < whether not.
CardSet has(bool holds, Compare how) { return all_if(holds == (how == Compare::eq || how == Compare::ge)); }

uint32_t place_size(const State& state, uint32_t player, uint8_t place) {
  switch (static_cast<Place>(place)) {
    case Place::deck:
      return state.deck.size;
    case Place::hand:
      return state.players[player].hand.size;
    case Place::discard:
      return state.discard.size;
    case Place::tableau:
      return state.tableau.size;
    case Place::opponent_hand:
      return state.players[state.seat_after(player, 1)].hand.size;
    case Place::opponent_discard:
      break;
  }
  return 0;
}

/// @returns kNone when there is no such card
Card referenced(const State& state, uint8_t reference) {
  if (reference == static_cast<uint8_t>(CardRef::top_discard) && state.discard.size > 0) return state.discard.top();
  if (reference == static_cast<uint8_t>(CardRef::tableau_top) && state.tableau.size > 0) return state.tableau.top();
  return kNone;
}

/// A card condition holds for the cards of `set`, or for the others when its operator is != or <.
CardSet card_test(CardSet set, Compare how) {
  return how == Compare::ne || how == Compare::lt ? kAllCards & ~set : kAllCards & set;
}

CardSet ranks_from(uint32_t rank) { return kAllCards & ~((CardSet{1} << (rank * 4)) - 1); }

CardSet neighbours(uint32_t rank) { return (rank > 0 ? rank_set(rank - 1) : 0) | (rank < 12 ? rank_set(rank + 1) : 0); }

bool holds_set(CardSet held, int32_t count) {
  for (uint32_t rank = 0; rank < 13; ++rank) {
    if (static_cast<int32_t>(size_of(held & rank_set(rank))) >= count) return true;
  }
  return false;
}

bool holds_run(CardSet held, int32_t length) {
  int32_t run = 0;
  if (length <= 0) return true;
  for (uint32_t rank = 0; rank < 13; ++rank) {
    run = held & rank_set(rank) ? run + 1 : 0;
    if (run >= length) return true;
  }
  return false;
}

/// Two cards of one rank and one colour: hearts with diamonds, clubs with spades.
bool holds_pair(CardSet held) {
  const CardSet hearts = held & suit_set(0), diamonds = held & suit_set(1);
  const CardSet clubs = held & suit_set(2), spades = held & suit_set(3);
  return (hearts & diamonds >> 1) != 0 || (clubs & spades >> 1) != 0;
}

}  // namespace

CardSet cards_where(const Condition* node, const State& state, uint32_t player, uint32_t plays) {
  const Player& self = state.players[player];
  switch (node->op) {
    case Op::all_of: {
      CardSet set = kAllCards;
      const Condition* const end = node + node->span;
      for (const Condition* child = node + 1; child < end && set; child += child->span) {
        set &= cards_where(child, state, player, plays);
      }
      return set;
    }
    case Op::any_of: {
      CardSet set = 0;
      const Condition* const end = node + node->span;
      for (const Condition* child = node + 1; child < end; child += child->span) {
        set |= cards_where(child, state, player, plays);
      }
      return set;
    }
    case Op::hand_size:
      return all_if(compare(node->reference == static_cast<uint8_t>(CardRef::valid_plays) ? plays : self.hand.size,
                            node->compare, node->value));
    case Op::location_size:
      return all_if(compare(place_size(state, player, node->reference), node->compare, node->value));
    case Op::set_of:
      return has(holds_set(self.held, node->value), node->compare);
    case Op::run_of:
      return has(holds_run(self.held, node->value), node->compare);
    case Op::matching_pair:
      return has(holds_pair(self.held), node->compare);
    case Op::chips:
      return all_if(compare(self.chips, node->compare, node->value));
    case Op::pot:
    case Op::current_bet:
      return all_if(compare(0, node->compare, node->value));
    case Op::can_afford:
      return has(static_cast<int64_t>(self.chips) >= node->value, node->compare);
    case Op::card_rank:
    case Op::card_suit: {
      const CardSet wanted = node->op == Op::card_rank ? rank_set(node->value) : suit_set(node->value);
      if (node->reference == 0) return card_test(wanted, node->compare);
      const Card card = referenced(state, node->reference);
      return card == kNone ? kAllCards : all_if(((wanted & set_of(card)) != 0) == (node->compare == Compare::eq));
    }
    case Op::adjacent:
    case Op::matches_rank:
    case Op::matches_suit:
    case Op::beats_top: {
      const Card card = referenced(state, node->reference);
      if (card == kNone) return kAllCards;
      const CardSet set = node->op == Op::adjacent       ? neighbours(rank_of(card))
                          : node->op == Op::matches_rank ? rank_set(rank_of(card))
                          : node->op == Op::matches_suit ? suit_set(suit_of(card))
                                                         : ranks_from(rank_of(card));
      return card_test(set, node->compare);
    }
  }
  return 0;
}

}  // namespace busbar::cards
