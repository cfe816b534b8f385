// A second, slow simulation written from the rules alone (services.md 4.3 to 4.7): no sums are kept, every question is answered by
// walking over all payments. It knows the named policies, no trees; what arrives by chance is told to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "payments/config.h"

namespace busbar::payments::testing {

struct SlowPayment {
  uint32_t from = 0, to = 0;
  int64_t amount = 0;
  int64_t open = 0;  // of a whole that was split: of its children
  uint32_t deadline = 0;
  int priority = 0, first_priority = 0;
  bool divisible = true;
  int64_t parent = -1;
  int children = 0;
  enum class Place { queue1, queue2, settled, dropped, split } place = Place::queue1;
  int band = 0;  // of Queue 2
  int64_t settled_at = -1;
  int64_t overdue_at = -1;
};

/// Costs in the order of CostKind.
using SlowCosts = std::vector<int64_t>;

struct SlowBank {
  int64_t balance = 0, collateral = 0, pool = 0, allocated = 0, waiting = 0;  // waiting: credits of the end of the tick
  SlowCosts tick = SlowCosts(7), today = SlowCosts(7), total = SlowCosts(7);
  std::vector<uint32_t> queue1;
};

enum class SlowPolicy { fifo, deadline, liquidity_aware, liquidity_splitting, mock_splitting };

struct SlowRule {
  SlowPolicy kind = SlowPolicy::fifo;
  int64_t threshold = 0, buffer = 0, splits = 0, least = 1;
};

class SlowModel {
 public:
  SlowModel(const Config& config, std::vector<SlowRule> rules);

  /// One tick. `drawn` gives what arrives by chance, in order, once the events of the scenario are through.
  void tick(const std::function<std::vector<SlowPayment>()>& drawn);

  uint32_t now = 0;
  std::vector<SlowBank> banks;
  std::vector<SlowPayment> payments;
  std::vector<uint32_t> queue2;
  uint64_t bilateral_settled = 0, bilateral_rejected = 0, cycles_settled = 0, cycles_rejected = 0;
  /// Settled by offsetting of any kind.
  uint64_t offset = 0;

  int64_t credit(uint32_t bank) const;
  int64_t available(uint32_t bank) const;

 private:
  using Ids = std::vector<uint32_t>;

  uint32_t day() const { return now / config_.ticks_per_day; }
  void new_day();
  void scenario();
  void release(uint32_t bank);
  void decide(uint32_t bank, uint32_t id);
  void split(uint32_t bank, uint32_t id, int64_t parts, int64_t least);
  void submit(uint32_t id);
  bool offset_at_entry(uint32_t id);
  uint64_t pass();
  void saving();
  uint64_t bilateral();
  uint64_t cycles();
  uint64_t multilateral();
  void costs();

  /// Whether exactly these may settle at once, now.
  bool may(const Ids& ids) const;
  void settle(const Ids& ids, bool by_offsetting);
  Ids queued(uint32_t from, uint32_t to) const;
  Ids in_order() const;
  int64_t sum(const Ids& ids) const;
  int64_t sent_today(uint32_t bank, int64_t to) const;

  const Config& config_;
  std::vector<SlowRule> rules_;
  Ids submissions_;
  uint64_t cycles_this_tick_ = 0;
};

}  // namespace busbar::payments::testing
