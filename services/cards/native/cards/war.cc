// The game that the others are measured by has a loop of its own: same streams, same moves, same measures and same
// final state as play_menu (game_test.cc compares them), without what plain war never needs. The winner of a battle is
// a coin toss to a branch predictor, so it is an index here and not a branch.
//
// Both hands together always hold the same number of cards between battles, and each battle moves one card. So the size
// of the first hand says everything: who leads, by how much, and when that changed last.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "game.h"

namespace busbar::cards {
namespace {

/// How often the lead changes among `battles` battles, where who has at most half of the cards is behind: with equal hands
/// the card on the table puts the first player there.
uint64_t changes_of(const uint8_t* sizes, uint32_t battles, uint32_t half) {
  constexpr uint64_t kOnes = 0x0101'0101'0101'0101, kTops = kOnes << 7;
  const auto ahead = [&](const uint8_t* at) {  // of eight battles, in the top bit of each byte; sizes are below 64
    uint64_t eight;
    std::memcpy(&eight, at, sizeof eight);
    return (eight + kOnes * (127 - half)) & kTops;
  };
  uint64_t changes = 0;
  uint32_t i = 1;
  for (; i + 8 <= battles; i += 8) changes += ((ahead(sizes + i) ^ ahead(sizes + i - 1)) >> 7) * kOnes >> 56;
  for (; i < battles; ++i) changes += (sizes[i] <= half) != (sizes[i - 1] <= half);
  return changes;
}

/// @param in_play cards of both hands; a constant leaves the loop a register more
template <typename Cards>
Result play_dealt(const Match& match, uint64_t game_seed, Cards in_play, Arena& arena, Counts& counts) {
  const Rules& rules = *match.rules;
  Stream first(game_seed, kPlayerStream, 0), second(game_seed, kPlayerStream, 1);
  State& state = arena.state;
  const uint32_t half = in_play / 2;
  // Both hands in one row: the first from the left, the second from the right, so that their last cards meet at `size`. A
  // battle takes a card from each, which leaves the two places where they meet, and the winner gets both: where cards are
  // put does not wait for who has won.
  Card row[kDeckCards + 2];
  std::copy_n(state.players[0].hand.cards, half, row);
  std::reverse_copy(state.players[1].hand.cards, state.players[1].hand.cards + half, row + half);
  uint8_t* const sizes = arena.leaders;  // of the first hand, before each battle
  uint8_t *at = sizes, *const end = sizes + rules.program.turns_max / 2;
  uint32_t size = half, tie_winner = 0;
  uint64_t forced = 0, lone = 0;

  const auto pick = [](Stream& stream, uint32_t from) -> uint32_t {
    return from == 1 ? 0 : static_cast<uint32_t>(stream.below(from));
  };
  const auto fight = [&](uint32_t i, uint32_t j) {
    *at++ = static_cast<uint8_t>(size);
    Card &one = row[i], &other = row[in_play - 1 - j];
    const uint32_t mine = one, theirs = other;
    one = row[size - 1];
    other = row[size];
    // With equal ranks the tie's winner decides; unequal ones are further apart than it is.
    const uint32_t winner = (theirs & ~3u) + tie_winner > (mine & ~3u);
    tie_winner ^= (mine ^ theirs) < 4;
    const uint32_t turned = (mine ^ theirs) & -winner;
    row[size - 1] = static_cast<Card>(mine ^ turned);
    row[size] = static_cast<Card>(theirs ^ turned);
    size += 1 - 2 * winner;
  };
  while (at < end && size - 1 < in_play - 1) {
    // Nearly always both have several cards: one comparison says so.
    while (at < end && size - 2 <= in_play - 4) {
      const auto i = static_cast<uint32_t>(first.below(size));
      fight(i, static_cast<uint32_t>(second.below(in_play - size)));
    }
    if (at == end) break;
    const uint32_t i = pick(first, size), j = pick(second, in_play - size);
    forced += (size == 1) + (in_play - size == 1);
    lone += size == 1;
    fight(i, j);
  }
  *at = static_cast<uint8_t>(size);
  const auto battles = static_cast<uint32_t>(at - sizes);
  uint32_t level = battles;  // the battle after which hands were equal last
  while (level > 0 && sizes[level] != half) --level;
  uint64_t changes = changes_of(sizes, battles, half);
  const bool behind_before = battles == 0 || sizes[battles - 1] <= half;
  const bool won = size == 0 || size == in_play;
  // An odd limit of turns ends the game with a card on the table.
  const bool cut = !won && 2 * battles < rules.program.turns_max;
  const uint32_t turn = 2 * battles + cut;
  if (cut || size != half) changes += (cut ? size <= half : size < half) != behind_before;

  counts.decisions += turn;
  counts.valid_moves += uint64_t{battles} * in_play + (cut ? size : 0);
  counts.forced_decisions += forced + (cut && size == 1);
  counts.hand_size += uint64_t{battles} * in_play + (cut ? size : 0);
  counts.interactions += turn;
  counts.actions += turn;
  counts.lead_changes += changes;
  counts.disruptions += (battles + size - half) / 2;  // the battles that the first player has won
  counts.contentions += turn - lone;  // who answers a last card finds an opponent without any
  counts.opponent_turns += turn;
  counts.hands += 1;

  Card on_table = kNone;
  uint32_t size0 = size;
  if (cut) {
    const uint32_t i = pick(first, size);
    on_table = row[i];
    row[i] = row[--size0];
  }
  state.turn = turn;
  state.seat = static_cast<uint8_t>(turn & 1);
  state.tie_winner = static_cast<uint8_t>(tie_winner);
  for (uint32_t player = 0; player < 2; ++player) {
    state.players[player].hand.size = 0;
    state.players[player].held = 0;
  }
  for (uint32_t i = 0; i < size0; ++i) state.players[0].receive(row[i]);
  for (uint32_t i = in_play; i > size; --i) state.players[1].receive(row[i - 1]);
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
    const uint32_t middle = (turn - 1) / 2, then = sizes[(middle + 1) / 2];
    const bool after_battle = (middle & 1) != 0;
    const uint32_t leader = then <= half;
    counts.trailing_winners += !(after_battle && then == half) && leader != winner;
  }
  result.state_hash = state_hash(state, false);
  return result;
}

}  // namespace

Result play_war(const Match& match, uint64_t number, Arena& arena, Counts& counts) {
  const uint64_t game_seed = random::derive(match.seed, kGameStream, number);
  Stream chance(game_seed, kDealStream, 0);
  deal(*match.rules, arena.state, chance);
  const uint32_t in_play = 2 * arena.state.players[0].hand.size;
  if (in_play == kDeckCards) {
    return play_dealt(match, game_seed, std::integral_constant<uint32_t, kDeckCards>{}, arena, counts);
  }
  return play_dealt(match, game_seed, in_play, arena, counts);
}

}  // namespace busbar::cards
