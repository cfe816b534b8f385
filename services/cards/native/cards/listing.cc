// Which moves there are. The order of a list is fixed: phase by phase, in a phase by position in the hand or by rank,
// then by suit named and seat aimed at; standing and passing come last.
#include "lister.h"

namespace busbar::cards {

namespace {

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

}  // namespace

void Lister::list(bool own_turn) {
  switch (state_.mode) {
    case Mode::challenge:
      add(MoveKind::challenge, state_.phase);
      add(MoveKind::accept, state_.phase);
      return;
    case Mode::betting:
      return betting();
    case Mode::bidding:
      return bidding();
    case Mode::claim:
      if (own_turn) return claim_on();
      break;
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

void Lister::phase(uint32_t index) {
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

void Lister::menu(uint32_t begin, uint32_t end) {
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

void Lister::sequence(uint32_t index) {
  const Phase& of = rules_.program.phases[index];
  phase(index);
  if (of.kind == PhaseKind::play) {
    const bool unable = out_.count == 0 && of.pass_if_unable && self_.hand.size > 0;
    if (unable || (out_.count > 0 && is_optional(of))) add(MoveKind::pass, index);
  } else if (out_.count > 0 && is_optional(of)) {
    add(MoveKind::stand, index);
  }
}

void list_moves_of(const Rules& rules, const State& state, uint32_t seat, MoveList& moves) {
  moves.clear();
  Lister(rules, state, seat, moves).list(seat == state.seat);
}

CardSet fitting_cards(const Rules& rules, const State& state, uint32_t seat, const Phase& phase) {
  MoveList none;
  return Lister(rules, state, seat, none).fitting(phase);
}

void list_phase(const Rules& rules, const State& state, uint32_t seat, uint32_t phase, MoveList& moves) {
  moves.clear();
  Lister(rules, state, seat, moves).phase(phase);
}

const char* move_name(MoveKind kind) {
  static const char* const names[] = {"draw",  "play",      "discard", "pass",  "stand",  "play_set", "trick",
                                      "check", "bet",       "call",    "raise", "all_in", "fold",     "bid",
                                      "claim", "challenge", "accept",  "meld",  "knock",  "ask"};
  return names[static_cast<size_t>(kind)];
}

}  // namespace busbar::cards
