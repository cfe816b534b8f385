// The engine's inside: one game while a move is carried out. Split over table.cc (turns, stages, hands), cards.cc
// (draws, plays, effects), tricks.cc, betting.cc, claims.cc, melds.cc and scoring.cc.
#pragma once

#include "engine.h"

namespace busbar::cards {

class Table {
 public:
  Table(const Rules& rules, State& state, Stream& chance, MoveList& moves, Counts* counts)
      : rules_(rules), program_(rules.program), state_(state), chance_(chance), moves_(moves), counts_(counts) {}

  void start();
  /// @returns whether an opponent was touched
  bool play(const Move& move);

 private:
  // table.cc: turns, stages, hands
  void carry_out(const Move& move);
  void settle();
  void begin_hand();
  void enter_stage(uint32_t stage);
  void begin_turn();
  void next_phase();
  void end_turn();
  void pass_seat_on();
  bool is_last_stage() const { return state_.stage + 1u >= rules_.stages.size(); }
  bool is_in(uint32_t seat) const { return !state_.players[seat].folded; }
  uint32_t next_in(uint32_t from) const;
  bool hands_empty() const;
  bool hand_has_ended() const;
  bool refill();
  void passed();

  // cards.cc
  void draw(const Move& move, const Phase& phase);
  void lay(const Move& move, const Phase& phase);
  void discard(const Move& move, const Phase& phase);
  void put(Card card, Place place, uint32_t seat);
  void capture(Card card, int16_t number);
  void effects(Card card, const Move& move);
  void effect(const Effect& effect, const Move& move);
  void force_discard(uint32_t seat, uint32_t count);
  void swap_hands(uint32_t a, uint32_t b);
  void steal(uint32_t thief, uint32_t victim, uint32_t count);
  template <class Action>
  void each_target(const Effect& effect, const Move& move, Action action);
  /// Takes the card at a position of a hand; nobody knows it there any more.
  Card give(uint32_t seat, uint32_t index);
  Card give_card(uint32_t seat, Card card);
  void receive_open(uint32_t seat, Card card);
  void receive_hidden(uint32_t seat, Card card);
  /// The top of the deck, reshuffled as the rules say; kNone: no card.
  Card from_deck();
  void draw_from_deck(uint32_t seat, uint32_t count);
  void draw_discard(uint32_t seat);
  void take_pile(uint32_t seat);
  bool discards_seen() const { return !rules_.claims && is_open(program_.discard_visibility); }

  // tricks.cc: tricks and battles
  void trick(const Move& move, const Phase& phase);
  bool trick_complete() const;
  void take_trick();
  void battle();
  void award(uint32_t winner);
  void tied_battle(const uint8_t* tied, uint32_t count);

  // betting.cc: betting and bidding
  void enter_betting();
  void betting(const Move& move, const Phase& phase);
  void stake(Player& player, uint32_t chips);
  void showdown(bool folded);
  void bid(const Move& move);

  // claims.cc: claims and questions
  void claim(const Move& move, const Phase& phase);
  void claimed(const Phase& phase);
  bool claim_is_true() const;
  void challenge(bool accepted, const Phase& phase);
  void ask(const Move& move, const Phase& phase);
  void lay_sets(uint32_t seat);

  // melds.cc
  void meld(const Move& move, const Phase& phase);
  void knock(const Phase& phase);

  // scoring.cc: the end of hands and games
  void finish_hand();
  void score_hand();
  void score_contracts();
  void score_set(uint32_t seat, CardSet set);
  void judge(bool hand_end);
  bool met(const Win& win, bool hand_end, int& first) const;
  void decide(const Win& win);
  int64_t measure(const Win& win, uint32_t side) const;
  Comparison direction(const Win& win) const;
  void finish(uint32_t winners);
  int64_t side_score(uint32_t side) const;

  void count(uint64_t Counts::*what, uint64_t by = 1) {
    if (counts_ != nullptr) counts_->*what += by;
  }

  const Rules& rules_;
  const GameProgram& program_;
  State& state_;
  Stream& chance_;
  MoveList& moves_;
  Counts* counts_;
  bool touched_ = false;
  int again_ = -1;  // seat that moves next whatever the order says
};

}  // namespace busbar::cards
