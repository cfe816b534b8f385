// Tricks, and the battles of war.
#include <algorithm>

#include "table.h"

namespace busbar::cards {

void Table::trick(const Move& move, const Phase& phase) {
  const uint32_t seat = state_.seat;
  const Card card = give(seat, move.index);
  touched_ = true;
  if (state_.led_suit == kNone) {
    state_.led_suit = suit_of(card);
    state_.leader = static_cast<uint8_t>(seat);
    state_.trick_phase = move.phase;
  } else if (suit_of(card) != state_.led_suit && phase.trick.lead_suit_required && !rules_.queue_hands) {
    state_.players[seat].lacks |= suit_set(state_.led_suit);
  }
  state_.broken |= phase.trick.breaking_suit != kNone && suit_of(card) == phase.trick.breaking_suit;
  state_.fronts[seat] = card;
}

bool Table::trick_complete() const {
  if (state_.led_suit == kNone) return false;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (is_in(i) && state_.fronts[i] == kNone && state_.players[i].hand.size != 0) return false;
  }
  return true;
}

void Table::take_trick() {
  const Phase& phase = program_.phases[state_.trick_phase];
  const uint8_t trump = phase.trick.trump != kNone ? phase.trick.trump : state_.trump;
  uint32_t winner = state_.leader;
  int best = -1;
  for (uint32_t step = 0; step < rules_.player_count; ++step) {
    const uint32_t seat = state_.seat_after(state_.leader, step);
    const Card card = state_.fronts[seat];
    if (card == kNone) continue;
    int power = -1;
    if (suit_of(card) == trump) {
      power = 100 + rank_of(card);
    } else if (suit_of(card) == state_.led_suit) {
      power = 1 + (phase.trick.high_wins ? rank_of(card) : 12 - rank_of(card));
    }
    if (power > best) {
      best = power;
      winner = seat;
    }
  }
  Player& player = state_.players[winner];
  for (uint32_t step = 0; step < rules_.player_count; ++step) {
    const uint32_t seat = state_.seat_after(state_.leader, step);
    const Card card = state_.fronts[seat];
    if (card == kNone) continue;
    player.captured.push(card);
    player.score += rules_.trick_points[card];
    player.hand_points += rules_.trick_points[card];
    state_.fronts[seat] = kNone;
  }
  for (const Score& score : program_.scores) {
    if (score.kind == ScoreKind::trick) player.score += score.points;
  }
  player.tricks = static_cast<uint8_t>(player.tricks + 1);
  state_.trick_winner = static_cast<int8_t>(winner);
  state_.led_suit = state_.leader = kNone;
  state_.tricks_played = static_cast<uint8_t>(state_.tricks_played + 1);
  if (program_.tricks_per_hand != 0 && state_.tricks_played >= program_.tricks_per_hand) state_.hand_over = true;
  again_ = static_cast<int>(winner);
}

/// All who fight have laid a card: the highest rank takes the whole tableau.
void Table::battle() {
  uint8_t fighters[kPlayersMax];
  uint32_t count_fighters = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (!is_in(i) || (state_.pending != 0 && (state_.pending >> i & 1) == 0)) continue;
    if (state_.fronts[i] == kNone) {
      if (rules_.menu || state_.players[i].hand.size > 0) return;
      continue;  // it has nothing to lay
    }
    fighters[count_fighters++] = static_cast<uint8_t>(i);
  }
  if (count_fighters < 2) return;
  int top = -1;
  for (uint32_t i = 0; i < count_fighters; ++i) top = std::max<int>(top, rank_of(state_.fronts[fighters[i]]));
  uint8_t tied[kPlayersMax];
  uint32_t count_tied = 0;
  for (uint32_t i = 0; i < count_fighters; ++i) {
    if (rank_of(state_.fronts[fighters[i]]) == top) tied[count_tied++] = fighters[i];
  }
  if (count_tied == 1) return award(tied[0]);
  tied_battle(tied, count_tied);
}

