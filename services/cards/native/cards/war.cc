// The game that the others are measured by has a loop of its own: same streams, same moves, same measures and same
// final state as play_menu (game_test.cc compares them), without what plain war never needs. The winner of a battle is
// a coin toss to a branch predictor, so it is an index here and not a branch.
//
// Both hands together always hold the same number of cards between battles, and each battle moves one card. So the size
// of the first hand says everything: who leads, by how much, and when that changed last.
#include <algorithm>

#include "game.h"

namespace busbar::cards {

Result play_war(const Match& match, uint64_t number, Arena& arena, Counts& counts) {
  const Rules& rules = *match.rules;
  const uint64_t game_seed = random::derive(match.seed, kGameStream, number);
  Stream chance(game_seed, kDealStream, 0);
  Stream first(game_seed, kPlayerStream, 0), second(game_seed, kPlayerStream, 1);
  State& state = arena.state;
  deal(rules, state, chance);

  const uint32_t half = state.players[0].hand.size, in_play = 2 * half;
  Card hand0[kDeckCards + 2], hand1[kDeckCards + 2];
  std::copy_n(state.players[0].hand.cards, half, hand0);
  std::copy_n(state.players[1].hand.cards, half, hand1);
  const uint32_t turns_max = rules.program.turns_max;
  uint8_t* const sizes = arena.leaders;                          // of the first hand, before each battle
  uint32_t size = half, battles = 0, level = 0, tie_winner = 0;  // level: the battle after which hands were equal last
  uint64_t changes = 0, forced = 0, lone = 0, disrupted = 0;
  bool behind_before = true;  // with equal hands the card on the table puts the first player behind

  const auto pick = [](Stream& stream, uint32_t from) -> uint32_t {
    return from == 1 ? 0 : static_cast<uint32_t>(stream.below(from));
  };
  while (battles < turns_max / 2) {
    const uint32_t other = in_play - size;
    uint32_t i, j;
    if (size > 1 && other > 1) {
      i = static_cast<uint32_t>(first.below(size));
      j = static_cast<uint32_t>(second.below(other));
    } else {
      i = pick(first, size);
      j = pick(second, other);
      forced += (size == 1) + (other == 1);
      lone += size == 1;
    }
    sizes[battles] = static_cast<uint8_t>(size);
    const bool behind = size <= half;
    changes += behind != behind_before;
    behind_before = behind;
    const Card mine = hand0[i], theirs = hand1[j];
    hand0[i] = hand0[size - 1];
    hand1[j] = hand1[other - 1];

    const uint32_t tied = rank_of(mine) == rank_of(theirs);
    const uint32_t winner = tied ? tie_winner : rank_of(theirs) > rank_of(mine);
    tie_winner ^= tied;
    Card* const end = winner != 0 ? hand1 + other - 1 : hand0 + size - 1;
    end[0] = mine;
    end[1] = theirs;
    size += 1 - 2 * winner;
    disrupted += winner ^ 1;
    battles += 1;
    level = size == half ? battles : level;
    if (size == 0 || size == in_play) break;
  }
  const bool won = size == 0 || size == in_play;
  // An odd limit of turns ends the game with a card on the table.
  const bool cut = !won && 2 * battles < turns_max;
  const uint32_t turn = 2 * battles + cut;
  if (cut || size != half) changes += (cut ? size <= half : size < half) != behind_before;

  counts.decisions += turn;
  counts.valid_moves += uint64_t{battles} * in_play + (cut ? size : 0);
  counts.forced_decisions += forced + (cut && size == 1);
  counts.hand_size += uint64_t{battles} * in_play + (cut ? size : 0);
  counts.interactions += turn;
  counts.actions += turn;
  counts.lead_changes += changes;
  counts.disruptions += disrupted;
  counts.contentions += turn - lone;  // who answers a last card finds an opponent without any
  counts.opponent_turns += turn;
  counts.hands += 1;

  Card on_table = kNone;
  uint32_t size0 = size;
  if (cut) {
    const uint32_t i = pick(first, size);
    on_table = hand0[i];
    hand0[i] = hand0[--size0];
  }
  state.turn = turn;
  state.seat = static_cast<uint8_t>(turn & 1);
  state.tie_winner = static_cast<uint8_t>(tie_winner);
  const auto keep = [&state](uint32_t player, const Card* hand, uint32_t cards) {
    state.players[player].hand.size = 0;
    state.players[player].held = 0;
    for (uint32_t i = 0; i < cards; ++i) state.players[player].receive(hand[i]);
  };
  keep(0, hand0, size0);
  keep(1, hand1, in_play - size);
  if (on_table != kNone) {
    state.fronts[0] = on_table;
    state.tableau.push(on_table);
  }

  Result result;
  result.turns = turn;
  result.ending = Ending::out_of_turns;
  // The first card on the table leaves hands of `half` and one less. After a battle hands are equal or two apart.
  result.closest_margin = 1.0 / half;
  if (battles > 0) result.closest_margin = std::min(result.closest_margin, level > 0 ? 0.0 : 2.0 / (half + 1));
  if (won) {
    const uint32_t winner = size == 0;
    result.winner = static_cast<int8_t>(winner);
    result.winners = static_cast<uint8_t>(1u << winner);
    result.ending = Ending::won;
    // The second player leads from the next card on the table, the first one from the next battle it wins.
    const uint32_t since = winner != 0 ? 2 * level + 1 : 2 * level + 2;
    result.decisive_turn = static_cast<double>(since) / turn;
    sizes[battles] = static_cast<uint8_t>(size);
    const uint32_t middle = (turn - 1) / 2, then = sizes[(middle + 1) / 2];
    const bool after_battle = (middle & 1) != 0;
    const uint32_t leader = then <= half;
    counts.trailing_winners += !(after_battle && then == half) && leader != winner;
  }
  result.state_hash = state_hash(state, false);
  return result;
}

}  // namespace busbar::cards
