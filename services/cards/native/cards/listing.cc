// Which moves there are. The order of a list is fixed: phase by phase, in a phase by position in the hand or by rank,
// then by suit named and seat aimed at; standing and passing come last.
#include <algorithm>

#include "condition.h"
#include "engine.h"
#include "evaluate.h"

namespace busbar::cards {
namespace {

const Condition* condition_of(const Rules& rules, const Phase& phase) {
  return phase.condition < 0 ? nullptr : &rules.program.conditions[phase.condition];
}

bool is_optional(const Phase& phase) {
  switch (phase.kind) {
    case PhaseKind::play:
      return !phase.mandatory || phase.cards_min == 0;
    case PhaseKind::draw:
    case PhaseKind::discard:
    case PhaseKind::meld:
    case PhaseKind::ask:
      return !phase.mandatory;
    default:
      return false;
  }
}

class Lister {
 public:
  Lister(const Rules& rules, const State& state, uint32_t seat, MoveList& out)
      : rules_(rules), state_(state), seat_(seat), self_(state.players[seat]), out_(out) {}

  void list(bool own_turn) {
    switch (state_.mode) {
      case Mode::challenge:
        add(MoveKind::challenge, state_.phase);
        add(MoveKind::accept, state_.phase);
        return;
      case Mode::betting:
        return betting();
      case Mode::bidding:
        return bidding();
      case Mode::turn:
        break;
    }
    const Stage& stage = rules_.stages[state_.stage];
    if (rules_.program.model == TurnModel::menu) {
      menu(own_turn && state_.locked ? state_.phase : stage.begin,
           own_turn && state_.locked ? static_cast<uint8_t>(state_.phase + 1) : stage.end);
      return;
    }
    for (uint32_t i = own_turn ? state_.phase : stage.begin; i < stage.end; ++i) {
      sequence(i);
      if (out_.count > 0 || own_turn) return;
    }
  }

  void phase(uint32_t index) {
    const Phase& phase = rules_.program.phases[index];
    switch (phase.kind) {
      case PhaseKind::draw:
        return draw(phase, index);
      case PhaseKind::play:
        return play(phase, index);
      case PhaseKind::discard:
        return discard(phase, index);
      case PhaseKind::trick:
        return trick(phase, index);
      case PhaseKind::claim:
        return claim(phase, index);
      case PhaseKind::meld:
        return meld(phase, index);
      case PhaseKind::ask:
        return ask(index);
      case PhaseKind::betting:
      case PhaseKind::bidding:
        return;  // rounds of their own
    }
  }

  /// Held cards that fit a phase that plays or discards.
  CardSet fitting(const Phase& phase) const {
    CardSet set = rules_.queue_hands ? (self_.hand.size == 0 ? 0 : set_of(self_.hand.cards[0])) : self_.held;
    if (const Condition* condition = condition_of(rules_, phase)) {
      set &= cards_where(condition, rules_, state_, seat_, 0);
    }
    if (phase.kind == PhaseKind::play && static_cast<Place>(phase.place) == Place::tableau &&
        rules_.program.tableau == Tableau::sequence && state_.tableau.size > 0) {
      const uint32_t top = rank_of(state_.tableau.top());
      CardSet next = 0;
      if (rules_.program.sequence_direction != 1 && top < 12) next |= rank_set(top + 1);
      if (rules_.program.sequence_direction != 0 && top > 0) next |= rank_set(top - 1);
      set &= next;
    }
    return set;
  }

 private:
  Move& add(MoveKind kind, uint32_t phase) {
    Move move;
    move.kind = kind;
    move.phase = static_cast<uint8_t>(phase);
    out_.add(move);
    return out_.moves[out_.count - 1];
  }

  void menu(uint32_t begin, uint32_t end) {
    bool must = false, may_decline = false, passes_if_unable = false;
    for (uint32_t i = begin; i < end; ++i) {
      const Phase& of = rules_.program.phases[i];
      const uint32_t before = out_.count;
      phase(i);
      const bool optional = is_optional(of);
      must |= out_.count > before && !optional;
      may_decline |= optional;
      passes_if_unable |= of.pass_if_unable;
    }
    if (!must && (may_decline || (passes_if_unable && out_.count == 0))) add(MoveKind::pass, 0);
  }

  void sequence(uint32_t index) {
    const Phase& of = rules_.program.phases[index];
    phase(index);
    if (of.kind == PhaseKind::play) {
      const bool unable = out_.count == 0 && of.pass_if_unable && self_.hand.size > 0;
      if (unable || (out_.count > 0 && is_optional(of))) add(MoveKind::pass, index);
    } else if (out_.count > 0 && is_optional(of)) {
      add(MoveKind::stand, index);
    }
  }

