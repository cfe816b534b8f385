// Liquidity saving against exhaustive subsets of small queues (services.md 4.5, 11.4).
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "payments/desk.h"
#include "payments/group.h"
#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

struct Small {
  uint32_t banks = 2;
  uint32_t payments = 6;
  bool limits = false;
};

/// Banks with little money and a random Queue 2.
World queue_of(random::Stream& dice, const Small& small, testing::Scene scene) {
  scene.agents.clear();
  for (uint32_t i = 0; i < small.banks; ++i) {
    testing::SceneAgent agent;
    agent.id = testing::bank_name(i);
    agent.balance = static_cast<int64_t>(dice.below(60));
    agent.cap = static_cast<int64_t>(dice.below(3)) * 10;
    if (small.limits && dice.below(2) == 0) {
      agent.limits = "{\"bilateral_limits\":{\"" + testing::bank_name((i + 1) % small.banks) +
                     "\":" + std::to_string(dice.below(250)) +
                     "},\"multilateral_limit\":" + (dice.below(2) == 0 ? "null" : std::to_string(dice.below(400))) +
                     "}";
    }
    scene.agents.push_back(agent);
  }
  World world = scene.world();
  for (uint32_t i = 0; i < small.payments; ++i) {
    Transaction payment;
    payment.sender = static_cast<uint32_t>(dice.below(small.banks));
    payment.receiver = static_cast<uint32_t>((payment.sender + 1 + dice.below(small.banks - 1)) % small.banks);
    payment.amount = payment.remaining = static_cast<int64_t>(1 + dice.below(100));
    payment.deadline = 50;
    payment.priority = payment.original_priority = static_cast<uint8_t>(dice.below(11));
    payment.rtgs_class = class_of(payment.priority);
    world.transactions.push_back(payment);
    world.enter_queue2(i);
    world.totals.arrivals += 1;
    world.totals.arrivals_value += payment.amount;
  }
  return world;
}

/// Slow and independent: may exactly these payments settle at once?
bool may_settle(const World& world, const std::vector<uint32_t>& ids) {
  std::map<uint32_t, int64_t> out, in;
  std::map<std::pair<uint32_t, uint32_t>, int64_t> pairs;
  for (const uint32_t id : ids) {
    const Transaction& payment = world.transactions[id];
    out[payment.sender] += payment.amount;
    in[payment.receiver] += payment.amount;
    pairs[{payment.sender, payment.receiver}] += payment.amount;
  }
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    const Agent& agent = world.agents[i];
    const int64_t available =
        std::max<int64_t>(agent.balance, 0) + std::max<int64_t>(agent.credit - agent.credit_used(), 0);
    if (out[i] - in[i] > available) return false;
    if (out[i] > 0 && agent.multilateral_limit >= 0 && agent.outflow_today + out[i] > agent.multilateral_limit)
      return false;
    for (const BilateralLimit& limit : agent.limits) {
      if (pairs[{i, limit.agent}] > 0 && limit.used + pairs[{i, limit.agent}] > limit.limit) return false;
    }
  }
  return true;
}

TEST(Bilateral, SettlesAllOfAPairExactlyWhenItMay) {
  uint32_t settled = 0, kept = 0;
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    random::Stream dice(seed, "bilateral", 0);
    testing::Scene scene;
    scene.cycles = false;
    World world = queue_of(dice, {2, static_cast<uint32_t>(2 + dice.below(15)), dice.below(2) == 0}, scene);
    // Alone nobody may pay now: what settles is the offset.
    pass_queue2(world);
    const std::vector<uint32_t> queue = world.queue2;
    bool there = false, back = false;
    for (const uint32_t id : queue) (world.transactions[id].sender == 0 ? there : back) = true;
    const bool expected = there && back && may_settle(world, queue);
    world.row = TickRow{};
    step_liquidity_saving(world);
    const bool all = world.queue2.empty() && !queue.empty();
    ASSERT_EQ(world.totals.bilateral_settled > 0, expected) << "seed " << seed;
    if (expected) {
      ASSERT_TRUE(all) << "seed " << seed;
    }
    ASSERT_EQ(world.totals.bilateral_rejected > 0, there && back && !expected) << "seed " << seed;
    (expected ? settled : kept) += 1;
  }
  EXPECT_GT(settled, 300u);
  EXPECT_GT(kept, 300u);
}

