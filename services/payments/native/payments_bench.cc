// What the core takes by itself, without the bus: payments_bench [--json].
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "payments/steps.h"
#include "testing/scenes.h"

namespace {

using namespace busbar::payments;
using Clock = std::chrono::steady_clock;

double median_ns(int rounds, double (*once)()) {
  std::vector<double> values;
  for (int i = 0; i < rounds; ++i) values.push_back(once());
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double since_ns(Clock::time_point start) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

uint64_t settled = 0;

/// 200 banks, one arrival per bank and tick, Fifo, LSM on: 100 ticks.
double day() {
  static const auto config =
      read_config(testing::banks(200, 100'000'000, testing::arrivals(1, 1'000, 1'000'000)).json());
  World world(config, {});
  const auto start = Clock::now();
  for (int tick = 0; tick < 100; ++tick) run_tick(world);
  const double ns = since_ns(start);
  settled = world.totals.settled;
  return ns;
}

/// 10,000 queued among 200 banks, default budget: one pass.
double saving() {
  testing::Scene scene = testing::banks(200, 200'000, "null");
  World world = scene.world();
  busbar::random::Stream dice(7, "lsm10k", 0);
  for (int i = 0; i < 10'000; ++i) {
    Transaction payment;
    payment.sender = static_cast<uint32_t>(dice.below(200));
    payment.receiver = static_cast<uint32_t>((payment.sender + 1 + dice.below(199)) % 200);
    payment.amount = payment.remaining = static_cast<int64_t>(1'000'000 + dice.below(1'000'000));
    payment.deadline = 50;
    world.transactions.push_back(payment);
    world.enter_queue2(static_cast<uint32_t>(i));
  }
  world.totals.arrivals = 10'000;
  const auto start = Clock::now();
  step_liquidity_saving(world);
  const double ns = since_ns(start);
  settled = world.totals.settled;
  return ns;
}

/// Simulations of a sweep on so many threads. @returns simulations a second
double sweep(uint32_t threads) {
  static const auto config = read_config(testing::banks(50, 3'000'000, testing::arrivals(1, 1'000, 1'000'000)).json());
  constexpr uint32_t kRuns = 64;
  const auto start = Clock::now();
  std::vector<std::thread> workers;
  for (uint32_t worker = 0; worker < threads; ++worker) {
    workers.emplace_back([=] {
      for (uint32_t i = worker; i < kRuns; i += threads) {
        World world(with_seed(config, i + 1), {false, false});
        for (int tick = 0; tick < 100; ++tick) run_tick(world);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  return kRuns / since_ns(start) * 1e9;
}

}  // namespace

int main() {
  const double day_ns = median_ns(21, day);
  std::printf("day200x100 %.3f ms, %.0f settled/s\n", day_ns / 1e6, static_cast<double>(settled) / day_ns * 1e9);
  const double saving_ns = median_ns(21, saving);
  std::printf("lsm10k %.3f ms, %llu settled\n", saving_ns / 1e6, static_cast<unsigned long long>(settled));
  const double one = sweep(1), two = sweep(2);
  std::printf("sweep %.0f/s, with two threads %.0f/s: %.2f\n", one, two, two / one);
}
