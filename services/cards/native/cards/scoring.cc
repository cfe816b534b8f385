// Points at the end of a hand, and who has won.
#include <algorithm>

#include "evaluate.h"
#include "table.h"

namespace busbar::cards {

void Table::score_set(uint32_t seat, CardSet set) {
  for (const CardScore& score : program_.card_scores) {
    if (score.trigger != Trigger::set_complete) continue;
    CardSet fits = score.rank == kNone ? kAllCards : rank_set(score.rank);
    if (score.suit != kNone) fits &= suit_set(score.suit);
    if ((set & fits) != 0) state_.players[seat].score += score.points;
  }
}

int64_t Table::side_score(uint32_t side) const {
  int64_t sum = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (rules_.side_of[i] == side) sum += state_.players[i].score;
  }
  return sum;
}

void Table::score_contracts() {
  const Contract& contract = program_.contract;
  for (uint32_t side = 0; side < rules_.side_count; ++side) {
    Player& account = state_.players[rules_.side_first[side]];
    int32_t bid = 0, tricks = 0;
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      if (rules_.side_of[i] != side) continue;
      const Player& player = state_.players[i];
      if (player.nil) {
        account.score += player.tricks == 0 ? contract.nil_bonus : -static_cast<int32_t>(contract.nil_penalty);
      } else {
        bid += std::max<int32_t>(player.bid, 0);
      }
      tricks += player.tricks;
    }
    if (bid == 0) continue;  // only nil bids: nothing to make
    if (tricks < bid) {
      account.score -= bid * contract.fail_penalty;
      continue;
    }
    const int32_t over = tricks - bid;
    account.score += bid * contract.points_per_trick + over * contract.overtrick;
    uint32_t bags = account.bags + static_cast<uint32_t>(over);
    while (contract.bag_limit != 0 && bags >= contract.bag_limit) {
      bags -= contract.bag_limit;
      account.score -= contract.bag_penalty;
    }
    account.bags = static_cast<uint8_t>(std::min(bags, 255u));
  }
}

void Table::score_hand() {
  if (program_.last_capture_takes_rest && state_.last_capturer >= 0) {
    Player& last = state_.players[state_.last_capturer];
    for (uint32_t i = 0; i < state_.tableau.size; ++i) {
      last.captured.push(state_.tableau.cards[i]);
      last.score += rules_.capture_points[state_.tableau.cards[i]];
    }
    state_.tableau.size = 0;
  }
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    Player& player = state_.players[i];
    for (uint32_t c = 0; c < player.hand.size; ++c) player.score += rules_.hand_points[player.hand.cards[c]];
  }
  if (state_.hand_winner < 0) {
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      if (state_.players[i].hand.size == 0 && !hands_empty()) state_.hand_winner = static_cast<int8_t>(i);
    }
  }
  for (const Score& score : program_.scores) {
    switch (score.kind) {
      case ScoreKind::shoot_moon:
        for (uint32_t i = 0; i < rules_.player_count; ++i) {
          if (state_.players[i].hand_points < score.threshold) continue;
          state_.players[i].score -= state_.players[i].hand_points;
          for (uint32_t other = 0; other < rules_.player_count; ++other) {
            if (other != i) state_.players[other].score += score.points;
          }
          break;
        }
        break;
      case ScoreKind::most_cards: {
        uint32_t counts[kPlayersMax] = {}, most = 0, holders = 0, holder = 0;
        for (uint32_t i = 0; i < rules_.player_count; ++i) {
          const Pile& captured = state_.players[i].captured;
          for (uint32_t c = 0; c < captured.size; ++c) {
            counts[rules_.side_of[i]] += (score.suit == kNone || suit_of(captured.cards[c]) == score.suit) &&
                                         (score.rank == kNone || rank_of(captured.cards[c]) == score.rank);
          }
        }
        for (uint32_t side = 0; side < rules_.side_count; ++side) most = std::max(most, counts[side]);
        for (uint32_t side = 0; side < rules_.side_count; ++side) {
          if (counts[side] != most) continue;
          holders += 1;
          holder = rules_.side_first[side];
        }
        if (holders == 1 && most > 0) state_.players[holder].score += score.points;
        break;
      }
      case ScoreKind::go_out:
        if (state_.hand_winner >= 0) state_.players[state_.hand_winner].score += score.points;
        break;
      case ScoreKind::cards_left:
        if (state_.hand_winner < 0) break;
        for (uint32_t i = 0; i < rules_.player_count; ++i) {
          if (rules_.side_of[i] == rules_.side_of[state_.hand_winner]) continue;
          const uint32_t value = hand_value(rules_, state_.players[i].hand);
          state_.players[state_.hand_winner].score += static_cast<int32_t>(value) * score.points;
        }
        break;
      case ScoreKind::sweep:
      case ScoreKind::trick:
        break;  // scored when they happen
    }
  }
  if (rules_.bidding && program_.contract.scored) score_contracts();
}