/// A slow twin of the pass with bilateral offsets only, over many banks: pairs by min(sum) descending, then ids; what
/// may not settle whole does not settle at all.
class SlowTwin {
 public:
  explicit SlowTwin(const World& world) : world_(world) {}

  std::vector<uint32_t> run() {
    for (int round = 0; round < 3; ++round) {
      const size_t before = settled_.size();
      pairs();
      alone();
      alone();
      if (settled_.size() == before) break;
    }
    std::sort(settled_.begin(), settled_.end());
    return settled_;
  }

 private:
  std::vector<uint32_t> between(uint32_t from, uint32_t to) const {
    std::vector<uint32_t> list;
    for (const uint32_t id : world_.queue2) {
      if (world_.transactions[id].sender == from && world_.transactions[id].receiver == to) list.push_back(id);
    }
    return list;
  }
  int64_t sum(const std::vector<uint32_t>& ids) const {
    int64_t value = 0;
    for (const uint32_t id : ids) value += world_.transactions[id].amount;
    return value;
  }
  void settle(const std::vector<uint32_t>& ids) {
    for (const uint32_t id : ids) {
      const Transaction& payment = world_.transactions[id];
      world_.agents[payment.sender].balance -= payment.amount;
      world_.agents[payment.receiver].balance += payment.amount;
      world_.agents[payment.sender].outflow_today += payment.amount;
      for (BilateralLimit& limit : world_.agents[payment.sender].limits) {
        if (limit.agent == payment.receiver) limit.used += payment.amount;
      }
      std::erase(world_.queue2, id);
      settled_.push_back(id);
    }
  }
  void pairs() {
    std::vector<std::tuple<int64_t, uint32_t, uint32_t>> list;
    for (uint32_t a = 0; a < world_.agents.size(); ++a) {
      for (uint32_t b = a + 1; b < world_.agents.size(); ++b) {
        const int64_t value = std::min(sum(between(a, b)), sum(between(b, a)));
        if (value > 0) list.push_back({-value, a, b});
      }
    }
    std::sort(list.begin(), list.end());
    for (const auto& [value, a, b] : list) {
      std::vector<uint32_t> both = between(a, b);
      const std::vector<uint32_t> back = between(b, a);
      both.insert(both.end(), back.begin(), back.end());
      if (may_settle(world_, both)) settle(both);
    }
  }
  void alone() {
    const std::vector<uint32_t> queue = world_.queue2;
    for (const uint32_t id : queue) {
      if (may_settle(world_, {id})) settle({id});
    }
  }

  World world_;
  std::vector<uint32_t> settled_;
};

TEST(Bilateral, ChoosesPairsAsASlowTwinDoes) {
  uint64_t offset = 0;
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    random::Stream dice(seed, "twin", 0);
    testing::Scene scene;
    scene.cycles = false;
    World world = queue_of(
        dice, {2 + static_cast<uint32_t>(dice.below(5)), 2 + static_cast<uint32_t>(dice.below(25)), dice.below(2) == 0},
        scene);
    const std::vector<uint32_t> expected = SlowTwin(world).run();
    step_liquidity_saving(world);
    std::vector<uint32_t> settled;
    for (uint32_t id = 0; id < world.transactions.size(); ++id) {
      if (world.transactions[id].status == Status::settled) settled.push_back(id);
    }
    ASSERT_EQ(settled, expected) << "seed " << seed;
    offset += world.totals.bilateral_settled;
  }
  EXPECT_GT(offset, 1'000u);
}

