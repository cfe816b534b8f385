// Rummy: melds that are laid down, and knocking.
#include <algorithm>

#include "evaluate.h"
#include "table.h"

namespace busbar::cards {

void Table::meld(const Move& move, const Phase&) {
  Player& self = state_.players[state_.seat];
  CardSet laid = 0;
  if (move.amount == 0) {
    laid = self.held & rank_set(rank_of(move.card));
  } else {
    // A run begins with the low ace (amount 1) or with its first card.
    for (uint32_t i = 0; i < move.count; ++i) {
      const uint32_t rank = (rank_of(move.card) + i) % kRanks;
      laid |= set_of(static_cast<Card>(rank * 4 + suit_of(move.card)));
    }
  }
  for (Card card = 0; card < kDeckCards; ++card) {
    if ((laid >> card & 1) == 0 || give_card(state_.seat, card) == kNone) continue;
    self.captured.push(card);
  }
  score_set(state_.seat, laid);
}

void Table::knock(const Phase& phase) {
  const uint32_t knocker = state_.seat;
  uint32_t left[kPlayersMax] = {};
  for (uint32_t i = 0; i < rules_.player_count; ++i) left[i] = deadwood(rules_, phase, state_.players[i].held);
  touched_ = true;
  state_.hand_over = true;
  state_.hand_winner = static_cast<int8_t>(knocker);
  uint32_t lowest = knocker;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (i != knocker && (lowest == knocker || left[i] < left[lowest])) lowest = i;
  }
  if (left[knocker] > 0 && left[lowest] <= left[knocker]) {
    state_.players[lowest].score += static_cast<int32_t>(left[knocker] - left[lowest] + phase.meld.undercut_bonus);
    state_.hand_winner = static_cast<int8_t>(lowest);
    return;
  }
  Player& self = state_.players[knocker];
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (i == knocker) continue;
    self.score += static_cast<int32_t>(left[i] - left[knocker]);
    if (left[knocker] == 0) self.score += phase.meld.gin_bonus;
  }
}

}  // namespace busbar::cards
