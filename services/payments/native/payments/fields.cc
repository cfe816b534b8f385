#include "fields.h"

namespace busbar::payments {
namespace {

struct Row {
  std::string_view name;
  std::string_view group;
};

// In the order of the enumeration; the payment fields are those that need a payment.
constexpr Row kRows[] = {
    {"amount", "payment"},
    {"remaining_amount", "payment"},
    {"settled_amount", "payment"},
    {"arrival_tick", "payment"},
    {"deadline_tick", "payment"},
    {"priority", "payment"},
    {"is_split", "payment"},
    {"is_past_deadline", "payment"},
    {"is_overdue", "payment"},
    {"is_in_queue2", "payment"},
    {"overdue_duration", "payment"},
    {"ticks_to_deadline", "payment"},
    {"queue_age", "payment"},
    {"tx_counterparty_id", "payment"},
    {"tx_is_top_counterparty", "payment"},
    {"my_q2_out_value_to_counterparty", "payment"},
    {"my_q2_in_value_from_counterparty", "payment"},
    {"my_bilateral_net_q2", "payment"},
    {"cost_delay_this_tx_one_tick", "payment"},
    {"cost_overdraft_this_amount_one_tick", "payment"},
    {"balance", "agent"},
    {"credit_limit", "agent"},
    {"available_liquidity", "agent"},
    {"credit_used", "agent"},
    {"effective_liquidity", "agent"},
    {"is_using_credit", "agent"},
    {"liquidity_buffer", "agent"},
    {"liquidity_pressure", "agent"},
    {"credit_headroom", "agent"},
    {"is_overdraft_capped", "agent"},
    {"headroom", "agent"},
    {"outgoing_queue_size", "agent"},
    {"incoming_expected_count", "agent"},
    {"posted_collateral", "agent"},
    {"max_collateral_capacity", "agent"},
    {"remaining_collateral_capacity", "agent"},
    {"collateral_utilization", "agent"},
    {"collateral_haircut", "agent"},
    {"unsecured_cap", "agent"},
    {"allowed_overdraft_limit", "agent"},
    {"overdraft_headroom", "agent"},
    {"overdraft_utilization", "agent"},
    {"required_collateral_for_usage", "agent"},
    {"excess_collateral", "agent"},
    {"queue1_total_value", "queue"},
    {"queue1_liquidity_gap", "queue"},
    {"queue2_size", "queue"},
    {"queue2_count_for_agent", "queue"},
    {"queue2_nearest_deadline", "queue"},
    {"ticks_to_nearest_queue2_deadline", "queue"},
    {"rtgs_queue_size", "queue"},
    {"rtgs_queue_value", "queue"},
    {"current_tick", "system"},
    {"total_agents", "system"},
    {"system_ticks_per_day", "system"},
    {"system_current_day", "system"},
    {"system_tick_in_day", "system"},
    {"ticks_remaining_in_day", "system"},
    {"day_progress_fraction", "system"},
    {"is_eod_rush", "system"},
    {"system_queue2_pressure_index", "system"},
    {"lsm_run_rate_last_10_ticks", "system"},
    {"system_throughput_guidance_fraction_by_tick", "system"},
    {"my_throughput_fraction_today", "system"},
    {"expected_throughput_fraction_by_now", "system"},
    {"throughput_gap", "system"},
    {"cost_overdraft_bps_per_tick", "cost"},
    {"cost_delay_per_tick_per_cent", "cost"},
    {"cost_collateral_bps_per_tick", "cost"},
    {"cost_split_friction", "cost"},
    {"cost_deadline_penalty", "cost"},
    {"cost_eod_penalty", "cost"},
};
static_assert(sizeof kRows / sizeof kRows[0] == kFields);
constexpr uint16_t kPaymentFields = static_cast<uint16_t>(Field::balance);

}  // namespace

std::string_view field_name(uint16_t field) { return kRows[field].name; }
std::string_view field_group(uint16_t field) { return kRows[field].group; }
bool field_payment_only(uint16_t field) { return field < kPaymentFields; }

uint16_t find_field(std::string_view name) {
  for (uint16_t field = 0; field < kFields; ++field) {
    if (kRows[field].name == name) return field;
  }
  return kFields;
}

}  // namespace busbar::payments
