// Events as they are kept: 64 bytes each, lists in a pool beside them, texts by number. Every byte enters the hash.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy.h"

namespace busbar::payments {

/// Numbers of payments.fbs.
enum class EventKind : uint8_t {
  arrival,
  policy_submit,
  policy_hold,
  policy_drop,
  policy_split,
  transaction_reprioritized,
  priority_escalated,
  collateral_post,
  collateral_withdraw,
  collateral_timer_withdrawn,
  collateral_timer_blocked,
  state_register_set,
  bank_budget_set,
  rtgs_immediate_settlement,
  queued_rtgs,
  rtgs_submission,
  rtgs_withdrawal,
  rtgs_resubmission,
  queue2_liquidity_release,
  lsm_bilateral_offset,
  lsm_cycle_settlement,
  entry_disposition_offset,
  algorithm_execution,
  bilateral_limit_exceeded,
  multilateral_limit_exceeded,
  deferred_credit_applied,
  cost_accrual,
  end_of_day,
  liquidity_return,
  liquidity_allocation,
  transaction_went_overdue,
  overdue_transaction_settled,
  scenario_event_executed,
  count
};

/// x, y, before and after mean what the kind says (event_message.cc); lists are `extra_count` numbers of the pool.
struct Event {
  EventKind kind = EventKind::arrival;
  uint8_t priority = 0;
  uint8_t old_priority = 0;
  uint8_t flags = 0;  // 1 divisible, 2 exhausted; 4, 8 class of Queue 2
  uint32_t tick = 0;
  uint32_t tx = kNone;
  uint32_t agent = kNone;
  uint32_t other = kNone;
  uint32_t x = 0;
  int64_t amount = 0;
  int64_t before = 0;
  int64_t after = 0;
  uint32_t extra = 0;
  uint32_t extra_count = 0;
  uint32_t name = 0;
  uint32_t y = 0;
};
static_assert(sizeof(Event) == 64 && std::endian::native == std::endian::little,
              "events are hashed and stored as they lie in memory");

/// Texts of events by number, in the order of their first use. 0 is the empty text.
class Names {
 public:
  Names();
  uint32_t number(std::string_view text);
  const std::string& text(uint32_t number) const { return texts_[number]; }
  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  std::vector<std::string> texts_;
  std::unordered_map<std::string, uint32_t> numbers_;  // looked up, never walked
};

/// Fixed numbers of texts that the core itself uses.
enum Name : uint32_t {
  kNoName,
  kTimed,
  kNotDivisible,
  kMinSplit,
  kBudget,
  kNotInFocus,
  kCounterpartyBudget,
  kDivisionByZero,
  kNotInQueue2,
  kLiquidity,
  kBilateralLimit,
  kMultilateralLimit,
  kDone,
  kNotFundable,
  kOutOfBounds,
  kNoCounterparty,
  kFifo,
  kBilateral,
  kCycles,
  kMultilateral,
  kCycle,
  kMinimumHold,
  kCollateralInUse,
  kRequested,
  kFixedNames
};

}  // namespace busbar::payments
