#include "world.h"

#include <algorithm>

#include "core/random/random.h"
#include "fault.h"

namespace busbar::payments {

World::World(std::shared_ptr<const Config> from, Options wanted)
    : config(std::move(from)), options(wanted), stream(config->seed) {
  agents.resize(config->agents.size());
  for (uint32_t i = 0; i < agents.size(); ++i) {
    const AgentConfig& source = config->agents[i];
    Agent& agent = agents[i];
    agent.balance = source.opening_balance;
    agent.cap = source.unsecured_cap;
    agent.collateral = source.posted_collateral;
    agent.capacity = source.collateral_capacity;
    agent.haircut_ppm = source.haircut_ppm;
    agent.pool_free = source.liquidity_pool;
    agent.multilateral_limit = source.multilateral_limit;
    for (const LimitConfig& limit : source.bilateral_limits) agent.limits.push_back({limit.agent, limit.limit, 0});
    agent.limited = agent.multilateral_limit >= 0 || !agent.limits.empty();
    agent.stream = XorShift(random::derive(config->seed, "payments/" + source.id, 0));
    refresh_credit(agent);
    for (const GeneratorConfig& generator : source.generators) {
      agent.generators.push_back({{}, generator.weights, 1.0, false, {}, 0});
      refresh_receivers(agent.generators.back(), i, static_cast<uint32_t>(agents.size()));
    }
    set_policy(i, source.policy);
  }
  refresh_rates();
}

Event& World::emit(EventKind kind, uint32_t tx, uint32_t agent, uint32_t other, int64_t amount) {
  Event& event = events.emplace_back();
  event.kind = kind;
  event.tick = tick;
  event.tx = tx;
  event.agent = agent;
  event.other = other;
  event.amount = amount;
  event.extra = static_cast<uint32_t>(pool_count);
  event_count += 1;
  return event;
}

void World::fold_events() {
  event_stream.update(events.data() + hashed_events_, (events.size() - hashed_events_) * sizeof(Event));
  pool_stream.update(pool.data() + hashed_pool_, (pool.size() - hashed_pool_) * sizeof(int64_t));
  if (!options.keep_events) {
    events.clear();
    pool.clear();
    first_event = event_count;
    first_pool = pool_count;
  }
  hashed_events_ = events.size();
  hashed_pool_ = pool.size();
}

void World::overflow() const {
  throw Refusal(Code::limit_exceeded, "transactions",
                "tick " + std::to_string(tick) + " would make more than " +
                    std::to_string(std::min(transactions_max, kTransactionsOver)) +
                    " payments beyond the limit of " + std::to_string(transactions_max));
}

uint32_t World::arrive(const Transaction& payment) {
  require_room(1);
  const auto id = static_cast<uint32_t>(transactions.size());
  transactions.push_back(payment);
  Event& event = emit(EventKind::arrival, id, payment.sender, payment.receiver, payment.amount);
  event.priority = payment.priority;
  event.x = payment.deadline;
  event.y = payment.parent;
  event.flags = payment.divisible;
  totals.arrivals += 1;
  totals.arrivals_value += payment.amount;
  row.arrivals += 1;
  row.arrivals_value += payment.amount;
  enter_queue1(id);
  return id;
}

void World::enter_queue1(uint32_t id) {
  Transaction& payment = transactions[id];
  Agent& sender = agents[payment.sender];
  sender.queue1.push_back(id);
  sender.queue1_value += payment.remaining;
}

void World::enter_queue2(uint32_t id) {
  Transaction& payment = transactions[id];
  payment.status = Status::queued;
  payment.queued_tick = tick;
  Agent& sender = agents[payment.sender];
  sender.queue2_count += 1;
  sender.queue2_value += payment.remaining;
  queue2_value += payment.remaining;
  queue2.push_back(id);
  queue2_version += 1;
}

void World::leave_queue2(uint32_t id) {
  const Transaction& payment = transactions[id];
  Agent& sender = agents[payment.sender];
  sender.queue2_count -= 1;
  sender.queue2_value -= payment.remaining;
  queue2_value -= payment.remaining;
  queue2_version += 1;
}

void World::compact_queue2() {
  std::erase_if(queue2, [&](uint32_t id) { return transactions[id].status != Status::queued; });
}

bool World::within_bilateral(const Agent& sender, uint32_t receiver, int64_t amount) const {
  const auto limit = std::lower_bound(sender.limits.begin(), sender.limits.end(), receiver,
                                      [](const BilateralLimit& one, uint32_t bank) { return one.agent < bank; });
  return limit == sender.limits.end() || limit->agent != receiver || amount <= limit->limit - limit->used;
}

Block World::blocked(const Transaction& payment) const {
  const Agent& sender = agents[payment.sender];
  if (payment.remaining > sender.available()) return Block::liquidity;
  if (!sender.limited) return Block::none;
  if (!within_bilateral(sender, payment.receiver, payment.remaining)) return Block::bilateral;
  if (sender.multilateral_limit >= 0 && payment.remaining > sender.multilateral_limit - sender.outflow_today) {
    return Block::multilateral;
  }
  return Block::none;
}

void World::count_outflow(uint32_t sender, uint32_t receiver, int64_t amount) {
  Agent& agent = agents[sender];
  agent.outflow_today += amount;
  if (!agent.volumes.empty()) agent.volumes[receiver] += amount;
  if (agent.limits.empty()) return;
  const auto limit = std::lower_bound(agent.limits.begin(), agent.limits.end(), receiver,
                                      [](const BilateralLimit& one, uint32_t bank) { return one.agent < bank; });
  if (limit != agent.limits.end() && limit->agent == receiver) limit->used += amount;
}

void World::credit(Agent& agent, int64_t amount, uint32_t tx) {
  if (!config->deferred_crediting) {
    agent.balance += amount;
    return;
  }
  agent.deferred += amount;
  agent.deferred_txs.push_back(tx);
}

void World::pay(const Transaction& payment) {
  agents[payment.sender].balance -= payment.remaining;
  credit(agents[payment.receiver], payment.remaining, static_cast<uint32_t>(&payment - transactions.data()));
  count_outflow(payment.sender, payment.receiver, payment.remaining);
}

void World::book_net(uint32_t index, int64_t net, uint32_t tx) {
  if (net < 0) agents[index].balance += net;
  if (net > 0) credit(agents[index], net, tx);
}

void World::mark_settled(uint32_t id, bool by_offsetting) {
  Transaction& payment = transactions[id];
  const int64_t amount = payment.remaining;
  totals.settled += 1;
  totals.settled_value += amount;
  totals.delay_ticks += tick - std::min(payment.arrival, tick);
  row.settlements += 1;
  row.settled_value += amount;
  if (by_offsetting) {
    totals.lsm_settled += 1;
    totals.lsm_value += amount;
    row.lsm_releases += 1;
  }
  if (payment.overdue()) {
    totals.overdue -= 1;
    Event& event = emit(EventKind::overdue_transaction_settled, id, payment.sender, payment.receiver, amount);
    event.x = payment.deadline;
    event.y = tick - payment.deadline;
  }
  payment.status = Status::settled;
  payment.settled_tick = tick;
  payment.remaining = 0;
  for (uint32_t parent = payment.parent; parent != kNone; parent = transactions[parent].parent) {
    Transaction& whole = transactions[parent];
    whole.remaining -= amount;
    if (whole.remaining == 0) {
      whole.status = Status::settled;
      whole.settled_tick = tick;
    }
  }
}

void World::drop(uint32_t id) {
  Transaction& payment = transactions[id];
  Event& event = emit(EventKind::policy_drop, id, payment.sender, payment.receiver, payment.remaining);
  event.x = payment.deadline;
  totals.dropped += 1;
  totals.dropped_value += payment.remaining;
  if (payment.overdue()) totals.overdue -= 1;
  payment.status = Status::dropped;
}

int64_t World::required_collateral(const Agent& agent) const {
  const int64_t need = agent.credit_used() - agent.cap;
  if (need <= 0) return 0;
  const uint64_t kept = 1'000'000 - agent.haircut_ppm;
  if (kept == 0) return agent.collateral;
  // The smallest whole number whose value after the haircut, rounded down, covers the need.
  return saturated((static_cast<Wide>(static_cast<uint64_t>(need)) * 1'000'000 + (kept - 1)) / kept);
}

void World::set_policy(uint32_t index, std::shared_ptr<const Policy> policy) {
  Agent& agent = agents[index];
  std::vector<double> registers(policy->registers.size(), 0.0);
  if (agent.policy != nullptr) {
    for (size_t i = 0; i < agent.registers.size(); ++i) {
      const auto& known = policy->registers;
      const auto at = std::lower_bound(known.begin(), known.end(), agent.policy->registers[i]);
      if (at != known.end() && *at == agent.policy->registers[i]) registers[at - known.begin()] = agent.registers[i];
    }
  }
  agent.registers = std::move(registers);
  agent.policy = std::move(policy);
  agent.reasons.clear();
  for (const Action& action : agent.policy->actions) agent.reasons.push_back(names.number(action.reason));
  for (const std::string& name : agent.policy->registers) names.number(name);
  agent.volumes.clear();
  if (!agent.policy->needs_volumes) return;
  agent.volumes.resize(agents.size());
  for (const Transaction& payment : transactions) {
    if (payment.sender == index && payment.status == Status::settled && payment.children == 0) {
      agent.volumes[payment.receiver] += payment.amount;
    }
  }
}

void World::refresh_rates() {
  for (uint32_t i = 0; i < agents.size(); ++i) {
    for (size_t k = 0; k < agents[i].generators.size(); ++k) {
      const double rate = config->agents[i].generators[k].rate * global_rate * agents[i].rate_multiplier;
      agents[i].generators[k].poisson = Poisson(std::min(rate, kRateMax), config->single_stream);
    }
  }
}

void World::refresh_receivers(Generator& generator, uint32_t self, uint32_t agents) {
  generator.runs.clear();
  generator.total = 0;
  const auto add = [&](uint32_t first, uint32_t count, double weight) {
    if (count == 0 || !(weight > 0)) return;
    generator.runs.push_back({first, count, weight, generator.total});
    generator.total += weight * count;
  };
  // Banks without a weight of their own, but for the bank itself.
  const auto add_others = [&](uint32_t first, uint32_t end) {
    if (first <= self && self < end) {
      add(first, self - first, generator.other_weight);
      first = self + 1;
    }
    add(first, end - first, generator.other_weight);
  };
  uint32_t next = 0;
  for (const auto& [agent, weight] : generator.weights) {
    add_others(next, agent);
    add(agent, 1, weight);
    next = agent + 1;
  }
  add_others(next, agents);
}

uint64_t World::kept_bytes() const {
  return transactions.size() * sizeof(Transaction) + events.size() * sizeof(Event) + pool.size() * sizeof(int64_t) +
         rows.size() * sizeof(TickRow) + history.size() * sizeof(HistoryRow);
}

std::string World::run_hash_text() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : run_hash.digest()) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

}  // namespace busbar::payments
