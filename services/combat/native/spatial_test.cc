// Method: brute force over all entities, with the same rounded test d^2 <= r^2.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>

#include "combat/spatial.h"
#include "core/random/random.h"

namespace busbar::combat {
namespace {

struct World {
  std::vector<uint64_t> id;
  std::vector<double> x, y;
  std::vector<uint8_t> faction, kind;
  EntityColumns columns() const {
    EntityColumns out;
    out.id = {id.data(), id.size()}, out.x = {x.data(), x.size()}, out.y = {y.data(), y.size()};
    if (!faction.empty()) out.faction = {faction.data(), faction.size()};
    if (!kind.empty()) out.kind = {kind.data(), kind.size()};
    return out;
  }
};

struct Query {
  std::vector<double> x, y, radius;
  std::vector<uint64_t> factions, kinds;
  NearbyRequest request;
  NearbyRequest& ready() {
    request.x = {x.data(), x.size()}, request.y = {y.data(), y.size()}, request.radius = {radius.data(), radius.size()};
    if (!factions.empty()) request.faction_mask = {factions.data(), factions.size()};
    if (!kinds.empty()) request.kind_mask = {kinds.data(), kinds.size()};
    return request;
  }
};

World random_world(random::Stream& dice) {
  World world;
  std::set<uint64_t> ids;
  const uint64_t n = dice.below(400), shape = dice.below(5);
  while (ids.size() < n) ids.insert(dice.below(3) == 0 ? dice.next() : dice.below(10'000));
  world.id.assign(ids.begin(), ids.end());
  if (dice.below(2) == 0) {
    for (size_t i = world.id.size(); i > 1; i--) std::swap(world.id[i - 1], world.id[dice.below(i)]);
  }
  for (uint64_t i = 0; i < n; i++) {
    // Spread, on a lattice (equal distances), all at one point, on a line, far
    // from the origin.
    const double a = dice.real() * 100, b = dice.real() * 100;
    world.x.push_back(shape == 1 ? std::floor(a / 10) : shape == 2 ? 5 : shape == 4 ? 1e9 + a : a);
    world.y.push_back(shape == 1 ? std::floor(b / 10) : shape == 2 ? 5 : shape == 3 ? 7 : shape == 4 ? -1e9 + b : b);
    world.faction.push_back(static_cast<uint8_t>(dice.below(64))),
        world.kind.push_back(static_cast<uint8_t>(dice.below(3)));
  }
  return world;
}

TEST(Spatial, FindsWhatBruteForceFinds) {
  constexpr uint64_t kSeed = 21;
  random::Stream dice(kSeed, "spatial/test", 0);
  SpatialIndex index;
  NearbyResult out;
  for (int round = 0; round < 400; round++) {
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    const World world = random_world(dice);
    EntityColumns columns = world.columns();
    if (dice.below(4) == 0) columns.cell_size = 0.1 + dice.real() * 50;
    ASSERT_FALSE(index.build(columns, {}));
    ASSERT_EQ(index.count(), world.id.size());
    Query query;
    const bool masked = dice.below(2) == 0;
    for (int i = 0; i < 100; i++) {
      const bool on_one = !world.id.empty() && dice.below(2) == 0;
      const size_t which = on_one ? dice.below(world.id.size()) : 0;
      query.x.push_back(on_one ? world.x[which] : dice.real() * 140 - 20);
      query.y.push_back(on_one ? world.y[which] : dice.real() * 140 - 20);
      query.radius.push_back(dice.below(4) == 0 ? static_cast<double>(dice.below(5)) : dice.real() * dice.real() * 120);
      if (masked) query.factions.push_back(dice.next()), query.kinds.push_back(dice.below(8));
    }
    query.request.order = static_cast<uint8_t>(dice.below(2)), query.request.distances = dice.below(2) == 0;
    query.request.limit = dice.below(2) == 0 ? 0 : static_cast<uint32_t>(1 + dice.below(20));
    ASSERT_FALSE(index.query(query.ready(), {}, {}, out));
    for (size_t q = 0; q < query.x.size(); q++) {
      std::vector<std::pair<double, uint64_t>> expected;
      for (size_t i = 0; i < world.id.size(); i++) {
        const double dx = world.x[i] - query.x[q], dy = world.y[i] - query.y[q], square = dx * dx + dy * dy;
        if (square > query.radius[q] * query.radius[q]) continue;
        if (masked && ((query.factions[q] >> world.faction[i]) & 1 & (query.kinds[q] >> world.kind[i])) == 0) continue;
        expected.emplace_back(query.request.order == 1 ? square : 0, world.id[i]);
      }
      std::sort(expected.begin(), expected.end());
      EXPECT_EQ(out.total[q], expected.size());
      if (query.request.limit > 0 && expected.size() > query.request.limit) expected.resize(query.request.limit);
      ASSERT_EQ(out.offsets[q + 1] - out.offsets[q], expected.size()) << "query " << q;
      for (size_t i = 0; i < expected.size(); i++) {
        ASSERT_EQ(out.ids[out.offsets[q] + i], expected[i].second) << "query " << q;
        if (query.request.distances && query.request.order == 1) {
          ASSERT_EQ(out.distances[out.offsets[q] + i], std::sqrt(expected[i].first));
        }
      }
    }
  }
}

TEST(Spatial, TheOrderOfRowsAndTheNumberOfThreadsChangeNothing) {
  random::Stream dice(22, "spatial/test", 1);
  World world;
  for (uint64_t i = 0; i < 5000; i++)
    world.id.push_back(i * 3), world.x.push_back(dice.real()), world.y.push_back(dice.real());
  World turned = world;
  std::reverse(turned.id.begin(), turned.id.end()), std::reverse(turned.x.begin(), turned.x.end()),
      std::reverse(turned.y.begin(), turned.y.end());
  SpatialIndex a, b;
  ASSERT_FALSE(a.build(world.columns(), {}));
  ASSERT_FALSE(b.build(turned.columns(), {}));
  EXPECT_EQ(a.hash(), b.hash());
  Query query;
  for (int i = 0; i < 1000; i++) query.x.push_back(dice.real()), query.y.push_back(dice.real());
  query.x[500] = std::nan("");
  query.radius = {0.05};
  Workers workers;
  workers.threads = 3;
  workers.parallel = [](void*, uint32_t count, void (*fn)(void*, uint32_t, uint32_t), void* argument) {
    for (uint32_t i = count; i-- > 0;) fn(argument, i, i % 3);
  };
  NearbyResult one, three;
  ASSERT_FALSE(a.query(query.ready(), {}, {}, one));
  ASSERT_FALSE(b.query(query.ready(), {}, workers, three));
  EXPECT_EQ(one.ids, three.ids);
  EXPECT_EQ(one.offsets, three.offsets);
  ASSERT_EQ(one.faults.size(), 1u);
  EXPECT_EQ(three.faults[0].item, 500u);
  EXPECT_EQ(three.faults[0].fault.text.find("x[500] is nan"), 0u);
  workers.cancelled = [](void*) { return true; };
  EXPECT_EQ(a.query(query.ready(), {}, workers, three).code, Code::cancelled);
}

TEST(Spatial, TheSizeOfCellsChangesNeitherHashNorHits) {
  random::Stream dice(24, "spatial/test", 3);
  const World world = random_world(dice);
  Query query;
  for (int i = 0; i < 100; i++) query.x.push_back(dice.real() * 100), query.y.push_back(dice.real() * 100);
  query.radius = {12};
  SpatialIndex index;
  ASSERT_FALSE(index.build(world.columns(), {}));
  const uint64_t hash = index.hash();
  NearbyResult first, other;
  ASSERT_FALSE(index.query(query.ready(), {}, {}, first));
  for (const double size : {0.5, 3.0, 1000.0}) {
    EntityColumns columns = world.columns();
    columns.cell_size = size;
    ASSERT_FALSE(index.build(columns, {}));
    EXPECT_EQ(index.hash(), hash);
    ASSERT_FALSE(index.query(query.ready(), {}, {}, other));
    EXPECT_EQ(other.ids, first.ids);
  }
  EntityColumns moved = world.columns();
  std::vector<double> x = world.x;
  x[0] += 1e-9, moved.x = {x.data(), x.size()};
  ASSERT_FALSE(index.build(moved, {}));
  EXPECT_NE(index.hash(), hash);
}

// The loops for this processor and those for every processor, over random rows.
TEST(Spatial, EveryProcessorCountsAlike) {
  random::Stream dice(25, "spatial/test", 4);
  const NearLoops &own = near_loops(), &plain = plain_near_loops();
  std::vector<PlaceBlock> blocks(64);
  for (PlaceBlock& block : blocks) {
    for (int i = 0; i < 4; i++) {
      block.x[i] = static_cast<float>(dice.real()), block.y[i] = static_cast<float>(dice.real());
      block.rank[i] = static_cast<uint32_t>(dice.next() >> 33);
      block.faction[i] = static_cast<uint8_t>(dice.below(64)), block.kind[i] = static_cast<uint8_t>(dice.below(64));
    }
  }
  uint32_t doubts = 0, hits = 0;
  for (int round = 0; round < 2000; round++) {
    std::vector<PlaceRow> rows(dice.below(4));
    for (PlaceRow& row : rows) {
      row.from = static_cast<uint32_t>(dice.below(255));
      row.to = row.from + 1 + static_cast<uint32_t>(dice.below(255 - row.from + 1));
    }
    const float square = static_cast<float>(dice.real() * dice.real());
    const RoundedCircle circle{static_cast<float>(dice.real()), static_cast<float>(dice.real()), square,
                               square * (1 + 0.01f * static_cast<float>(dice.below(2)))};
    GroupMasks masks;
    if (dice.below(2) == 0) masks = {dice.next(), dice.next()};
    std::vector<uint32_t> a(1024 + kRankSlack), b(1024 + kRankSlack);
    bool doubtful_a = false, doubtful_b = true;
    const uint32_t count = static_cast<uint32_t>(rows.size());
    const uint32_t found = own.collect(blocks.data(), rows.data(), count, circle, masks, a.data(), doubtful_a);
    ASSERT_EQ(plain.collect(blocks.data(), rows.data(), count, circle, masks, b.data(), doubtful_b), found);
    ASSERT_EQ(doubtful_a, doubtful_b);
    a.resize(found), b.resize(found);
    ASSERT_EQ(a, b);
    doubts += doubtful_a, hits += found;
  }
  EXPECT_GT(doubts, 50u);
  EXPECT_GT(hits, 10'000u);
  for (uint32_t count = 0; count <= kFewMax; count++) {
    std::set<uint32_t> different;
    while (different.size() < count) different.insert(static_cast<uint32_t>(dice.next() >> 33));
    std::vector<uint32_t> ranks(different.begin(), different.end()), places(kFewMax);
    for (size_t i = count; i > 1; i--) std::swap(ranks[i - 1], ranks[dice.below(i)]);
    for (const NearLoops* loops : {&own, &plain}) {
      std::vector<uint32_t> room = ranks;
      room.resize(kFewMax);
      loops->place_of_each(room.data(), count, places.data());
      for (uint32_t i = 0; i < count; i++)
        ASSERT_EQ(places[i], std::distance(different.begin(), different.find(ranks[i]))) << count;
    }
  }
}

// Against a loop that says what is meant, on a coarse grid, where many are equally near.
TEST(Spatial, EveryProcessorFindsTheSameNearest) {
  random::Stream dice(26, "spatial/test", 5);
  const double never = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 2000; round++) {
    std::vector<double> x(4 + 4 * dice.below(12)), y(x.size());
    for (double& at : x) at = dice.below(3) == 0 ? never : static_cast<double>(dice.below(5));
    for (double& at : y) at = static_cast<double>(dice.below(5));
    const uint32_t from = 4 * static_cast<uint32_t>(dice.below(x.size() / 4)), to = static_cast<uint32_t>(x.size());
    const double here_x = static_cast<double>(dice.below(5)), here_y = static_cast<double>(dice.below(5));
    double least = never;
    uint32_t first = from;
    for (uint32_t i = from; i < to; i++) {
      const double dx = x[i] - here_x, dy = y[i] - here_y, square = dx * dx + dy * dy;
      if (square < least) least = square, first = i;
    }
    for (const NearLoops* loops : {&near_loops(), &plain_near_loops()}) {
      double square = -1;
      EXPECT_EQ(loops->nearest(x.data(), y.data(), from, to, here_x, here_y, square), first) << "round " << round;
      EXPECT_EQ(square, least);
    }
  }
}

// Points whose rounded coordinates say one thing and whose exact ones another: on the circle, and just beside it.
TEST(Spatial, TheEdgeOfTheCircleIsExact) {
  World world;
  for (uint64_t i = 0; i < 4000; i++) {
    const double angle = static_cast<double>(i) * 0.00157, radius = 5 * (1 + (static_cast<double>(i % 5) - 2) * 1e-15);
    world.id.push_back(i), world.x.push_back(50 + radius * std::cos(angle)),
        world.y.push_back(50 + radius * std::sin(angle));
  }
  world.id.push_back(4000), world.x.push_back(0), world.y.push_back(0);
  SpatialIndex index;
  ASSERT_FALSE(index.build(world.columns(), {}));
  Query query;
  query.x = {50}, query.y = {50}, query.radius = {5};
  NearbyResult out;
  ASSERT_FALSE(index.query(query.ready(), {}, {}, out));
  std::vector<uint64_t> expected;
  for (size_t i = 0; i < world.id.size(); i++) {
    const double dx = world.x[i] - 50, dy = world.y[i] - 50;
    if (dx * dx + dy * dy <= 25) expected.push_back(world.id[i]);
  }
  EXPECT_GT(expected.size(), 1000u);
  EXPECT_LT(expected.size(), 3000u);
  EXPECT_EQ(out.ids, expected);
}

TEST(Spatial, RefusesWhatItCannotHold) {
  World world;
  world.id = {1, 2, 1}, world.x = {0, 1, 2}, world.y = {0, 1, 2};
  SpatialIndex index;
  EXPECT_EQ(index.build(world.columns(), {}).code, Code::duplicate);
  world.id = {1, 2, 3}, world.x[1] = INFINITY;
  EXPECT_EQ(index.build(world.columns(), {}).text.find("x[1] is inf"), 0u);
  world.x = {0, 1};
  EXPECT_EQ(index.build(world.columns(), {}).code, Code::malformed);
  world.x = {0, 1, 2}, world.faction = {1, 64, 0};
  EXPECT_EQ(index.build(world.columns(), {}).text, "faction[1] is 64; write a number from 0 to 63");
  world.faction.clear();
  Limits limits;
  limits.entities_max = 2;
  EXPECT_EQ(index.build(world.columns(), limits).text, "number of entities is 3, the limit is 2");
  ASSERT_FALSE(index.build(world.columns(), {}));
  Query query;
  query.x = {0, 0}, query.y = {0, 0}, query.radius = {-1, 10};
  NearbyResult out;
  ASSERT_FALSE(index.query(query.ready(), {}, {}, out));
  EXPECT_EQ(out.faults.size(), 1u);
  EXPECT_EQ(out.total, (std::vector<uint32_t>{0, 3}));
  query.radius = {1, 2, 3};
  EXPECT_EQ(index.query(query.ready(), {}, {}, out).code, Code::malformed);
  query.radius = {10};
  limits = {}, limits.hits_max = 5;
  EXPECT_EQ(index.query(query.ready(), limits, {}, out).code, Code::limit_exceeded);
  query.request.order = 2;
  EXPECT_EQ(index.query(query.ready(), {}, {}, out).code, Code::unknown_name);
  SpatialIndex empty;
  ASSERT_FALSE(empty.build(World{}.columns(), {}));
  query.request.order = 0;
  ASSERT_FALSE(empty.query(query.ready(), {}, {}, out));
  EXPECT_EQ(out.total, (std::vector<uint32_t>{0, 0}));
}

TEST(Spatial, PrintsItsSpeed) {
  random::Stream dice(23, "spatial/test", 2);
  World world;
  for (uint64_t i = 0; i < 100'000; i++)
    world.id.push_back(i), world.x.push_back(dice.real()), world.y.push_back(dice.real());
  SpatialIndex index;
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; i++) ASSERT_FALSE(index.build(world.columns(), {}));
  std::printf("build %.2f ms\n",
              std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count() / 10);
  Query query;
  for (int i = 0; i < 10'000; i++) query.x.push_back(dice.real()), query.y.push_back(dice.real());
  query.radius = {std::sqrt(32 / (M_PI * 100'000))};
  NearbyResult out;
  start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; i++) ASSERT_FALSE(index.query(query.ready(), {}, {}, out));
  std::printf("query %.0f ns, %.1f hits\n",
              std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / 100'000,
              static_cast<double>(out.ids.size()) / 10'000);
}

}  // namespace
}  // namespace busbar::combat