  // --- cards ---

  bool takes_from(Place place) const {
    switch (place) {
      case Place::deck: {
        if (state_.deck.size > 0) return true;
        if (rules_.program.rules.deck_empty != DeckEmpty::reshuffle) return false;
        return state_.discard.size > (rules_.program.rules.keep_top_discard ? 1 : 0);
      }
      case Place::discard:
      case Place::opponent_discard:
        return state_.discard.size > 0;
      case Place::tableau:
        return state_.tableau.size > 0;
      case Place::opponent_hand:
        return state_.players[state_.seat_after(seat_, 1)].hand.size > 0;
      case Place::hand:
        return false;
    }
    return false;
  }

  void draw(const Phase& phase, uint32_t index) {
    if (static_cast<int>(seat_) == rules_.dealer_seat && hand_value(rules_, self_.hand) >= rules_.program.draws_below)
      return;
    const bool first = takes_from(static_cast<Place>(phase.place));
    const bool second = phase.alternative != kNone && takes_from(static_cast<Place>(phase.alternative));
    if (!first && !second) return;
    if (const Condition* condition = condition_of(rules_, phase)) {
      if (cards_where(condition, rules_, state_, seat_, asks_for_plays(phase) ? playable() : 0) == 0) return;
    }
    if (first) add(MoveKind::draw, index);
    if (second) add(MoveKind::draw, index).target = 1;
  }

  bool asks_for_plays(const Phase& phase) const {
    const Condition* node = condition_of(rules_, phase);
    for (const Condition* end = node + node->span; node < end; ++node) {
      if (node->op == Op::hand_size && node->reference == static_cast<uint8_t>(CardRef::valid_plays)) return true;
    }
    return false;
  }

  /// Cards of the hand that the segment's play phases would take.
  uint32_t playable() const {
    const Stage& stage = rules_.stages[state_.stage];
    CardSet set = 0;
    for (uint32_t i = stage.begin; i < stage.end; ++i) {
      const Phase& phase = rules_.program.phases[i];
      if (phase.kind == PhaseKind::play) set |= fitting(phase);
    }
    if (!rules_.copies) return size_of(set);
    uint32_t count = 0;
    for (uint32_t i = 0; i < self_.hand.size; ++i) count += static_cast<uint32_t>(set >> self_.hand.cards[i] & 1);
    return count;
  }

  void play(const Phase& phase, uint32_t index) {
    if (phase.cards_min > self_.hand.size) return;
    if (rules_.program.tableau == Tableau::war && !rules_.menu && static_cast<Place>(phase.place) == Place::tableau) {
      // One card a battle, from those who fight it.
      if (state_.fronts[seat_] != kNone || (state_.pending != 0 && (state_.pending >> seat_ & 1) == 0)) return;
    }
    const CardSet set = fitting(phase);
    if (set == 0) return;
    const uint32_t positions = rules_.queue_hands ? 1 : self_.hand.size;
    if (phase.cards_min <= 1 && phase.cards_max >= 1) {
      const bool captures = rules_.captures && static_cast<Place>(phase.place) == Place::tableau;
      for (uint32_t i = 0; i < positions; ++i) {
        const Card card = self_.hand.cards[i];
        if ((set >> card & 1) == 0) continue;
        const uint32_t options = captures ? std::max(sums(card), 1u) : 1;
        for (uint32_t option = 0; option < options; ++option) {
          Move move;
          move.kind = MoveKind::play;
          move.phase = static_cast<uint8_t>(index);
          move.index = static_cast<uint8_t>(i);
          move.card = card;
          if (captures && sums(card) > 0) move.amount = static_cast<int16_t>(option);
          add_aimed(move);
        }
      }
    }
    if (phase.cards_max < 2 || rules_.queue_hands) return;
    for (uint32_t rank = 0; rank < kRanks; ++rank) {
      uint32_t most = 0;
      for (uint32_t i = 0; i < self_.hand.size; ++i) {
        const Card card = self_.hand.cards[i];
        most += rank_of(card) == rank && (set >> card & 1) != 0;
      }
      for (uint32_t count = std::max<uint32_t>(2, phase.cards_min); count <= std::min<uint32_t>(most, phase.cards_max);
           ++count) {
        Move move;
        move.kind = MoveKind::play_set;
        move.phase = static_cast<uint8_t>(index);
        move.card = lowest(set & rank_set(rank));
        move.count = static_cast<uint8_t>(count);
        add_aimed(move);
      }
    }
  }

