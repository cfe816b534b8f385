// Lists the moves of one seat: the parts of the engine's listing share it. A part is a file: listing.cc (turns and phases),
// listing_cards.cc (draws, plays, discards, tricks), listing_words.cc (claims, melds, questions) and listing_rounds.cc.
#pragma once

#include "engine.h"

namespace busbar::cards {

inline const Condition* condition_of(const Rules& rules, const Phase& phase) {
  return phase.condition < 0 ? nullptr : &rules.program.conditions[phase.condition];
}

/// Borrows all of it; lives for one list.
class Lister {
 public:
  Lister(const Rules& rules, const State& state, uint32_t seat, MoveList& out)
      : rules_(rules), state_(state), seat_(seat), self_(state.players[seat]), out_(out) {}

  void list(bool own_turn);
  void phase(uint32_t index);
  /// Held cards that fit a phase that plays or discards.
  CardSet fitting(const Phase& phase) const;

 private:
  Move& add(MoveKind kind, uint32_t phase) {
    Move move;
    move.kind = kind;
    move.phase = static_cast<uint8_t>(phase);
    out_.add(move);
    return out_.moves[out_.count - 1];
  }
  static Card lowest(CardSet set) { return static_cast<Card>(size_of((set & (~set + 1)) - 1)); }

  void menu(uint32_t begin, uint32_t end);
  void sequence(uint32_t index);

  // --- cards

  bool takes_from(Place place) const;
  void draw(const Phase& phase, uint32_t index);
  bool asks_for_plays(const Phase& phase) const;
  /// Cards of the hand that the segment's play phases would take.
  uint32_t playable() const;
  void play(const Phase& phase, uint32_t index);
  /// The move once for each suit to be named and each opponent to be chosen.
  void add_aimed(Move move);
  void discard(const Phase& phase, uint32_t index);
  void trick(const Phase& phase, uint32_t index);

  // --- words

  void claim(const Phase& phase, uint32_t index);
  /// What may join the cards that are laid, and that they are all.
  void claim_on();
  void lay_for_claim(const Phase& phase, uint32_t index, uint32_t first_rank, uint32_t laid, uint8_t due);
  void meld(const Phase& phase, uint32_t index);
  void ask(uint32_t index);

  // --- rounds

  void betting();
  void bidding();

  const Rules& rules_;
  const State& state_;
  uint32_t seat_;
  const Player& self_;
  MoveList& out_;
};

}  // namespace busbar::cards