TEST(Bilateral, OneHundredAgainstEightyNeedsTwenty) {
  for (const int64_t balance : {19, 20}) {
    testing::Scene scene = testing::banks(2, 0, "null");
    scene.agents[0].balance = balance;
    World world = scene.world();
    for (uint32_t i = 0; i < 2; ++i) {
      Transaction payment;
      payment.sender = i;
      payment.receiver = 1 - i;
      payment.amount = payment.remaining = i == 0 ? 100 : 80;
      payment.deadline = 9;
      world.transactions.push_back(payment);
      world.enter_queue2(i);
    }
    step_liquidity_saving(world);
    EXPECT_EQ(world.queue2.empty(), balance == 20);
    EXPECT_EQ(world.agents[1].balance, balance == 20 ? 20 : 0);
  }
}

/// Every cycle the events tell of was the best one that could settle then, and settled whole.
TEST(CycleChoice, IsTheMostValuableFeasibleCycle) {
  uint32_t cycles = 0;
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "choice", 0);
    testing::Scene scene;
    scene.bilateral = false;
    scene.cycle_length = 3 + static_cast<uint32_t>(dice.below(3));
    scene.cycles_per_tick = 1;
    World world = queue_of(
        dice, {3 + static_cast<uint32_t>(dice.below(3)), 4 + static_cast<uint32_t>(dice.below(13)), dice.below(2) == 0},
        scene);
    while (pass_queue2(world) > 0) {
    }
    // All cycles by brute force over sequences of banks, with their whole edges.
    const auto banks = static_cast<uint32_t>(world.agents.size());
    int64_t best = 0;
    std::vector<uint32_t> path;
    const auto visit = [&](const auto& self) -> void {
      if (path.size() >= 3) {
        std::vector<uint32_t> ids;
        bool closed = true;
        int64_t value = 0;
        for (size_t i = 0; i < path.size(); ++i) {
          bool edge = false;
          for (const uint32_t id : world.queue2) {
            const Transaction& payment = world.transactions[id];
            if (payment.sender != path[i] || payment.receiver != path[(i + 1) % path.size()]) continue;
            edge = true;
            value += payment.amount;
            ids.push_back(id);
          }
          closed = closed && edge;
        }
        if (closed && may_settle(world, ids)) best = std::max(best, value);
      }
      if (path.size() == scene.cycle_length) return;
      for (uint32_t next = 0; next < banks; ++next) {
        if (std::find(path.begin(), path.end(), next) != path.end()) continue;
        path.push_back(next);
        self(self);
        path.pop_back();
      }
    };
    visit(visit);
    world.row = TickRow{};
    const size_t before = world.events.size();
    step_liquidity_saving(world);
    int64_t told = 0;
    for (size_t i = before; i < world.events.size(); ++i) {
      if (world.events[i].kind != EventKind::lsm_cycle_settlement) continue;
      told = world.events[i].amount;
      break;
    }
    ASSERT_EQ(told, best);
    cycles += best > 0;
  }
  EXPECT_GT(cycles, 200u);
}

