// The game that the others are measured by has a loop of its own: same streams, same moves, same measures and same
// final state as play_game (war_test.cc compares them), without what plain war never needs. The winner of a battle is a
// coin toss to a branch predictor, so it is an index here and not a branch.
#include <algorithm>

#include "game.h"

namespace busbar::cards {
namespace {

struct Leader {
  uint8_t current = LeadTracker::kNobody, last = LeadTracker::kNobody;
  uint32_t since = 0;

  void observe(uint32_t turn, uint8_t leader, uint64_t& changes) {
    if (leader == current) return;
    if (leader != LeadTracker::kNobody) {
      changes += last != LeadTracker::kNobody && leader != last;
      last = leader;
    }
    current = leader;
    since = turn;
  }
};

}  // namespace

Result play_war(const Match& match, uint64_t number, Arena& arena, Counts& counts) {
  const Rules& rules = *match.rules;
  const uint64_t game_seed = random::derive(match.seed, kGameStream, number);
  Stream chance(game_seed, kDealStream, 0);
  Stream first(game_seed, kPlayerStream, 0), second(game_seed, kPlayerStream, 1);
  State& state = arena.state;
  deal(rules, state, chance);

  // Sizes are two variables and not an array: an index that is only known after the battle would send them through
  // memory.
  Card hand0[kDeckCards + 2], hand1[kDeckCards + 2];
  uint32_t size0 = state.players[0].hand.size, size1 = state.players[1].hand.size;
  std::copy_n(state.players[0].hand.cards, size0, hand0);
  std::copy_n(state.players[1].hand.cards, size1, hand1);
  const uint32_t in_play = size0 + size1;
  const uint32_t turns_max = rules.program.turns_max;
  uint8_t* const leaders = arena.leaders;
  Leader lead;
  uint64_t lead_changes = 0, held = 0, forced = 0, contended = 0, disrupted = 0;
  uint32_t gap_in_battle = in_play, gap_after = in_play;  // least distances with a card on the table, and without
  uint32_t turn = 0, tie_winner = 0;
  Card on_table = kNone;

  const auto pick = [](Stream& stream, uint32_t size) -> uint32_t {
    return size == 1 ? 0 : static_cast<uint32_t>(stream.below(size));
  };
  while (turn < turns_max) {
    const uint32_t i = pick(first, size0);
    held += size0;
    forced += size0 == 1;
    contended += 1;  // the other has at least one card, else the game were over
    const Card mine = hand0[i];
    hand0[i] = hand0[--size0];
    turn += 1;
    {
      const bool behind = size0 < size1;
      const uint32_t gap = behind ? size1 - size0 : size0 - size1;
      gap_in_battle = std::min(gap_in_battle, gap);
      leaders[turn - 1] = behind;
      lead.observe(turn, behind, lead_changes);
    }
    if (turn == turns_max) {
      on_table = mine;
      break;
    }
    const uint32_t j = pick(second, size1);
    held += size1;
    forced += size1 == 1;
    contended += size0 != 0;
    const Card theirs = hand1[j];
    hand1[j] = hand1[--size1];
    turn += 1;

    const uint32_t tied = rank_of(mine) == rank_of(theirs);
    const uint32_t winner = tied ? tie_winner : rank_of(theirs) > rank_of(mine);
    tie_winner ^= tied;
    Card* const end = winner != 0 ? hand1 + size1 : hand0 + size0;
    end[0] = mine;
    end[1] = theirs;
    size0 += 2 * (winner ^ 1);
    size1 += 2 * winner;
    disrupted += winner ^ 1;

    const uint32_t gap = size0 > size1 ? size0 - size1 : size1 - size0;
    gap_after = std::min(gap_after, gap);
    const uint8_t leader = gap == 0 ? LeadTracker::kNobody : static_cast<uint8_t>(size1 > size0);
    leaders[turn - 1] = leader;
    lead.observe(turn, leader, lead_changes);
    if (gap == in_play) break;
  }

  counts.decisions += turn;
  counts.valid_moves += held;
  counts.forced_decisions += forced;
  counts.hand_size += held;
  counts.interactions += turn;
  counts.actions += turn;
  counts.lead_changes += lead_changes;
  counts.disruptions += disrupted;
  counts.contentions += contended;
  counts.opponent_turns += turn;
  counts.hands += 1;

  state.turn = turn;
  state.seat = static_cast<uint8_t>(turn & 1);
  state.tie_winner = static_cast<uint8_t>(tie_winner);
  const auto keep = [&state](uint32_t player, const Card* hand, uint32_t size) {
    state.players[player].hand.size = 0;
    state.players[player].held = 0;
    for (uint32_t i = 0; i < size; ++i) state.players[player].receive(hand[i]);
  };
  keep(0, hand0, size0);
  keep(1, hand1, size1);
  if (on_table != kNone) {
    state.fronts[0] = on_table;
    state.tableau.push(on_table);
  }

  Result result;
  result.turns = turn;
  result.ending = Ending::out_of_turns;
  if (on_table == kNone && (size0 == 0 || size1 == 0)) {
    result.winner = size0 == 0 ? 1 : 0;
    result.ending = Ending::won;
  }
  // gap / larger hand, which is (cards in hands + gap) / 2; the smaller of both kinds of turn.
  const uint32_t scale_in_battle = (in_play - 1 + gap_in_battle) / 2, scale_after = (in_play + gap_after) / 2;
  const double in_battle = static_cast<double>(gap_in_battle) / scale_in_battle;
  result.closest_margin = turn < 2 ? in_battle : std::min(in_battle, static_cast<double>(gap_after) / scale_after);
  if (result.winner >= 0) {
    const uint8_t winner = static_cast<uint8_t>(result.winner);
    if (lead.current == winner) result.decisive_turn = static_cast<double>(lead.since) / turn;
    const uint8_t middle = leaders[(turn - 1) / 2];
    counts.trailing_winners += middle != LeadTracker::kNobody && middle != winner;
  }
  if (result.winner >= 0) result.winners = static_cast<uint8_t>(1u << result.winner);
  result.state_hash = state_hash(state, false);
  return result;
}

}  // namespace busbar::cards
