// The game that the others are measured by has a loop of its own: same streams, same moves, same measures and same final
// state as play_game (war_test.cc compares them), without what plain war never needs. The winner of a battle is a coin toss
// to a branch predictor, so it is an index here and not a branch.
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

  Card hands[2][kDeckCards + 2];
  uint32_t sizes[2] = {state.players[0].hand.size, state.players[1].hand.size};
  std::copy_n(state.players[0].hand.cards, sizes[0], hands[0]);
  std::copy_n(state.players[1].hand.cards, sizes[1], hands[1]);
  const uint32_t in_play = sizes[0] + sizes[1];
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
    const uint32_t i = pick(first, sizes[0]);
    held += sizes[0];
    forced += sizes[0] == 1;
    contended += 1;  // the other has at least one card, else the game were over
    const Card mine = hands[0][i];
    hands[0][i] = hands[0][--sizes[0]];
    turn += 1;
    {
      const bool behind = sizes[0] < sizes[1];
      const uint32_t gap = behind ? sizes[1] - sizes[0] : sizes[0] - sizes[1];
      gap_in_battle = std::min(gap_in_battle, gap);
      leaders[turn - 1] = behind;
      lead.observe(turn, behind, lead_changes);
    }
    if (turn == turns_max) {
      on_table = mine;
      break;
    }
    const uint32_t j = pick(second, sizes[1]);
    held += sizes[1];
    forced += sizes[1] == 1;
    contended += sizes[0] != 0;
    const Card theirs = hands[1][j];
    hands[1][j] = hands[1][--sizes[1]];
    turn += 1;

    const uint32_t tied = rank_of(mine) == rank_of(theirs);
    const uint32_t winner = tied ? tie_winner : rank_of(theirs) > rank_of(mine);
    tie_winner ^= tied;
    Card* const end = hands[winner] + sizes[winner];
    end[0] = mine;
    end[1] = theirs;
    sizes[winner] += 2;
    disrupted += winner ^ 1;

    const uint32_t gap = sizes[0] > sizes[1] ? sizes[0] - sizes[1] : sizes[1] - sizes[0];
    gap_after = std::min(gap_after, gap);
    const uint8_t leader = gap == 0 ? LeadTracker::kNobody : static_cast<uint8_t>(sizes[1] > sizes[0]);
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

  state.turn = turn;
  state.seat = static_cast<uint8_t>(turn & 1);
  state.tie_winner = static_cast<uint8_t>(tie_winner);
  for (uint32_t player = 0; player < 2; ++player) {
    Player& to = state.players[player];
    to.hand.size = static_cast<uint8_t>(sizes[player]);
    std::copy_n(hands[player], sizes[player], to.hand.cards);
    to.held = 0;
    for (uint32_t i = 0; i < sizes[player]; ++i) to.held |= set_of(hands[player][i]);
  }
  if (on_table != kNone) {
    state.fronts[0] = on_table;
    state.tableau.push(on_table);
  }

  Result result;
  result.turns = turn;
  result.ending = Ending::out_of_turns;
  if (on_table == kNone && (sizes[0] == 0 || sizes[1] == 0)) {
    result.winner = sizes[0] == 0 ? 1 : 0;
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
  result.state_hash = state_hash(state);
  return result;
}

}  // namespace busbar::cards
