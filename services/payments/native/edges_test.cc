// The graph of Queue 2 against sums over the queue, before and after payments leave it.
#include "payments/edges.h"

#include <gtest/gtest.h>

#include <map>

#include "core/random/random.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

using Pair = std::pair<uint32_t, uint32_t>;

void expect_graph(const World& world, Edges& edges) {
  std::map<Pair, std::vector<uint32_t>> expected;  // in the order in which edges are numbered
  for (const uint32_t id : world.queue2) {
    expected[{world.transactions[id].sender, world.transactions[id].receiver}].push_back(id);
  }
  ASSERT_EQ(edges.list.size(), expected.size());
  size_t number = 0;
  std::map<Pair, size_t> numbers;
  for (const auto& [pair, ids] : expected) {
    const Edge& edge = edges.list[number];
    numbers[pair] = number++;
    EXPECT_EQ(Pair(edge.from, edge.to), pair);
    const auto first = edges.payments.begin() + edge.first;
    EXPECT_EQ(std::vector<uint32_t>(first, first + edge.count), ids);
    int64_t total = 0;
    for (const uint32_t id : ids) total += world.transactions[id].remaining;
    EXPECT_EQ(edge.total, total);
  }
  std::vector<Pair> both, found;
  for (const auto& [pair, there] : numbers) {
    const auto back = numbers.find({pair.second, pair.first});
    if (pair.first < pair.second && back != numbers.end()) both.emplace_back(there, back->second);
  }
  edges.each_pair([&](uint32_t there, uint32_t back) { found.emplace_back(there, back); });
  EXPECT_EQ(found, both);
}

TEST(Edges, HoldWhatIsQueuedBetweenEachPair) {
  size_t pairs = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random::Stream dice(seed, "edges", 0);
    const auto banks = static_cast<uint32_t>(2 + dice.below(30));
    testing::Scene scene = testing::banks(banks, 1'000, "null");
    World world = scene.world();
    Edges edges;
    edges.build(world);
    expect_graph(world, edges);
    const auto count = static_cast<uint32_t>(dice.below(200));
    for (uint32_t i = 0; i < count; ++i) {
      Transaction payment;
      payment.sender = static_cast<uint32_t>(dice.below(banks));
      payment.receiver = static_cast<uint32_t>((payment.sender + 1 + dice.below(banks - 1)) % banks);
      payment.amount = payment.remaining = static_cast<int64_t>(1 + dice.below(1'000));
      world.transactions.push_back(payment);
      world.enter_queue2(i);
    }
    edges.build(world);
    expect_graph(world, edges);
    for (uint32_t i = 0; i < count; i += 3) {
      world.leave_queue2(i);
      world.transactions[i].status = Status::dropped;
    }
    world.compact_queue2();
    edges.build(world);
    expect_graph(world, edges);
    edges.each_pair([&](uint32_t, uint32_t) { pairs += 1; });
  }
  EXPECT_GT(pairs, 100u);
}

}  // namespace
}  // namespace busbar::payments
