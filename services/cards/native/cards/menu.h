// Menu games: a turn is one move out of draws, plays and discards. The sets of cards that may be laid are worked out
// for a whole hand at once, so listing costs a few operations. engine.h plays every game; a test compares both.
#pragma once

#include <cstdint>

#include "rules.h"

namespace busbar::cards {

/// The legal moves of one player: a set of cards per phase that plays or discards, a bit per phase that draws, and
/// passing. The fixed order of the list is: phase by phase, in a phase by position in the hand; passing comes last.
struct Choices {
  uint32_t count = 0;
  uint32_t draws = 0;
  bool pass = false;
  CardSet cards[kPhasesMax];

  void copy(const Choices& other, uint32_t phases) {
    count = other.count;
    draws = other.draws;
    pass = other.pass;
    for (uint32_t i = 0; i < phases; ++i) cards[i] = other.cards[i];
  }
  bool same_as(const Choices& other, uint32_t phases) const {
    if (draws != other.draws || pass != other.pass) return false;
    for (uint32_t i = 0; i < phases; ++i) {
      if (cards[i] != other.cards[i]) return false;
    }
    return true;
  }
};

/// Legal moves of `player` in `state`, as if it were its turn.
void list_moves(const Rules& rules, const State& state, uint32_t player, Choices& choices);
/// The move at position `n` of the list, n < choices.count.
Move move_at(const Rules& rules, const State& state, uint32_t player, const Choices& choices, uint32_t n);
/// Whether `player` could use phase `phase` in `state`, as if it were its turn.
bool can_use(const Rules& rules, const State& state, uint32_t player, uint32_t phase);

/// Shuffles, deals one card a round, lays the initial discards.
void deal(const Rules& rules, State& state, Stream& chance);
/// Applies a legal move of the player whose turn it is, its effects, and passes the turn on.
/// @returns whether the move touched an opponent
bool apply(const Rules& rules, State& state, const Move& move, Stream& chance);

struct Verdict {
  bool over = false;
  int8_t winner = -1;  // -1: drawn
};
/// @param mover who moved last: looked at first where several players fulfil a condition
Verdict judge(const Rules& rules, const State& state, uint32_t mover);

}  // namespace busbar::cards
