#include "players.h"

#include "evaluate.h"

namespace busbar::cards {
namespace {

/// Above any deadwood: 52 cards of at most 255 points.
constexpr int64_t kDeadwoodScale = 1 << 14;

/// Deals the cards that `player` cannot see (deck and other hands) anew, keeping the size of every pile.
void imagine(const State& seen, uint32_t player, State& world, Stream& stream) {
  world = seen;
  Pile unseen;
  const auto collect = [&unseen](const Pile& pile) {
    for (uint32_t i = 0; i < pile.size; ++i) unseen.push(pile.cards[i]);
  };
  collect(seen.deck);
  for (uint32_t i = 0; i < seen.player_count; ++i) {
    if (i != player) collect(seen.players[i].hand);
  }
  shuffle(unseen, stream);
  for (uint32_t i = 0; i < world.deck.size; ++i) world.deck.cards[i] = unseen.pop();
  for (uint32_t i = 0; i < world.player_count; ++i) {
    if (i == player) continue;
    Player& other = world.players[i];
    other.held = 0;
    for (uint32_t c = 0; c < other.hand.size; ++c) {
      other.hand.cards[c] = unseen.pop();
      other.held |= set_of(other.hand.cards[c]);
    }
  }
}

int64_t margin(const Rules& rules, const State& state, uint32_t player) {
  int64_t best = INT64_MIN;
  for (uint32_t side = 0; side < rules.side_count; ++side) {
    if (side == rules.side_of[player]) continue;
    const int64_t value = standing(rules, state, rules.side_first[side]);
    if (value > best) best = value;
  }
  return standing(rules, state, player) - best;
}

/// The phase in which hands are compared by their deadwood, null in games without one.
const Phase* knocking(const Rules& rules) {
  if (!rules.melds) return nullptr;
  for (const Phase& phase : rules.program.phases) {
    if (phase.kind == PhaseKind::meld && !phase.meld.lay_down) return &phase;
  }
  return nullptr;
}

}  // namespace

uint32_t choose_random(const Choices& choices, Stream& stream) {
  return choices.count == 1 ? 0 : static_cast<uint32_t>(stream.below(choices.count));
}

uint32_t choose_greedy(const Rules& rules, uint32_t player, Arena& arena, Stream& stream) {
  const Choices& choices = arena.choices;
  if (choices.count == 1) return 0;
  imagine(arena.state, player, arena.imagined, stream);
  uint32_t best = 0;
  int64_t best_margin = INT64_MIN;
  for (uint32_t n = 0; n < choices.count; ++n) {
    arena.tried = arena.imagined;
    apply(rules, arena.tried, move_at(rules, arena.tried, player, choices, n), stream);
    const int64_t value = margin(rules, arena.tried, player);
    if (value > best_margin) {
      best_margin = value;
      best = n;
    }
  }
  return best;
}

uint32_t choose_greedy_move(const Rules& rules, uint32_t player, Arena& arena, Stream& stream) {
  const MoveList& moves = arena.moves;
  if (moves.count == 1) return 0;
  // Menu games keep the world of menu.cc, which equal seeds have always had.
  if (rules.menu) {
    imagine(arena.state, player, arena.imagined, stream);
  } else {
    sample_world(rules, arena.state, player, arena.imagined, stream);
  }
  // Where hands are knocked with, scores stand still from one knock to the next: of moves that leave them alike the one
  // that leaves the least deadwood is the greedy one.
  const Phase* const knock = knocking(rules);
  uint32_t best = 0;
  int64_t best_margin = INT64_MIN;
  for (uint32_t n = 0; n < moves.count; ++n) {
    arena.tried = arena.imagined;
    play_move(rules, arena.tried, moves.moves[n], stream, arena.scratch);
    int64_t value = margin(rules, arena.tried, player) * kDeadwoodScale;
    if (knock != nullptr) value -= deadwood(rules, *knock, arena.tried.players[player].held);
    if (value > best_margin) {
      best_margin = value;
      best = n;
    }
  }
  return best;
}

uint32_t choose_greedy_v2(const Rules& rules, const State& state, const MoveList& moves) {
  const double hand = state.mode == Mode::betting ? strength(rules, state.players[state.seat].hand) : 0;
  const auto worth = [&](const Move& move) -> int32_t {
    switch (move.kind) {
      case MoveKind::play:
      case MoveKind::play_set:
      case MoveKind::trick:
      case MoveKind::claim:
      case MoveKind::meld:
        return 10 + rank_of(move.card);
      case MoveKind::knock:
        return 30;
      case MoveKind::raise:
      case MoveKind::bet:
        return hand > 0.7 ? 3 : -1;
      case MoveKind::call:
        return hand >= 0.3 ? 2 : 0;
      case MoveKind::check:
        return 1;
      case MoveKind::fold:
        return hand < 0.3 ? 1 : -1;
      case MoveKind::all_in:
        return hand > 0.95 ? 2 : -2;
      case MoveKind::draw:
      case MoveKind::ask:
        return 1;
      default:
        return 0;
    }
  };
  uint32_t best = 0;
  for (uint32_t n = 1; n < moves.count; ++n) {
    if (worth(moves.moves[n]) > worth(moves.moves[best])) best = n;
  }
  return best;
}

}  // namespace busbar::cards
