#include "condition.h"

#include "evaluate.h"

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
    case Place::opponent_discard:  // there is one pile for all
      return state.discard.size;
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

/// As `has`, of a number: == asks for at least so many, like >=.
CardSet reaches(int64_t most, Compare how, int64_t value) {
  if (how == Compare::eq) how = Compare::ge;
  if (how == Compare::ne) how = Compare::lt;
  return all_if(compare(most, how, value));
}

int32_t largest_set(const Rules& rules, const Player& player) {
  uint32_t counts[kRanks] = {}, most = 0;
  if (rules.copies) {
    for (uint32_t i = 0; i < player.hand.size; ++i) counts[rank_of(player.hand.cards[i])] += 1;
  } else {
    for (uint32_t rank = 0; rank < kRanks; ++rank) counts[rank] = size_of(player.held & rank_set(rank));
  }
  for (const uint32_t count : counts) most = count > most ? count : most;
  return static_cast<int32_t>(most);
}

int32_t longest_run(CardSet held) {
  int32_t run = 0, longest = 0;
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    run = held & rank_set(rank) ? run + 1 : 0;
    longest = run > longest ? run : longest;
  }
  return longest;
}

/// Two cards of one rank and one colour: hearts with diamonds, clubs with spades.
bool holds_pair(CardSet held) {
  const CardSet hearts = held & suit_set(0), diamonds = held & suit_set(1);
  const CardSet clubs = held & suit_set(2), spades = held & suit_set(3);
  return (hearts & diamonds >> 1) != 0 || (clubs & spades >> 1) != 0;
}

/// The cards whose rank (or suit) stands in the relation to `value`.
CardSet compared(bool ranks, Compare how, int32_t value) {
  CardSet set = 0;
  for (int32_t i = 0; i < (ranks ? 13 : 4); ++i) {
    if (compare(i, how, value)) set |= ranks ? rank_set(static_cast<uint32_t>(i)) : suit_set(static_cast<uint32_t>(i));
  }
  return set;
}

/// Cards of rank `rank` (-1: any) and suit `suit` (kNone: any).
CardSet described(int32_t rank, uint8_t suit) {
  return (rank < 0 ? kAllCards : rank_set(static_cast<uint32_t>(rank))) & (suit == kNone ? kAllCards : suit_set(suit));
}

/// Suit that the reference card counts as: the one named when a wild card was laid.
uint8_t suit_in_force(const State& state, Card card) {
  return state.named_suit != kNone ? state.named_suit : suit_of(card);
}

}  // namespace

CardSet cards_where(const Condition* node, const Rules& rules, const State& state, uint32_t player, uint32_t plays) {
  const Player& self = state.players[player];
  switch (node->op) {
    case Op::all_of: {
      CardSet set = kAllCards;
      const Condition* const end = node + node->span;
      for (const Condition* child = node + 1; child < end && set; child += child->span) {
        set &= cards_where(child, rules, state, player, plays);
      }
      return set;
    }
    case Op::any_of: {
      CardSet set = 0;
      const Condition* const end = node + node->span;
      for (const Condition* child = node + 1; child < end; child += child->span) {
        set |= cards_where(child, rules, state, player, plays);
      }
      return set;
    }
    case Op::hand_size:
      return all_if(compare(node->reference == static_cast<uint8_t>(CardRef::valid_plays) ? plays : self.hand.size,
                            node->compare, node->value));
    case Op::location_size:
      return all_if(compare(place_size(state, player, node->reference), node->compare, node->value));
    case Op::set_of:
      return reaches(largest_set(rules, self), node->compare, node->value);
    case Op::run_of:
      return reaches(longest_run(self.held), node->compare, node->value);
    case Op::matching_pair:
      return has(holds_pair(self.held), node->compare);
    case Op::chips:
      return all_if(compare(self.chips, node->compare, node->value));
    case Op::pot: {
      int64_t pot = 0;
      if (rules.betting) {
        for (uint32_t i = 0; i < state.player_count; ++i) pot += state.players[i].staked;
      }
      return all_if(compare(pot, node->compare, node->value));
    }
    case Op::current_bet:
      return all_if(compare(rules.betting ? state.bet_level : 0, node->compare, node->value));
    case Op::can_afford:
      return reaches(self.chips, node->compare, node->value);
    case Op::card_rank:
    case Op::card_suit: {
      const CardSet wanted = compared(node->op == Op::card_rank, node->compare, node->value);
      if (node->reference == 0) return wanted;
      Card card = referenced(state, node->reference);
      if (card == kNone) return kAllCards;
      if (node->op == Op::card_suit) card = static_cast<Card>(rank_of(card) * 4 + suit_in_force(state, card));
      return all_if((wanted & set_of(card)) != 0);
    }
    case Op::adjacent:
    case Op::matches_rank:
    case Op::matches_suit:
    case Op::beats_top: {
      const Card card = referenced(state, node->reference);
      if (card == kNone) return kAllCards;
      const CardSet set = node->op == Op::adjacent       ? neighbours(rank_of(card))
                          : node->op == Op::matches_rank ? rank_set(rank_of(card))
                          : node->op == Op::matches_suit ? suit_set(suit_in_force(state, card))
                                                         : ranks_from(rank_of(card));
      return card_test(set, node->compare);
    }
    case Op::matches_color: {
      const Card card = referenced(state, node->reference);
      if (card == kNone) return kAllCards;
      const uint8_t first = suit_in_force(state, card) & 2;
      return card_test(suit_set(first) | suit_set(first + 1u), node->compare);
    }
    case Op::matches_or_wild: {
      const Card card = referenced(state, node->reference);
      if (card == kNone) return kAllCards;
      return card_test(rank_set(rank_of(card)) | suit_set(suit_in_force(state, card)) | rules.wild, node->compare);
    }
    case Op::adjacent_to_layout: {
      if (state.tableau.size == 0) return kAllCards;
      CardSet set = 0;
      for (uint32_t i = 0; i < state.tableau.size; ++i) set |= neighbours(rank_of(state.tableau.cards[i]));
      return card_test(set, node->compare);
    }
    case Op::must_follow_suit: {
      if (state.led_suit == kNone || (self.held & suit_set(state.led_suit)) == 0) return kAllCards;
      return card_test(suit_set(state.led_suit), node->compare);
    }
    case Op::has_card:
      return has((self.held & described(node->value, node->suit)) != 0, node->compare);
    case Op::location_empty:
      return has(place_size(state, player, node->reference) == 0, node->compare);
    case Op::score_compare: {
      int64_t score = 0;
      for (uint32_t i = 0; i < state.player_count; ++i) {
        if (rules.side_of[i] == rules.side_of[player]) score += state.players[i].score;
      }
      return all_if(compare(score, node->compare, node->value));
    }
    case Op::has_trump:
      return has(state.trump != kNone && (self.held & suit_set(state.trump)) != 0, node->compare);
    case Op::suit_broken:
      return has(state.broken, node->compare);
    case Op::is_trick_winner:
      return has(state.trick_winner == static_cast<int8_t>(player), node->compare);
    case Op::trick_contains: {
      CardSet trick = 0;
      for (uint32_t i = 0; i < state.player_count; ++i) {
        if (state.fronts[i] != kNone) trick |= set_of(state.fronts[i]);
      }
      return has((trick & described(node->value, node->suit)) != 0, node->compare);
    }
    case Op::hand_value:
      return all_if(compare(hand_value(rules, self.hand), node->compare, node->value));
  }
  return 0;
}

}  // namespace busbar::cards
