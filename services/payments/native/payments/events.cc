#include "events.h"

namespace busbar::payments {

Names::Names() {
  // In the order of enum Name.
  for (const char* text : {"",
                           "TimedForTick",
                           "NotDivisible",
                           "MinSplitAmount",
                           "BudgetExceeded",
                           "NotInFocus",
                           "CounterpartyBudget",
                           "DivisionByZero",
                           "NotInQueue2",
                           "liquidity",
                           "bilateral_limit",
                           "multilateral_limit",
                           "done",
                           "not fundable",
                           "out of bounds",
                           "no counterparty left",
                           "fifo",
                           "bilateral",
                           "cycles",
                           "multilateral",
                           "cycle",
                           "MinimumHold",
                           "CollateralInUse",
                           "requested"}) {
    number(text);
  }
}

uint32_t Names::number(std::string_view text) {
  const auto [found, is_new] = numbers_.try_emplace(std::string(text), size());
  if (is_new) texts_.emplace_back(text);
  return found->second;
}

}  // namespace busbar::payments