/// Prefixes of every bank's queue, all combinations: the best feasible one, and that it is one only.
TEST(FifoSubset, EqualsTheExhaustiveMaximum) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "fifo", 0);
    testing::Scene scene;
    scene.priority_mode = dice.below(2) == 0;
    World world = queue_of(
        dice, {2 + static_cast<uint32_t>(dice.below(4)), 1 + static_cast<uint32_t>(dice.below(16)), dice.below(2) == 0},
        scene);
    std::vector<uint32_t> order;
    for (int which = 2; which >= 0; --which) {
      for (const uint32_t id : world.queue2) {
        if (!scene.priority_mode ? which == 2 : world.transactions[id].rtgs_class == which) order.push_back(id);
      }
    }
    std::vector<std::vector<uint32_t>> queues(world.agents.size());
    for (const uint32_t id : order) queues[world.transactions[id].sender].push_back(id);
    std::set<uint32_t> best;
    std::vector<size_t> taken(queues.size(), 0);
    for (;;) {
      std::vector<uint32_t> subset;
      for (size_t bank = 0; bank < queues.size(); ++bank) {
        subset.insert(subset.end(), queues[bank].begin(), queues[bank].begin() + static_cast<ptrdiff_t>(taken[bank]));
      }
      // Two sets that may settle may settle together, so the maximum is all of them at once.
      if (may_settle(world, subset)) best.insert(subset.begin(), subset.end());
      size_t bank = 0;
      while (bank < queues.size() && taken[bank] == queues[bank].size()) taken[bank++] = 0;
      if (bank == queues.size()) break;
      taken[bank] += 1;
    }
    ASSERT_TRUE(may_settle(world, std::vector<uint32_t>(best.begin(), best.end())));
    const std::vector<uint32_t> subset = largest_fifo_subset(world);
    ASSERT_EQ(std::set<uint32_t>(subset.begin(), subset.end()), best);
    ASSERT_TRUE(std::is_sorted(subset.begin(), subset.end(), [&](uint32_t a, uint32_t b) {
      return std::find(order.begin(), order.end(), a) < std::find(order.begin(), order.end(), b);
    }));
    // Removals in random order end on the same set.
    std::vector<std::vector<uint32_t>> left = queues;
    for (;;) {
      std::vector<uint32_t> all, bad;
      for (const auto& queue : left) all.insert(all.end(), queue.begin(), queue.end());
      for (uint32_t bank = 0; bank < left.size(); ++bank) {
        if (left[bank].empty()) continue;
        // Overdrawn: the bank by itself, with what all others still pay it.
        World lonely = world;
        for (uint32_t other = 0; other < left.size(); ++other) {
          if (other == bank) continue;
          lonely.agents[other].balance += 1'000'000'000;
          lonely.agents[other].multilateral_limit = -1;
          lonely.agents[other].limits.clear();
        }
        if (!may_settle(lonely, all)) bad.push_back(bank);
      }
      if (bad.empty()) break;
      left[bad[dice.below(bad.size())]].pop_back();
    }
    std::set<uint32_t> rest;
    for (const auto& queue : left) rest.insert(queue.begin(), queue.end());
    ASSERT_EQ(rest, best);
  }
}

/// Whole ticks that begin alike, with the pass and without: everything that settles without it settles with it, too, whatever
/// arrives in the tick, and the value is never less (services.md 11.4).
TEST(Saving, NeverLowersTheValueSettled) {
  uint32_t raised = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    random::Stream dice(seed, "lowers", 0);
    testing::Scene with, without;
    const uint64_t on = 1 + dice.below(7);  // at least one of three
    with.bilateral = (on & 1) != 0, with.cycles = (on & 2) != 0, with.multilateral = (on & 4) != 0 ? "fifo" : "none";
    with.deferred = dice.below(2) == 0, with.priority_mode = dice.below(2) == 0;
    without.deferred = with.deferred, without.priority_mode = with.priority_mode;
    without.bilateral = without.cycles = false;
    const Small small{2 + static_cast<uint32_t>(dice.below(5)), 3 + static_cast<uint32_t>(dice.below(30)),
                      dice.below(2) == 0};
    random::Stream same = dice;
    World saving = queue_of(dice, small, with), plain = queue_of(same, small, without);
    ASSERT_TRUE(dice.below(1000) == same.below(1000));
    for (World* world : {&saving, &plain}) {
      random::Stream arriving(seed, "lowers/arriving", 0);
      for (uint64_t count = arriving.below(6); count > 0; --count) {
        const auto sender = static_cast<uint32_t>(arriving.below(small.banks));
        const auto receiver = static_cast<uint32_t>((sender + 1 + arriving.below(small.banks - 1)) % small.banks);
        const auto amount = static_cast<int64_t>(1 + arriving.below(100));
        uint32_t id;
        ASSERT_FALSE(submit(*world, {sender, receiver, amount, 50, static_cast<uint8_t>(arriving.below(11)), false}, id));
      }
      run_tick(*world);
    }
    ASSERT_EQ(saving.transactions.size(), plain.transactions.size());
    for (uint32_t id = 0; id < plain.transactions.size(); ++id) {
      if (plain.transactions[id].status != Status::settled) continue;
      ASSERT_EQ(saving.transactions[id].status, Status::settled) << "seed " << seed << ", payment " << id;
    }
    ASSERT_GE(saving.rows.back().settled_value, plain.rows.back().settled_value) << "seed " << seed;
    raised += saving.rows.back().settled_value > plain.rows.back().settled_value;
    int64_t sum = 0, before = 0;
    for (const Agent& agent : saving.agents) sum += agent.balance;
    for (const AgentConfig& agent : saving.config->agents) before += agent.opening_balance;
    ASSERT_EQ(sum, before);
  }
  EXPECT_GT(raised, 500u);
}

