#include "players.h"

namespace busbar::cards {
namespace {

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
  for (uint32_t i = 0; i < state.player_count; ++i) {
    if (i != player && standing(rules, state, i) > best) best = standing(rules, state, i);
  }
  return standing(rules, state, player) - best;
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

}  // namespace busbar::cards
