// Moves with cards: drawing, playing, discarding, tricks.
#include <algorithm>

#include "condition.h"
#include "evaluate.h"
#include "lister.h"

namespace busbar::cards {

CardSet Lister::fitting(const Phase& phase) const {
  CardSet set = rules_.queue_hands ? (self_.hand.size == 0 ? 0 : set_of(self_.hand.cards[0])) : self_.held;
  if (const Condition* condition = condition_of(rules_, phase)) {
    set &= cards_where(condition, rules_, state_, seat_, 0);
  }
  if (phase.kind == PhaseKind::play && static_cast<Place>(phase.place) == Place::tableau &&
      rules_.program.tableau == Tableau::sequence && state_.tableau.size > 0) {
    const uint32_t top = rank_of(state_.tableau.top());
    CardSet next = 0;
    if (rules_.program.sequence_direction != 1 && top < 12) next |= rank_set(top + 1);
    if (rules_.program.sequence_direction != 0 && top > 0) next |= rank_set(top - 1);
    set &= next;
  }
  return set;
}

bool Lister::takes_from(Place place) const {
  switch (place) {
    case Place::deck: {
      if (state_.deck.size > 0) return true;
      if (rules_.program.rules.deck_empty != DeckEmpty::reshuffle) return false;
      return state_.discard.size > (rules_.program.rules.keep_top_discard ? 1 : 0);
    }
    case Place::discard:
    case Place::opponent_discard:
      return state_.discard.size > 0;
    case Place::tableau:
      return state_.tableau.size > 0;
    case Place::opponent_hand:
      return state_.players[state_.seat_after(seat_, 1)].hand.size > 0;
    case Place::hand:
      return false;
  }
  return false;
}

void Lister::draw(const Phase& phase, uint32_t index) {
  if (static_cast<int>(seat_) == rules_.dealer_seat && hand_value(rules_, self_.hand) >= rules_.program.draws_below)
    return;
  const bool first = takes_from(static_cast<Place>(phase.place));
  const bool second = phase.alternative != kNone && takes_from(static_cast<Place>(phase.alternative));
  if (!first && !second) return;
  if (const Condition* condition = condition_of(rules_, phase)) {
    if (cards_where(condition, rules_, state_, seat_, asks_for_plays(phase) ? playable() : 0) == 0) return;
  }
  if (first) add(MoveKind::draw, index);
  if (second) add(MoveKind::draw, index).target = 1;
}

bool Lister::asks_for_plays(const Phase& phase) const {
  const Condition* node = condition_of(rules_, phase);
  for (const Condition* end = node + node->span; node < end; ++node) {
    if (node->op == Op::hand_size && node->reference == static_cast<uint8_t>(CardRef::valid_plays)) return true;
  }
  return false;
}

uint32_t Lister::playable() const {
  const Stage& stage = rules_.stages[state_.stage];
  CardSet set = 0;
  for (uint32_t i = stage.begin; i < stage.end; ++i) {
    const Phase& phase = rules_.program.phases[i];
    if (phase.kind == PhaseKind::play) set |= fitting(phase);
  }
  if (!rules_.copies) return size_of(set);
  uint32_t count = 0;
  for (uint32_t i = 0; i < self_.hand.size; ++i) count += static_cast<uint32_t>(set >> self_.hand.cards[i] & 1);
  return count;
}

void Lister::play(const Phase& phase, uint32_t index) {
  if (phase.cards_min > self_.hand.size) return;
  if (rules_.program.tableau == Tableau::war && !rules_.menu && static_cast<Place>(phase.place) == Place::tableau) {
    // One card a battle, from those who fight it.
    if (state_.fronts[seat_] != kNone || (state_.pending != 0 && (state_.pending >> seat_ & 1) == 0)) return;
  }
  const CardSet set = fitting(phase);
  if (set == 0) return;
  const uint32_t positions = rules_.queue_hands ? 1 : self_.hand.size;
  if (phase.cards_min <= 1 && phase.cards_max >= 1) {
    const bool captures = rules_.captures && static_cast<Place>(phase.place) == Place::tableau;
    for (uint32_t i = 0; i < positions; ++i) {
      const Card card = self_.hand.cards[i];
      if ((set >> card & 1) == 0) continue;
      const uint32_t sets = captures ? capture_sets(rules_, state_, card) : 0;
      for (uint32_t option = 0; option < std::max(sets, 1u) && !out_.overfull; ++option) {
        Move move;
        move.kind = MoveKind::play;
        move.phase = static_cast<uint8_t>(index);
        move.index = static_cast<uint8_t>(i);
        move.card = card;
        if (sets > 0) move.amount = static_cast<int16_t>(option);
        add_aimed(move);
      }
    }
  }
  if (phase.cards_max < 2 || rules_.queue_hands) return;
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < self_.hand.size; ++i) {
      const Card card = self_.hand.cards[i];
      most += rank_of(card) == rank && (set >> card & 1) != 0;
    }
    for (uint32_t count = std::max<uint32_t>(2, phase.cards_min); count <= std::min<uint32_t>(most, phase.cards_max);
         ++count) {
      Move move;
      move.kind = MoveKind::play_set;
      move.phase = static_cast<uint8_t>(index);
      move.card = lowest(set & rank_set(rank));
      move.count = static_cast<uint8_t>(count);
      add_aimed(move);
    }
  }
}

