// Method: small worlds whose next state is known by hand, and one large scripted world whose hash is golden.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/hash/hash.h"
#include "core/random/random.h"
#include "errors.h"
#include "testing/client.h"

namespace busbar::ecs {
namespace {

using namespace testing;

void define_movers(Client& client) {
  client.define("Position", {{"x", Type::f64}, {"y", Type::f64}});
  client.define("Velocity", {{"x", Type::f32}, {"y", Type::f32}});
  client.define("Movement", {{"destination", Type::f32_vector, true, 2}, {"speed", Type::f64}});
}

std::vector<double> position(Client& client, uint64_t id) {
  const auto* const columns = client.get({id}, {"Position"})->rows()->columns();
  return {columns->Get(0)->f64()->Get(0), columns->Get(1)->f64()->Get(0)};
}

TEST(EcsSystems, MovementFollowsVelocityOrGoesStraightToItsDestinationAndNeverPast) {
  Client client;
  define_movers(client);
  auto& b = client.builder;
  const uint64_t drifts = client.made({"Position", "Velocity"}, 1, {f32s(b, "Velocity.x", {2}), f32s(b, "Velocity.y", {-1})})[0];
  const uint64_t goes = client.made({"Position", "Movement"}, 1,
                                    {f32s(b, "Movement.destination", {3, 4}, {}, 2), f64s(b, "Movement.speed", {2})})[0];
  // Without a destination it drifts.
  const uint64_t waits = client.made({"Position", "Velocity", "Movement"}, 1,
                                     {f32s(b, "Velocity.x", {1}), f64s(b, "Movement.speed", {2})})[0];
  client.made({"Position"}, 5, {});
  client.host().published.clear();
  const auto* run = client.run("movement", 0.5);
  ASSERT_EQ(run->error(), 0) << run->error_text()->str();
  EXPECT_EQ(run->rows_visited(), 3u);
  EXPECT_EQ(run->rows_changed(), 3u);
  EXPECT_EQ(run->events(), 6u);  // updated and moved
  EXPECT_EQ(position(client, drifts), (std::vector<double>{1, -0.5}));
  EXPECT_EQ(position(client, goes), (std::vector<double>{3 * 0.2, 4 * 0.2}));
  EXPECT_EQ(position(client, waits), (std::vector<double>{0.5, 0}));
  EXPECT_TRUE(client.heard<::ecs::EntityArrived>(messages::EntityArrived).empty());
  client.run("movement", 100);
  EXPECT_EQ(position(client, goes), (std::vector<double>{3, 4}));
  auto arrived = client.heard<::ecs::EntityArrived>(messages::EntityArrived);
  ASSERT_EQ(arrived.size(), 1u);
  EXPECT_EQ(arrived[0]->ids()->Get(0), goes);
  EXPECT_EQ(arrived[0]->at()->Get(1), 4);
  EXPECT_EQ(arrived[0]->system()->str(), "movement");
  client.run("movement", 100);
  EXPECT_EQ(client.heard<::ecs::EntityArrived>(messages::EntityArrived).size(), 1u) << "it is there already";
}

TEST(EcsSystems, MovementNeverPassesItsDestinationWhateverTheNumbers) {
  Client client;
  define_movers(client);
  auto& b = client.builder;
  random::Stream dice(11, "ecs/destination", 0);
  constexpr uint32_t kCount = 500;
  std::vector<double> x, y, speed;
  std::vector<float> to;
  const auto any = [&] { return (dice.real() - 0.5) * std::pow(10.0, static_cast<double>(dice.below(30)) - 15); };
  for (uint32_t i = 0; i < kCount; i++) {
    x.push_back(any());
    y.push_back(any());
    speed.push_back(std::abs(any()));
    to.push_back(static_cast<float>(any()));
    to.push_back(static_cast<float>(any()));
  }
  const auto ids = client.made({"Position", "Movement"}, kCount,
                               {f64s(b, "Position.x", x), f64s(b, "Position.y", y),
                                f32s(b, "Movement.destination", to, {}, 2), f64s(b, "Movement.speed", speed)});
  for (int round = 0; round < 20; round++) {
    ASSERT_EQ(client.run("movement", 0.7)->error(), 0);
    const auto* const columns = client.get(ids, {"Position"})->rows()->columns();
    for (uint32_t i = 0; i < kCount; i++) {
      for (uint32_t axis = 0; axis < 2; axis++) {
        double& old = axis == 0 ? x[i] : y[i];
        const double now = columns->Get(axis)->f64()->Get(i), end = double{to[2 * i + axis]};
        ASSERT_TRUE(old <= end ? old <= now && now <= end : old >= now && now >= end)
            << "entity " << i << ": " << old << " -> " << now << ", destination " << end;
        old = now;
      }
    }
  }
}

TEST(EcsSystems, ARunThatFailsHasChangedNothing) {
  Client client;
  define_movers(client);
  auto& b = client.builder;
  client.made({"Position", "Velocity"}, 5'000, {});
  client.made({"Position", "Movement"}, 1, {f32s(b, "Movement.destination", {3, 4}, {}, 2), f64s(b, "Movement.speed", {-1})});
  client.made({"Position", "Velocity"}, 1, {f32s(b, "Velocity.x", {3e38f})});
  const uint64_t before = client.hash();
  client.host().published.clear();
  EXPECT_EQ(client.run("movement", 1)->error(), errors::ecs_out_of_range);
  EXPECT_EQ(client.hash(), before);
  EXPECT_TRUE(client.host().published.empty());
  EXPECT_EQ(client.run("movement", -1)->error(), errors::ecs_out_of_range);
  EXPECT_EQ(client.run("movement", std::numeric_limits<double>::infinity())->error(), errors::ecs_out_of_range);
  const auto* unknown = client.run("movment", 1);
  EXPECT_EQ(unknown->error(), errors::ecs_unknown_name);
  EXPECT_EQ(unknown->error_text()->str(), "there is no system 'movment', did you mean 'movement'?");
  EXPECT_EQ(client.run("regeneration", 1)->error(), errors::ecs_unknown_name);
}

TEST(EcsSystems, RegenerationHealsUpToTheMaximum) {
  Client client;
  client.define("Health", {{"hp", Type::f32, true}, {"max", Type::f64}});
  client.define("Regeneration", {{"rate", Type::f64}});
  auto& b = client.builder;
  const auto ids = client.made({"Health", "Regeneration"}, 3,
                               {f32s(b, "Health.hp", {1, 9, 0}, {0b011}), f64s(b, "Health.max", {10, 10, 10}),
                                f64s(b, "Regeneration.rate", {2, 2, 2})});
  const auto* run = client.run("regeneration", 1.5);
  EXPECT_EQ(run->rows_visited(), 3u);
  EXPECT_EQ(run->rows_changed(), 2u);
  const auto* const hp = client.get(ids, {"Health.hp"})->rows()->columns()->Get(0);
  EXPECT_EQ(hp->f32()->Get(0), 4.0f);
  EXPECT_EQ(hp->f32()->Get(1), 10.0f);
  EXPECT_EQ(hp->validity()->Get(0), 0b011);
  EXPECT_EQ(client.run("regeneration", 100)->rows_changed(), 1u);
  EXPECT_EQ(client.run("regeneration", 100)->rows_changed(), 0u);
}

class Income : public ::testing::TestWithParam<Type> {};

TEST_P(Income, GoesToTheOwnersTreasury) {
  Client client;
  client.define("Income", {{"amount", Type::i64}});
  client.define("Owner", {{"faction", GetParam()}});
  client.define("Treasury", {{"amount", Type::i64}});
  client.define("Faction", {{"name", Type::utf8}});
  auto& b = client.builder;
  const auto factions = client.made({"Faction", "Treasury"}, 2,
                                    {texts(b, "Faction.name", {"red", "blue"}), i64s(b, "Treasury.amount", {100, -5})});
  const auto owners = [&](std::vector<size_t> of) {
    std::vector<uint64_t> ids;
    Names list;
    for (const size_t i : of) {
      ids.push_back(factions[i]);
      list.push_back(i == 0 ? "red" : "blue");
    }
    return GetParam() == Type::entity ? u64s(b, "Owner.faction", ids) : texts(b, "Owner.faction", list);
  };
  client.made({"Income", "Owner"}, 3, {i64s(b, "Income.amount", {10, -4, 30}), owners({0, 1, 0})});
  client.made({"Income", "Owner"}, 1, {i64s(b, "Income.amount", {1'000})});  // nobody's
  client.host().published.clear();
  const auto* run = client.run("ownership_income", 1);
  ASSERT_EQ(run->error(), 0) << run->error_text()->str();
  EXPECT_EQ(run->rows_visited(), 4u);
  EXPECT_EQ(run->rows_changed(), 2u);
  const auto treasury = [&](size_t i) {
    return client.get({factions[i]}, {"Treasury"})->rows()->columns()->Get(0)->i64()->Get(0);
  };
  EXPECT_EQ(treasury(0), 140);
  EXPECT_EQ(treasury(1), -9);
  // Beyond 64 bits nothing is changed, also not the other faction.
  client.made({"Income", "Owner"}, 1, {i64s(b, "Income.amount", {INT64_MAX}), owners({0})});
  const uint64_t before = client.hash();
  run = client.run("ownership_income", 1);
  EXPECT_EQ(run->error(), errors::ecs_overflow) << run->error_text()->str();
  EXPECT_EQ(client.hash(), before);
  // A sum that leaves 64 bits on its way and comes back is none.
  client.made({"Income", "Owner"}, 1, {i64s(b, "Income.amount", {-INT64_MAX}), owners({0})});
  EXPECT_EQ(client.run("ownership_income", 1)->error(), 0);
  EXPECT_EQ(treasury(0), 180);
  client.update({factions[1]}, {}, {}, {"Treasury"});
  EXPECT_EQ(client.run("ownership_income", 1)->error(), errors::ecs_not_found);
  client.erase({factions[1]});
  EXPECT_EQ(client.run("ownership_income", 1)->error(),
            GetParam() == Type::entity ? errors::ecs_stale_id : errors::ecs_not_found);
}

INSTANTIATE_TEST_SUITE_P(OwnersBy, Income, ::testing::Values(Type::entity, Type::utf8),
                         [](const auto& about) { return about.param == Type::entity ? "Entity" : "Name"; });

TEST(EcsSystems, ALibraryAddsItsOwn) {
  Client client(2, std::string(R"({"block_rows":64,"libraries":[")") + SAMPLE_SYSTEMS + "\"]}");
  client.define("Age", {{"years", Type::f64}, {"old", Type::boolean}});
  client.define("Pace", {{"factor", Type::f32}});
  EXPECT_EQ(client.run("sample_age", 1)->error(), errors::ecs_unknown_name);
  client.define("Living", {});
  auto& b = client.builder;
  const auto plain = client.made({"Age", "Living"}, 200, {f64s(b, "Age.years", std::vector<double>(200, 98.5))});
  const auto slow = client.made({"Age", "Living", "Pace"}, 1, {f64s(b, "Age.years", {98.5}), f32s(b, "Pace.factor", {0.5f})});
  client.made({"Age"}, 10, {});
  const auto* run = client.run("sample_age", 2);
  ASSERT_EQ(run->error(), 0) << run->error_text()->str();
  EXPECT_EQ(run->rows_visited(), 201u);
  const auto* columns = client.get({plain[199], slow[0]}, {"Age"})->rows()->columns();
  EXPECT_EQ(columns->Get(0)->f64()->Get(0), 100.5);
  EXPECT_EQ(columns->Get(0)->f64()->Get(1), 99.5);
  EXPECT_EQ(columns->Get(1)->bits()->Get(0), 1);
  // The second block fails after the first one has written: nothing is taken over.
  const uint64_t before = client.hash();
  const auto* broken = client.run("sample_break", 1);
  EXPECT_EQ(broken->error(), errors::ecs_bad_system);
  EXPECT_NE(broken->error_text()->str().find("the block at 64 is too much"), std::string::npos);
  EXPECT_EQ(client.run("sample_divide", 1)->error(), errors::ecs_out_of_range);
  EXPECT_EQ(client.hash(), before);
  const auto* about = client.ask<::ecs::DescribeReply>(methods::Describe, ::ecs::CreateDescribeRequest(client.builder));
  ASSERT_EQ(about->systems()->size(), 6u);
  EXPECT_EQ(about->systems()->Get(3)->name()->str(), "sample_age");
  EXPECT_EQ(about->systems()->Get(3)->origin()->str(), SAMPLE_SYSTEMS);
}

/// A scripted world: made, moved, changed, thinned out, taxed. @returns the hash of its state and of all it has said
std::pair<uint64_t, uint64_t> play(uint32_t threads, uint32_t block_rows) {
  Client client(threads, "{\"block_rows\":" + std::to_string(block_rows) + "}");
  define_movers(client);
  client.define("Health", {{"hp", Type::f32}, {"max", Type::f32}});
  client.define("Regeneration", {{"rate", Type::f32}});
  client.define("Income", {{"amount", Type::i64}});
  client.define("Owner", {{"faction", Type::utf8}});
  client.define("Faction", {{"name", Type::utf8}});
  client.define("Treasury", {{"amount", Type::i64}});
  auto& b = client.builder;
  random::Stream dice(2026, "ecs/golden", 0);
  client.made({"Faction", "Treasury"}, 3, {texts(b, "Faction.name", {"red", "green", "blue"})});
  const auto floats = [&](uint32_t count, double scale) {
    std::vector<float> list(count);
    for (float& value : list) value = static_cast<float>((dice.real() - 0.5) * scale);
    return list;
  };
  std::vector<uint64_t> all;
  for (int wave = 0; wave < 6; wave++) {
    const uint32_t count = 1'500;
    std::vector<double> speed(count);
    std::vector<int64_t> amount(count);
    Names owner;
    for (uint32_t i = 0; i < count; i++) {
      speed[i] = dice.real() * 3;
      amount[i] = static_cast<int64_t>(dice.below(1'000)) - 300;
      owner.push_back(std::vector<std::string>{"red", "green", "blue"}[dice.below(3)]);
    }
    const auto drifting = client.made({"Position", "Velocity", "Owner", "Income"}, count,
                                      {f32s(b, "Velocity.x", floats(count, 4)), f32s(b, "Velocity.y", floats(count, 4)),
                                       texts(b, "Owner.faction", owner), i64s(b, "Income.amount", amount)});
    const auto going = client.made({"Position", "Movement", "Health", "Regeneration"}, count,
                                   {f32s(b, "Movement.destination", floats(2 * count, 20), {}, 2),
                                    f64s(b, "Movement.speed", speed), f32s(b, "Health.max", floats(count, 10)),
                                    f32s(b, "Regeneration.rate", floats(count, 1))});
    all.insert(all.end(), drifting.begin(), drifting.end());
    all.insert(all.end(), going.begin(), going.end());
    for (const char* const system : {"movement", "regeneration", "ownership_income"}) {
      EXPECT_EQ(client.run(system, 0.25)->error(), 0) << system;
    }
    std::vector<uint64_t> gone;
    for (int i = 0; i < 400; i++) gone.push_back(all[dice.below(all.size())]);
    client.erase(gone);
    client.update({drifting[0], drifting[1]}, {}, {"Health"}, {"Velocity"});
  }
  hash::Xxh64 said;
  for (const auto& message : client.host().published) said.update(message.payload.data(), message.length);
  return {client.hash(), said.digest()};
}

TEST(EcsSystems, TheSameHashAndTheSameMessagesForAnyNumberOfThreads) {
  const auto one = play(1, 2'048);
  for (const uint32_t threads : {2u, 3u, 8u}) EXPECT_EQ(play(threads, 2'048), one) << threads << " threads";
  EXPECT_EQ(play(3, 64), one) << "small blocks";
  // Changes only when the rules do; then on purpose.
  EXPECT_EQ(one.first, 7708098894965485546u);
}

}  // namespace
}  // namespace busbar::ecs