void Table::finish_hand() {
  if (rules_.betting) showdown(false);
  score_hand();
  state_.hand_over = false;
  state_.mode = Mode::turn;
  judge(true);
  if (state_.over) return;
  uint32_t can_play = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) can_play += !rules_.betting || state_.players[i].chips > 0;
  if (!program_.hands.redeal || state_.last_hand || state_.hand + 1 >= program_.hands.hands_max || can_play < 2) {
    return decide(program_.wins.front());
  }
  // Who begins the next hand. The winner (loser) of a hand has the best (worst) standing when nobody won it.
  uint32_t best = 0, worst = 0;
  for (uint32_t i = 1; i < rules_.player_count; ++i) {
    if (standing(rules_, state_, i) > standing(rules_, state_, best)) best = i;
    if (standing(rules_, state_, i) < standing(rules_, state_, worst)) worst = i;
  }
  switch (program_.hands.first) {
    case FirstPlayer::same:
      break;
    case FirstPlayer::next:
      state_.first_seat = static_cast<uint8_t>((state_.first_seat + 1u) % rules_.player_count);
      break;
    case FirstPlayer::winner:
      state_.first_seat = static_cast<uint8_t>(state_.hand_winner >= 0 ? state_.hand_winner : static_cast<int>(best));
      break;
    case FirstPlayer::loser:
      state_.first_seat = static_cast<uint8_t>(worst);
      break;
  }
  state_.hand += 1;
  begin_hand();
}

Comparison Table::direction(const Win& win) const {
  if (win.comparison == Comparison::highest || win.comparison == Comparison::lowest) return win.comparison;
  switch (win.kind) {
    case WinKind::empty_hand:
    case WinKind::low_score:
    case WinKind::all_hands_empty:
    case WinKind::fewest_tricks:
      return Comparison::lowest;
    default:
      return Comparison::highest;
  }
}

int64_t Table::measure(const Win& win, uint32_t side) const {
  int64_t sum = 0, best = INT64_MIN;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (rules_.side_of[i] != side) continue;
    const Player& player = state_.players[i];
    switch (win.kind) {
      case WinKind::empty_hand:
      case WinKind::capture_all:
        sum += player.hand.size + (rules_.captures ? player.captured.size : 0);
        break;
      case WinKind::high_score:
      case WinKind::first_to_score:
      case WinKind::low_score:
      case WinKind::all_hands_empty:
        sum += player.score;
        break;
      case WinKind::most_captured:
        sum += player.captured.size;
        break;
      case WinKind::most_tricks:
      case WinKind::fewest_tricks:
        sum += player.tricks;
        break;
      case WinKind::most_chips:
        sum += player.chips;
        break;
      case WinKind::best_hand:
        if (rules_.betting) {
          sum += player.chips;
        } else {
          best = std::max(best, evaluate(rules_, player.hand));
        }
        break;
    }
  }
  return best != INT64_MIN ? best : sum;
}

void Table::decide(const Win& win) {
  const int64_t sign = direction(win) == Comparison::lowest ? -1 : 1;
  int64_t best = INT64_MIN;
  uint32_t winners = 0;
  for (uint32_t side = 0; side < rules_.side_count; ++side) {
    const int64_t value = sign * measure(win, side);
    if (value > best) {
      best = value;
      winners = 0;
    }
    if (value == best) winners |= rules_.side_seats[side];
  }
  state_.ending = Ending::won;
  finish(winners);
}

