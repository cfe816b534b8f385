// The state of one game: one flat struct, copied to clone. No pointers, no allocation.
#pragma once

#include <cstdint>

#include "core/random/random.h"
#include "program.h"

namespace busbar::cards {

using random::Stream;

/// rank * 4 + suit; ranks 2..A = 0..12, suits H D C S = 0..3.
using Card = uint8_t;
/// A set of cards, bit = card.
using CardSet = uint64_t;

inline constexpr CardSet kAllCards = (CardSet{1} << kDeckCards) - 1;
constexpr uint8_t rank_of(Card card) { return card >> 2; }
constexpr uint8_t suit_of(Card card) { return card & 3; }
constexpr CardSet set_of(Card card) { return CardSet{1} << card; }
constexpr CardSet rank_set(uint32_t rank) { return CardSet{0xF} << (rank * 4); }
constexpr CardSet suit_set(uint32_t suit) { return CardSet{0x1111111111111} << suit; }

/// Number of cards. Not std::popcount: without a tuned target that is a call into a library.
constexpr uint32_t size_of(CardSet set) {
  set -= (set >> 1) & 0x5555555555555555ull;
  set = (set & 0x3333333333333333ull) + ((set >> 2) & 0x3333333333333333ull);
  set = (set + (set >> 4)) & 0x0F0F0F0F0F0F0F0Full;
  return static_cast<uint32_t>((set * 0x0101010101010101ull) >> 56);
}

struct Pile {
  uint8_t size = 0;
  Card cards[kDeckCards];
  void push(Card card) { cards[size++] = card; }
  Card pop() { return cards[--size]; }
  Card top() const { return cards[size - 1]; }
  /// Takes out the card at `index`; the last card takes its place.
  Card take(uint32_t index) {
    const Card card = cards[index];
    cards[index] = cards[--size];
    return card;
  }
};

struct Player {
  Pile hand;
  CardSet held = 0;  // the same cards as a set
  int32_t score = 0;
  uint32_t chips = 0;

  void receive(Card card) {
    hand.push(card);
    held |= set_of(card);
  }
  Card give(uint32_t index) {
    const Card card = hand.take(index);
    held &= ~set_of(card);
    return card;
  }
};

struct State {
  uint32_t turn = 0;
  uint8_t player_count = 2;
  uint8_t seat = 0;                 // whose turn it is
  int8_t direction = 1;             // 1 or -1
  uint8_t skips = 0;                // seats that the next advance leaves out
  uint8_t tie_winner = 0;           // who takes the next tied battle
  Card fronts[2] = {kNone, kNone};  // war: the unresolved card of each player
  Player players[kPlayersMax];
  Pile deck, discard, tableau;

  uint32_t seat_after(uint32_t from, uint32_t steps) const {
    const uint32_t count = player_count;
    steps %= count;
    return (direction > 0 ? from + steps : from + count - steps) % count;
  }
};

static_assert(sizeof(State) < 1024, "players that look ahead copy it for every move");

/// Fisher-Yates from the last index down.
inline void shuffle(Pile& pile, Stream& stream) {
  for (uint32_t i = pile.size; i > 1; --i) {
    const uint32_t j = static_cast<uint32_t>(stream.below(i));
    const Card card = pile.cards[i - 1];
    pile.cards[i - 1] = pile.cards[j];
    pile.cards[j] = card;
  }
}

/// Hash of the canonical little-endian state: XXH64 over turn u32, player count, seat, direction, skips, tie winner,
/// both fronts, then per player size, cards, score i32, chips u32, then deck, discard and tableau as size and cards.
uint64_t state_hash(const State& state);

}  // namespace busbar::cards
