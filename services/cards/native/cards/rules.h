// A program made ready to play, and the rules: which moves there are, what a move does, who has won.
#pragma once

#include <cstdint>
#include <vector>

#include "program.h"
#include "state.h"

namespace busbar::cards {

/// What makes a player the leader; from the first win condition.
enum class Lead : uint8_t { fewest_cards, highest_score, lowest_score, most_cards };

/// Read-only while games are played; shared by all workers.
struct Rules {
  Program program;
  uint32_t player_count = 2;
  uint32_t starting_chips = 0;
  Lead lead = Lead::fewest_cards;
  bool scored = false;
  /// One play phase to the tableau with any card, war, capture all, nothing else: has a loop of its own (war.cc).
  bool plain_war = false;
  int16_t play_points[kDeckCards] = {};
  /// Effects sorted by rank (stable), those of rank r in [effects_begin[r], effects_begin[r + 1]).
  std::vector<Effect> effects;
  uint16_t effects_begin[14] = {};
};

/// @param program decoded and checked as playable with `player_count` players
Rules make_rules(Program program, uint32_t player_count, uint32_t starting_chips);

enum class MoveKind : uint8_t { draw, play, discard, pass };
const char* move_name(MoveKind kind);

struct Move {
  MoveKind kind = MoveKind::pass;
  uint8_t phase = 0;
  uint8_t index = 0;  // position in the hand, for play and discard
  Card card = kNone;
};

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

/// The measure by which players are compared: larger is better.
inline int32_t standing(const Rules& rules, const State& state, uint32_t player) {
  const Player& of = state.players[player];
  switch (rules.lead) {
    case Lead::fewest_cards:
      return -static_cast<int32_t>(of.hand.size);
    case Lead::highest_score:
      return of.score;
    case Lead::lowest_score:
      return -of.score;
    case Lead::most_cards:
      return of.hand.size;
  }
  return 0;
}

}  // namespace busbar::cards
