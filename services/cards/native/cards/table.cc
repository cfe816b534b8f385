// Turns, stages and hands: who moves next, and when a hand begins and ends.
#include "table.h"

#include <algorithm>

namespace busbar::cards {

void Table::start() {
  state_.turn = 0;
  state_.player_count = static_cast<uint8_t>(rules_.player_count);
  state_.direction = 1;
  state_.skips = state_.tie_winner = 0;
  state_.over = state_.last_hand = false;
  state_.ending = Ending::drawn;
  state_.winner = -1;
  state_.winners = 0;
  state_.hand = 0;
  state_.first_seat = 0;
  state_.hand_winner = -1;
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    Player& player = state_.players[i];
    player.score = 0;
    player.chips = rules_.starting_chips;
    player.bags = player.blocked = 0;
  }
  begin_hand();
  state_.seat = state_.hand_over ? state_.first_seat : state_.seat;
  judge(false);
  settle();
}

bool Table::play(const Move& move) {
  touched_ = false;
  again_ = -1;
  const uint32_t mover = state_.seat;
  carry_out(move);
  state_.turn += 1;
  // Whoever moved is looked at first; a claim that is being made or may still be challenged decides nothing.
  if (state_.mode != Mode::challenge && state_.mode != Mode::claim && !state_.over) {
    const uint8_t seat = state_.seat;
    state_.seat = static_cast<uint8_t>(mover);
    judge(false);
    state_.seat = seat;
    if (program_.hands.empty_hand_ends && !state_.over && !state_.hand_over) {
      for (uint32_t step = 0; step < rules_.player_count && state_.hand_winner < 0; ++step) {
        const uint32_t player = (mover + step) % rules_.player_count;
        if (is_in(player) && state_.players[player].hand.size == 0) state_.hand_winner = static_cast<int8_t>(player);
      }
      state_.hand_over = state_.hand_winner >= 0;
    }
  }
  if (!state_.over && state_.turn >= program_.turns_max) {
    if (hand_has_ended()) finish_hand();
    if (!state_.over) {
      state_.ending = Ending::out_of_turns;
      finish(0);
    }
  }
  settle();
  return touched_;
}

void Table::carry_out(const Move& move) {
  const Phase& phase = program_.phases[move.phase];
  state_.phase = program_.model == TurnModel::menu && state_.mode == Mode::turn ? move.phase : state_.phase;
  if (move.kind != MoveKind::pass) state_.passes = 0;
  switch (move.kind) {
    case MoveKind::draw:
      return draw(move, phase);
    case MoveKind::play:
    case MoveKind::play_set:
      lay(move, phase);
      return next_phase();
    case MoveKind::discard:
      return discard(move, phase);
    case MoveKind::pass:
      passed();
      return next_phase();
    case MoveKind::stand:
      return state_.mode == Mode::claim ? claimed(program_.phases[state_.phase]) : next_phase();
    case MoveKind::trick:
      trick(move, phase);
      return next_phase();
    case MoveKind::check:
    case MoveKind::bet:
    case MoveKind::call:
    case MoveKind::raise:
    case MoveKind::all_in:
    case MoveKind::fold:
      return betting(move, program_.phases[state_.phase]);
    case MoveKind::bid:
      return bid(move);
    case MoveKind::claim:
      return claim(move, phase);
    case MoveKind::challenge:
    case MoveKind::accept:
      return challenge(move.kind == MoveKind::accept, program_.phases[state_.phase]);
    case MoveKind::meld:
      meld(move, phase);
      if (program_.model == TurnModel::menu) next_phase();
      return;
    case MoveKind::knock:
      return knock(phase);
    case MoveKind::ask:
      return ask(move, phase);
  }
}

void Table::passed() {
  count(&Counts::passes);
  state_.passes = static_cast<uint8_t>(std::min(state_.passes + 1, 255));
  const uint32_t needed =
      program_.rules.passes_to_trigger != 0 ? program_.rules.passes_to_trigger : std::max(rules_.player_count - 1, 1u);
  if (program_.rules.pass_action == PassAction::none || state_.passes < needed) return;
  state_.passes = 0;
  switch (program_.rules.pass_action) {
    case PassAction::clear_tableau:
      for (uint32_t i = 0; i < state_.tableau.size; ++i) state_.discard.push(state_.tableau.cards[i]);
      state_.tableau.size = 0;
      // Cards of a trick lie on no tableau; in a war they do.
      if (!rules_.tricks) std::fill_n(state_.fronts, kPlayersMax, kNone);
      break;
    case PassAction::end_round:
      state_.hand_over = true;
      break;
    case PassAction::skip_player:
      state_.skips = static_cast<uint8_t>(std::min<uint32_t>(state_.skips + 1u, rules_.player_count - 1));
      break;
    case PassAction::none:
      break;
  }
}

