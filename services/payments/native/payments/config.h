// A simulation's config in memory; services/payments/README.md says the JSON it is read from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "costs.h"
#include "policy.h"

namespace busbar::payments {

inline constexpr int64_t kMoneyMax = 100'000'000'000'000;  // of a value in the config
inline constexpr int64_t kAmountMax = 1'000'000'000'000;   // of a payment
inline constexpr uint32_t kAgentsMax = 10'000;
inline constexpr uint32_t kTicksMax = 1'000'000;
inline constexpr uint32_t kPriorityMax = 10;
/// No tick begins in a simulation that has so many payments and children; whoever runs it may set a lower bound.
inline constexpr uint32_t kTransactionsMax = 8'000'000;
/// How far a tick may go beyond that, so that it can end. All together, at most kAmountMax each, fit 63 bits.
inline constexpr uint32_t kTransactionsOver = 500'000;

/// Payments a tick of one generator, after all multipliers; more are not drawn.
inline constexpr double kRateMax = 10'000;

enum class AmountKind : uint8_t { uniform, normal, log_normal, exponential };

struct AmountRule {
  AmountKind kind = AmountKind::uniform;
  int64_t min = 1;  // uniform
  int64_t max = 1;
  double a = 0;  // mean, mu of the logarithm, or rate
  double b = 0;  // standard deviation, of the amount or its logarithm
};

enum class PriorityKind : uint8_t { fixed, categorical, uniform };

struct PriorityRule {
  PriorityKind kind = PriorityKind::fixed;
  uint8_t low = 5;  // fixed: the value
  uint8_t high = 5;
  std::vector<uint8_t> values;
  std::vector<double> cumulative;  // of the weights
};

/// One source of payments of a bank: its arrival_config, or one band.
struct GeneratorConfig {
  double rate = 0;
  AmountRule amount;
  std::vector<std::pair<uint32_t, double>> weights;  // by bank, sorted; missing = 1
  uint32_t deadline_low = 1;
  uint32_t deadline_high = 1;
  PriorityRule priority;
  bool divisible = true;
};

struct LimitConfig {
  uint32_t agent = 0;
  int64_t limit = 0;
};

struct AgentConfig {
  std::string id;
  int64_t opening_balance = 0;
  int64_t unsecured_cap = 0;
  std::shared_ptr<const Policy> policy;
  std::vector<GeneratorConfig> generators;
  int64_t posted_collateral = 0;
  uint32_t haircut_ppm = 0;
  int64_t collateral_capacity = 0;
  std::vector<LimitConfig> bilateral_limits;  // sorted by bank
  int64_t multilateral_limit = -1;            // -1: none
  int64_t liquidity_pool = 0;
  uint32_t allocation_ppm = 0;
};

struct LsmConfig {
  bool bilateral = true;
  bool cycles = true;
  uint32_t cycle_length_max = 4;
  uint32_t cycles_per_tick_max = 10;
  bool multilateral = false;
  uint64_t budget = 100'000;
};

enum class ScenarioKind : uint8_t {
  direct_transfer,
  scheduled_settlement,
  custom_arrival,
  collateral_adjustment,
  global_rate,
  agent_rate,
  counterparty_weight,
  deadline_window
};

struct ScenarioEvent {
  ScenarioKind kind = ScenarioKind::direct_transfer;
  uint32_t start = 0;
  uint32_t interval = 0;  // 0: once
  uint32_t agent = 0;     // from_agent
  uint32_t other = 0;     // to_agent, counterparty
  int64_t amount = 0;     // delta of collateral
  double value = 1;       // multiplier, weight, multiplier of the lower end (0: unchanged)
  double value_high = 0;
  uint8_t priority = 5;
  uint32_t deadline = 1;
  bool flag = true;  // divisible, auto_balance_others

  bool due(uint32_t tick) const {
    return interval == 0 ? tick == start : tick >= start && (tick - start) % interval == 0;
  }
};

struct Config {
  std::string text;  // canonical, the seed in use in it
  uint64_t hash = 0;
  uint32_t ticks_per_day = 1;
  uint32_t days = 1;
  uint32_t ticks = 1;
  uint64_t seed = 0;
  bool queue1_by_priority = false;
  bool priority_mode = false;
  bool escalation = false;
  uint32_t escalation_start = 20;
  uint32_t escalation_boost = 3;
  bool algorithm_events = false;
  bool entry_offsetting = false;
  bool deferred_crediting = false;
  bool deadline_cap_at_eod = false;
  bool daily_reallocation = true;
  uint32_t eod_rush_ppm = 800'000;
  bool single_stream = false;
  std::vector<AgentConfig> agents;  // by id
  CostRates costs;
  LsmConfig lsm;
  std::vector<ScenarioEvent> scenario;

  /// kNone when there is none.
  uint32_t find_agent(std::string_view id) const;
};

/// @throws Refusal with the path of the key
std::shared_ptr<const Config> read_config(std::string_view json);

/// The same with another simulation.rng_seed, as if it had been read so.
std::shared_ptr<const Config> with_seed(const std::shared_ptr<const Config>& config, uint64_t seed);

}  // namespace busbar::payments
