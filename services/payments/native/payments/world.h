// The state of one simulation, and the verbs that the steps of a tick share. Money moves here and nowhere else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config.h"
#include "core/hash/hash.h"
#include "costs.h"
#include "dice.h"
#include "events.h"

namespace busbar::payments {

enum class Status : uint8_t { pending, queued, settled, dropped, split, scheduled };

inline uint8_t class_of(uint32_t priority) { return priority >= 8 ? 2 : priority >= 4 ? 1 : 0; }

/// A payment. 64 bytes, kept for ever; open ones enter the state hash as they lie in memory.
struct Transaction {
  int64_t amount = 0;
  int64_t remaining = 0;
  uint32_t sender = 0;
  uint32_t receiver = 0;
  uint32_t arrival = 0;
  uint32_t deadline = 0;
  uint32_t parent = kNone;
  uint32_t settled_tick = kNone;
  uint32_t overdue_since = kNone;
  uint32_t queued_tick = kNone;
  uint32_t release_tick = kNone;
  uint32_t first_child = kNone;
  uint8_t priority = 0;
  uint8_t original_priority = 0;
  Status status = Status::pending;
  uint8_t rtgs_class = 0;
  uint8_t divisible = 1;
  uint8_t reserved = 0;
  uint16_t children = 0;

  bool overdue() const { return overdue_since != kNone; }
};
static_assert(sizeof(Transaction) == 64);

struct BilateralLimit {
  uint32_t agent = 0;
  int64_t limit = 0;
  int64_t used = 0;  // today
};

struct CollateralTimer {
  uint32_t posted_tick = 0;
  uint32_t due_tick = 0;
  int64_t amount = 0;
  uint32_t blocked = 0;  // 1: its event has been told
};

/// What the bank tree allows a bank to release in this tick.
struct Budget {
  bool set = false;
  bool has_focus = false;
  int64_t value = 0;
  int64_t per_counterparty = -1;  // -1: none
  std::vector<uint32_t> focus;
};

/// Receivers of a generator: runs of banks with equal weight.
struct ReceiverRun {
  uint32_t first = 0;
  uint32_t count = 0;
  double weight = 0;
  double start = 0;  // sum of the weights before
};

struct Generator {
  Poisson poisson;
  std::vector<std::pair<uint32_t, double>> weights;  // sorted; others have other_weight
  double other_weight = 1;
  bool changed = false;  // by a scenario event: then the weights are state
  // Derived from the weights.
  std::vector<ReceiverRun> runs;
  double total = 0;
};

struct Agent {
  int64_t balance = 0;
  int64_t credit = 0;  // floor(collateral * (1 - haircut)) + unsecured cap
  int64_t cap = 0;
  int64_t collateral = 0;
  int64_t capacity = 0;
  uint32_t haircut_ppm = 0;
  uint32_t last_post = kNone;  // tick of the last posting by a tree
  int64_t pool_free = 0;
  int64_t allocated = 0;
  int64_t deferred = 0;
  int64_t queue1_value = 0;
  int64_t queue2_value = 0;
  uint32_t queue2_count = 0;
  bool limited = false;
  int64_t multilateral_limit = -1;
  int64_t outflow_today = 0;
  double rate_multiplier = 1;
  XorShift stream;
  Costs tick_costs, today, total;
  std::vector<uint32_t> queue1;
  std::vector<BilateralLimit> limits;  // sorted by bank
  std::vector<CollateralTimer> timers;
  std::vector<uint32_t> deferred_txs;
  std::vector<double> registers;  // of the policy, in its order
  std::vector<Generator> generators;
  std::shared_ptr<const Policy> policy;
  std::vector<uint32_t> reasons;  // numbers of the texts of the policy's actions
  Budget budget;
  /// Derived: value settled per counterparty, only where the policy asks for it.
  std::vector<int64_t> volumes;