void Table::begin_hand() {
  state_.mode = Mode::turn;
  state_.locked = state_.hand_over = false;
  state_.idle = state_.passes = 0;
  state_.hand_winner = -1;
  state_.led_suit = state_.leader = kNone;
  state_.tricks_played = state_.trick_phase = 0;
  state_.trick_winner = -1;
  state_.broken = false;
  state_.claims = 0;
  state_.claimed_count = 0;
  state_.claimed_rank = kNone;
  state_.claimer = 0;
  state_.bet_level = state_.raises = 0;
  state_.pending = 0;
  state_.first_bettor = -1;
  state_.named_suit = kNone;
  state_.last_capturer = -1;
  state_.discard.size = state_.tableau.size = 0;
  std::fill_n(state_.fronts, kPlayersMax, kNone);
  std::fill_n(state_.seen_discards, kPlayersMax, CardSet{0});
  state_.deck = rules_.cards;
  shuffle(state_.deck, chance_);
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    Player& player = state_.players[i];
    player.hand.size = player.captured.size = 0;
    player.held = player.lacks = 0;
    player.bet = player.staked = 0;
    player.hand_points = 0;
    player.bid = -1;
    player.nil = player.all_in = false;
    player.folded = rules_.betting && player.chips == 0;  // out of the game
    player.tricks = player.turns = 0;
    std::fill_n(player.known, kPlayersMax, CardSet{0});
  }
  for (uint32_t round = 0; round < program_.cards_per_player; ++round) {
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      if (is_in(i)) state_.players[i].receive(state_.deck.pop());
    }
  }
  Pile& open = program_.tableau == Tableau::none ? state_.discard : state_.tableau;
  for (uint32_t i = 0; i < program_.initial_discard_count; ++i) open.push(state_.deck.pop());
  state_.trump = program_.trump;
  if (program_.random_trump) {
    state_.trump = static_cast<uint8_t>(chance_.below(4));
  } else if (program_.rotate_trump) {
    state_.trump = static_cast<uint8_t>(((program_.trump == kNone ? 0 : program_.trump) + state_.hand) % 4);
  }
  count(&Counts::hands);
  for (uint32_t i = 0; rules_.asks && i < rules_.player_count; ++i) lay_sets(i);
  enter_stage(0);
}

uint32_t Table::next_in(uint32_t from) const {
  uint32_t seat = from;
  for (uint32_t i = 0; i < rules_.player_count && !is_in(seat); ++i) seat = state_.seat_after(seat, 1);
  return seat;
}

void Table::enter_stage(uint32_t stage) {
  state_.stage = static_cast<uint8_t>(stage);
  if (stage >= rules_.stages.size()) {
    state_.stage = static_cast<uint8_t>(rules_.stages.size() - 1);
    state_.hand_over = true;
    return;
  }
  const Stage& of = rules_.stages[stage];
  state_.phase = of.begin;
  state_.seat = static_cast<uint8_t>(next_in(state_.first_seat));
  if (of.round) {
    if (program_.phases[of.begin].kind == PhaseKind::betting) return enter_betting();
    state_.mode = Mode::bidding;
    state_.pending = static_cast<uint8_t>((1u << rules_.player_count) - 1);
    return;
  }
  state_.mode = Mode::turn;
  state_.seats_done = 0;
  for (uint32_t i = 0; i < rules_.player_count; ++i) state_.players[i].turns = 0;
  begin_turn();
}

namespace {
uint16_t moves_of(const Phase& phase) {
  if (phase.kind != PhaseKind::draw && phase.kind != PhaseKind::discard) return 1;
  return static_cast<uint16_t>(std::min<uint32_t>(phase.count, kCardsMax));
}
}  // namespace

