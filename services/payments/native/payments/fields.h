// The fields that decision trees may name.
#pragma once

#include <cstdint>
#include <string_view>

namespace busbar::payments {

enum class Field : uint16_t {
  // payment
  amount,
  remaining_amount,
  settled_amount,
  arrival_tick,
  deadline_tick,
  priority,
  is_split,
  is_past_deadline,
  is_overdue,
  is_in_queue2,
  overdue_duration,
  ticks_to_deadline,
  queue_age,
  tx_counterparty_id,
  tx_is_top_counterparty,
  my_q2_out_value_to_counterparty,
  my_q2_in_value_from_counterparty,
  my_bilateral_net_q2,
  cost_delay_this_tx_one_tick,
  cost_overdraft_this_amount_one_tick,
  // agent
  balance,
  credit_limit,
  available_liquidity,
  credit_used,
  effective_liquidity,
  is_using_credit,
  liquidity_buffer,
  liquidity_pressure,
  credit_headroom,
  is_overdraft_capped,
  headroom,
  outgoing_queue_size,
  incoming_expected_count,
  posted_collateral,
  max_collateral_capacity,
  remaining_collateral_capacity,
  collateral_utilization,
  collateral_haircut,
  unsecured_cap,
  allowed_overdraft_limit,
  overdraft_headroom,
  overdraft_utilization,
  required_collateral_for_usage,
  excess_collateral,
  // queues
  queue1_total_value,
  queue1_liquidity_gap,
  queue2_size,
  queue2_count_for_agent,
  queue2_nearest_deadline,
  ticks_to_nearest_queue2_deadline,
  rtgs_queue_size,
  rtgs_queue_value,
  // system
  current_tick,
  total_agents,
  system_ticks_per_day,
  system_current_day,
  system_tick_in_day,
  ticks_remaining_in_day,
  day_progress_fraction,
  is_eod_rush,
  system_queue2_pressure_index,
  lsm_run_rate_last_10_ticks,
  system_throughput_guidance_fraction_by_tick,
  my_throughput_fraction_today,
  expected_throughput_fraction_by_now,
  throughput_gap,
  // costs
  cost_overdraft_bps_per_tick,
  cost_delay_per_tick_per_cent,
  cost_collateral_bps_per_tick,
  cost_split_friction,
  cost_deadline_penalty,
  cost_eod_penalty,
  count
};
inline constexpr uint16_t kFields = static_cast<uint16_t>(Field::count);

/// By number.
std::string_view field_name(uint16_t field);
/// payment, agent, queue, system or cost.
std::string_view field_group(uint16_t field);
/// True: there is a value only where a payment is looked at.
bool field_payment_only(uint16_t field);
/// kFields when there is none.
uint16_t find_field(std::string_view name);

}  // namespace busbar::payments