/// @param winners seats that won or share the first place; 0: nobody, all share
void Table::finish(uint32_t winners) {
  state_.over = true;
  const uint32_t all = (1u << rules_.player_count) - 1;
  state_.winners = static_cast<uint8_t>(winners == 0 ? all : winners);
  state_.winner = -1;
  uint32_t sides = 0;
  for (uint32_t side = 0; side < rules_.side_count; ++side) {
    if ((state_.winners & rules_.side_seats[side]) == 0) continue;
    sides += 1;
    state_.winner = static_cast<int8_t>(rules_.side_first[side]);
  }
  if (sides != 1) {
    state_.winner = -1;
    if (state_.ending == Ending::won) state_.ending = Ending::drawn;
  }
}

/// Whether `win` ends the game now. @param first receives the seat whose doing it is, when it is one seat's
bool Table::met(const Win& win, bool hand_end, int& first) const {
  switch (win.trigger) {
    case WinTrigger::immediate:
      break;
    case WinTrigger::threshold_gate:
      if (!hand_end) return false;
      break;
    case WinTrigger::all_hands_empty:
      return hands_empty();
    case WinTrigger::deck_empty:
      return state_.deck.size == 0;
  }
  const uint32_t players = rules_.player_count, mover = state_.seat;
  const auto reached = [&](uint32_t seat) { return side_score(rules_.side_of[seat]) >= win.threshold; };
  switch (win.kind) {
    case WinKind::empty_hand:
      for (uint32_t step = 0; step < players && first < 0; ++step) {
        const uint32_t seat = (mover + step) % players;
        if (is_in(seat) && state_.players[seat].hand.size == 0) first = static_cast<int>(seat);
      }
      return first >= 0;
    case WinKind::first_to_score:
      for (uint32_t step = 0; step < players && first < 0; ++step) {
        if (reached((mover + step) % players)) first = static_cast<int>((mover + step) % players);
      }
      return first >= 0;
    case WinKind::high_score:
    case WinKind::low_score: {
      int found = -1;
      for (uint32_t step = 0; step < players && found < 0; ++step) {
        if (reached((mover + step) % players)) found = static_cast<int>((mover + step) % players);
      }
      if (found >= 0 && win.comparison == Comparison::first) first = found;
      return found >= 0;
    }
    case WinKind::all_hands_empty:
      return hands_empty();
    case WinKind::capture_all: {
      if (state_.tableau.size != 0) return false;
      uint32_t holders = 0, holder = 0;
      for (uint32_t i = 0; i < players; ++i) {
        if (state_.players[i].hand.size + (rules_.captures ? state_.players[i].captured.size : 0) == 0) continue;
        holders += 1;
        holder = i;
      }
      if (holders != 1) return false;
      first = static_cast<int>(holder);
      return true;
    }
    case WinKind::best_hand:
      if (rules_.betting || !hand_end || win.hand_size == 0) return false;
      for (uint32_t i = 0; i < players; ++i) {
        if (is_in(i) && state_.players[i].hand.size != win.hand_size) return false;
      }
      return true;
    case WinKind::most_chips:
    case WinKind::most_captured:
    case WinKind::most_tricks:
    case WinKind::fewest_tricks:
      return win.trigger == WinTrigger::threshold_gate && win.threshold > 0 &&
             std::any_of(rules_.side_first, rules_.side_first + rules_.side_count,
                         [&](uint8_t seat) { return measure(win, rules_.side_of[seat]) >= win.threshold; });
  }
  return false;
}

void Table::judge(bool hand_end) {
  for (const Win& win : program_.wins) {
    int first = -1;
    if (!met(win, hand_end, first)) continue;
    if (first >= 0) {
      state_.ending = Ending::won;
      return finish(rules_.side_seats[rules_.side_of[first]]);
    }
    return decide(win);
  }
}

}  // namespace busbar::cards
