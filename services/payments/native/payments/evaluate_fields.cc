// What each field of a decision tree is worth. Shares are 0..1; flags 0 or 1; money in minor units.
#include <algorithm>

#include "evaluate.h"

namespace busbar::payments {
namespace {

double flag(bool holds) { return holds ? 1 : 0; }
double real(int64_t number) { return static_cast<double>(number); }
double share(double part, double whole, double otherwise) { return whole > 0 ? part / whole : otherwise; }

}  // namespace

double Evaluation::field(Field which) {
  if (which < Field::balance) return payment_field(which);
  if (which < Field::queue1_total_value) return agent_field(which);
  if (which < Field::cost_overdraft_bps_per_tick) return system_field(which);
  return cost_field(which);
}

double Evaluation::payment_field(Field which) {
  const Transaction& payment = world.transactions[tx];
  const double tick = world.tick;
  switch (which) {
    case Field::amount:
      return real(payment.amount);
    case Field::remaining_amount:
      return real(payment.remaining);
    case Field::settled_amount:
      return real(payment.amount - payment.remaining);
    case Field::arrival_tick:
      return payment.arrival;
    case Field::deadline_tick:
      return payment.deadline;
    case Field::priority:
      return payment.priority;
    case Field::is_split:
      return flag(payment.parent != kNone);
    case Field::is_past_deadline:
      return flag(world.tick > payment.deadline);
    case Field::is_overdue:
      return flag(payment.overdue());
    case Field::is_in_queue2:
      return flag(payment.status == Status::queued);
    case Field::overdue_duration:
      return payment.overdue() ? tick - payment.overdue_since : 0;
    case Field::ticks_to_deadline:
      return payment.deadline - tick;
    case Field::queue_age:
      return tick - payment.arrival;
    case Field::tx_counterparty_id:
      return payment.receiver;
    case Field::tx_is_top_counterparty: {
      // Among the five with the largest settled value, and some value at all; ties go to the earlier id.
      const std::vector<int64_t>& volumes = world.agents[agent].volumes;
      const int64_t mine = volumes[payment.receiver];
      if (mine == 0) return 0;
      int ahead = 0;
      for (uint32_t i = 0; i < volumes.size(); ++i) {
        ahead += volumes[i] > mine || (volumes[i] == mine && i < payment.receiver);
      }
      return flag(ahead < 5);
    }
    case Field::my_q2_out_value_to_counterparty:
      return real(world.queue2_view().sum(agent, payment.receiver));
    case Field::my_q2_in_value_from_counterparty:
      return real(world.queue2_view().sum(payment.receiver, agent));
    case Field::my_bilateral_net_q2: {
      const Queue2View& view = world.queue2_view();
      return real(view.sum(agent, payment.receiver) - view.sum(payment.receiver, agent));
    }
    case Field::cost_delay_this_tx_one_tick:
      return real(payment.remaining) * cost_field(Field::cost_delay_per_tick_per_cent);
    default:
      return real(payment.remaining) * cost_field(Field::cost_overdraft_bps_per_tick) / 10'000;
  }
}

double Evaluation::agent_field(Field which) {
  const Agent& bank = world.agents[agent];
  const int64_t used = bank.credit_used();
  switch (which) {
    case Field::balance:
      return real(bank.balance);
    case Field::credit_limit:
    case Field::unsecured_cap:
      return real(bank.cap);
    case Field::available_liquidity:
      return real(std::max<int64_t>(bank.balance, 0));
    case Field::credit_used:
      return real(used);
    case Field::effective_liquidity:
      return real(bank.available());
    case Field::is_using_credit:
      return flag(used > 0);
    case Field::liquidity_buffer:
      return real(bank.policy->liquidity_buffer);
    case Field::liquidity_pressure:
      return share(real(bank.queue1_value), real(bank.queue1_value + bank.available()), 0);
    case Field::credit_headroom:
      return real(bank.cap - used);
    case Field::is_overdraft_capped:
      return 1;
    case Field::headroom:
      return real(std::max<int64_t>(bank.balance, 0) - bank.queue1_value);
    case Field::outgoing_queue_size:
      return real(static_cast<int64_t>(bank.queue1.size()));
    case Field::incoming_expected_count:
      return world.queue2_view().incoming[agent];
    case Field::posted_collateral:
      return real(bank.collateral);
    case Field::max_collateral_capacity:
      return real(bank.capacity);
    case Field::remaining_collateral_capacity:
      return real(bank.capacity - bank.collateral);
    case Field::collateral_utilization:
      return share(real(bank.collateral), real(bank.capacity), 0);
    case Field::collateral_haircut:
      return bank.haircut_ppm / 1e6;
    case Field::allowed_overdraft_limit:
      return real(bank.credit);
    case Field::overdraft_headroom:
      return real(bank.credit - used);
    case Field::overdraft_utilization:
      return share(real(used), real(bank.credit), 0);
    case Field::required_collateral_for_usage:
      return real(world.required_collateral(bank));
    default:
      return real(std::max<int64_t>(bank.collateral - world.required_collateral(bank), 0));
  }
}

double Evaluation::system_field(Field which) {
  const Agent& bank = world.agents[agent];
  const Config& config = *world.config;
  const double progress = static_cast<double>(world.tick_in_day()) / config.ticks_per_day;
  switch (which) {
    case Field::queue1_total_value:
      return real(bank.queue1_value);
    case Field::queue1_liquidity_gap:
      return real(std::max<int64_t>(bank.queue1_value - std::max<int64_t>(bank.balance, 0), 0));
    case Field::queue2_size:
    case Field::rtgs_queue_size:
      return real(static_cast<int64_t>(world.queue2.size()));
    case Field::queue2_count_for_agent:
      return bank.queue2_count;
    case Field::queue2_nearest_deadline:  // the end of the run without a payment there
      return std::min(world.queue2_view().nearest_deadline[agent], config.ticks);
    case Field::ticks_to_nearest_queue2_deadline:
      return std::min(world.queue2_view().nearest_deadline[agent], config.ticks) - static_cast<double>(world.tick);
    case Field::rtgs_queue_value:
      return real(world.queue2_value);
    case Field::current_tick:
      return world.tick;
    case Field::total_agents:
      return real(static_cast<int64_t>(world.agents.size()));
    case Field::system_ticks_per_day:
      return config.ticks_per_day;
    case Field::system_current_day:
      return world.day();
    case Field::system_tick_in_day:
      return world.tick_in_day();
    case Field::ticks_remaining_in_day:
      return config.ticks_per_day - world.tick_in_day() - 1;
    case Field::day_progress_fraction:
      return progress;
    case Field::is_eod_rush:
      return flag(uint64_t{world.tick_in_day()} * 1'000'000 >= uint64_t{config.eod_rush_ppm} * config.ticks_per_day);
    case Field::system_queue2_pressure_index: {
      int64_t available = 0;
      for (const Agent& one : world.agents) available += one.available();
      return share(real(world.queue2_value), real(world.queue2_value) + real(available), 0);
    }
    case Field::lsm_run_rate_last_10_ticks: {
      uint32_t sum = 0;
      for (const uint32_t released : world.lsm_recent) sum += released;
      return sum / 10.0;
    }
    case Field::my_throughput_fraction_today: {
      const int64_t due = bank.outflow_today + bank.queue1_value + bank.queue2_value;
      return share(real(bank.outflow_today), real(due), 1);
    }
    case Field::throughput_gap: {
      const double mine = system_field(Field::my_throughput_fraction_today);
      return mine - progress;
    }
    default:
      return progress;  // the guidance is a straight line over the day
  }
}

double Evaluation::cost_field(Field which) const {
  const CostRates& rates = world.config->costs;
  const int64_t remaining = tx == kNone ? 0 : world.transactions[tx].remaining;
  switch (which) {
    case Field::cost_overdraft_bps_per_tick:
      return static_cast<double>(rates.overdraft_bps_e3) / 1e3;
    case Field::cost_delay_per_tick_per_cent:
      return static_cast<double>(rates.delay_e6) / 1e6;
    case Field::cost_collateral_bps_per_tick:
      return static_cast<double>(rates.collateral_bps_e6) / 1e6;
    case Field::cost_split_friction:
      return real(rates.split_friction);
    // A rate is about an amount: 0 where no payment is looked at.
    case Field::cost_deadline_penalty:
      return real(rates.deadline.of(tx == kNone ? 0 : world.transactions[tx].amount));
    default:
      return real(rates.end_of_day.of(remaining));
  }
}

}  // namespace busbar::payments
