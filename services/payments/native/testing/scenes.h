// Configs for tests: canonical JSON from a few fields, everything else as the README's defaults.
#pragma once

#include <string>
#include <vector>

#include "core/random/random.h"
#include "payments/config.h"
#include "payments/world.h"

namespace busbar::payments::testing {

inline std::string number(double value) { return number_text(value); }

struct SceneAgent {
  std::string id;
  int64_t balance = 1'000'000;
  int64_t cap = 0;
  std::string policy = R"({"type":"Fifo"})";
  std::string arrivals = "null";
  std::string bands = "null";
  int64_t collateral = 0;
  int64_t capacity = -1;  // -1: 10 x cap
  int64_t haircut_ppm = 20'000;
  std::string limits = R"({"bilateral_limits":{},"multilateral_limit":null})";
  int64_t pool = 0;
  int64_t allocation_ppm = 0;

  std::string json() const {
    return R"({"id":")" + id + R"(","opening_balance":)" + std::to_string(balance) +
           ",\"unsecured_cap\":" + std::to_string(cap) + ",\"policy\":" + policy + ",\"arrival_config\":" + arrivals +
           ",\"arrival_bands\":" + bands + ",\"posted_collateral\":" + std::to_string(collateral) +
           ",\"collateral_haircut_ppm\":" + std::to_string(haircut_ppm) +
           ",\"max_collateral_capacity\":" + std::to_string(capacity < 0 ? 10 * cap : capacity) +
           ",\"limits\":" + limits + ",\"liquidity_pool\":" + std::to_string(pool) +
           ",\"liquidity_allocation_ppm\":" + std::to_string(allocation_ppm) + "}";
  }
};

struct Scene {
  uint32_t ticks_per_day = 100;
  uint32_t days = 1;
  uint64_t seed = 42;
  std::string queue1_ordering = "fifo";
  bool priority_mode = false;
  bool escalation = false;
  bool algorithm_events = false;
  bool entry_offsetting = false;
  bool deferred = false;
  bool cap_at_eod = false;
  bool reallocation = true;
  std::string streams = "per_agent";
  std::vector<SceneAgent> agents;
  std::string costs =
      R"({"overdraft_bps_per_tick_e3":1,"delay_cost_per_tick_per_cent_e6":100,"collateral_cost_per_tick_bps_e6":200,)"
      R"("liquidity_cost_per_tick_bps_e6":0,"deadline_penalty":{"mode":"fixed","amount":50000},)"
      R"("eod_penalty":{"mode":"fixed","amount":10000},"split_friction_cost":1000,"overdue_delay_multiplier_e3":5000,)"
      R"("priority_delay_multipliers_e3":{"urgent":1000,"normal":1000,"low":1000}})";
  bool bilateral = true;
  bool cycles = true;
  uint32_t cycle_length = 4;
  uint32_t cycles_per_tick = 10;
  std::string multilateral = "none";
  uint64_t budget = 100'000;
  std::vector<std::string> scenario;

  std::string json() const {
    const auto flag = [](bool value) { return value ? "true" : "false"; };
    std::string list, events;
    for (const SceneAgent& agent : agents) list += (list.empty() ? "" : ",") + agent.json();
    for (const std::string& event : scenario) events += (events.empty() ? "" : ",") + event;
    return R"({"simulation":{"ticks_per_day":)" + std::to_string(ticks_per_day) +
           ",\"num_days\":" + std::to_string(days) + ",\"rng_seed\":" + std::to_string(seed) +
           R"(},"queue1_ordering":")" + queue1_ordering + R"(","priority_mode":)" + flag(priority_mode) +
           R"(,"priority_escalation":{"enabled":)" + flag(escalation) +
           R"(,"curve":"linear","start_escalating_at_ticks":20,"max_boost":3})" + R"(,"algorithm_sequencing":)" +
           flag(algorithm_events) + ",\"entry_disposition_offsetting\":" + flag(entry_offsetting) +
           ",\"deferred_crediting\":" + flag(deferred) + ",\"deadline_cap_at_eod\":" + flag(cap_at_eod) +
           ",\"daily_liquidity_reallocation\":" + flag(reallocation) +
           R"(,"eod_rush_threshold_ppm":800000,"rng":{"streams":")" + streams + R"("},"agents":[)" + list +
           "],\"cost_rates\":" + costs + R"(,"lsm_config":{"enable_bilateral":)" + flag(bilateral) +
           ",\"enable_cycles\":" + flag(cycles) + ",\"max_cycle_length\":" + std::to_string(cycle_length) +
           ",\"max_cycles_per_tick\":" + std::to_string(cycles_per_tick) + R"(,"multilateral":")" + multilateral +
           R"(","cycle_search_budget":)" + std::to_string(budget) + "},\"scenario_events\":[" + events + "]}";
  }

  World world(Options options = {}) const { return World(read_config(json()), options); }
};

/// One arrival per tick on average, uniform amounts.
inline std::string arrivals(double rate, int64_t min, int64_t max, uint32_t lo = 5, uint32_t hi = 20,
                            const std::string& priority = R"({"type":"uniform","min":0,"max":10})") {
  return "{\"rate_per_tick\":" + number(rate) + R"(,"amount_distribution":{"type":"Uniform","min":)" +
         std::to_string(min) + ",\"max\":" + std::to_string(max) + R"(},"counterparty_weights":{},"deadline_range":[)" +
         std::to_string(lo) + "," + std::to_string(hi) + "],\"priority\":" + priority + ",\"divisible\":true}";
}

inline std::string bank_name(uint32_t i) {
  std::string text = std::to_string(i);
  return "BANK_" + std::string(4 - text.size(), '0') + text;
}

/// `count` banks alike.
inline Scene banks(uint32_t count, int64_t balance, const std::string& arrival, const std::string& policy = "") {
  Scene scene;
  for (uint32_t i = 0; i < count; ++i) {
    SceneAgent agent;
    agent.id = bank_name(i);
    agent.balance = balance;
    agent.arrivals = arrival;
    if (!policy.empty()) agent.policy = policy;
    scene.agents.push_back(agent);
  }
  return scene;
}

/// A scene with a bit of everything, by chance.
Scene random_scene(random::Stream& dice);

}  // namespace busbar::payments::testing