  int64_t available() const { return balance + credit > 0 ? balance + credit : 0; }
  int64_t credit_used() const { return balance < 0 ? -balance : 0; }
};

struct Totals {
  uint64_t arrivals = 0, settled = 0, lsm_settled = 0, dropped = 0, children = 0, split_parents = 0, overdue = 0;
  uint64_t bilateral_settled = 0, bilateral_rejected = 0, cycles_settled = 0, cycles_rejected = 0;
  uint64_t budget_exhausted = 0, delay_ticks = 0, peak_queue2 = 0;
  int64_t arrivals_value = 0, settled_value = 0, lsm_value = 0, dropped_value = 0;
};

/// One tick as it went; kept for ever.
struct TickRow {
  uint32_t arrivals = 0, settlements = 0, lsm_releases = 0, queue1_size = 0, queue2_size = 0, reserved = 0;
  int64_t arrivals_value = 0, settled_value = 0, cost = 0, queue1_value = 0, queue2_value = 0, available = 0;
  double feasibility = 1;
  uint64_t hash = 0;
};
static_assert(sizeof(TickRow) == 88);

/// One bank after one tick.
struct HistoryRow {
  int64_t balance = 0, collateral = 0, cost = 0;
  uint32_t queue1_size = 0, queue2_size = 0;
};

/// What trees ask about Queue 2, made anew when it has changed.
struct Queue2View {
  uint64_t version = 0;
  std::vector<uint32_t> nearest_deadline;           // per bank, of its own payments; kNone
  std::vector<uint32_t> incoming;                   // per bank, payments to it
  std::vector<std::pair<uint64_t, int64_t>> pairs;  // sender << 32 | receiver, sum; sorted

  int64_t sum(uint32_t sender, uint32_t receiver) const;
};

enum class Block : uint8_t { none, liquidity, bilateral, multilateral };

struct Options {
  bool keep_events = true;
  bool keep_history = true;
};

struct SavingScratch;

/// Memory of the liquidity-saving pass; a copy of a world starts without.
class ScratchHolder {
 public:
  ScratchHolder() = default;
  ScratchHolder(const ScratchHolder&) {}
  ScratchHolder& operator=(const ScratchHolder&) { return *this; }
  SavingScratch* get() const { return scratch_.get(); }
  void set(std::shared_ptr<SavingScratch> scratch) { scratch_ = std::move(scratch); }

 private:
  std::shared_ptr<SavingScratch> scratch_;
};

/// Owned by one thread at a time.
class World {
 public:
  World(std::shared_ptr<const Config> config, Options options);

  const std::shared_ptr<const Config> config;
  const Options options;
  /// Payments and children behind which no tick begins. Of whoever runs it: no part of the state or its hash.
  uint32_t transactions_max = kTransactionsMax;

  uint32_t tick = 0;  // the one in work, or that comes next
  std::vector<Agent> agents;
  std::vector<Transaction> transactions;
  std::vector<uint32_t> queue2;
  int64_t queue2_value = 0;
  uint64_t queue2_version = 1;  // raised by every change of Queue 2
  double global_rate = 1;
  double deadline_low_multiplier = 1, deadline_high_multiplier = 1;
  XorShift stream;  // of single
  Totals totals;
  uint32_t lsm_recent[10] = {};        // released by offsetting in tick t at t % 10
  int64_t arrivals_value_pending = 0;  // submitted since the last tick
  uint32_t arrivals_pending = 0;

  std::vector<Event> events;  // from first_event on
  std::vector<int64_t> pool;  // their lists, from first_pool on
  uint64_t first_event = 0, event_count = 0;
  uint64_t first_pool = 0, pool_count = 0;
  /// Of all events and all lists so far. Two streams, so that the hash does not depend on when it was brought up to
  /// date.
  hash::Xxh64 event_stream, pool_stream;
  Names names;
  std::vector<TickRow> rows;
  std::vector<HistoryRow> history;  // agents of tick 0, of tick 1, ...
  uint32_t first_history = 0;       // tick of its first rows
  hash::Sha256 run_hash;

  // Of the tick in work.
  TickRow row;
  std::vector<uint32_t> submissions;
  std::vector<DelayWeight> delay_weights;
  uint32_t cycles_this_tick = 0;
  ScratchHolder scratch;

  // --- Time

  uint32_t day() const { return tick / config->ticks_per_day; }
  uint32_t tick_in_day() const { return tick % config->ticks_per_day; }
  bool last_tick_of_day() const { return tick_in_day() + 1 == config->ticks_per_day; }
  uint32_t day_end() const { return (day() + 1) * config->ticks_per_day; }
  bool ended() const { return tick >= config->ticks; }
  /// It has not ended, but no further tick begins.
  bool full() const { return !ended() && transactions.size() >= transactions_max; }

