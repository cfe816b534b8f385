// What is measured of games, and sums of it. Sums are integers, or doubles added per block in the order of games, so
// that neither threads nor block borders enter them.
#pragma once

#include <cstdint>

#include "rules.h"

namespace busbar::cards {

/// Counters that add up over games.
struct Counts {
  uint64_t decisions = 0;
  uint64_t valid_moves = 0;
  uint64_t forced_decisions = 0;
  uint64_t hand_size = 0;
  uint64_t interactions = 0;
  uint64_t actions = 0;
  uint64_t lead_changes = 0;
  uint64_t trailing_winners = 0;
  uint64_t disruptions = 0;
  uint64_t contentions = 0;
  uint64_t forced_responses = 0;
  uint64_t opponent_turns = 0;
  // events of the general engine
  uint64_t passes = 0;
  uint64_t hands = 0;
  uint64_t claims = 0;
  uint64_t bluffs = 0;
  uint64_t challenges = 0;
  uint64_t successful_bluffs = 0;
  uint64_t catches = 0;
  uint64_t bets = 0;
  uint64_t weak_bets = 0;
  uint64_t folds = 0;
  uint64_t fold_wins = 0;
  uint64_t showdowns = 0;
  uint64_t showdown_wins = 0;
  uint64_t all_ins = 0;
  uint64_t search_iterations = 0;
  uint64_t playout_moves = 0;
  int64_t scores[kPlayersMax] = {};

  void add(const Counts& other) {
    decisions += other.decisions;
    valid_moves += other.valid_moves;
    forced_decisions += other.forced_decisions;
    hand_size += other.hand_size;
    interactions += other.interactions;
    actions += other.actions;
    lead_changes += other.lead_changes;
    trailing_winners += other.trailing_winners;
    disruptions += other.disruptions;
    contentions += other.contentions;
    forced_responses += other.forced_responses;
    opponent_turns += other.opponent_turns;
    passes += other.passes;
    hands += other.hands;
    claims += other.claims;
    bluffs += other.bluffs;
    challenges += other.challenges;
    successful_bluffs += other.successful_bluffs;
    catches += other.catches;
    bets += other.bets;
    weak_bets += other.weak_bets;
    folds += other.folds;
    fold_wins += other.fold_wins;
    showdowns += other.showdowns;
    showdown_wins += other.showdown_wins;
    all_ins += other.all_ins;
    search_iterations += other.search_iterations;
    playout_moves += other.playout_moves;
    for (uint32_t i = 0; i < kPlayersMax; ++i) scores[i] += other.scores[i];
  }
};

struct Result {
  int8_t winner = -1;   // seat, or first seat of the winning team; -1: nobody
  uint8_t winners = 0;  // bit per seat of the winning side
  Ending ending = Ending::drawn;
  uint32_t turns = 0;
  uint64_t state_hash = 0;    // of the final state
  double decisive_turn = 1;   // turn from which the winner stayed ahead / all turns; 1: never ahead
  double closest_margin = 1;  // least normalised gap of first and second
};

/// Follows who leads: the player whose standing is above all others; a tie has no leader.
class LeadTracker {
 public:
  static constexpr uint8_t kNobody = 255;

  /// @param history one byte a turn, room for the program's max_turns
  explicit LeadTracker(uint8_t* history) : history_(history) {}

  /// After turn `turn` (from 1). `gap` / `scale` is the normalised distance of first and second, leader kNobody for 0.
  void observe(uint32_t turn, uint8_t leader, uint32_t gap, uint32_t scale, Counts& counts) {
    history_[turn - 1] = leader;
    if (leader != current_) {
      if (leader != kNobody) {
        counts.lead_changes += last_ != kNobody && leader != last_;
        last_ = leader;
      }
      current_ = leader;
      since_ = turn;
    }
    // gap / scale < best_gap / best_scale, without a division
    if (uint64_t{gap} * best_scale_ < uint64_t{best_gap_} * scale) {
      best_gap_ = gap;
      best_scale_ = scale;
    }
  }

  void finish(Result& result, Counts& counts) const {
    result.closest_margin = static_cast<double>(best_gap_) / best_scale_;
    if (result.winner < 0 || result.turns == 0) return;
    const uint8_t winner = static_cast<uint8_t>(result.winner);
    if (current_ == winner) result.decisive_turn = static_cast<double>(since_) / result.turns;
    const uint8_t middle = history_[(result.turns - 1) / 2];
    counts.trailing_winners += middle != kNobody && middle != winner;
  }

 private:
  uint8_t* history_;
  uint8_t current_ = kNobody, last_ = kNobody;
  uint32_t since_ = 0;
  uint32_t best_gap_ = 1, best_scale_ = 1;
};

/// Leader, gap and scale (the larger of first and second in size, at least 1) of a state.
struct Leading {
  uint8_t leader;
  uint32_t gap, scale;
};

inline Leading leading(const Rules& rules, const State& state) {
  int32_t first = standing(rules, state, rules.side_first[0]), second = INT32_MIN;
  uint8_t leader = rules.side_first[0];
  for (uint32_t side = 1; side < rules.side_count; ++side) {
    const int32_t value = standing(rules, state, rules.side_first[side]);
    if (value > first) {
      second = first;
      first = value;
      leader = rules.side_first[side];
    } else if (value > second) {
      second = value;
    }
  }
  const uint32_t gap = static_cast<uint32_t>(int64_t{first} - second);
  const auto size = [](int32_t value) { return static_cast<uint32_t>(value < 0 ? -int64_t{value} : value); };
  uint32_t scale = size(first) > size(second) ? size(first) : size(second);
  if (scale == 0) scale = 1;
  if (gap > scale) scale = gap;  // scores of both signs: the gap counts as whole
  return {gap == 0 ? LeadTracker::kNobody : leader, gap, scale};
}

}  // namespace busbar::cards
