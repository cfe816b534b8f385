// Cards on the move: draws, plays, captures and effects, and who knows where they are.
#include <algorithm>

#include "table.h"

namespace busbar::cards {

Card Table::give(uint32_t seat, uint32_t index) {
  Player& player = state_.players[seat];
  const Card card = rules_.queue_hands ? player.hand.take_ordered(index) : player.hand.take(index);
  if (!rules_.copies || !player.hand.has(card)) player.held &= ~set_of(card);
  for (CardSet& known : player.known) known &= ~set_of(card);
  return card;
}

Card Table::give_card(uint32_t seat, Card card) {
  const Pile& hand = state_.players[seat].hand;
  for (uint32_t i = 0; i < hand.size; ++i) {
    if (hand.cards[i] == card) return give(seat, i);
  }
  return kNone;
}

void Table::receive_open(uint32_t seat, Card card) {
  Player& player = state_.players[seat];
  player.receive(card);
  player.lacks &= ~set_of(card);
  for (CardSet& known : player.known) known |= set_of(card);
}

void Table::receive_hidden(uint32_t seat, Card card) {
  state_.players[seat].receive(card);
  state_.players[seat].lacks = 0;
}

Card Table::from_deck() {
  if (state_.deck.size == 0) {
    const uint32_t kept = program_.rules.keep_top_discard ? 1 : 0;
    if (program_.rules.deck_empty != DeckEmpty::reshuffle || state_.discard.size <= kept) return kNone;
    const Card top = state_.discard.top();
    state_.discard.size = static_cast<uint8_t>(state_.discard.size - kept);
    state_.deck = state_.discard;
    state_.discard.size = 0;
    if (kept != 0) state_.discard.push(top);
    std::fill_n(state_.seen_discards, kPlayersMax, CardSet{0});
    shuffle(state_.deck, chance_);
  }
  const Card card = state_.deck.pop();
  if (state_.deck.size == 0 && program_.rules.deck_empty == DeckEmpty::game_ends) {
    state_.hand_over = state_.last_hand = true;
  }
  return card;
}

void Table::draw_from_deck(uint32_t seat, uint32_t wanted) {
  for (uint32_t i = 0; i < wanted; ++i) {
    const Card card = from_deck();
    if (card == kNone) return;
    if (is_open(program_.deck_visibility)) {
      receive_open(seat, card);
    } else {
      receive_hidden(seat, card);
    }
  }
}

void Table::draw_discard(uint32_t seat) {
  const Card card = state_.discard.pop();
  if (discards_seen()) return receive_open(seat, card);
  receive_hidden(seat, card);
  for (uint32_t o = 0; o < rules_.player_count; ++o) {
    if ((state_.seen_discards[o] & set_of(card)) == 0) continue;
    state_.seen_discards[o] &= ~set_of(card);
    state_.players[seat].known[o] |= set_of(card);
  }
}

/// A whole face-down pile is picked up: who knew a card in it knows it there.
void Table::take_pile(uint32_t seat) {
  while (state_.discard.size > 0) draw_discard(seat);
  std::fill_n(state_.seen_discards, kPlayersMax, CardSet{0});
}

void Table::draw(const Move& move, const Phase& phase) {
  const uint32_t seat = state_.seat;
  const auto place = static_cast<Place>(move.target == 1 ? phase.alternative : phase.place);
  const uint32_t wanted = program_.model == TurnModel::menu ? phase.count : 1;
  switch (place) {
    case Place::deck:
      draw_from_deck(seat, wanted);
      break;
    case Place::discard:
    case Place::opponent_discard:
      for (uint32_t i = 0; i < wanted && state_.discard.size > 0; ++i) draw_discard(seat);
      break;
    case Place::tableau:
      for (uint32_t i = 0; i < wanted && state_.tableau.size > 0; ++i) {
        const Card card = state_.tableau.pop();
        is_open(program_.tableau_visibility) ? receive_open(seat, card) : receive_hidden(seat, card);
      }
      break;
    case Place::opponent_hand:
      steal(seat, state_.seat_after(seat, 1), wanted);
      touched_ = true;
      break;
    case Place::hand:
      break;
  }
  if (rules_.asks) lay_sets(seat);
  if (program_.model == TurnModel::menu) return end_turn();
  state_.left -= 1;
  if (state_.left == 0) next_phase();
}

/// Cards by lot from one hand to another: both see which, the others lose track.
void Table::steal(uint32_t thief, uint32_t victim, uint32_t wanted) {
  Player& from = state_.players[victim];
  for (uint32_t i = 0; i < wanted && from.hand.size > 0; ++i) {
    const Card card = give(victim, static_cast<uint32_t>(chance_.below(from.hand.size)));
    receive_hidden(thief, card);
    state_.players[thief].known[victim] |= set_of(card);
    for (uint32_t o = 0; o < rules_.player_count; ++o) {
      if (o != thief && o != victim) from.known[o] = 0;
    }
  }
}

void Table::put(Card card, Place place, uint32_t seat) {
  switch (place) {
    case Place::deck:  // under it
      state_.deck.insert(0, card);
      break;
    case Place::discard:
    case Place::opponent_discard:
      state_.discard.push(card);
      if (!discards_seen()) state_.seen_discards[seat] |= set_of(card);
      break;
    case Place::tableau:
      state_.tableau.push(card);
      break;
    case Place::hand:
      receive_open(seat, card);
      break;
    case Place::opponent_hand: {
      const uint32_t other = state_.seat_after(seat, 1);
      receive_open(other, card);
      touched_ = true;
      break;
    }
  }
}

void Table::lay(const Move& move, const Phase& phase) {
  const uint32_t seat = state_.seat;
  const auto place = static_cast<Place>(phase.place);
  // Cards of a set: from the lowest suit up, those that fit.
  Card laid[kCardsMax];
  uint32_t laid_count = 0;
  if (move.kind == MoveKind::play) {
    laid[laid_count++] = give(seat, move.index);
  } else {
    const CardSet fits = fitting_cards(rules_, state_, seat, phase);
    for (Card card = move.card; rank_of(card) == rank_of(move.card); ++card) {
      while (laid_count < move.count && (fits & set_of(card)) != 0) {
        const Card given = give_card(seat, card);
        if (given == kNone) break;
        laid[laid_count++] = given;
      }
    }
  }
  state_.named_suit = kNone;
  for (uint32_t i = 0; i < laid_count; ++i) {
    const Card card = laid[i];
    if (place == Place::tableau && rules_.captures) {
      capture(card, move.amount);
      touched_ = true;
    } else {
      put(card, place, seat);
    }
    if (place == Place::tableau) {
      touched_ = true;
      if (program_.tableau == Tableau::war) {
        state_.fronts[seat] = card;
        battle();
      }
    }
    state_.players[seat].score += rules_.play_points[card];
    effects(card, move);
  }
}

void Table::discard(const Move& move, const Phase& phase) {
  put(give(state_.seat, move.index), static_cast<Place>(phase.place), state_.seat);
  if (static_cast<Place>(phase.place) == Place::discard) state_.named_suit = kNone;
  if (program_.model == TurnModel::menu) {
    if (!state_.locked) {
      state_.locked = phase.count > 1;
      state_.left = static_cast<uint16_t>(std::min<uint32_t>(phase.count, kCardsMax));
    }
    if (state_.locked && --state_.left > 0 && state_.players[state_.seat].hand.size > 0) return;
    return end_turn();
  }
  state_.left -= 1;
  if (state_.left == 0) next_phase();
}

void Table::capture(Card card, int16_t number) {
  const Capture taken = capture_of(rules_, state_, card, number);
  Player& player = state_.players[state_.seat];
  if (taken.count == 0) {
    state_.tableau.push(card);
    return;
  }
  const auto take = [&](Card of) {
    player.captured.push(of);
    player.score += rules_.capture_points[of];
  };
  take(card);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < state_.tableau.size; ++i) {
    if (taken.has(i)) {
      take(state_.tableau.cards[i]);
    } else {
      state_.tableau.cards[kept++] = state_.tableau.cards[i];
    }
  }
  state_.tableau.size = static_cast<uint8_t>(kept);
  state_.last_capturer = static_cast<int8_t>(state_.seat);
  if (program_.rules.same_player_on_win) again_ = state_.seat;
  if (kept != 0) return;
  for (const Score& score : program_.scores) {
    if (score.kind == ScoreKind::sweep) player.score += score.points;
  }
}