  static Card lowest(CardSet set) { return static_cast<Card>(size_of((set & (~set + 1)) - 1)); }

  /// The move once for each suit to be named and each opponent to be chosen.
  void add_aimed(Move move) {
    const uint8_t rank = rank_of(move.card);
    for (uint32_t suit = 0; suit < (rules_.names_suit[rank] ? 4u : 1u); ++suit) {
      if (rules_.names_suit[rank]) move.amount = static_cast<int16_t>(suit);
      if (!rules_.chooses[rank]) {
        out_.add(move);
        continue;
      }
      for (uint32_t step = 1; step < state_.player_count; ++step) {
        move.target = static_cast<uint8_t>(state_.seat_after(seat_, step));
        out_.add(move);
      }
    }
  }

  /// How many sets of table cards sum to the card's value; 0 when its own rank lies there or sums do not capture.
  uint32_t sums(Card card) const {
    if (!rules_.program.capture_sums) return 0;
    return capture_of(rules_, state_, card, -2).count;
  }

  void discard(const Phase& phase, uint32_t index) {
    const CardSet set = fitting(phase);
    const uint32_t positions = rules_.queue_hands && self_.hand.size > 0 ? 1 : self_.hand.size;
    for (uint32_t i = 0; i < positions; ++i) {
      if ((set >> self_.hand.cards[i] & 1) == 0) continue;
      Move& move = add(MoveKind::discard, index);
      move.index = static_cast<uint8_t>(i);
      move.card = self_.hand.cards[i];
    }
  }

  void trick(const Phase& phase, uint32_t index) {
    if (state_.fronts[seat_] != kNone || self_.hand.size == 0) return;
    CardSet set = rules_.queue_hands ? set_of(self_.hand.cards[0]) : self_.held;
    const bool leads = state_.led_suit == kNone;
    const uint8_t breaking = phase.trick.breaking_suit;
    const CardSet closed = breaking == kNone || state_.broken || phase.trick.breaking == Breaking::none ||
                                   (phase.trick.breaking == Breaking::lead && !leads)
                               ? 0
                               : suit_set(breaking);
    if (!leads && phase.trick.lead_suit_required && (set & suit_set(state_.led_suit)) != 0) {
      set &= suit_set(state_.led_suit);  // following comes before breaking
      if ((set & ~closed) != 0) set &= ~closed;
    } else if ((set & ~closed) != 0) {
      set &= ~closed;
    }
    const uint32_t positions = rules_.queue_hands ? 1 : self_.hand.size;
    for (uint32_t i = 0; i < positions; ++i) {
      if ((set >> self_.hand.cards[i] & 1) == 0) continue;
      Move& move = add(MoveKind::trick, index);
      move.index = static_cast<uint8_t>(i);
      move.card = self_.hand.cards[i];
    }
  }

  void claim(const Phase& phase, uint32_t index) {
    const uint8_t due = rank_to_claim(phase, state_);
    uint32_t counts[kRanks] = {};
    for (uint32_t i = 0; i < self_.hand.size; ++i) counts[rank_of(self_.hand.cards[i])] += 1;
    for (uint32_t rank = 0; rank < kRanks; ++rank) {
      const uint32_t most = std::min<uint32_t>(counts[rank], phase.cards_max);
      for (uint32_t count = std::max<uint32_t>(1, phase.cards_min); count <= most; ++count) {
        for (uint32_t named = due == kNone ? 0 : due; named <= (due == kNone ? 12u : due); ++named) {
          Move& move = add(MoveKind::claim, index);
          move.card = lowest(self_.held & rank_set(rank));
          move.count = static_cast<uint8_t>(count);
          move.amount = static_cast<int16_t>(named);
        }
      }
    }
  }

  void meld(const Phase& phase, uint32_t index) {
    if (!phase.meld.lay_down) {
      if (self_.hand.size > 0 && deadwood(rules_, phase, self_.held) <= phase.meld.knock_max) {
        add(MoveKind::knock, index);
      }
      return;
    }
    for (uint32_t rank = 0; rank < kRanks; ++rank) {
      const CardSet set = self_.held & rank_set(rank);
      if (size_of(set) < phase.meld.set_min) continue;
      Move& move = add(MoveKind::meld, index);
      move.card = lowest(set);
      move.count = static_cast<uint8_t>(size_of(set));
      move.amount = 0;
    }
    // Places of a run: 0 the low ace, 1 to 12 the ranks 2 to K, 13 the high ace.
    for (uint32_t suit = 0; suit < 4; ++suit) {
      for (uint32_t from = phase.meld.ace == 1 ? 1 : 0; from < 13; ++from) {
        uint32_t length = 0;
        while (from + length < (phase.meld.ace == 0 ? 13u : 14u) && length < 13 &&
               (self_.held >> run_card(from + length, suit) & 1) != 0) {
          length += 1;
          if (length < phase.meld.run_min) continue;
          Move& move = add(MoveKind::meld, index);
          move.card = run_card(from, suit);
          move.count = static_cast<uint8_t>(length);
          move.amount = from == 0 ? 1 : 2;  // 1: begins with a low ace
        }
      }
    }
  }

