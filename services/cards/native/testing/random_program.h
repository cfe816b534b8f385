// Random games for tests and the fuzzer.
#pragma once

#include "program_bytes.h"

namespace busbar::cards::testing {

/// A program of random phases and conditions, playable by construction.
inline ProgramBytes random_program(random::Stream& dice) {
  const auto roll = [&](uint64_t n) { return static_cast<int>(dice.below(n)); };
  const auto leaf = [&](bool card) {
    const int op = card ? roll(15) : std::initializer_list<int>{0, 3, 5, 6, 7, 8, 9, 11}.begin()[roll(8)];
    switch (op) {
      case 0:
        return condition(0, roll(6), roll(8), card ? 0 : roll(2) * 3);
      case 3:
        return condition(3, roll(6), roll(30), roll(5));
      case 5:
      case 6:
        return condition(op, roll(2), 1 + roll(4), 0);
      case 7:
      case 11:
        return condition(op, roll(2), roll(3), 0);
      case 8:
      case 9:
      case 10:
        return condition(op, roll(6), roll(3), 0);
      case 1:
        return condition(1, roll(2), roll(13), roll(3));
      case 2:
        return condition(2, roll(2), roll(4), roll(3));
      default:
        return condition(op, roll(2), 0, roll(3));
    }
  };
  const auto where = [&](bool card) {
    const int shape = roll(4);
    if (shape == 0) return Bytes();
    if (shape == 1) return leaf(card);
    const Bytes inner = compound(40 + roll(2), {leaf(card), leaf(card)});
    return shape == 2 ? inner : compound(40 + roll(2), {inner, leaf(card)});
  };
  ProgramBytes source;
  source.players = static_cast<uint32_t>(2 + roll(3));
  source.cards = static_cast<uint32_t>(1 + roll(9));
  source.discards = static_cast<uint32_t>(roll(3));
  source.turns_max = static_cast<uint32_t>(20 + roll(150));
  source.tableau = source.players == 2 && roll(4) == 0 ? 1 : 0;
  const int phases = 1 + roll(4);
  for (int i = 0; i < phases; ++i) {
    const int kind = roll(4);
    if (kind == 0)
      source.draw(std::initializer_list<int>{0, 2, 4}.begin()[roll(3)], static_cast<uint32_t>(1 + roll(3)), roll(2),
                  where(false));
    if (kind == 1 || kind == 2) source.play(2 + roll(2), where(true), roll(2), roll(2), roll(2));
    if (kind == 3) source.discard(roll(2));
  }
  for (int i = roll(5); i > 0; --i) {
    const int type = roll(5);
    const int target = source.players == 2 ? roll(7)
                       : type == 0         ? 0
                                           : std::initializer_list<int>{0, 1, 3, 4, 5, 6}.begin()[roll(6)];
    source.effect(roll(13), type, target, roll(4));
  }
  if (roll(3) == 0) {
    source.score(roll(2) ? 255 : roll(4), roll(2) ? 255 : roll(13), roll(20) - 5);
    source.win(1 + roll(2), 10 + roll(30));
  }
  if (roll(4) == 0) source.win(3);
  return source.win(0);
}

}  // namespace busbar::cards::testing
