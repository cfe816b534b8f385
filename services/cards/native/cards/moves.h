// Moves of the general engine: records in a list of fixed order.
#pragma once

#include <cstdint>

#include "state.h"

namespace busbar::cards {

enum class MoveKind : uint8_t {
  draw,
  play,
  discard,
  pass,
  stand,
  play_set,
  trick,
  check,
  bet,
  call,
  raise,
  all_in,
  fold,
  bid,
  claim,
  challenge,
  accept,
  meld,
  knock,
  ask,
};
const char* move_name(MoveKind kind);

struct Move {
  MoveKind kind = MoveKind::pass;
  uint8_t phase = 0;
  uint8_t index = 0;  // position of the card in the hand
  Card card = kNone;
  uint8_t count = 0;       // cards of a set, a meld or a claim
  uint8_t target = kNone;  // seat aimed at; draws: 1 = the alternative source
  /// Chips are in the state; bid (nil: 0 with count 1), rank claimed or asked for, suit named, number of a capture;
  /// melds: 1 a run. -1: none.
  int16_t amount = -1;

  /// Equal for moves that do the same, whatever the order of the hand.
  uint64_t key() const {
    return uint64_t{static_cast<uint8_t>(kind)} | uint64_t{phase} << 8 | uint64_t{card} << 16 | uint64_t{count} << 24 |
           uint64_t{target} << 32 | uint64_t{static_cast<uint16_t>(amount)} << 40;
  }
};

struct MoveList {
  uint32_t count = 0;
  /// There are more moves than the list has room for. A program whose phases could have so many is refused (playable.cc),
  /// but how many sets a card captures only the table shows: a game that comes to that is refused while it is played.
  bool overfull = false;
  Move moves[kMovesMax];

  void clear() {
    count = 0;
    overfull = false;
  }
  void add(const Move& move) {
    if (count < kMovesMax)
      moves[count++] = move;
    else
      overfull = true;
  }
  void copy(const MoveList& other) {
    count = other.count;
    overfull = other.overfull;
    for (uint32_t i = 0; i < count; ++i) moves[i] = other.moves[i];
  }
  bool same_as(const MoveList& other) const {
    if (count != other.count) return false;
    for (uint32_t i = 0; i < count; ++i) {
      if (moves[i].key() != other.moves[i].key()) return false;
    }
    return true;
  }
};

}  // namespace busbar::cards
