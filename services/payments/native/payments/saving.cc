// Step 5: groups of queued payments that settle together (services.md 4.5).
#include <algorithm>
#include <bit>

#include "counting.h"
#include "cycles.h"
#include "edges.h"
#include "group.h"
#include "steps.h"

namespace busbar::payments {
namespace {

constexpr uint32_t kRoundsMax = 3;

}  // namespace

/// What a pass needs and the next one can use again: found cycles alone take half a megabyte.
struct SavingScratch {
  Edges edges;
  std::vector<GraphEdge> graph;
  std::vector<int64_t> totals;  // by edge
  FoundCycles found;
  std::vector<int64_t> values;       // by cycle
  std::vector<uint32_t> candidates;  // cycles, in groups of falling values
  std::vector<uint32_t> groups;      // their starts
};

namespace {

class Saving {
 public:
  Saving(World& world, SavingScratch& scratch)
      : world_(world),
        group_(world),
        edges_(scratch.edges),
        graph_(scratch.graph),
        totals_(scratch.totals),
        found_(scratch.found),
        values_(scratch.values),
        candidates_(scratch.candidates),
        groups_(scratch.groups) {}

  void run() {
    const LsmConfig& config = world_.config->lsm;
    for (uint32_t round = 0; round < kRoundsMax && !world_.queue2.empty(); ++round) {
      uint32_t settled = 0;
      if (config.bilateral) settled += counted(bilateral_, [&] { return bilateral(); });
      settled += pass_queue2(world_);
      if (config.cycles) settled += counted(cycles_, [&] { return cycles(); });
      if (config.multilateral) settled += counted(multilateral_, [&] { return multilateral(); });
      settled += pass_queue2(world_);
      if (settled == 0) break;
    }
    tell();
  }

 private:
  struct Tally {
    uint32_t settled = 0;
    int64_t value = 0;
    uint32_t rejected = 0;
    bool exhausted = false;
  };

  template <class Fn>
  uint32_t counted(Tally& tally, Fn fn) {
    const int64_t before = world_.row.settled_value;
    const uint32_t settled = fn();
    tally.settled += settled;
    tally.value += world_.row.settled_value - before;
    if (settled > 0) world_.compact_queue2();
    return settled;
  }

  /// Cheap test before a group is built: the net payer of a pair, or any bank of a cycle, cannot fund its position.
  bool fundable(uint32_t agent, int64_t net_out) const { return net_out <= world_.agents[agent].available(); }

  void add(const Edge& edge) {
    for (uint32_t i = 0; i < edge.count; ++i) group_.add(edges_.payments[edge.first + i]);
  }

  uint32_t bilateral() {
    struct Pair {
      int64_t value;
      uint32_t there, back;
    };
    edges_.build(world_);
    std::vector<Pair> pairs;
    edges_.each_pair([&](uint32_t there, uint32_t back) {
      pairs.push_back({std::min(edges_.list[there].total, edges_.list[back].total), there, back});
    });
    // By value, then by the banks: that is how edges are numbered.
    std::sort(pairs.begin(), pairs.end(),
              [](const Pair& a, const Pair& b) { return a.value != b.value ? a.value > b.value : a.there < b.there; });
    uint32_t settled = 0;
    for (const Pair& pair : pairs) {
      const Edge &there = edges_.list[pair.there], &back = edges_.list[pair.back];
      group_.clear();
      bool good = fundable(there.from, there.total - back.total) && fundable(there.to, back.total - there.total);
      if (good) {
        add(there);
        add(back);
        good = group_.feasible();
      }
      if (!good) {
        bilateral_.rejected += 1;
        world_.totals.bilateral_rejected += 1;
        continue;
      }
      Event& event = world_.emit(EventKind::lsm_bilateral_offset, kNone, there.from, there.to, there.total);
      event.before = back.total;
      event.after = there.total - back.total;
      group_.settle();
      settled += static_cast<uint32_t>(group_.size());
      world_.totals.bilateral_settled += 1;
    }
    return settled;
  }

  uint32_t cycles() {
    const LsmConfig& config = world_.config->lsm;
    if (world_.cycles_this_tick >= config.cycles_per_tick_max || world_.queue2.empty()) return 0;
    edges_.build(world_);
    graph_.clear();
    totals_.clear();
    for (const Edge& edge : edges_.list) {
      graph_.push_back({edge.from, edge.to});
      totals_.push_back(edge.total);
    }
    find_cycles(graph_, static_cast<uint32_t>(world_.agents.size()), config.cycle_length_max, config.budget, found_);
    if (found_.exhausted) {
      cycles_.exhausted = true;
      world_.totals.budget_exhausted += 1;
    }
    uint32_t settled = 0;
    spread();
    // What is behind the last one that settles need not be sorted.
    for (size_t group = 0; group + 1 < groups_.size(); ++group) {
      const auto first = candidates_.begin() + groups_[group], end = candidates_.begin() + groups_[group + 1];
      std::sort(first, end, [&](uint32_t a, uint32_t b) { return before(a, b); });
      for (auto cycle = first; cycle != end; ++cycle) {
        settled += try_cycle(*cycle);
        if (world_.cycles_this_tick >= config.cycles_per_tick_max) return settled;
      }
    }
    return settled;
  }

