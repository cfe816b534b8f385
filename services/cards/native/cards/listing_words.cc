// Moves that say something about cards: claims, melds, questions.
#include <algorithm>

#include "evaluate.h"
#include "lister.h"

namespace busbar::cards {

namespace {

Card run_card(uint32_t place, uint32_t suit) {
  return static_cast<Card>((place == 0 || place == 13 ? 12 : place - 1) * 4 + suit);
}

}  // namespace

void Lister::claim(const Phase& phase, uint32_t index) {
  const uint8_t due = rank_to_claim(phase, state_);
  if (phase.claim.mixed) return lay_for_claim(phase, index, 0, 0, due);
  uint32_t counts[kRanks] = {};
  for (uint32_t i = 0; i < self_.hand.size; ++i) counts[rank_of(self_.hand.cards[i])] += 1;
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    const uint32_t most = std::min<uint32_t>(counts[rank], phase.cards_max);
    for (uint32_t count = std::max<uint32_t>(1, phase.cards_min); count <= most; ++count) {
      for (uint32_t named = due == kNone ? 0 : due; named <= (due == kNone ? 12u : due); ++named) {
        Move& move = add(MoveKind::claim, index);
        move.card = lowest(self_.held & rank_set(rank));
        move.count = static_cast<uint8_t>(count);
        move.amount = static_cast<int16_t>(named);
      }
    }
  }
}

void Lister::claim_on() {
  const Phase& phase = rules_.program.phases[state_.phase];
  lay_for_claim(phase, state_.phase, rank_of(state_.discard.top()), state_.claimed_count, state_.claimed_rank);
  if (state_.claimed_count >= phase.cards_min) add(MoveKind::stand, state_.phase);
}

/// Ranks never fall within a claim, so that each choice of ranks is reached in one way; a rank after which too few cards
/// are left is none.
void Lister::lay_for_claim(const Phase& phase, uint32_t index, uint32_t first_rank, uint32_t laid, uint8_t due) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < self_.hand.size; ++i) left += rank_of(self_.hand.cards[i]) >= first_rank;
  const uint32_t wanted = phase.cards_min > laid ? phase.cards_min - laid : 1;
  for (uint32_t rank = first_rank; rank < kRanks && left >= wanted; ++rank) {
    uint32_t held = 0;
    for (uint32_t i = 0; i < self_.hand.size; ++i) held += rank_of(self_.hand.cards[i]) == rank;
    left -= held;
    if (held == 0) continue;
    for (uint32_t named = due == kNone ? 0 : due; named <= (due == kNone ? 12u : due); ++named) {
      Move& move = add(MoveKind::claim, index);
      move.card = lowest(self_.held & rank_set(rank));
      move.count = 1;
      move.amount = static_cast<int16_t>(named);
    }
  }
}

void Lister::meld(const Phase& phase, uint32_t index) {
  if (!phase.meld.lay_down) {
    if (self_.hand.size > 0 && deadwood(rules_, phase, self_.held) <= phase.meld.knock_max) {
      add(MoveKind::knock, index);
    }
    return;
  }
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    const CardSet set = self_.held & rank_set(rank);
    if (size_of(set) < phase.meld.set_min) continue;
    Move& move = add(MoveKind::meld, index);
    move.card = lowest(set);
    move.count = static_cast<uint8_t>(size_of(set));
    move.amount = 0;
  }
  // Places of a run: 0 the low ace, 1 to 12 the ranks 2 to K, 13 the high ace.
  for (uint32_t suit = 0; suit < 4; ++suit) {
    for (uint32_t from = phase.meld.ace == 1 ? 1 : 0; from < 13; ++from) {
      uint32_t length = 0;
      while (from + length < (phase.meld.ace == 0 ? 13u : 14u) && length < 13 &&
             (self_.held >> run_card(from + length, suit) & 1) != 0) {
        length += 1;
        if (length < phase.meld.run_min) continue;
        Move& move = add(MoveKind::meld, index);
        move.card = run_card(from, suit);
        move.count = static_cast<uint8_t>(length);
        move.amount = from == 0 ? 1 : 2;  // 1: begins with a low ace
      }
    }
  }
}

void Lister::ask(uint32_t index) {
  for (uint32_t rank = 0; rank < kRanks; ++rank) {
    if ((self_.held & rank_set(rank)) == 0) continue;
    for (uint32_t step = 1; step < state_.player_count; ++step) {
      const uint32_t other = state_.seat_after(seat_, step);
      if (state_.players[other].hand.size == 0) continue;
      Move& move = add(MoveKind::ask, index);
      move.target = static_cast<uint8_t>(other);
      move.amount = static_cast<int16_t>(rank);
    }
  }
}

uint8_t rank_to_claim(const Phase& phase, const State& state) {
  switch (phase.claim.mode) {
    case ClaimRank::sequential:
      return static_cast<uint8_t>((phase.claim.starting_rank + state.claims) % kRanks);
    case ClaimRank::fixed:
      return phase.claim.fixed_rank;
    case ClaimRank::player_choice:
      break;
  }
  return kNone;
}

}  // namespace busbar::cards