  // --- Events

  Event& emit(EventKind kind, uint32_t tx = kNone, uint32_t agent = kNone, uint32_t other = kNone, int64_t amount = 0);
  /// Room for so many events: growing one by one means moving megabytes a few times a tick.
  void expect_events(size_t count) {
    if (events.size() + count > events.capacity()) events.reserve(std::max(events.size() + count, events.capacity() * 2));
  }
  /// Appends to the list of the last event.
  void extra(int64_t number) {
    pool.push_back(number);
    pool_count += 1;
    events.back().extra_count += 1;
  }
  /// Brings the hashes up to date; forgets the events unless they are kept.
  void fold_events();
  /// The events that are here are part of the hashes already (they came with a checkpoint).
  void mark_folded() {
    hashed_events_ = events.size();
    hashed_pool_ = pool.size();
  }
  /// List of an event that is kept.
  const int64_t* list_of(const Event& event) const {
    return pool.data() + static_cast<uint32_t>(event.extra - static_cast<uint32_t>(first_pool));
  }

  // --- Payments

  /// @throws Refusal payments/limit-exceeded when the tick would make more payments than may be; it has no end then
  void require_room(size_t more) const {
    if (transactions.size() + more > size_t{transactions_max} + std::min(transactions_max, kTransactionsOver)) overflow();
  }
  /// Makes a payment in Queue 1 of its sender, with its event. Counts it as an arrival of this tick.
  uint32_t arrive(const Transaction& payment);
  void enter_queue1(uint32_t id);
  void leave_queue1_value(uint32_t id) { agents[transactions[id].sender].queue1_value -= transactions[id].remaining; }
  void enter_queue2(uint32_t id);
  /// Leaves counters only; the caller takes it out of the list.
  void leave_queue2(uint32_t id);
  /// Takes everything out of the list that is no longer queued.
  void compact_queue2();

  Block blocked(const Transaction& payment) const;
  /// Moves the money of a payment that is not blocked.
  void pay(const Transaction& payment);
  /// Books the net result of a group on a bank: negative is paid, positive received.
  void book_net(uint32_t agent, int64_t net, uint32_t tx);
  /// Counts an outflow against the limits.
  void count_outflow(uint32_t sender, uint32_t receiver, int64_t amount);
  /// Whether a bank may pay `amount` more to `receiver` today.
  bool within_bilateral(const Agent& sender, uint32_t receiver, int64_t amount) const;
  /// Marks a payment as settled, after its money has moved; tells about overdue ones, reduces parents.
  void mark_settled(uint32_t id, bool by_offsetting);
  void drop(uint32_t id);
  /// Money for a bank: at once, or at the end of the tick.
  void credit(Agent& agent, int64_t amount, uint32_t tx);
  void refresh_credit(Agent& agent) {
    agent.credit = agent.cap + scaled_down(agent.collateral, 1'000'000 - agent.haircut_ppm, 1'000'000);
  }
  /// Collateral that used credit needs to stay covered.
  int64_t required_collateral(const Agent& agent) const;

  // --- Arrivals

  void refresh_rates();
  static void refresh_receivers(Generator& generator, uint32_t self, uint32_t agents);

  // --- Policies

  void set_policy(uint32_t agent, std::shared_ptr<const Policy> policy);

  const Queue2View& queue2_view();

  /// XXH64 of the canonical state: all that later ticks depend on, and the hash of all events so far.
  uint64_t state_hash();
  /// What a run keeps of all its ticks, in bytes: all that grows with them.
  uint64_t kept_bytes() const;
  std::string run_hash_text() const;

 private:
  [[noreturn]] void overflow() const;

  size_t hashed_events_ = 0;  // of `events` and `pool`
  size_t hashed_pool_ = 0;
  Queue2View view_;
  std::string scratch_;
};

/// Runs the tick that comes next. Not after the last one.
/// @throws Refusal payments/limit-exceeded (require_room), std::bad_alloc; the world is in the middle of a tick then, and of
/// no further use
void run_tick(World& world);

}  // namespace busbar::payments