void Lister::add_aimed(Move move) {
  const uint8_t rank = rank_of(move.card);
  for (uint32_t suit = 0; suit < (rules_.names_suit[rank] ? 4u : 1u); ++suit) {
    if (rules_.names_suit[rank]) move.amount = static_cast<int16_t>(suit);
    if (!rules_.chooses[rank]) {
      out_.add(move);
      continue;
    }
    for (uint32_t step = 1; step < state_.player_count; ++step) {
      move.target = static_cast<uint8_t>(state_.seat_after(seat_, step));
      out_.add(move);
    }
  }
}

void Lister::discard(const Phase& phase, uint32_t index) {
  const CardSet set = fitting(phase);
  const uint32_t positions = rules_.queue_hands && self_.hand.size > 0 ? 1 : self_.hand.size;
  for (uint32_t i = 0; i < positions; ++i) {
    if ((set >> self_.hand.cards[i] & 1) == 0) continue;
    Move& move = add(MoveKind::discard, index);
    move.index = static_cast<uint8_t>(i);
    move.card = self_.hand.cards[i];
  }
}

void Lister::trick(const Phase& phase, uint32_t index) {
  if (state_.fronts[seat_] != kNone || self_.hand.size == 0) return;
  CardSet set = rules_.queue_hands ? set_of(self_.hand.cards[0]) : self_.held;
  const bool leads = state_.led_suit == kNone;
  const uint8_t breaking = phase.trick.breaking_suit;
  const CardSet closed = breaking == kNone || state_.broken || phase.trick.breaking == Breaking::none ||
                                 (phase.trick.breaking == Breaking::lead && !leads)
                             ? 0
                             : suit_set(breaking);
  if (!leads && phase.trick.lead_suit_required && (set & suit_set(state_.led_suit)) != 0) {
    set &= suit_set(state_.led_suit);  // following comes before breaking
    if ((set & ~closed) != 0) set &= ~closed;
  } else if ((set & ~closed) != 0) {
    set &= ~closed;
  }
  const uint32_t positions = rules_.queue_hands ? 1 : self_.hand.size;
  for (uint32_t i = 0; i < positions; ++i) {
    if ((set >> self_.hand.cards[i] & 1) == 0) continue;
    Move& move = add(MoveKind::trick, index);
    move.index = static_cast<uint8_t>(i);
    move.card = self_.hand.cards[i];
  }
}

}  // namespace busbar::cards
