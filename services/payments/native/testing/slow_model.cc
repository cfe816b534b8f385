#include "testing/slow_model.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace busbar::payments::testing {
namespace {

__extension__ using Huge = __int128;

using Place = SlowPayment::Place;

int band_of(int priority) { return priority >= 8 ? 2 : priority >= 4 ? 1 : 0; }

/// numerator / denominator to the nearest, halves up.
int64_t nearest(Huge numerator, Huge denominator) {
  const Huge twice = 2 * numerator + denominator;
  return static_cast<int64_t>(twice / (2 * denominator));
}

int64_t penalty(const Penalty& rule, int64_t amount) {
  return rule.rate ? static_cast<int64_t>(Huge{amount} * static_cast<int64_t>(rule.bps_e6) / 10'000 / 1'000'000) : rule.amount;
}

}  // namespace

SlowModel::SlowModel(const Config& config, std::vector<SlowRule> rules) : config_(config), rules_(std::move(rules)) {
  for (const AgentConfig& agent : config.agents) {
    SlowBank bank;
    bank.balance = agent.opening_balance;
    bank.collateral = agent.posted_collateral;
    bank.pool = agent.liquidity_pool;
    banks.push_back(bank);
  }
}

int64_t SlowModel::credit(uint32_t bank) const {
  const AgentConfig& rules = config_.agents[bank];
  return rules.unsecured_cap + static_cast<int64_t>(Huge{banks[bank].collateral} * (1'000'000 - rules.haircut_ppm) / 1'000'000);
}

int64_t SlowModel::available(uint32_t bank) const {
  const int64_t balance = banks[bank].balance;
  return std::max<int64_t>(balance, 0) + std::max<int64_t>(credit(bank) - std::max<int64_t>(-balance, 0), 0);
}

int64_t SlowModel::sum(const Ids& ids) const {
  int64_t value = 0;
  for (const uint32_t id : ids) value += payments[id].open;
  return value;
}

int64_t SlowModel::sent_today(uint32_t bank, int64_t to) const {
  int64_t value = 0;
  for (const SlowPayment& one : payments) {
    if (one.children > 0 || one.place != Place::settled || one.from != bank || (to >= 0 && one.to != to)) continue;
    if (static_cast<uint32_t>(one.settled_at) / config_.ticks_per_day == day()) value += one.amount;
  }
  return value;
}

bool SlowModel::may(const Ids& ids) const {
  for (uint32_t bank = 0; bank < banks.size(); ++bank) {
    int64_t out = 0, in = 0;
    std::map<uint32_t, int64_t> by_receiver;
    for (const uint32_t id : ids) {
      if (payments[id].from == bank) {
        out += payments[id].open;
        by_receiver[payments[id].to] += payments[id].open;
      }
      if (payments[id].to == bank) in += payments[id].open;
    }
    if (out == 0) continue;
    if (out - in > available(bank)) return false;
    const AgentConfig& rules = config_.agents[bank];
    if (rules.multilateral_limit >= 0 && sent_today(bank, -1) + out > rules.multilateral_limit) return false;
    for (const LimitConfig& limit : rules.bilateral_limits) {
      const auto some = by_receiver.find(limit.agent);
      if (some != by_receiver.end() && sent_today(bank, limit.agent) + some->second > limit.limit) return false;
    }
  }
  return true;
}

void SlowModel::settle(const Ids& ids, bool by_offsetting) {
  std::vector<int64_t> net(banks.size());
  for (const uint32_t id : ids) {
    net[payments[id].from] -= payments[id].open;
    net[payments[id].to] += payments[id].open;
  }
  for (uint32_t bank = 0; bank < banks.size(); ++bank) {
    (config_.deferred_crediting && net[bank] > 0 ? banks[bank].waiting : banks[bank].balance) += net[bank];
  }
  for (const uint32_t id : ids) {
    std::erase(queue2, id);
    payments[id].open = 0;
    payments[id].place = Place::settled;
    payments[id].settled_at = now;
    offset += by_offsetting;
    for (int64_t whole = payments[id].parent; whole >= 0; whole = payments[static_cast<size_t>(whole)].parent) {
      SlowPayment& parent = payments[static_cast<size_t>(whole)];
      parent.open -= payments[id].amount;
      if (parent.open > 0) continue;
      parent.place = Place::settled;
      parent.settled_at = now;
    }
  }
}

SlowModel::Ids SlowModel::queued(uint32_t from, uint32_t to) const {
  Ids ids;
  for (const uint32_t id : queue2) {
    if (payments[id].from == from && payments[id].to == to) ids.push_back(id);
  }
  return ids;
}

SlowModel::Ids SlowModel::in_order() const {
  Ids ids = queue2;
  if (config_.priority_mode) {
    std::stable_sort(ids.begin(), ids.end(), [&](uint32_t a, uint32_t b) { return payments[a].band > payments[b].band; });
  }
  return ids;
}

void SlowModel::new_day() {
  for (uint32_t i = 0; i < banks.size(); ++i) {
    SlowBank& bank = banks[i];
    bank.today.assign(7, 0);
    if (now > 0 && !config_.daily_reallocation) continue;
    const int64_t back = now == 0 ? 0 : std::min(bank.allocated, std::max<int64_t>(bank.balance, 0));
    bank.balance -= back;
    bank.pool += back;
    const AgentConfig& rules = config_.agents[i];
    const auto wanted = static_cast<int64_t>(Huge{rules.liquidity_pool} * rules.allocation_ppm / 1'000'000);
    bank.allocated = std::min(wanted, bank.pool);
    bank.balance += bank.allocated;
    bank.pool -= bank.allocated;
  }
}

void SlowModel::scenario() {
  for (const ScenarioEvent& event : config_.scenario) {
    if (!event.due(now)) continue;
    SlowBank& bank = banks[event.agent];
    SlowPayment payment;
    payment.from = event.agent;
    payment.to = event.other;
    payment.amount = payment.open = event.amount;
    const auto id = static_cast<uint32_t>(payments.size());
    switch (event.kind) {
      case ScenarioKind::direct_transfer:
        if (event.amount > available(event.agent)) break;
        bank.balance -= event.amount;
        banks[event.other].balance += event.amount;
        break;
      case ScenarioKind::scheduled_settlement:
        payment.priority = payment.first_priority = 5;
        payment.divisible = false;
        payment.deadline = now + 1;
        payments.push_back(payment);
        if (may({id})) {
          settle({id}, false);
        } else {
          payments[id].place = Place::dropped;
        }
        break;
      case ScenarioKind::custom_arrival: {
        payment.priority = payment.first_priority = event.priority;
        payment.divisible = event.flag;
        uint32_t last = config_.ticks;
        if (config_.deadline_cap_at_eod) last = std::min(last, (day() + 1) * config_.ticks_per_day);
        payment.deadline = std::max(std::min(now + event.deadline, last), now + 1);
        payments.push_back(payment);
        bank.queue1.push_back(id);
        break;
      }
      case ScenarioKind::collateral_adjustment: {
        const int64_t before = bank.collateral;
        bank.collateral += event.amount;
        const bool covered = bank.collateral >= 0 && credit(event.agent) >= -bank.balance;
        if (bank.collateral > config_.agents[event.agent].collateral_capacity || !covered) bank.collateral = before;
        break;
      }
      default:
        break;  // of what arrives by chance
    }
  }
}

void SlowModel::split(uint32_t bank, uint32_t id, int64_t parts, int64_t least) {
  const SlowPayment whole = payments[id];
  parts = std::min(parts, whole.open / least);
  if (!whole.divisible || parts < 2) {
    banks[bank].queue1.push_back(id);
    return;
  }
  banks[bank].tick[6] += config_.costs.split_friction * (parts - 1);
  payments[id].place = Place::split;
  payments[id].children = static_cast<int>(parts);
  for (int64_t i = 0; i < parts; ++i) {
    SlowPayment part = whole;
    part.parent = id;
    // As even as can be, the larger ones first.
    part.amount = part.open = (whole.open + parts - 1 - i) / parts;
    part.first_priority = part.priority;
    submissions_.push_back(static_cast<uint32_t>(payments.size()));
    payments.push_back(part);
  }
}

void SlowModel::decide(uint32_t bank, uint32_t id) {
  const SlowRule& rule = rules_[bank];
  const SlowPayment& payment = payments[id];
  const int64_t left = int64_t{payment.deadline} - now;
  const bool fundable = payment.open <= available(bank);
  const auto hold = [&] { banks[bank].queue1.push_back(id); };
  if (rule.kind == SlowPolicy::fifo) return submissions_.push_back(id);
  if (rule.kind == SlowPolicy::mock_splitting) return split(bank, id, rule.splits, 1);
  if (left <= 0) {
    payments[id].place = Place::dropped;
    return;
  }
  if (rule.kind == SlowPolicy::liquidity_splitting) {
    if (fundable) return submissions_.push_back(id);
    if (banks[bank].balance > 0) return split(bank, id, left <= 5 ? rule.splits : 2, rule.least);
    return hold();
  }
  const bool urgent = left <= rule.threshold;
  bool go = urgent;
  if (rule.kind == SlowPolicy::liquidity_aware) {
    go = urgent || rule.buffer == 0 ? fundable : banks[bank].balance - payment.open >= rule.buffer;
  }
  if (go) return submissions_.push_back(id);
  hold();
}

void SlowModel::release(uint32_t bank) {
  Ids orders;
  orders.swap(banks[bank].queue1);
  for (const uint32_t id : orders) {
    if (!config_.escalation) break;
    SlowPayment& one = payments[id];
    const int64_t left = std::max<int64_t>(int64_t{one.deadline} - now, 0), start = config_.escalation_start;
    if (left >= start) continue;
    const int64_t boost = nearest(Huge{config_.escalation_boost} * (start - left), start);
    one.priority = static_cast<int>(std::min<int64_t>(one.first_priority + boost, 10));
  }
  if (config_.queue1_by_priority) {
    std::stable_sort(orders.begin(), orders.end(), [&](uint32_t a, uint32_t b) {
      const SlowPayment &one = payments[a], &other = payments[b];
      if (one.priority != other.priority) return one.priority > other.priority;
      return one.deadline != other.deadline ? one.deadline < other.deadline : a < b;
    });
  }
  for (const uint32_t id : orders) decide(bank, id);
}

bool SlowModel::offset_at_entry(uint32_t id) {
  Ids group = {id};
  for (const uint32_t back : queued(payments[id].to, payments[id].from)) {
    group.push_back(back);
    if (!may(group)) continue;
    settle(group, true);
    return true;
  }
  return false;
}

void SlowModel::submit(uint32_t id) {
  if (may({id})) return settle({id}, false);
  if (config_.entry_offsetting && offset_at_entry(id)) return;
  payments[id].place = Place::queue2;
  payments[id].band = band_of(payments[id].priority);
  queue2.push_back(id);
}

uint64_t SlowModel::pass() {
  uint64_t count = 0;
  for (const uint32_t id : in_order()) {
    if (!may({id})) continue;
    settle({id}, false);
    count += 1;
  }
  return count;
}

void SlowModel::costs() {
  const CostRates& rates = config_.costs;
  std::vector<Huge> delay(banks.size());
  for (SlowPayment& one : payments) {
    if (one.place != Place::queue1 && one.place != Place::queue2) continue;
    if (one.overdue_at < 0 && now > one.deadline) {
      one.overdue_at = now;
      banks[one.from].tick[4] += penalty(rates.deadline, one.amount);
    }
    delay[one.from] += Huge{one.open} * static_cast<int64_t>(one.overdue_at < 0 ? 1000 : rates.overdue_multiplier_e3) *
                       static_cast<int64_t>(rates.class_multiplier_e3[band_of(one.priority)]);
    if ((now + 1) % config_.ticks_per_day == 0 && one.deadline <= now + 1) banks[one.from].tick[5] += penalty(rates.end_of_day, one.open);
  }
  for (uint32_t i = 0; i < banks.size(); ++i) {
    SlowBank& bank = banks[i];
    const auto bps = [](int64_t amount, uint64_t rate, int64_t scale) {
      return nearest(Huge{amount} * static_cast<int64_t>(rate), Huge{10'000} * scale);
    };
    bank.tick[0] += bps(std::max<int64_t>(-bank.balance, 0), rates.overdraft_bps_e3, 1'000);
    bank.tick[1] += nearest(delay[i] * static_cast<int64_t>(rates.delay_e6), Huge{1'000'000} * 1'000'000);
    bank.tick[2] += bps(bank.collateral, rates.collateral_bps_e6, 1'000'000);
    bank.tick[3] += bps(bank.allocated, rates.liquidity_bps_e6, 1'000'000);
    for (size_t kind = 0; kind < 7; ++kind) {
      bank.today[kind] += bank.tick[kind];
      bank.total[kind] += bank.tick[kind];
    }
    bank.tick.assign(7, 0);
  }
}

void SlowModel::tick(const std::function<std::vector<SlowPayment>()>& drawn) {
  cycles_this_tick_ = 0;
  submissions_.clear();
  if (now % config_.ticks_per_day == 0) new_day();
  scenario();
  for (const SlowPayment& one : drawn()) {
    banks[one.from].queue1.push_back(static_cast<uint32_t>(payments.size()));
    payments.push_back(one);
  }
  for (uint32_t bank = 0; bank < banks.size(); ++bank) release(bank);
  for (const uint32_t id : Ids(submissions_)) submit(id);
  pass();
  saving();
  for (SlowBank& bank : banks) {
    bank.balance += bank.waiting;
    bank.waiting = 0;
  }
  costs();
  now += 1;
}

}  // namespace busbar::payments::testing
