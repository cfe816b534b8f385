#include "search.h"

#include <array>
#include <cmath>

#include "core/math/math.h"

namespace busbar::cards {
namespace {

/// Natural logarithms of the counts that searches have.
double log_of(uint32_t value) {
  static const auto table = [] {
    std::array<double, 4096> logs{};
    for (uint32_t i = 1; i < logs.size(); ++i) logs[i] = math::log(i);
    return logs;
  }();
  return value < table.size() ? table[value] : math::log(value);
}

/// What the end of a game is worth to a seat: 1 for the only winner, 1/k for k sides that share, 0 for the others.
double reward_of(const Rules& rules, const State& state, uint32_t seat) {
  if ((state.winners >> seat & 1) == 0) return 0;
  uint32_t sides = 0;
  for (uint32_t side = 0; side < rules.side_count; ++side) sides += (state.winners & rules.side_seats[side]) != 0;
  return 1.0 / sides;
}

}  // namespace

uint32_t Search::child_of(uint32_t node, uint64_t key) const {
  uint32_t child = nodes_[node].first_child;
  while (child != kNone32 && nodes_[child].key != key) child = nodes_[child].next_sibling;
  return child;
}

uint32_t Search::add_child(uint32_t node, uint64_t key, uint32_t mover) {
  const uint32_t child = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({key, kNone32, nodes_[node].first_child, 0, 1, 0, mover, 0});
  nodes_[node].first_child = child;
  return child;
}

SearchReport Search::choose(const Rules& rules, const State& state, uint32_t player, const MoveList& moves,
                            uint32_t iterations, Stream& stream, double exploration) {
  SearchReport report;
  nodes_.clear();
  nodes_.reserve(iterations + 1);
  path_.reserve(kTurnsMax);
  children_.reserve(kMovesMax);
  nodes_.push_back({0, kNone32, kNone32, 0, 0, 0, 0, 0});
  uint32_t stamp = 0;
  for (uint32_t iteration = 0; iteration < iterations; ++iteration) {
    sample_world(rules, state, player, world_, stream);
    list_moves_of(rules, world_, world_.seat, moves_);
    // The player has moves: a world in which it has none is not the one that it is in.
    if (moves_.count == 0) continue;
    report.overfull = moves_.overfull;
    path_.clear();
    uint32_t node = 0;
    // Down the tree by moves that are legal in this world, to the first node with an untried one.
    while (!world_.over && !report.overfull) {
      stamp += 1;
      children_.clear();
      uint32_t untried = 0, best = 0;
      double best_value = -1;
      for (uint32_t i = 0; i < moves_.count; ++i) {
        const uint32_t child = child_of(node, moves_.moves[i].key());
        children_.push_back(child);
        if (child == kNone32) {
          untried += 1;
          continue;
        }
        Node& of = nodes_[child];
        if (of.stamp == stamp) continue;  // a copy of the same card
        of.stamp = stamp;
        of.available += 1;
        const double value = of.reward / of.visits + exploration * std::sqrt(log_of(of.available) / of.visits);
        if (value > best_value) {
          best_value = value;
          best = i;
        }
      }
      const uint32_t mover = world_.seat;
      const bool expand = untried > 0;
      if (expand) {
        uint32_t number = static_cast<uint32_t>(stream.below(untried));
        for (best = 0; children_[best] != kNone32 || number-- > 0;) best += 1;
        node = add_child(node, moves_.moves[best].key(), mover);
      } else {
        node = children_[best];
      }
      path_.push_back(node);
      play_move(rules, world_, moves_.moves[best], stream, moves_);
      report.overfull = moves_.overfull;
      if (expand) break;
    }
    // By lot to the end.
    const uint32_t from = world_.turn;
    while (!world_.over && !report.overfull) {
      const uint32_t choice = moves_.count == 1 ? 0 : static_cast<uint32_t>(stream.below(moves_.count));
      play_move(rules, world_, moves_.moves[choice], stream, moves_);
      report.overfull = moves_.overfull;
    }
    if (report.overfull) return report;
    report.playout_moves += world_.turn - from;
    for (const uint32_t visited : path_) {
      nodes_[visited].visits += 1;
      nodes_[visited].reward += reward_of(rules, world_, nodes_[visited].mover);
    }
  }
  report.iterations = iterations;
  uint32_t most = 0;
  for (uint32_t i = 0; i < moves.count; ++i) {
    const uint32_t child = child_of(0, moves.moves[i].key());
    if (child == kNone32 || nodes_[child].visits <= most) continue;
    most = nodes_[child].visits;
    report.chosen = i;
  }
  return report;
}

}  // namespace busbar::cards
