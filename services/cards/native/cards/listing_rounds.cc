// Moves of betting and bidding rounds.
#include <algorithm>

#include "lister.h"

namespace busbar::cards {

void Lister::betting() {
  if (self_.folded || self_.all_in || self_.chips == 0) return;
  const Phase& phase = rules_.program.phases[state_.phase];
  const uint32_t to_call = state_.bet_level - self_.bet;
  const bool may_raise = state_.bet_level == 0 || state_.raises < phase.betting.raises_max;
  if (to_call == 0) add(MoveKind::check, state_.phase);
  if (state_.bet_level == 0 && self_.chips > phase.betting.bet_min) add(MoveKind::bet, state_.phase);
  if (to_call > 0 && self_.chips > to_call) add(MoveKind::call, state_.phase);
  if (state_.bet_level > 0 && may_raise && uint64_t{self_.chips} > uint64_t{to_call} + phase.betting.bet_min)
    add(MoveKind::raise, state_.phase);
  if (self_.chips <= to_call || may_raise) add(MoveKind::all_in, state_.phase);
  if (to_call > 0) add(MoveKind::fold, state_.phase);
}

void Lister::bidding() {
  const Phase& phase = rules_.program.phases[state_.phase];
  const auto bid = [&](uint32_t tricks, bool nil) {
    Move& move = add(MoveKind::bid, state_.phase);
    move.amount = static_cast<int16_t>(tricks);
    move.count = nil;
  };
  if (phase.bidding.allow_nil) bid(0, true);
  const uint32_t least = phase.bidding.bid_min == 0 && phase.bidding.allow_nil ? 1 : phase.bidding.bid_min;
  const uint32_t most = std::min<uint32_t>(phase.bidding.bid_max, self_.hand.size);
  for (uint32_t tricks = least; tricks <= most; ++tricks) bid(tricks, false);
  // Hands smaller than the least bid: that bid is all there is.
  if (out_.count == 0) bid(least, false);
}

}  // namespace busbar::cards
