// The state of one game: one flat struct, copied to clone. No pointers, no allocation.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/random/random.h"
#include "program.h"

namespace busbar::cards {

using random::Stream;

/// rank * 4 + suit; ranks 2..A = 0..12, suits H D C S = 0..3.
using Card = uint8_t;
/// A set of different cards, bit = card; copies of a card share its bit.
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

/// Cards in order; copying takes time by its size and not by its room.
struct Pile {
  uint8_t size = 0;
  Card cards[kCardsMax];

  Pile() = default;
  Pile(const Pile& other) { *this = other; }
  Pile& operator=(const Pile& other) {
    size = other.size;
    std::memcpy(cards, other.cards, other.size);
    return *this;
  }

  void push(Card card) { cards[size++] = card; }
  Card pop() { return cards[--size]; }
  Card top() const { return cards[size - 1]; }
  /// Takes out the card at `index`; the last card takes its place.
  Card take(uint32_t index) {
    const Card card = cards[index];
    cards[index] = cards[--size];
    return card;
  }
  /// Takes out the card at `index`; the others keep their order.
  Card take_ordered(uint32_t index) {
    const Card card = cards[index];
    size -= 1;
    std::memmove(cards + index, cards + index + 1, size - index);
    return card;
  }
  void insert(uint32_t index, Card card) {
    std::memmove(cards + index + 1, cards + index, size - index);
    cards[index] = card;
    size += 1;
  }
  bool has(Card card) const { return size != 0 && std::memchr(cards, card, size) != nullptr; }
};

struct Player {
  Pile hand;
  CardSet held = 0;  // the same cards as a set
  int32_t score = 0;
  uint32_t chips = 0;
  // From here on the menu games of menu.cc touch nothing.
  Pile captured;
  uint32_t bet = 0;         // in this round of betting
  uint32_t staked = 0;      // in this hand
  int32_t hand_points = 0;  // trick_win points of this hand
  int16_t bid = -1;         // -1: none yet
  bool nil = false, folded = false, all_in = false;
  uint8_t tricks = 0;
  uint8_t bags = 0;     // of the side whose first seat this is
  uint8_t blocked = 0;  // turns to lose
  uint8_t turns = 0;    // taken in the segment, capped at 255
  /// What everyone can tell it does not hold: suits not followed, ranks denied.
  CardSet lacks = 0;
  /// known[o]: cards that seat o knows to be in this hand.
  CardSet known[kPlayersMax] = {};

  void receive(Card card) {
    hand.push(card);
    held |= set_of(card);
  }
  /// Of a deck with one copy of each card.
  Card give(uint32_t index) {
    const Card card = hand.take(index);
    held &= ~set_of(card);
    return card;
  }
};

enum class Mode : uint8_t { turn = 0, betting = 1, bidding = 2, challenge = 3, claim = 4 };
enum class Ending : uint8_t { won = 0, drawn = 1, out_of_turns = 2, stuck = 3 };

struct State {
  uint32_t turn = 0;
  uint8_t player_count = 2;
  uint8_t seat = 0;        // whose turn it is
  int8_t direction = 1;    // 1 or -1
  uint8_t skips = 0;       // seats that the next advance leaves out
  uint8_t tie_winner = 0;  // counts tied battles that went to the players in turn
  /// War and tricks: the card each seat has in the unresolved battle or trick.
  Card fronts[kPlayersMax] = {kNone, kNone, kNone, kNone};
  Player players[kPlayersMax];
  Pile deck, discard, tableau;

  // From here on the menu games of menu.cc touch nothing.
  bool over = false;
  Ending ending = Ending::drawn;
  int8_t winner = -1;
  uint8_t winners = 0;  // bit per seat that won or shares a draw
  Mode mode = Mode::turn;
  bool locked = false;     // menu: the phase begun must be finished
  bool hand_over = false;  // the hand is to be counted
  bool last_hand = false;  // no other follows
  uint8_t stage = 0, phase = 0;
  uint16_t left = 0;  // moves the current phase still takes
  uint8_t seats_done = 0;
  uint32_t hand = 0;
  uint8_t first_seat = 0;
  uint8_t idle = 0;    // seats in a row that could not move
  uint8_t passes = 0;  // in a row
  int8_t hand_winner = -1;
  // tricks
  uint8_t trump = kNone, led_suit = kNone, leader = kNone, trick_phase = 0, tricks_played = 0;
  int8_t trick_winner = -1;
  bool broken = false;
  // claims; while one is made (mode claim) its last cards lie on the discard pile
  uint8_t claimer = 0, claimed_rank = kNone, claimed_count = 0;
  uint32_t claims = 0;
  // betting
  uint32_t bet_level = 0, raises = 0;
  uint8_t pending = 0;       // seats that have to act
  int8_t first_bettor = -1;  // of the hand
  // wild cards, captures
  uint8_t named_suit = kNone;
  int8_t last_capturer = -1;
  /// Cards of the discard pile that seat o knows although they lie face down.
  CardSet seen_discards[kPlayersMax] = {};

  uint32_t seat_after(uint32_t from, uint32_t steps) const {
    const uint32_t count = player_count;
    steps %= count;
    return (direction > 0 ? from + steps : from + count - steps) % count;
  }
};

/// Fisher-Yates from the last index down.
inline void shuffle(Pile& pile, Stream& stream) {
  for (uint32_t i = pile.size; i > 1; --i) {
    const uint32_t j = static_cast<uint32_t>(stream.below(i));
    const Card card = pile.cards[i - 1];
    pile.cards[i - 1] = pile.cards[j];
    pile.cards[j] = card;
  }
}

/// Hash of the canonical little-endian state. XXH64 over turn u32, player count, seat, direction, skips, tie winner,
/// the fronts of seats 0 and 1, then per player size, cards, score i32, chips u32, then deck, discard and tableau as
/// size and cards. With `whole` (all games but menu games) the rest of State follows field by field, in the order of
/// state.cc.
uint64_t state_hash(const State& state, bool whole);

}  // namespace busbar::cards
