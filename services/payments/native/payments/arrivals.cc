#include <algorithm>
#include <cmath>

#include "core/math/math.h"
#include "steps.h"

namespace busbar::payments {
namespace {

int64_t rounded(double value) {
  if (!(value >= 1)) return 1;
  return value >= static_cast<double>(kAmountMax) ? kAmountMax : static_cast<int64_t>(std::floor(value + 0.5));
}

uint32_t stretched(uint32_t ticks, double multiplier) {
  if (multiplier == 1) return ticks;
  const double value = std::floor(ticks * multiplier + 0.5);
  return value < 1 ? 1 : value > kTicksMax ? kTicksMax : static_cast<uint32_t>(value);
}

}  // namespace

int64_t draw_amount(const AmountRule& rule, Dice dice) {
  switch (rule.kind) {
    case AmountKind::uniform:
      return dice.between(rule.min, rule.max);
    case AmountKind::normal:
      return rounded(rule.a + rule.b * dice.normal());
    case AmountKind::log_normal:
      return rounded(math::exp(rule.a + rule.b * dice.normal()));
    default:
      return rounded(-math::log(1.0 - dice.stream.real()) / rule.a);
  }
}

uint32_t draw_receiver(const Generator& generator, Dice dice) {
  const double at = dice.stream.real() * generator.total;
  // The last run that starts at or before `at`.
  size_t low = 0, high = generator.runs.size();
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    (generator.runs[middle].start <= at ? low : high) = middle;
  }
  const ReceiverRun& run = generator.runs[low];
  const double place = std::min(std::floor((at - run.start) / run.weight), static_cast<double>(run.count - 1));
  return run.first + static_cast<uint32_t>(place);
}

uint8_t draw_priority(const PriorityRule& rule, Dice dice) {
  switch (rule.kind) {
    case PriorityKind::fixed:
      return rule.low;
    case PriorityKind::uniform:
      return static_cast<uint8_t>(dice.between(rule.low, rule.high));
    default: {
      const double at = dice.stream.real() * rule.cumulative.back();
      const auto found = std::upper_bound(rule.cumulative.begin(), rule.cumulative.end(), at);
      const size_t place = std::min<size_t>(found - rule.cumulative.begin(), rule.values.size() - 1);
      return rule.values[place];
    }
  }
}

uint32_t draw_deadline(const World& world, const GeneratorConfig& config, Dice dice) {
  const uint32_t low = stretched(config.deadline_low, world.deadline_low_multiplier);
  const uint32_t high = std::max(low, stretched(config.deadline_high, world.deadline_high_multiplier));
  const uint32_t wanted = world.tick + static_cast<uint32_t>(dice.between(low, high));
  uint32_t cap = world.config->ticks;
  if (world.config->deadline_cap_at_eod) cap = std::min(cap, world.day_end());
  return std::max(std::min(wanted, cap), world.tick + 1);
}

void step_arrivals(World& world) {
  const Config& config = *world.config;
  for (uint32_t i = 0; i < world.agents.size(); ++i) {
    Agent& agent = world.agents[i];
    const Dice dice{config.single_stream ? world.stream : agent.stream, config.single_stream};
    for (size_t k = 0; k < agent.generators.size(); ++k) {
      const Generator& generator = agent.generators[k];
      const GeneratorConfig& rules = config.agents[i].generators[k];
      const uint32_t count = generator.poisson.draw(dice.stream);
      for (uint32_t n = 0; n < count && !generator.runs.empty(); ++n) {
        Transaction payment;
        payment.sender = i;
        payment.arrival = world.tick;
        payment.amount = payment.remaining = draw_amount(rules.amount, dice);
        payment.receiver = draw_receiver(generator, dice);
        payment.deadline = draw_deadline(world, rules, dice);
        payment.priority = payment.original_priority = draw_priority(rules.priority, dice);
        payment.divisible = rules.divisible;
        world.arrive(payment);
      }
    }
  }
}

}  // namespace busbar::payments
