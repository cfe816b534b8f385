// Random numbers: the published generator, the draws of `single` as a list, moments of every distribution.
#include "payments/dice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "core/random/random.h"
#include "payments/steps.h"
#include "testing/scenes.h"

namespace busbar::payments {
namespace {

TEST(XorShift, IsTheStatedGenerator) {
  // x ^= x >> 12; x ^= x << 25; x ^= x >> 27 of 1 is 0x2000001; times 0x2545F4914F6CDD1D.
  EXPECT_EQ(XorShift(1).next(), 0x2000001ull * 0x2545F4914F6CDD1Dull);
  XorShift zero(0), one(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(zero.next(), one.next());
}

/// golden/single.txt is made by golden/single.py, which knows nothing of this code.
TEST(SingleStream, DrawsTheGoldenList) {
  testing::Scene scene = testing::banks(4, 1'000'000, "null");
  scene.ticks_per_day = 12;
  scene.streams = "single";
  const auto arrivals = [](const char* rate, const char* amount, const char* weights, const char* range,
                           const char* priority) {
    return std::string("{\"rate_per_tick\":") + rate + ",\"amount_distribution\":" + amount +
           ",\"counterparty_weights\":" + weights + ",\"deadline_range\":" + range + ",\"priority\":" + priority +
           ",\"divisible\":true}";
  };
  scene.agents[0].arrivals =
      arrivals("1.5", R"({"type":"Uniform","min":100,"max":5000})", "{}", "[3,9]", R"({"type":"fixed","value":5})");
  scene.agents[1].arrivals =
      arrivals("0.7", R"({"type":"Normal","mean":1000,"std_dev":300})", R"({"BANK_0000":2,"BANK_0002":0.5})", "[1,4]",
               R"({"type":"uniform","min":0,"max":10})");
  scene.agents[2].arrivals =
      arrivals("2", R"({"type":"LogNormal","mean":800.5,"std_dev":400})", R"({"BANK_0000":0,"BANK_0001":3})", "[2,20]",
               R"({"type":"categorical","values":[1,6,9],"weights":[1,0.5,2]})");
  scene.agents[3].arrivals =
      arrivals("1", R"({"type":"Exponential","rate":0.001})", "{}", "[5,5]", R"({"type":"fixed","value":0})");
  World world = scene.world();
  for (int tick = 0; tick < 12; ++tick) run_tick(world);
  std::ostringstream drawn;
  drawn << "tick sender receiver amount deadline priority\n";
  for (const Transaction& payment : world.transactions) {
    drawn << payment.arrival << ' ' << payment.sender << ' ' << payment.receiver << ' ' << payment.amount << ' '
          << payment.deadline << ' ' << int{payment.original_priority} << '\n';
  }
  std::ifstream file(std::string(BUSBAR_SOURCE_DIR) + "/services/payments/native/golden/single.txt");
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(drawn.str(), golden.str());
}

/// Mean and variance of samples; `check` allows four standard errors.
class Sample {
 public:
  void add(double value) {
    count_ += 1;
    sum_ += value;
    squares_ += value * value;
    fourths_ += value * value * value * value;
  }
  double mean() const { return sum_ / count_; }
  void check_mean(double expected, const char* what) const {
    const double variance = squares_ / count_ - mean() * mean();
    EXPECT_NEAR(mean(), expected, 4 * std::sqrt(variance / count_)) << what;
  }
  /// Of samples with a known mean of 0.
  void check_square(double expected, const char* what) const {
    const double square = squares_ / count_;
    EXPECT_NEAR(square, expected, 4 * std::sqrt((fourths_ / count_ - square * square) / count_)) << what;
  }

 private:
  double count_ = 0, sum_ = 0, squares_ = 0, fourths_ = 0;
};

constexpr int kDraws = 200'000;

class Moments : public ::testing::TestWithParam<bool> {
 protected:
  XorShift stream{random::derive(7, "payments/moments", 0)};
  Dice dice{stream, GetParam()};
};

TEST_P(Moments, OfCounts) {
  for (const double rate : {0.05, 1.0, 7.5, 29.9, 80.0, 650.0}) {
    const Poisson poisson(rate, GetParam());
    Sample mean, square;
    const int draws = rate > 50 ? 20'000 : kDraws;
    for (int i = 0; i < draws; ++i) {
      const double count = poisson.draw(stream);
      mean.add(count);
      square.add(count - rate);
    }
    mean.check_mean(rate, "Poisson mean");
    square.check_square(rate, "Poisson variance");
  }
  EXPECT_EQ(Poisson(0, GetParam()).draw(stream), 0u);
  EXPECT_EQ(Poisson(80, false).parts, 3u);
}

TEST_P(Moments, OfAmounts) {
  const auto check = [&](const AmountRule& rule, double mean, double deviation, const char* what) {
    Sample first, second;
    for (int i = 0; i < kDraws; ++i) {
      const auto amount = static_cast<double>(draw_amount(rule, dice));
      first.add(amount);
      second.add(amount - mean);
    }
    first.check_mean(mean, what);
    second.check_square(deviation * deviation, what);
  };
  check({AmountKind::uniform, 101, 5'000, 0, 0}, 2'550.5, std::sqrt((4'900.0 * 4'900 - 1) / 12), "uniform");
  check({AmountKind::normal, 0, 0, 1e6, 5e4}, 1e6, 5e4, "normal");
  const double variance = std::log(1 + 0.25);
  check({AmountKind::log_normal, 0, 0, std::log(1e6) - variance / 2, std::sqrt(variance)}, 1e6, 5e5, "lognormal");
  check({AmountKind::exponential, 0, 0, 1e-6, 0}, 1e6, 1e6, "exponential");
  // Never below 1, never above the largest payment.
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_GE(draw_amount({AmountKind::normal, 0, 0, 1, 1e9}, dice), 1);
    EXPECT_LE(draw_amount({AmountKind::exponential, 0, 0, 1e-13, 0}, dice), kAmountMax);
  }
}

TEST_P(Moments, OfReceivers) {
  testing::Scene scene = testing::banks(6, 0, "null");
  scene.agents[2].arrivals = testing::arrivals(1, 1, 2);
  const size_t at = scene.agents[2].arrivals.find("{}");
  scene.agents[2].arrivals.replace(at, 2, R"({"BANK_0000":0.25,"BANK_0003":0,"BANK_0005":2.5})");
  const World world = scene.world();
  const double weights[] = {0.25, 1, 0, 0, 1, 2.5};
  double counts[6] = {};
  for (int i = 0; i < kDraws; ++i) counts[draw_receiver(world.agents[2].generators[0], dice)] += 1;
  for (int bank = 0; bank < 6; ++bank) {
    const double share = weights[bank] / 4.75;
    EXPECT_NEAR(counts[bank] / kDraws, share, 4 * std::sqrt(share * (1 - share) / kDraws)) << bank;
  }
}

TEST_P(Moments, OfPrioritiesAndDeadlines) {
  PriorityRule rule;
  rule.kind = PriorityKind::categorical;
  rule.values = {1, 6, 9};
  rule.cumulative = {1, 1.5, 3.5};
  double counts[11] = {};
  for (int i = 0; i < kDraws; ++i) counts[draw_priority(rule, dice)] += 1;
  const double shares[] = {1 / 3.5, 0.5 / 3.5, 2 / 3.5};
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(counts[rule.values[i]] / kDraws, shares[i], 4 * std::sqrt(shares[i] * (1 - shares[i]) / kDraws));
  }
  World world = testing::banks(2, 0, "null").world();
  world.tick = 20;
  GeneratorConfig config;
  config.deadline_low = 3;
  config.deadline_high = 12;
  Sample deadlines;
  for (int i = 0; i < kDraws; ++i) {
    const uint32_t deadline = draw_deadline(world, config, dice);
    ASSERT_TRUE(deadline >= 23 && deadline <= 32);
    deadlines.add(deadline);
  }
  deadlines.check_mean(27.5, "deadline");
  world.tick = 95;  // of 100
  for (int i = 0; i < 1'000; ++i) ASSERT_LE(draw_deadline(world, config, dice), 100u);
  world.tick = 99;
  EXPECT_EQ(draw_deadline(world, config, dice), 100u);
}

INSTANTIATE_TEST_SUITE_P(Streams, Moments, ::testing::Bool(),
                         [](const auto& which) { return which.param ? "single" : "per_agent"; });

/// per_agent: a new bank leaves the arrivals of the others alone (where their choice of receivers stays the same).
TEST(PerAgent, ANewBankLeavesTheOthersAlone) {
  const auto run = [](uint32_t banks) {
    testing::Scene scene = testing::banks(banks, 1'000'000, testing::arrivals(2, 100, 900));
    for (testing::SceneAgent& agent : scene.agents) {
      // Receivers are the first two banks only.
      std::string weights;
      for (uint32_t i = 2; i < banks; ++i) {
        if (testing::bank_name(i) != agent.id)
          weights += (weights.empty() ? "\"" : ",\"") + testing::bank_name(i) + "\":0";
      }
      agent.arrivals.replace(agent.arrivals.find("{}"), 2, "{" + weights + "}");
    }
    World world = scene.world();
    for (int tick = 0; tick < 30; ++tick) run_tick(world);
    std::ostringstream drawn;
    for (const Transaction& payment : world.transactions) {
      if (payment.sender < 3)
        drawn << payment.arrival << ' ' << payment.sender << ' ' << payment.receiver << ' ' << payment.amount << '\n';
    }
    return drawn.str();
  };
  const std::string three = run(3);
  EXPECT_GT(three.size(), 1'000u);
  EXPECT_EQ(run(5), three);
}

}  // namespace
}  // namespace busbar::payments