  /// Puts all cycles into groups of falling values, of about four where values are spread evenly.
  void spread() {
    const auto count = static_cast<uint32_t>(found_.size());
    values_.clear();
    values_.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      int64_t value = 0;
      for (uint32_t k = 0; k < found_.length_of(i); ++k) value += totals_[found_.begin_of(i)[k]];
      values_.push_back(value);
    }
    groups_.clear();
    if (count == 0) return;
    const auto [least, most] = std::ranges::minmax_element(values_);
    const auto bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(*most - *least)));
    const int shift = std::max(bits - static_cast<int>(std::bit_width(count / 4)), 0);
    const auto group_of = [&, top = *most](uint32_t i) { return static_cast<uint32_t>((top - values_[i]) >> shift); };
    const uint32_t groups = static_cast<uint32_t>((*most - *least) >> shift) + 1;
    sort_by_count(count, groups, groups_, candidates_, [](uint32_t i) { return i; }, group_of);
  }

  /// By value, then by the banks along the cycle: that is how edges are numbered.
  bool before(uint32_t a, uint32_t b) const {
    if (values_[a] != values_[b]) return values_[a] > values_[b];
    const uint32_t *one = found_.begin_of(a), *other = found_.begin_of(b);
    return std::lexicographical_compare(one, one + found_.length_of(a), other, other + found_.length_of(b));
  }

  uint32_t try_cycle(uint32_t cycle) {
    const uint32_t* const numbers = found_.begin_of(cycle);
    const uint32_t length = found_.length_of(cycle);
    for (uint32_t i = 0; i < length; ++i) {
      if (edges_.list[numbers[i]].count == 0) return 0;  // settled with another cycle
    }
    bool good = true;
    for (uint32_t i = 0; i < length && good; ++i) {
      const Edge& out = edges_.list[numbers[i]];
      const Edge& in = edges_.list[numbers[i == 0 ? length - 1 : i - 1]];
      good = fundable(out.from, out.total - in.total);
    }
    if (good) {
      group_.clear();
      for (uint32_t i = 0; i < length; ++i) add(edges_.list[numbers[i]]);
      good = group_.feasible();
    }
    if (!good) {
      cycles_.rejected += 1;
      world_.totals.cycles_rejected += 1;
      return 0;
    }
    for (uint32_t i = 0; i < length; ++i) edges_.list[numbers[i]].count = 0;
    settle_as_cycle(kCycle);
    world_.cycles_this_tick += 1;
    world_.totals.cycles_settled += 1;
    return static_cast<uint32_t>(group_.size());
  }

  void settle_as_cycle(Name name) {
    uint32_t payer = kNone;
    int64_t largest = 0;
    for (const Group::Position& one : group_.positions()) {
      if (payer == kNone || one.out - one.in > largest) {
        payer = one.agent;
        largest = one.out - one.in;
      }
    }
    Event& event = world_.emit(EventKind::lsm_cycle_settlement, kNone, payer, kNone, group_.value());
    event.after = largest;
    event.name = name;
    group_.tell_nets();
    group_.settle();
  }

  uint32_t multilateral();

  void tell() {
    if (!world_.config->algorithm_events) return;
    const LsmConfig& config = world_.config->lsm;
    const auto tell_one = [&](const Tally& tally, uint32_t number, Name name) {
      Event& event = world_.emit(EventKind::algorithm_execution, kNone, kNone, kNone, tally.value);
      event.x = tally.settled;
      event.y = number;
      event.before = tally.rejected;
      event.flags = tally.exhausted ? 2 : 0;
      event.name = name;
    };
    if (config.bilateral) tell_one(bilateral_, 2, kBilateral);
    if (config.cycles) tell_one(cycles_, 3, kCycles);
    if (config.multilateral) tell_one(multilateral_, 4, kMultilateral);
  }

  World& world_;
  Group group_;
  Edges& edges_;
  std::vector<GraphEdge>& graph_;
  std::vector<int64_t>& totals_;
  FoundCycles& found_;
  std::vector<int64_t>& values_;
  std::vector<uint32_t>& candidates_;
  std::vector<uint32_t>& groups_;
  Tally bilateral_, cycles_, multilateral_;
};

uint32_t Saving::multilateral() {
  const std::vector<uint32_t> kept = largest_fifo_subset(world_);
  if (kept.empty()) return 0;
  group_.clear();
  for (const uint32_t id : kept) group_.add(id);
  settle_as_cycle(kMultilateral);
  return static_cast<uint32_t>(kept.size());
}

}  // namespace

void step_liquidity_saving(World& world) {
  const LsmConfig& config = world.config->lsm;
  if (!config.bilateral && !config.cycles && !config.multilateral) return;
  // Without anything queued there is nothing to offset, but the tallies are still told.
  if (world.queue2.empty() && !world.config->algorithm_events) return;
  if (world.scratch.get() == nullptr) world.scratch.set(std::make_shared<SavingScratch>());
  Saving(world, *world.scratch.get()).run();
}

}  // namespace busbar::payments
