#include "config_agents.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/math/math.h"

namespace busbar::payments {
namespace {

constexpr double kMeanMax = 1e12;

AmountRule read_amount(const Place& place) {
  place.require("type");
  AmountRule rule;
  rule.kind = static_cast<AmountKind>(
      place.at("type").one_of({"Uniform", "Normal", "LogNormal", "Exponential"}, "distribution"));
  const auto above_zero = [&](std::string_view key, double max) {
    const double value = place.at(key).real(0, max);
    if (value <= 0) place.at(key).refuse(Code::out_of_range, "is 0; it must lie above 0");
    return value;
  };
  switch (rule.kind) {
    case AmountKind::uniform:
      place.keys({"type", "min", "max"});
      rule.min = place.at("min").integer(1, kAmountMax);
      rule.max = place.at("max").integer(1, kAmountMax);
      if (rule.max < rule.min) {
        place.at("max").refuse(Code::out_of_range,
                               "is " + std::to_string(rule.max) + ", below min " + std::to_string(rule.min));
      }
      break;
    case AmountKind::normal:
      place.keys({"type", "mean", "std_dev"});
      rule.a = above_zero("mean", kMeanMax);
      rule.b = place.at("std_dev").real(0, kMeanMax);
      break;
    case AmountKind::log_normal: {
      place.keys({"type", "mean", "std_dev"});
      const double mean = above_zero("mean", kMeanMax);
      const double deviation = place.at("std_dev").real(0, kMeanMax);
      const double ratio = deviation / mean;
      const double variance = math::log(1.0 + ratio * ratio);
      rule.a = math::log(mean) - variance / 2;
      rule.b = std::sqrt(variance);
      break;
    }
    case AmountKind::exponential:
      place.keys({"type", "rate"});
      rule.a = above_zero("rate", 1e12);
  }
  return rule;
}

PriorityRule read_priority(const Place& place) {
  place.require("type");
  const auto priority = [](const Place& at) { return static_cast<uint8_t>(at.integer(0, kPriorityMax)); };
  PriorityRule rule;
  rule.kind = static_cast<PriorityKind>(place.at("type").one_of({"fixed", "categorical", "uniform"}, "priority rule"));
  if (rule.kind == PriorityKind::fixed) {
    place.keys({"type", "value"});
    rule.low = rule.high = priority(place.at("value"));
  } else if (rule.kind == PriorityKind::uniform) {
    place.keys({"type", "min", "max"});
    rule.low = priority(place.at("min"));
    rule.high = priority(place.at("max"));
    if (rule.high < rule.low) place.at("max").refuse(Code::out_of_range, "is below min");
  } else {
    place.keys({"type", "values", "weights"});
    for (const Place& item : place.at("values").items(1000)) rule.values.push_back(priority(item));
    double sum = 0;
    for (const Place& item : place.at("weights").items(1000)) {
      sum += item.real(0, kWeightMax);
      rule.cumulative.push_back(sum);
    }
    if (rule.values.size() != rule.cumulative.size()) {
      place.refuse(Code::conflict, "has " + std::to_string(rule.values.size()) + " values and " +
                                       std::to_string(rule.cumulative.size()) + " weights; equal numbers are wanted");
    }
    if (!(sum > 0)) place.at("weights").refuse(Code::out_of_range, "add up to 0; they must add up to more");
  }
  return rule;
}

/// @param band 0 urgent, 1 normal, 2 low; 3: an arrival_config
GeneratorConfig read_generator(const Place& place, const Config& config, uint32_t self, uint32_t band) {
  GeneratorConfig generator;
  if (band == 3) {
    place.keys(
        {"rate_per_tick", "amount_distribution", "counterparty_weights", "deadline_range", "priority", "divisible"});
    generator.priority = read_priority(place.at("priority"));
  } else {
    place.keys({"rate_per_tick", "amount_distribution", "counterparty_weights", "deadline_range", "divisible"});
    static constexpr uint8_t kLow[] = {8, 4, 0};
    static constexpr uint8_t kHigh[] = {10, 7, 3};
    generator.priority.kind = PriorityKind::uniform;
    generator.priority.low = kLow[band];
    generator.priority.high = kHigh[band];
  }
  generator.rate = place.at("rate_per_tick").real(0, 1'000);
  generator.amount = read_amount(place.at("amount_distribution"));
  const Place weights = place.at("counterparty_weights");
  double others = 0;
  for (const auto& [id, weight] : weights.members()) {
    const uint32_t agent = agent_of(id, weight, config);
    if (agent == self) weight.refuse(Code::conflict, "is the bank itself; nobody pays himself");
    generator.weights.emplace_back(agent, weight.real(0, kWeightMax));
    others += generator.weights.back().second;
  }
  std::sort(generator.weights.begin(), generator.weights.end());
  if (!(others > 0) && generator.weights.size() + 1 >= config.agents.size()) {
    weights.refuse(Code::out_of_range, "leave no counterparty with a weight above 0");
  }
  const std::vector<Place> range = place.at("deadline_range").items(2);
  if (range.size() != 2) place.at("deadline_range").refuse(Code::type_mismatch, "must be two whole numbers [lo, hi]");
  generator.deadline_low = static_cast<uint32_t>(range[0].integer(1, kTicksMax));
  generator.deadline_high = static_cast<uint32_t>(range[1].integer(1, kTicksMax));
  if (generator.deadline_high < generator.deadline_low) {
    range[1].refuse(Code::out_of_range, "is " + std::to_string(generator.deadline_high) + ", below the lower end " +
                                            std::to_string(generator.deadline_low));
  }
  generator.divisible = place.at("divisible").boolean();
  return generator;
}

void read_arrivals(const Place& place, const Config& config, uint32_t self, AgentConfig& agent) {
  const bool whole = place.has("arrival_config");
  if (whole && place.has("arrival_bands")) {
    place.at("arrival_bands").refuse(Code::conflict, "stands beside arrival_config; give one of them, null the other");
  }
  if (whole) agent.generators.push_back(read_generator(place.at("arrival_config"), config, self, 3));
  if (!place.has("arrival_bands")) return;
  const Place bands = place.at("arrival_bands");
  bands.keys({"urgent", "normal", "low"});
  static constexpr std::string_view kBands[] = {"urgent", "normal", "low"};
  for (uint32_t band = 0; band < 3; ++band) {
    if (bands.has(kBands[band])) agent.generators.push_back(read_generator(bands.at(kBands[band]), config, self, band));
  }
}

void read_limits(const Place& place, const Config& config, uint32_t self, AgentConfig& agent) {
  place.keys({"bilateral_limits", "multilateral_limit"});
  for (const auto& [id, limit] : place.at("bilateral_limits").members()) {
    const uint32_t other = agent_of(id, limit, config);
    if (other == self) limit.refuse(Code::conflict, "is the bank itself; nobody pays himself");
    agent.bilateral_limits.push_back({other, limit.integer(0, kMoneyMax)});
  }
  std::sort(agent.bilateral_limits.begin(), agent.bilateral_limits.end(),
            [](const LimitConfig& a, const LimitConfig& b) { return a.agent < b.agent; });
  if (place.has("multilateral_limit")) agent.multilateral_limit = place.at("multilateral_limit").integer(0, kMoneyMax);
}

void read_money(const Place& place, AgentConfig& agent) {
  agent.opening_balance = place.at("opening_balance").integer(-kMoneyMax, kMoneyMax);
  agent.unsecured_cap = place.at("unsecured_cap").integer(0, kMoneyMax);
  agent.haircut_ppm = static_cast<uint32_t>(place.at("collateral_haircut_ppm").integer(0, 1'000'000));
  agent.collateral_capacity = place.at("max_collateral_capacity").integer(0, 10 * kMoneyMax);
  agent.posted_collateral = place.at("posted_collateral").integer(0, kMoneyMax);
  agent.liquidity_pool = place.at("liquidity_pool").integer(0, kMoneyMax);
  agent.allocation_ppm = static_cast<uint32_t>(place.at("liquidity_allocation_ppm").integer(0, 1'000'000));
  if (agent.posted_collateral > agent.collateral_capacity) {
    place.at("posted_collateral")
        .refuse(Code::out_of_range, "is " + std::to_string(agent.posted_collateral) +
                                        ", above max_collateral_capacity " + std::to_string(agent.collateral_capacity));
  }
  const int64_t credit =
      agent.unsecured_cap + scaled_down(agent.posted_collateral, 1'000'000 - agent.haircut_ppm, 1'000'000);
  if (agent.opening_balance < -credit) {
    place.at("opening_balance")
        .refuse(Code::out_of_range, "is " + std::to_string(agent.opening_balance) +
                                        ", below what unsecured_cap and collateral allow: " + std::to_string(-credit));
  }
}

}  // namespace

uint32_t agent_of(std::string_view id, const Place& place, const Config& config) {
  const uint32_t index = config.find_agent(id);
  if (index != kNone) return index;
  std::vector<std::string_view> known;
  for (const AgentConfig& agent : config.agents) known.push_back(agent.id);
  if (known.size() > 1000) known.clear();
  place.refuse(Code::unknown_name, "there is no agent '" + std::string(id.substr(0, 64)) + "'" + suggestion(id, known));
}

uint32_t agent_of(const Place& place, const Config& config) { return agent_of(place.text(), place, config); }

void read_agents(const Place& list, Config& config) {
  const std::vector<Place> places = list.items(kAgentsMax);
  if (places.empty()) list.refuse(Code::out_of_range, "is empty; at least one bank is wanted");
  std::vector<std::pair<std::string, const Place*>> sorted;
  for (const Place& place : places) {
    place.keys({"id", "opening_balance", "unsecured_cap", "policy", "arrival_config", "arrival_bands",
                "posted_collateral", "collateral_haircut_ppm", "max_collateral_capacity", "limits", "liquidity_pool",
                "liquidity_allocation_ppm"});
    const std::string& id = place.at("id").text(64);
    if (id.empty()) place.at("id").refuse(Code::out_of_range, "is empty; 1 to 64 bytes are wanted");
    sorted.emplace_back(id, &place);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first == sorted[i - 1].first) {
      sorted[i].second->at("id").refuse(Code::duplicate, "'" + sorted[i].first + "' is there twice");
    }
  }
  config.agents.resize(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) config.agents[i].id = sorted[i].first;
  std::map<std::string, std::shared_ptr<const Policy>> policies;
  for (uint32_t i = 0; i < sorted.size(); ++i) {
    const Place& place = *sorted[i].second;
    AgentConfig& agent = config.agents[i];
    read_money(place, agent);
    const Place policy = place.at("policy");
    // Banks often share a policy; equal texts are read once.
    std::shared_ptr<const Policy>& read = policies[canonical(policy.json())];
    if (read == nullptr) {
      read = read_policy(policy.json(), policy.path(), [&](std::string_view id) { return config.find_agent(id); });
    }
    agent.policy = read;
    read_arrivals(place, config, i, agent);
    read_limits(place.at("limits"), config, i, agent);
  }
}

}  // namespace busbar::payments
