// Rounds of betting and bidding.
#include <algorithm>

#include "evaluate.h"
#include "table.h"

namespace busbar::cards {

void Table::enter_betting() {
  state_.mode = Mode::betting;
  state_.bet_level = state_.raises = 0;
  state_.pending = 0;
  uint32_t able = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    Player& player = state_.players[i];
    player.bet = 0;
    if (player.folded || player.all_in || player.chips == 0) continue;
    state_.pending = static_cast<uint8_t>(state_.pending | 1u << i);
    able += 1;
  }
  // Nobody can answer a bet: the round is over before it begins.
  if (able < 2) return enter_stage(state_.stage + 1u);
  while ((state_.pending >> state_.seat & 1) == 0) {
    state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1));
  }
}

void Table::stake(Player& player, uint32_t chips) {
  player.chips -= chips;
  player.bet += chips;
  player.staked += chips;
  player.all_in = player.chips == 0;
}

void Table::betting(const Move& move, const Phase& phase) {
  Player& self = state_.players[state_.seat];
  const uint32_t to_call = state_.bet_level - self.bet;
  const bool puts_money = move.kind == MoveKind::bet || move.kind == MoveKind::raise || move.kind == MoveKind::all_in;
  touched_ |= puts_money || move.kind == MoveKind::fold;
  if (puts_money) {
    count(&Counts::bets);
    if (counts_ != nullptr && strength(rules_, self.hand) < 0.3) counts_->weak_bets += 1;
    if (state_.first_bettor < 0) state_.first_bettor = static_cast<int8_t>(state_.seat);
  }
  switch (move.kind) {
    case MoveKind::bet:
      stake(self, phase.betting.bet_min);
      break;
    case MoveKind::call:
      stake(self, to_call);
      break;
    case MoveKind::raise:
      stake(self, to_call + phase.betting.bet_min);
      break;
    case MoveKind::all_in:
      stake(self, self.chips);
      count(&Counts::all_ins);
      break;
    case MoveKind::fold:
      self.folded = true;
      count(&Counts::folds);
      break;
    default:  // check
      break;
  }
  state_.pending = static_cast<uint8_t>(state_.pending & ~(1u << state_.seat));
  if (self.bet > state_.bet_level) {
    state_.raises += state_.bet_level > 0;
    state_.bet_level = self.bet;
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      const Player& other = state_.players[i];
      if (i != state_.seat && !other.folded && !other.all_in && other.chips > 0) {
        state_.pending = static_cast<uint8_t>(state_.pending | 1u << i);
      }
    }
  }
  uint32_t left = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) left += is_in(i);
  if (left == 1) {
    showdown(true);
    state_.hand_over = true;
    return;
  }
  if (state_.pending == 0) {
    state_.mode = Mode::turn;
    return enter_stage(state_.stage + 1u);
  }
  do {
    state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1));
  } while ((state_.pending >> state_.seat & 1) == 0);
}

/// Hands out what was staked, pot by pot: the main pot first, side pots to who paid into them.
/// @param folded all but one gave up
void Table::showdown(bool folded) {
  uint64_t pot = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) pot += state_.players[i].staked;
  if (pot > 0) count(folded ? &Counts::fold_wins : &Counts::showdowns);
  int64_t keys[kPlayersMax] = {};
  const Method method = rules_.showdown == Showdown::highest_card ? Method::high_card : program_.evaluation.method;
  for (uint32_t i = 0; i < rules_.player_count && !folded; ++i) {
    // fold_only: the cards decide nothing, whoever is left shares.
    if (is_in(i) && rules_.showdown != Showdown::fold_only) keys[i] = evaluate(rules_, method, state_.players[i].hand);
  }
  uint32_t winners_of_first = 0;
  uint32_t paid = 0;
  while (pot > 0) {
    // The next level that somebody's stake ends at.
    uint32_t level = UINT32_MAX;
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      if (state_.players[i].staked > paid) level = std::min(level, state_.players[i].staked);
    }
    uint64_t share_pot = 0;
    int64_t best = INT64_MIN;
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      const Player& player = state_.players[i];
      if (player.staked <= paid) continue;
      share_pot += level - paid;
      if (is_in(i)) best = std::max(best, keys[i]);
    }
    uint32_t winners = 0, winner_count = 0;
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      const Player& player = state_.players[i];
      const bool eligible =
          best == INT64_MIN ? player.staked > paid : player.staked > paid && is_in(i) && keys[i] == best;
      if (eligible) winners |= 1u << i;
      winner_count += eligible;
    }
    if (paid == 0) winners_of_first = winner_count;
    const uint64_t each = share_pot / winner_count;
    uint64_t rest = share_pot % winner_count;
    // What does not divide goes to the earliest winner after the first bettor.
    const uint32_t from = state_.first_bettor < 0 ? state_.first_seat : static_cast<uint32_t>(state_.first_bettor);
    for (uint32_t step = 1; step <= rules_.player_count; ++step) {
      const uint32_t seat = (from + step) % rules_.player_count;
      if ((winners >> seat & 1) == 0) continue;
      state_.players[seat].chips += static_cast<uint32_t>(each + rest);
      rest = 0;
    }
    pot -= share_pot;
    paid = level;
  }
  if (!folded && winners_of_first == 1) count(&Counts::showdown_wins);
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    state_.players[i].staked = state_.players[i].bet = 0;
  }
}

void Table::bid(const Move& move) {
  Player& self = state_.players[state_.seat];
  self.bid = move.amount;
  self.nil = move.count != 0;
  state_.pending = static_cast<uint8_t>(state_.pending & ~(1u << state_.seat));
  if (state_.pending == 0) {
    state_.mode = Mode::turn;
    return enter_stage(state_.stage + 1u);
  }
  state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1));
}

}  // namespace busbar::cards
