#include "engine.h"

#include "table.h"

namespace busbar::cards {

void start_game(const Rules& rules, State& state, Stream& chance, MoveList& moves, Counts* counts) {
  Table(rules, state, chance, moves, counts).start();
}

bool play_move(const Rules& rules, State& state, Move move, Stream& chance, MoveList& moves, Counts* counts) {
  return Table(rules, state, chance, moves, counts).play(move);
}

}  // namespace busbar::cards