void Table::award(uint32_t winner) {
  Pile& table = state_.tableau;
  const auto front_first = [&](bool of_winner) {
    uint32_t to = 0;
    for (uint32_t pass = 0; pass < 2; ++pass) {
      for (uint32_t seat = 0; seat < rules_.player_count; ++seat) {
        if (state_.fronts[seat] == kNone || (seat == winner) != ((pass == 0) == of_winner)) continue;
        for (uint32_t i = to; i < table.size; ++i) {
          if (table.cards[i] != state_.fronts[seat]) continue;
          std::swap(table.cards[i], table.cards[to++]);
          break;
        }
      }
    }
  };
  switch (program_.war.order) {
    case ReturnOrder::as_laid:
      break;
    case ReturnOrder::random:
      shuffle(table, chance_);
      break;
    case ReturnOrder::winner_first:
      front_first(true);
      break;
    case ReturnOrder::loser_first:
      front_first(false);
      break;
  }
  const bool seen = is_open(program_.tableau_visibility) && program_.war.face_down == 0;
  for (uint32_t i = 0; i < table.size; ++i) {
    seen ? receive_open(winner, table.cards[i]) : receive_hidden(winner, table.cards[i]);
  }
  table.size = 0;
  std::fill_n(state_.fronts, kPlayersMax, kNone);
  state_.pending = 0;
  if (program_.rules.same_player_on_win) again_ = static_cast<int>(winner);
}

void Table::tied_battle(const uint8_t* tied, uint32_t count_tied) {
  switch (program_.rules.tie) {
    case Tie::active_player: {
      const bool among = std::find(tied, tied + count_tied, state_.seat) != tied + count_tied;
      return award(among ? state_.seat : tied[0]);
    }
    case Tie::alternating: {
      const uint32_t winner = tied[state_.tie_winner % count_tied];
      state_.tie_winner = static_cast<uint8_t>((state_.tie_winner + 1) % rules_.player_count);
      return award(winner);
    }
    case Tie::split: {
      // Each takes its own card back; what else lies there goes round among the tied.
      Pile& table = state_.tableau;
      for (uint32_t seat = 0; seat < rules_.player_count; ++seat) {
        if (state_.fronts[seat] == kNone) continue;
        for (uint32_t i = 0; i < table.size; ++i) {
          if (table.cards[i] != state_.fronts[seat]) continue;
          receive_open(seat, table.take_ordered(i));
          break;
        }
        state_.fronts[seat] = kNone;
      }
      for (uint32_t i = 0; i < table.size; ++i) receive_open(tied[i % count_tied], table.cards[i]);
      table.size = 0;
      state_.pending = 0;
      return;
    }
    case Tie::battle:
      break;
  }
  // Face-down cards from each, and another battle among the tied.
  const War& war = program_.war;
  uint8_t able[kPlayersMax];
  uint32_t count_able = 0;
  uint32_t largest = 0;
  for (uint32_t i = 0; i < count_tied; ++i) largest = std::max<uint32_t>(largest, state_.players[tied[i]].hand.size);
  const uint32_t needed = war.short_loses ? std::min<uint32_t>(war.face_down + 1u, largest) : 1;
  for (uint32_t i = 0; i < count_tied; ++i) {
    if (state_.players[tied[i]].hand.size >= std::max(needed, 1u)) able[count_able++] = tied[i];
  }
  const auto losers_give_up = [&] {
    if (!war.short_loses) return;
    for (uint32_t i = 0; i < count_tied; ++i) {
      if (std::find(able, able + count_able, tied[i]) != able + count_able) continue;
      while (state_.players[tied[i]].hand.size > 0) state_.tableau.push(give(tied[i], 0));
    }
  };
  if (count_able == 0) {  // nobody can go on: it goes to the tied players in turn
    const uint32_t winner = tied[state_.tie_winner % count_tied];
    state_.tie_winner = static_cast<uint8_t>((state_.tie_winner + 1) % rules_.player_count);
    return award(winner);
  }
  losers_give_up();
  if (count_able == 1) return award(able[0]);
  state_.pending = 0;
  for (uint32_t i = 0; i < count_able; ++i) {
    const uint32_t seat = able[i];
    Player& player = state_.players[seat];
    for (uint32_t down = 0; down < war.face_down && player.hand.size > 1; ++down) {
      const uint32_t index = rules_.queue_hands ? 0 : static_cast<uint32_t>(chance_.below(player.hand.size));
      state_.tableau.push(give(seat, index));
    }
    state_.pending = static_cast<uint8_t>(state_.pending | 1u << seat);
  }
  std::fill_n(state_.fronts, kPlayersMax, kNone);
}

}  // namespace busbar::cards
