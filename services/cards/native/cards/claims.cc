// Claims that may be challenged, and questions for cards.
#include <algorithm>

#include "table.h"

namespace busbar::cards {

void Table::claim(const Move& move, const Phase& phase) {
  const uint32_t seat = state_.seat;
  const uint8_t rank = rank_of(move.card);
  if (state_.mode != Mode::claim) {
    state_.claimer = static_cast<uint8_t>(seat);
    state_.claimed_rank = static_cast<uint8_t>(move.amount);
    state_.claimed_count = 0;
  }
  uint32_t laid = 0;
  for (Card card = static_cast<Card>(rank * 4); rank_of(card) == rank && laid < move.count; ++card) {
    while (laid < move.count && give_card(seat, card) != kNone) {
      state_.discard.push(card);
      state_.seen_discards[seat] |= set_of(card);
      laid += 1;
    }
  }
  state_.claimed_count = static_cast<uint8_t>(state_.claimed_count + move.count);
  // Others may know cards of this hand that are gone now.
  for (uint32_t o = 0; o < rules_.player_count; ++o) {
    if (o != seat) state_.players[seat].known[o] = 0;
  }
  // Whether there could be more is for all to see: it does not depend on which cards are left.
  if (phase.claim.mixed && state_.claimed_count < phase.cards_max && state_.players[seat].hand.size > 0) {
    state_.mode = Mode::claim;
    return;
  }
  claimed(phase);
}

/// All cards of a claim are laid.
void Table::claimed(const Phase& phase) {
  touched_ = true;
  state_.claims += 1;
  count(&Counts::claims);
  count(&Counts::bluffs, !claim_is_true());
  if (!phase.claim.allow_challenge) {
    count(&Counts::successful_bluffs, !claim_is_true());
    state_.mode = Mode::turn;
    return next_phase();
  }
  state_.mode = Mode::challenge;
  state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1));
}

bool Table::claim_is_true() const {
  const Pile& pile = state_.discard;
  for (uint32_t i = pile.size - state_.claimed_count; i < pile.size; ++i) {
    if (rank_of(pile.cards[i]) != state_.claimed_rank) return false;
  }
  return true;
}

void Table::challenge(bool accepted, const Phase& phase) {
  const uint32_t claimer = state_.claimer, challenger = state_.seat;
  if (accepted) {
    state_.seat = static_cast<uint8_t>(state_.seat_after(challenger, 1));
    if (state_.seat != claimer) return;
    count(&Counts::successful_bluffs, !claim_is_true());
    state_.mode = Mode::turn;
    return next_phase();
  }
  touched_ = true;
  count(&Counts::challenges);
  const bool honest = claim_is_true();
  Pile& pile = state_.discard;
  const uint32_t first = pile.size - state_.claimed_count;
  CardSet shown = 0;
  for (uint32_t i = first; i < pile.size; ++i) shown |= set_of(pile.cards[i]);
  for (CardSet& seen : state_.seen_discards) seen |= shown;
  count(&Counts::catches, !honest);
  if (phase.claim.pile_penalty) {
    take_pile(honest ? challenger : claimer);
  } else if (!honest) {
    while (pile.size > first) draw_discard(claimer);
  }
  state_.seat = static_cast<uint8_t>(claimer);
  state_.mode = Mode::turn;
  next_phase();
}

/// Complete sets leave the hand for the captured pile.
void Table::lay_sets(uint32_t seat) {
  Player& player = state_.players[seat];
  const uint32_t size = program_.phases[rules_.ask_phase].ask.set_size;
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    uint32_t have = 0;
    for (uint32_t i = 0; i < player.hand.size; ++i) have += rank_of(player.hand.cards[i]) == rank;
    if (have < size) continue;
    CardSet set = 0;
    uint32_t laid = 0;
    for (Card card = static_cast<Card>(rank * 4); rank_of(card) == rank; ++card) {
      while (laid < size && give_card(seat, card) != kNone) {
        player.captured.push(card);
        set |= set_of(card);
        laid += 1;
      }
    }
    score_set(seat, set);
  }
}

void Table::ask(const Move& move, const Phase&) {
  const uint32_t seat = state_.seat, other = move.target;
  const uint32_t rank = static_cast<uint32_t>(move.amount);
  touched_ = true;
  bool hit = false;
  for (Card card = static_cast<Card>(rank * 4); rank_of(card) == rank; ++card) {
    while (give_card(other, card) != kNone) {
      receive_open(seat, card);
      hit = true;
    }
  }
  state_.players[other].lacks |= rank_set(rank);
  if (!hit) draw_from_deck(seat, 1);
  lay_sets(seat);
  if (!hit) return end_turn();
  if (state_.players[seat].hand.size == 0) return end_turn();
  begin_turn();
}

}  // namespace busbar::cards
