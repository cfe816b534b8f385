#include "config.h"

#include <algorithm>
#include <cmath>

#include "config_agents.h"
#include "core/hash/hash.h"
#include "place.h"

namespace busbar::payments {
namespace {

constexpr uint64_t kBpsMax = 10'000'000'000;
constexpr int64_t kMultiplierMax = 1'000'000;
constexpr double kMultiplierEnd = 1'000;

Penalty read_penalty(const Place& place) {
  place.require("mode");
  Penalty penalty;
  penalty.rate = place.at("mode").one_of({"fixed", "rate"}, "mode") == 1;
  if (penalty.rate) {
    place.keys({"mode", "bps_per_event_e6"});
    penalty.bps_e6 = static_cast<uint64_t>(place.at("bps_per_event_e6").integer(0, kBpsMax));
  } else {
    place.keys({"mode", "amount"});
    penalty.amount = place.at("amount").integer(0, kMoneyMax);
  }
  return penalty;
}

CostRates read_costs(const Place& place) {
  place.keys({"overdraft_bps_per_tick_e3", "delay_cost_per_tick_per_cent_e6", "collateral_cost_per_tick_bps_e6",
              "liquidity_cost_per_tick_bps_e6", "deadline_penalty", "eod_penalty", "split_friction_cost",
              "overdue_delay_multiplier_e3", "priority_delay_multipliers_e3"});
  const auto scaled = [&](std::string_view key, int64_t max) {
    return static_cast<uint64_t>(place.at(key).integer(0, max));
  };
  CostRates rates;
  rates.overdraft_bps_e3 = scaled("overdraft_bps_per_tick_e3", 1'000'000'000);
  rates.delay_e6 = scaled("delay_cost_per_tick_per_cent_e6", 1'000'000);
  rates.collateral_bps_e6 = scaled("collateral_cost_per_tick_bps_e6", kBpsMax);
  rates.liquidity_bps_e6 = scaled("liquidity_cost_per_tick_bps_e6", kBpsMax);
  rates.deadline = read_penalty(place.at("deadline_penalty"));
  rates.end_of_day = read_penalty(place.at("eod_penalty"));
  rates.split_friction = place.at("split_friction_cost").integer(0, kMoneyMax);
  rates.overdue_multiplier_e3 = scaled("overdue_delay_multiplier_e3", kMultiplierMax);
  const Place classes = place.at("priority_delay_multipliers_e3");
  classes.keys({"urgent", "normal", "low"});
  static constexpr std::string_view kClasses[] = {"low", "normal", "urgent"};
  for (int i = 0; i < 3; ++i) {
    rates.class_multiplier_e3[i] = static_cast<uint64_t>(classes.at(kClasses[i]).integer(0, kMultiplierMax));
  }
  return rates;
}

LsmConfig read_lsm(const Place& place) {
  place.keys({"enable_bilateral", "enable_cycles", "max_cycle_length", "max_cycles_per_tick", "multilateral",
              "cycle_search_budget"});
  LsmConfig lsm;
  lsm.bilateral = place.at("enable_bilateral").boolean();
  lsm.cycles = place.at("enable_cycles").boolean();
  lsm.cycle_length_max = static_cast<uint32_t>(place.at("max_cycle_length").integer(3, 10));
  lsm.cycles_per_tick_max = static_cast<uint32_t>(place.at("max_cycles_per_tick").integer(1, 100));
  lsm.multilateral = place.at("multilateral").one_of({"none", "fifo"}, "multilateral algorithm") == 1;
  lsm.budget = static_cast<uint64_t>(place.at("cycle_search_budget").integer(1, 100'000'000));
  return lsm;
}

void read_schedule(const Place& place, ScenarioEvent& event) {
  place.require("type");
  if (place.at("type").one_of({"OneTime", "Repeating"}, "schedule") == 0) {
    place.keys({"type", "tick"});
    event.start = static_cast<uint32_t>(place.at("tick").integer(0, kTicksMax));
  } else {
    place.keys({"type", "start_tick", "interval"});
    event.start = static_cast<uint32_t>(place.at("start_tick").integer(0, kTicksMax));
    event.interval = static_cast<uint32_t>(place.at("interval").integer(1, kTicksMax));
  }
}

ScenarioEvent read_scenario(const Place& place, const Config& config) {
  place.require("type");
  ScenarioEvent event;
  event.kind = static_cast<ScenarioKind>(place.at("type").one_of(
      {"DirectTransfer", "ScheduledSettlement", "CustomTransactionArrival", "CollateralAdjustment",
       "GlobalArrivalRateChange", "AgentArrivalRateChange", "CounterpartyWeightChange", "DeadlineWindowChange"},
      "scenario event"));
  const auto agent = [&](std::string_view key) { return agent_of(place.at(key), config); };
  const auto pair = [&](std::string_view from, std::string_view to) {
    event.agent = agent(from);
    event.other = agent(to);
    if (event.agent == event.other) place.at(to).refuse(Code::conflict, "is the same bank as " + std::string(from));
  };
  switch (event.kind) {
    case ScenarioKind::direct_transfer:
    case ScenarioKind::scheduled_settlement:
      place.keys({"type", "schedule", "from_agent", "to_agent", "amount"});
      pair("from_agent", "to_agent");
      event.amount = place.at("amount").integer(1, kAmountMax);
      break;
    case ScenarioKind::custom_arrival:
      place.keys({"type", "schedule", "from_agent", "to_agent", "amount", "priority", "deadline", "is_divisible"});
      pair("from_agent", "to_agent");
      event.amount = place.at("amount").integer(1, kAmountMax);
      event.priority = static_cast<uint8_t>(place.at("priority").integer(0, kPriorityMax));
      event.deadline = static_cast<uint32_t>(place.at("deadline").integer(1, kTicksMax));
      event.flag = place.at("is_divisible").boolean();
      break;
    case ScenarioKind::collateral_adjustment:
      place.keys({"type", "schedule", "agent", "delta"});
      event.agent = agent("agent");
      event.amount = place.at("delta").integer(-kMoneyMax, kMoneyMax);
      break;
    case ScenarioKind::global_rate:
      place.keys({"type", "schedule", "multiplier"});
      event.value = place.at("multiplier").real(0, kMultiplierEnd);
      break;
    case ScenarioKind::agent_rate:
      place.keys({"type", "schedule", "agent", "multiplier"});
      event.agent = agent("agent");
      event.value = place.at("multiplier").real(0, kMultiplierEnd);
      break;
    case ScenarioKind::counterparty_weight:
      place.keys({"type", "schedule", "agent", "counterparty", "new_weight", "auto_balance_others"});
      pair("agent", "counterparty");
      event.value = place.at("new_weight").real(0, kWeightMax);
      event.flag = place.at("auto_balance_others").boolean();
      break;
    case ScenarioKind::deadline_window: {
      place.keys({"type", "schedule", "min_ticks_multiplier", "max_ticks_multiplier"});
      const auto multiplier = [&](std::string_view key) {
        if (!place.has(key)) return 0.0;
        const double value = place.at(key).real(0, kMultiplierEnd);
        if (value == 0) place.at(key).refuse(Code::out_of_range, "is 0; it must lie above 0");
        return value;
      };
      event.value = multiplier("min_ticks_multiplier");
      event.value_high = multiplier("max_ticks_multiplier");
      if (event.value == 0 && event.value_high == 0) {
        place.refuse(Code::conflict, "min_ticks_multiplier and max_ticks_multiplier are both null");
      }
    }
  }
  read_schedule(place.at("schedule"), event);
  return event;
}

void read_simulation(const Place& place, Config& config) {
  place.keys({"ticks_per_day", "num_days", "rng_seed"});
  config.ticks_per_day = static_cast<uint32_t>(place.at("ticks_per_day").integer(1, 100'000));
  config.days = static_cast<uint32_t>(place.at("num_days").integer(1, 10'000));
  config.seed = place.at("rng_seed").whole64();
  const uint64_t ticks = uint64_t{config.ticks_per_day} * config.days;
  if (ticks > kTicksMax) {
    place.refuse(Code::limit_exceeded,
                 "makes " + std::to_string(ticks) + " ticks, the limit is " + std::to_string(kTicksMax));
  }
  config.ticks = static_cast<uint32_t>(ticks);
}

void read_switches(const Place& root, Config& config) {
  config.queue1_by_priority = root.at("queue1_ordering").one_of({"fifo", "priority_deadline"}, "order") == 1;
  config.priority_mode = root.at("priority_mode").boolean();
  const Place escalation = root.at("priority_escalation");
  escalation.keys({"enabled", "curve", "start_escalating_at_ticks", "max_boost"});
  config.escalation = escalation.at("enabled").boolean();
  escalation.at("curve").one_of({"linear"}, "curve");
  config.escalation_start = static_cast<uint32_t>(escalation.at("start_escalating_at_ticks").integer(1, 100'000));
  config.escalation_boost = static_cast<uint32_t>(escalation.at("max_boost").integer(0, kPriorityMax));
  config.algorithm_events = root.at("algorithm_sequencing").boolean();
  config.entry_offsetting = root.at("entry_disposition_offsetting").boolean();
  config.deferred_crediting = root.at("deferred_crediting").boolean();
  config.deadline_cap_at_eod = root.at("deadline_cap_at_eod").boolean();
  config.daily_reallocation = root.at("daily_liquidity_reallocation").boolean();
  config.eod_rush_ppm = static_cast<uint32_t>(root.at("eod_rush_threshold_ppm").integer(0, 1'000'000));
  const Place rng = root.at("rng");
  rng.keys({"streams"});
  config.single_stream = rng.at("streams").one_of({"per_agent", "single"}, "kind of streams") == 1;
}

}  // namespace

uint32_t Config::find_agent(std::string_view id) const {
  const auto found = std::lower_bound(agents.begin(), agents.end(), id,
                                      [](const AgentConfig& agent, std::string_view name) { return agent.id < name; });
  return found == agents.end() || found->id != id ? kNone : static_cast<uint32_t>(found - agents.begin());
}

std::shared_ptr<const Config> with_seed(const std::shared_ptr<const Config>& config, uint64_t seed) {
  if (config->seed == seed) return config;
  auto changed = std::make_shared<Config>(*config);
  changed->seed = seed;
  // `simulation` is the last key of the canonical text, so this is its rng_seed and no text of a policy.
  static constexpr std::string_view kKey = "\"rng_seed\":";
  const size_t at = changed->text.rfind(kKey) + kKey.size();
  changed->text.replace(at, changed->text.find(',', at) - at, std::to_string(seed));
  changed->hash = hash::xxh64(changed->text.data(), changed->text.size());
  return changed;
}

std::shared_ptr<const Config> read_config(std::string_view text) {
  const Json json = read_json(text);
  const Place root(json, "");
  root.keys({"simulation", "queue1_ordering", "priority_mode", "priority_escalation", "algorithm_sequencing",
             "entry_disposition_offsetting", "deferred_crediting", "deadline_cap_at_eod",
             "daily_liquidity_reallocation", "eod_rush_threshold_ppm", "rng", "agents", "cost_rates", "lsm_config",
             "scenario_events"});
  auto config = std::make_shared<Config>();
  read_simulation(root.at("simulation"), *config);
  read_switches(root, *config);
  read_agents(root.at("agents"), *config);
  config->costs = read_costs(root.at("cost_rates"));
  config->lsm = read_lsm(root.at("lsm_config"));
  for (const Place& place : root.at("scenario_events").items(100'000)) {
    config->scenario.push_back(read_scenario(place, *config));
  }
  config->text = canonical(json);
  config->hash = hash::xxh64(config->text.data(), config->text.size());
  return config;
}

}  // namespace busbar::payments
