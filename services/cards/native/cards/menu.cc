#include "menu.h"

#include <algorithm>

#include "condition.h"

namespace busbar::cards {
namespace {

/// Cards that may be played or discarded in this phase.
CardSet phase_cards(const Rules& rules, const State& state, uint32_t player, const Phase& phase) {
  const CardSet held = state.players[player].held;
  if (phase.kind == PhaseKind::discard || phase.condition < 0) return held;
  return held & cards_where(&rules.program.conditions[phase.condition], rules, state, player, 0);
}

bool can_draw(const State& state, uint32_t player, uint8_t source) {
  switch (static_cast<Place>(source)) {
    case Place::deck:
      return state.deck.size > 0 || state.discard.size > 1;  // all but the top discard can be reshuffled
    case Place::discard:
      return state.discard.size > 0;
    case Place::opponent_hand:
      return state.players[state.seat_after(player, 1)].hand.size > 0;
    default:
      return false;
  }
}

bool draw_allowed(const Rules& rules, const State& state, uint32_t player, const Phase& phase, uint32_t plays) {
  if (!can_draw(state, player, phase.place)) return false;
  return phase.condition < 0 ||
         cards_where(&rules.program.conditions[phase.condition], rules, state, player, plays) != 0;
}

/// Takes a card from the deck, which is the reshuffled discard pile (but its top) when it is empty. @returns kNone: no
/// card
Card from_deck(State& state, Stream& chance) {
  if (state.deck.size == 0) {
    if (state.discard.size < 2) return kNone;
    const Card top = state.discard.pop();
    state.deck = state.discard;
    state.discard.size = 0;
    state.discard.push(top);
    shuffle(state.deck, chance);
  }
  return state.deck.pop();
}

void draw_from_deck(State& state, uint32_t player, uint32_t count, Stream& chance) {
  for (uint32_t i = 0; i < count; ++i) {
    const Card card = from_deck(state, chance);
    if (card == kNone) return;
    state.players[player].receive(card);
  }
}

void draw(State& state, const Phase& phase, Stream& chance) {
  Player& self = state.players[state.seat];
  switch (static_cast<Place>(phase.place)) {
    case Place::deck:
      draw_from_deck(state, state.seat, phase.count, chance);
      break;
    case Place::discard:
      for (uint32_t i = 0; i < phase.count && state.discard.size > 0; ++i) self.receive(state.discard.pop());
      break;
    case Place::opponent_hand: {
      Player& other = state.players[state.seat_after(state.seat, 1)];
      for (uint32_t i = 0; i < phase.count && other.hand.size > 0; ++i)
        self.receive(other.give(static_cast<uint32_t>(chance.below(other.hand.size))));
      break;
    }
    default:
      break;
  }
}

/// Both have laid a card: the higher rank takes the whole tableau, ties go to the two players in turn.
void battle(State& state) {
  if (state.fronts[0] == kNone || state.fronts[1] == kNone) return;
  const uint8_t first = rank_of(state.fronts[0]), second = rank_of(state.fronts[1]);
  uint32_t winner = second > first;
  if (first == second) {
    winner = state.tie_winner;
    state.tie_winner ^= 1;
  }
  for (uint32_t i = 0; i < state.tableau.size; ++i) state.players[winner].receive(state.tableau.cards[i]);
  state.tableau.size = 0;
  state.fronts[0] = state.fronts[1] = kNone;
}

template <class Action>
void each_target(const State& state, Target target, Stream& chance, Action action) {
  const uint32_t seat = state.seat, count = state.player_count;
  switch (target) {
    case Target::choice:  // two players only: the one opponent
    case Target::next:
      action(state.seat_after(seat, 1));
      break;
    case Target::previous:
      action(state.seat_after(seat, count - 1));
      break;
    case Target::left:
      action((seat + 1) % count);
      break;
    case Target::right:
      action((seat + count - 1) % count);
      break;
    case Target::random_opponent:
      action((seat + 1 + static_cast<uint32_t>(chance.below(count - 1))) % count);
      break;
    case Target::all_opponents:
      for (uint32_t step = 1; step < count; ++step) action(state.seat_after(seat, step));
      break;
    case Target::self:
      break;  // no menu game
  }
}

/// @returns whether the effect is aimed at an opponent
bool apply_effect(State& state, const Effect& effect, Stream& chance) {
  const uint32_t skips_max = state.player_count - 1u;
  const auto skip = [&](uint32_t count) {
    state.skips = static_cast<uint8_t>(std::min(state.skips + count, skips_max));
  };
  switch (effect.kind) {
    case EffectKind::skip_next:
      skip(effect.value);
      return true;
    case EffectKind::reverse:
      state.direction = static_cast<int8_t>(-state.direction);
      if (state.player_count > 2) return false;
      skip(1);  // with two players to turn round is to move again
      return true;
    case EffectKind::extra_turn:
      skip(skips_max);
      return false;
    case EffectKind::draw_cards:
      each_target(state, effect.target, chance,
                  [&](uint32_t player) { draw_from_deck(state, player, effect.value, chance); });
      return true;
    case EffectKind::force_discard:
      each_target(state, effect.target, chance, [&](uint32_t player) {
        Player& victim = state.players[player];
        for (uint32_t i = 0; i < effect.value && victim.hand.size > 0; ++i) {
          // Under the top card: what was just played stays the card to match.
          const Card card = victim.give(static_cast<uint32_t>(chance.below(victim.hand.size)));
          if (state.discard.size == 0) {
            state.discard.push(card);
          } else {
            const Card top = state.discard.pop();
            state.discard.push(card);
            state.discard.push(top);
          }
        }
      });
      return true;
    default:
      return false;  // no menu game
  }
}

}  // namespace

void list_moves(const Rules& rules, const State& state, uint32_t player, Choices& choices) {
  const std::vector<Phase>& phases = rules.program.phases;
  const uint32_t phase_count = static_cast<uint32_t>(phases.size());
  choices.count = 0;
  choices.draws = 0;
  choices.pass = false;
  CardSet playable = 0;
  bool must = false, may_decline = false, passes_if_unable = false, has_draw = false;
  for (uint32_t i = 0; i < phase_count; ++i) {
    const Phase& phase = phases[i];
    if (phase.kind == PhaseKind::draw) {
      choices.cards[i] = 0;
      has_draw = true;
      continue;
    }
    const CardSet cards = phase_cards(rules, state, player, phase);
    choices.cards[i] = cards;
    if (phase.kind == PhaseKind::play) playable |= cards;
    const bool optional = !phase.mandatory || (phase.kind == PhaseKind::play && phase.cards_min == 0);
    if (cards != 0) {
      choices.count += cards == state.players[player].held ? state.players[player].hand.size : size_of(cards);
      must |= !optional;
    }
    may_decline |= optional;
    passes_if_unable |= phase.pass_if_unable;
  }
  if (has_draw) {
    const uint32_t plays = playable == 0 ? 0 : size_of(playable);
    for (uint32_t i = 0; i < phase_count; ++i) {
      const Phase& phase = phases[i];
      if (phase.kind != PhaseKind::draw) continue;
      may_decline |= !phase.mandatory;
      if (!draw_allowed(rules, state, player, phase, plays)) continue;
      choices.draws |= 1u << i;
      choices.count += 1;
      must |= phase.mandatory;
    }
  }
  choices.pass = !must && (may_decline || (passes_if_unable && choices.count == 0));
  choices.count += choices.pass;
}

Move move_at(const Rules& rules, const State& state, uint32_t player, const Choices& choices, uint32_t n) {
  const std::vector<Phase>& phases = rules.program.phases;
  const Pile& hand = state.players[player].hand;
  Move move;
  for (uint32_t i = 0; i < phases.size(); ++i) {
    move.phase = static_cast<uint8_t>(i);
    if (phases[i].kind == PhaseKind::draw) {
      if ((choices.draws >> i & 1) == 0) continue;
      if (n == 0) {
        move.kind = MoveKind::draw;
        return move;
      }
      n -= 1;
      continue;
    }
    const CardSet cards = choices.cards[i];
    if (cards == 0) continue;
    uint32_t index = n;
    if (cards == state.players[player].held) {
      if (n >= hand.size) {
        n -= hand.size;
        continue;
      }
    } else {
      for (index = 0; index < hand.size; ++index) {
        if ((cards >> hand.cards[index] & 1) != 0 && n-- == 0) break;
      }
      if (index == hand.size) continue;
    }
    move.kind = phases[i].kind == PhaseKind::play ? MoveKind::play : MoveKind::discard;
    move.index = static_cast<uint8_t>(index);
    move.card = hand.cards[index];
    return move;
  }
  move.phase = 0;
  return move;  // passing comes last
}

bool can_use(const Rules& rules, const State& state, uint32_t player, uint32_t phase_index) {
  const Phase& phase = rules.program.phases[phase_index];
  if (phase.kind != PhaseKind::draw) return phase_cards(rules, state, player, phase) != 0;
  uint32_t plays = 0;
  if (phase.condition >= 0) {
    CardSet playable = 0;
    for (const Phase& other : rules.program.phases) {
      if (other.kind == PhaseKind::play) playable |= phase_cards(rules, state, player, other);
    }
    plays = size_of(playable);
  }
  return draw_allowed(rules, state, player, phase, plays);
}

void deal(const Rules& rules, State& state, Stream& chance) {
  const GameProgram& program = rules.program;
  state.turn = 0;
  state.player_count = static_cast<uint8_t>(rules.player_count);
  state.seat = state.skips = state.tie_winner = 0;
  state.direction = 1;
  state.fronts[0] = state.fronts[1] = kNone;
  state.named_suit = kNone;
  state.discard.size = state.tableau.size = 0;
  state.deck.size = kDeckCards;
  for (Card card = 0; card < kDeckCards; ++card) state.deck.cards[card] = card;
  shuffle(state.deck, chance);
  for (uint32_t i = 0; i < rules.player_count; ++i) {
    Player& player = state.players[i];
    player.hand.size = 0;
    player.held = 0;
    player.score = 0;
    player.chips = rules.starting_chips;
  }
  for (uint32_t round = 0; round < program.cards_per_player; ++round) {
    for (uint32_t i = 0; i < rules.player_count; ++i) state.players[i].receive(state.deck.pop());
  }
  Pile& open = program.tableau == Tableau::none ? state.discard : state.tableau;
  for (uint32_t i = 0; i < program.initial_discard_count; ++i) open.push(state.deck.pop());
}

bool apply(const Rules& rules, State& state, const Move& move, Stream& chance) {
  bool touches = false;
  const uint32_t seat = state.seat;
  switch (move.kind) {
    case MoveKind::draw: {
      const Phase& phase = rules.program.phases[move.phase];
      draw(state, phase, chance);
      touches = static_cast<Place>(phase.place) == Place::opponent_hand;
      break;
    }
    case MoveKind::discard:
      state.discard.push(state.players[seat].give(move.index));
      break;
    case MoveKind::play: {
      const Card card = state.players[seat].give(move.index);
      if (static_cast<Place>(rules.program.phases[move.phase].place) == Place::tableau) {
        state.tableau.push(card);
        touches = true;
        if (rules.program.tableau == Tableau::war) {
          state.fronts[seat] = card;
          battle(state);
        }
      } else {
        state.discard.push(card);
      }
      if (rules.scored) state.players[seat].score += rules.play_points[card];
      const uint8_t rank = rank_of(card);
      for (uint32_t i = rules.effects_begin[rank]; i < rules.effects_begin[rank + 1]; ++i) {
        touches |= apply_effect(state, rules.effects[i], chance);
      }
      break;
    }
    default:
      break;
  }
  state.seat = static_cast<uint8_t>(state.seat_after(seat, 1u + state.skips));
  state.skips = 0;
  state.turn += 1;
  return touches;
}

Verdict judge(const Rules& rules, const State& state, uint32_t mover) {
  const uint32_t count = state.player_count;
  /// The best by `sign` * score; a tie is drawn.
  const auto best = [&](int32_t sign) {
    int8_t winner = 0;
    bool tied = false;
    for (uint32_t i = 1; i < count; ++i) {
      const int64_t difference = int64_t{sign} * (int64_t{state.players[i].score} - state.players[winner].score);
      if (difference > 0) winner = static_cast<int8_t>(i);
      tied = difference == 0 || (tied && difference < 0);
    }
    return Verdict{true, static_cast<int8_t>(tied ? -1 : winner)};
  };
  for (const Win& win : rules.program.wins) {
    bool reached = false;
    switch (win.kind) {
      case WinKind::empty_hand:
        for (uint32_t i = 0; i < count; ++i) {
          const uint32_t player = (mover + i) % count;
          if (state.players[player].hand.size == 0) return {true, static_cast<int8_t>(player)};
        }
        break;
      case WinKind::first_to_score:
        for (uint32_t i = 0; i < count; ++i) {
          const uint32_t player = (mover + i) % count;
          if (state.players[player].score >= win.threshold) return {true, static_cast<int8_t>(player)};
        }
        break;
      case WinKind::high_score:
      case WinKind::low_score:
        for (uint32_t i = 0; i < count; ++i) reached |= state.players[i].score >= win.threshold;
        if (reached) return best(win.kind == WinKind::high_score ? 1 : -1);
        break;
      case WinKind::all_hands_empty:
        reached = true;
        for (uint32_t i = 0; i < count; ++i) reached &= state.players[i].hand.size == 0;
        if (reached) return best(-1);
        break;
      case WinKind::capture_all: {
        if (state.tableau.size != 0) break;
        uint32_t holders = 0, holder = 0;
        for (uint32_t i = 0; i < count; ++i) {
          if (state.players[i].hand.size == 0) continue;
          holders += 1;
          holder = i;
        }
        if (holders == 1) return {true, static_cast<int8_t>(holder)};
        break;
      }
      default:
        break;  // no menu game
    }
  }
  return {};
}

}  // namespace busbar::cards