/// Six payments along a chain of banks, queued so that each pass can settle one only.
TEST(Saving, HasThreeRoundsAtMost) {
  testing::Scene scene = testing::banks(11, 0, "null");
  scene.agents[0].balance = 100;
  World world = scene.world();
  for (uint32_t i = 0; i < 10; ++i) {
    Transaction payment;
    payment.sender = 9 - i;
    payment.receiver = 10 - i;
    payment.amount = payment.remaining = 100;
    payment.deadline = 50;
    world.transactions.push_back(payment);
    world.enter_queue2(i);
  }
  step_liquidity_saving(world);
  EXPECT_EQ(world.totals.settled, 6u);  // two passes a round
  EXPECT_EQ(world.queue2.size(), 4u);
}

TEST(Saving, TellsWhatEachAlgorithmDidAndASpentBudget) {
  for (const uint64_t budget : {100'000u, 1u}) {
    testing::Scene scene = testing::banks(3, 0, "null");
    scene.algorithm_events = true;
    scene.bilateral = false;
    scene.budget = budget;
    World world = scene.world();
    for (uint32_t i = 0; i < 3; ++i) {
      Transaction payment;
      payment.sender = i;
      payment.receiver = (i + 1) % 3;
      payment.amount = payment.remaining = 100 + i;
      payment.deadline = 50;
      world.transactions.push_back(payment);
      world.enter_queue2(i);
    }
    // 100, 101, 102 around: banks 1 and 2 would need 1 each.
    step_liquidity_saving(world);
    const Event& told = world.events.back();
    ASSERT_EQ(told.kind, EventKind::algorithm_execution);
    EXPECT_EQ(told.y, 3u);
    EXPECT_EQ(told.x, 0u);
    EXPECT_EQ(told.before, budget > 1 ? 1 : 0) << "rejected";
    EXPECT_EQ((told.flags & 2) != 0, budget == 1) << "exhausted";
    EXPECT_EQ(world.totals.budget_exhausted, budget == 1 ? 1u : 0u);
    EXPECT_EQ(world.totals.cycles_rejected, budget > 1 ? 1u : 0u);
    if (budget == 1) continue;
    world.agents[1].balance = world.agents[2].balance = 1;
    step_liquidity_saving(world);
    EXPECT_EQ(world.events.back().x, 3u);
    EXPECT_EQ(world.events.back().amount, 303);
    EXPECT_TRUE(world.queue2.empty());
  }
}

TEST(EntryOffsetting, SettlesWithTheFewestPaymentsOfTheReceiver) {
  testing::Scene scene = testing::banks(2, 10, "null");
  scene.entry_offsetting = true;
  scene.bilateral = scene.cycles = false;
  World world = scene.world();
  const auto add = [&](uint32_t sender, int64_t amount) {
    Transaction payment;
    payment.sender = sender;
    payment.receiver = 1 - sender;
    payment.amount = payment.remaining = amount;
    payment.deadline = 50;
    world.transactions.push_back(payment);
    return static_cast<uint32_t>(world.transactions.size() - 1);
  };
  for (const int64_t amount : {40, 30, 50}) world.enter_queue2(add(1, amount));
  world.submissions = {add(0, 75)};
  step_submissions(world);
  // 40 back leaves 35 to pay of 10; 40 + 30 leaves 5.
  EXPECT_EQ(world.queue2, (std::vector<uint32_t>{2}));
  EXPECT_EQ(world.agents[0].balance, 5);
  EXPECT_EQ(world.agents[1].balance, 15);
  EXPECT_EQ(world.row.lsm_releases, 3u);
  EXPECT_EQ(world.events.back().kind, EventKind::entry_disposition_offset);
  EXPECT_EQ(world.events.back().after, 5);
}

}  // namespace
}  // namespace busbar::payments