  static Card run_card(uint32_t place, uint32_t suit) {
    return static_cast<Card>((place == 0 || place == 13 ? 12 : place - 1) * 4 + suit);
  }

  void ask(uint32_t index) {
    for (uint32_t rank = 0; rank < kRanks; ++rank) {
      if ((self_.held & rank_set(rank)) == 0) continue;
      for (uint32_t step = 1; step < state_.player_count; ++step) {
        const uint32_t other = state_.seat_after(seat_, step);
        if (state_.players[other].hand.size == 0) continue;
        Move& move = add(MoveKind::ask, index);
        move.target = static_cast<uint8_t>(other);
        move.amount = static_cast<int16_t>(rank);
      }
    }
  }

  // --- rounds ---

  void betting() {
    if (self_.folded || self_.all_in || self_.chips == 0) return;
    const Phase& phase = rules_.program.phases[state_.phase];
    const uint32_t to_call = state_.bet_level - self_.bet;
    const bool may_raise = state_.bet_level == 0 || state_.raises < phase.betting.raises_max;
    if (to_call == 0) add(MoveKind::check, state_.phase);
    if (state_.bet_level == 0 && self_.chips > phase.betting.bet_min) add(MoveKind::bet, state_.phase);
    if (to_call > 0 && self_.chips > to_call) add(MoveKind::call, state_.phase);
    if (state_.bet_level > 0 && may_raise && uint64_t{self_.chips} > uint64_t{to_call} + phase.betting.bet_min)
      add(MoveKind::raise, state_.phase);
    if (self_.chips <= to_call || may_raise) add(MoveKind::all_in, state_.phase);
    if (to_call > 0) add(MoveKind::fold, state_.phase);
  }

  void bidding() {
    const Phase& phase = rules_.program.phases[state_.phase];
    const auto bid = [&](uint32_t tricks, bool nil) {
      Move& move = add(MoveKind::bid, state_.phase);
      move.amount = static_cast<int16_t>(tricks);
      move.count = nil;
    };
    if (phase.bidding.allow_nil) bid(0, true);
    const uint32_t least = phase.bidding.bid_min == 0 && phase.bidding.allow_nil ? 1 : phase.bidding.bid_min;
    const uint32_t most = std::min<uint32_t>(phase.bidding.bid_max, self_.hand.size);
    for (uint32_t tricks = least; tricks <= most; ++tricks) bid(tricks, false);
    // Hands smaller than the least bid: that bid is all there is.
    if (out_.count == 0) bid(least, false);
  }

  const Rules& rules_;
  const State& state_;
  uint32_t seat_;
  const Player& self_;
  MoveList& out_;
};

}  // namespace

uint8_t rank_to_claim(const Phase& phase, const State& state) {
  switch (phase.claim.mode) {
    case ClaimRank::sequential:
      return static_cast<uint8_t>((phase.claim.starting_rank + state.claims) % kRanks);
    case ClaimRank::fixed:
      return phase.claim.fixed_rank;
    case ClaimRank::player_choice:
      break;
  }
  return kNone;
}

void list_moves_of(const Rules& rules, const State& state, uint32_t seat, MoveList& moves) {
  moves.count = 0;
  Lister(rules, state, seat, moves).list(seat == state.seat);
}

CardSet fitting_cards(const Rules& rules, const State& state, uint32_t seat, const Phase& phase) {
  MoveList none;
  return Lister(rules, state, seat, none).fitting(phase);
}

void list_phase(const Rules& rules, const State& state, uint32_t seat, uint32_t phase, MoveList& moves) {
  moves.count = 0;
  Lister(rules, state, seat, moves).phase(phase);
}

const char* move_name(MoveKind kind) {
  static const char* const names[] = {"draw",  "play",      "discard", "pass",  "stand",  "play_set", "trick",
                                      "check", "bet",       "call",    "raise", "all_in", "fold",     "bid",
                                      "claim", "challenge", "accept",  "meld",  "knock",  "ask"};
  return names[static_cast<size_t>(kind)];
}

}  // namespace busbar::cards