template <class Action>
void Table::each_target(const Effect& effect, const Move& move, Action action) {
  const uint32_t seat = state_.seat, players = state_.player_count;
  switch (effect.target) {
    case Target::choice:
      return action(move.target != kNone ? move.target : state_.seat_after(seat, 1));
    case Target::next:
      return action(state_.seat_after(seat, 1));
    case Target::previous:
      return action(state_.seat_after(seat, players - 1));
    case Target::left:
      return action((seat + 1) % players);
    case Target::right:
      return action((seat + players - 1) % players);
    case Target::random_opponent:
      return action((seat + 1 + static_cast<uint32_t>(chance_.below(players - 1))) % players);
    case Target::all_opponents:
      for (uint32_t step = 1; step < players; ++step) action(state_.seat_after(seat, step));
      return;
    case Target::self:
      return action(seat);
  }
}

void Table::effects(Card card, const Move& move) {
  const uint8_t rank = rank_of(card);
  for (uint32_t i = rules_.effects_begin[rank]; i < rules_.effects_begin[rank + 1]; ++i)
    effect(rules_.effects[i], move);
}

void Table::effect(const Effect& effect, const Move& move) {
  const uint32_t seat = state_.seat, skips_max = state_.player_count - 1u;
  const auto skip = [&](uint32_t seats) {
    state_.skips = static_cast<uint8_t>(std::min(state_.skips + seats, skips_max));
  };
  switch (effect.kind) {
    case EffectKind::skip_next:
      skip(effect.value);
      touched_ = true;
      break;
    case EffectKind::reverse:
      state_.direction = static_cast<int8_t>(-state_.direction);
      if (state_.player_count > 2) break;
      skip(1);  // with two players to turn round is to move again
      touched_ = true;
      break;
    case EffectKind::extra_turn:
      skip(skips_max);
      break;
    case EffectKind::draw_cards:
      each_target(effect, move, [&](uint32_t player) { draw_from_deck(player, effect.value); });
      touched_ |= effect.target != Target::self;
      break;
    case EffectKind::force_discard:
      each_target(effect, move, [&](uint32_t player) { force_discard(player, effect.value); });
      touched_ |= effect.target != Target::self;
      break;
    case EffectKind::wild_card:
      state_.named_suit = static_cast<uint8_t>(move.amount);
      break;
    case EffectKind::block_next:
      each_target(effect, move, [&](uint32_t player) {
        Player& of = state_.players[player];
        of.blocked = static_cast<uint8_t>(std::min(of.blocked + effect.value, 255));
      });
      touched_ |= effect.target != Target::self;
      break;
    case EffectKind::swap_hands:
      each_target(effect, move, [&](uint32_t player) { swap_hands(seat, player); });
      touched_ |= effect.target != Target::self;
      break;
    case EffectKind::steal_card:
      each_target(effect, move, [&](uint32_t player) {
        if (player != seat) steal(seat, player, effect.value);
      });
      touched_ |= effect.target != Target::self;
      break;
    case EffectKind::peek_hand:
      each_target(effect, move,
                  [&](uint32_t player) { state_.players[player].known[seat] = state_.players[player].held; });
      touched_ |= effect.target != Target::self;
      break;
  }
}

/// By lot, under the top card: what was just played stays the card to match.
void Table::force_discard(uint32_t seat, uint32_t cards) {
  Player& victim = state_.players[seat];
  for (uint32_t i = 0; i < cards && victim.hand.size > 0; ++i) {
    const Card card = give(seat, static_cast<uint32_t>(chance_.below(victim.hand.size)));
    state_.discard.insert(state_.discard.size == 0 ? 0 : state_.discard.size - 1u, card);
    if (!discards_seen()) {
      state_.seen_discards[seat] |= set_of(card);
      for (uint32_t o = 0; o < rules_.player_count; ++o) {
        if (o != seat) victim.known[o] = 0;
      }
    }
  }
}

void Table::swap_hands(uint32_t a, uint32_t b) {
  if (a == b) return;
  Player &first = state_.players[a], &second = state_.players[b];
  const Pile hand = first.hand;
  first.hand = second.hand;
  second.hand = hand;
  std::swap(first.held, second.held);
  std::swap(first.lacks, second.lacks);
  std::swap(first.known, second.known);
  // Each knows what it gave away.
  first.known[b] = first.held;
  second.known[a] = second.held;
}

}  // namespace busbar::cards