void Table::begin_turn() {
  state_.phase = rules_.stages[state_.stage].begin;
  state_.left = moves_of(program_.phases[state_.phase]);
  state_.locked = false;
  if (rules_.asks && state_.players[state_.seat].hand.size == 0) {
    draw_from_deck(state_.seat, program_.phases[rules_.ask_phase].ask.refill);
    lay_sets(state_.seat);
  }
}

/// The current phase has had its moves.
void Table::next_phase() {
  if (program_.model == TurnModel::menu || state_.phase + 1u >= rules_.stages[state_.stage].end) return end_turn();
  state_.phase += 1;
  state_.left = moves_of(program_.phases[state_.phase]);
}

/// The turn passes on, past seats that are skipped, blocked or out.
void Table::pass_seat_on() {
  if (again_ >= 0 && is_in(static_cast<uint32_t>(again_))) {
    state_.seat = static_cast<uint8_t>(again_);
    state_.skips = 0;
    return;
  }
  state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1u + state_.skips));
  state_.skips = 0;
  for (uint32_t step = 0; step < 1024; ++step) {
    Player& player = state_.players[state_.seat];
    if (is_in(state_.seat) && player.blocked == 0) return;
    if (is_in(state_.seat)) player.blocked -= 1;
    state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1));
  }
}

void Table::end_turn() {
  Player& player = state_.players[state_.seat];
  player.turns = static_cast<uint8_t>(std::min(player.turns + 1, 255));
  state_.seats_done = static_cast<uint8_t>(state_.seats_done | 1u << state_.seat);
  if (rules_.tricks && trick_complete()) take_trick();
  pass_seat_on();
  if (!is_last_stage()) {
    // Each seat has one turn before the next round.
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      if (is_in(state_.seat) && (state_.seats_done >> state_.seat & 1) == 0) return begin_turn();
      state_.seat = static_cast<uint8_t>(state_.seat_after(state_.seat, 1));
    }
    return enter_stage(state_.stage + 1u);
  }
  if (program_.hands.rounds_per_hand != 0) {
    bool done = true;
    for (uint32_t i = 0; i < rules_.player_count; ++i)
      done &= !is_in(i) || state_.players[i].turns >= program_.hands.rounds_per_hand;
    state_.hand_over |= done;
  }
  begin_turn();
}

bool Table::hands_empty() const {
  for (uint32_t i = 0; i < rules_.player_count; ++i) {
    if (state_.players[i].hand.size != 0) return false;
  }
  return true;
}

bool Table::hand_has_ended() const {
  if (state_.hand_over) return true;
  if (state_.mode != Mode::turn) return false;
  if (rules_.tricks && state_.led_suit == kNone && !rules_.draws && hands_empty()) return true;
  return rules_.captures && !rules_.draws && hands_empty();
}

/// Deals some more cards to empty hands.
bool Table::refill() {
  const uint32_t each = program_.hands.refill;
  if (each == 0 || state_.hand_over || !hands_empty() || state_.deck.size < each * rules_.player_count) return false;
  for (uint32_t round = 0; round < each; ++round) {
    for (uint32_t i = 0; i < rules_.player_count; ++i) {
      if (is_in(i)) receive_hidden(i, state_.deck.pop());
    }
  }
  return true;
}

/// Until somebody has a move to make or the game is over.
void Table::settle() {
  for (;;) {
    moves_.clear();
    if (state_.over) return;
    if (refill()) begin_turn();
    if (hand_has_ended()) {
      finish_hand();
      continue;
    }
    list_moves_of(rules_, state_, state_.seat, moves_);
    if (moves_.count > 0) {
      state_.idle = 0;
      return;
    }
    if (rules_.menu) {  // a plain game gets stuck
      state_.ending = Ending::stuck;
      return finish(0);
    }
    if (state_.mode == Mode::turn && program_.model == TurnModel::sequence &&
        state_.phase + 1u < rules_.stages[state_.stage].end) {
      state_.phase += 1;
      state_.left = moves_of(program_.phases[state_.phase]);
      continue;
    }
    state_.idle += 1;
    if (state_.idle > rules_.player_count) {
      state_.hand_over = true;
      state_.idle = 0;
      continue;
    }
    again_ = -1;
    end_turn();
  }
}

}  // namespace busbar::cards
