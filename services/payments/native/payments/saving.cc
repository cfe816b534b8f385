// Step 5: groups of queued payments that settle together (services.md 4.5).
#include <algorithm>

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
  FoundCycles found;
  struct Candidate {
    int64_t value;
    uint32_t cycle;
  };
  std::vector<Candidate> candidates;
};

namespace {

class Saving {
 public:
  Saving(World& world, SavingScratch& scratch)
      : world_(world),
        group_(world),
        edges_(scratch.edges),
        graph_(scratch.graph),
        found_(scratch.found),
        candidates_(scratch.candidates) {}

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
  using Candidate = SavingScratch::Candidate;

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
    edges_.each(world_, edge, [&](uint32_t id) { group_.add(id); });
  }

  uint32_t bilateral() {
    struct Pair {
      int64_t value;
      uint32_t there, back;
    };
    edges_.build(world_);
    std::vector<Pair> pairs;
    for (uint32_t i = 0; i < edges_.list.size(); ++i) {
      const Edge& edge = edges_.list[i];
      if (edge.from > edge.to) continue;
      const uint32_t back = edges_.find(edge.to, edge.from);
      if (back != kNone) pairs.push_back({std::min(edge.total, edges_.list[back].total), i, back});
    }
    std::sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
      if (a.value != b.value) return a.value > b.value;
      const Edge &one = edges_.list[a.there], &other = edges_.list[b.there];
      return one.from != other.from ? one.from < other.from : one.to < other.to;
    });
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
    for (const Edge& edge : edges_.list) graph_.push_back({edge.from, edge.to});
    find_cycles(graph_, static_cast<uint32_t>(world_.agents.size()), config.cycle_length_max, config.budget, found_);
    if (found_.exhausted) {
      cycles_.exhausted = true;
      world_.totals.budget_exhausted += 1;
    }
    candidates_.clear();
    for (uint32_t i = 0; i < found_.size(); ++i) {
      int64_t value = 0;
      for (uint32_t k = 0; k < found_.length_of(i); ++k) value += edges_.list[found_.begin_of(i)[k]].total;
      candidates_.push_back({value, i});
    }
    uint32_t settled = 0;
    // The best ones first; a few are enough when they settle, so the rest is sorted only when its turn comes.
    for (size_t done = 0; done < candidates_.size();) {
      const size_t end = std::min(candidates_.size(), done + 2048);
      const auto order = [&](const Candidate& a, const Candidate& b) { return before(a, b); };
      if (end < candidates_.size()) {
        std::nth_element(candidates_.begin() + done, candidates_.begin() + end, candidates_.end(), order);
      }
      std::sort(candidates_.begin() + done, candidates_.begin() + end, order);
      for (; done < end; ++done) {
        settled += try_cycle(candidates_[done].cycle);
        if (world_.cycles_this_tick >= config.cycles_per_tick_max) return settled;
      }
    }
    return settled;
  }

  /// By value, then by the banks along the cycle.
  bool before(const Candidate& a, const Candidate& b) const {
    if (a.value != b.value) return a.value > b.value;
    const uint32_t *one = found_.begin_of(a.cycle), *other = found_.begin_of(b.cycle);
    const uint32_t length = found_.length_of(a.cycle), other_length = found_.length_of(b.cycle);
    for (uint32_t i = 0; i < std::min(length, other_length); ++i) {
      if (graph_[one[i]].from != graph_[other[i]].from) return graph_[one[i]].from < graph_[other[i]].from;
    }
    return length < other_length;
  }

  uint32_t try_cycle(uint32_t cycle) {
    const uint32_t* const numbers = found_.begin_of(cycle);
    const uint32_t length = found_.length_of(cycle);
    for (uint32_t i = 0; i < length; ++i) {
      if (edges_.list[numbers[i]].used) return 0;  // settled with another cycle
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
    for (uint32_t i = 0; i < length; ++i) edges_.list[numbers[i]].used = true;
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
  FoundCycles& found_;
  std::vector<Candidate>& candidates_;
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
