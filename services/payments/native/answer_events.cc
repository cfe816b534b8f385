// Events as messages, and pages of them.
#include <algorithm>

#include "answer.h"

namespace busbar::payments {
namespace {

using Lists = std::vector<int64_t>;

/// What an event's list says, by kind: (id, amount) pairs, (bank, net) pairs, ids, banks or costs.
struct Parts {
  std::vector<uint32_t> txs;
  Lists amounts;
  std::vector<uint32_t> banks;
  Lists nets;
  bool has_costs = false;
  Costs costs;
};

Parts parts_of(const World& world, const Event& event) {
  Parts parts;
  const int64_t* const list = world.list_of(event);
  const uint32_t count = event.extra_count;
  const auto pairs = [&](uint32_t from) {
    for (uint32_t i = from; i + 1 < count; i += 2) {
      parts.txs.push_back(static_cast<uint32_t>(list[i]));
      parts.amounts.push_back(list[i + 1]);
    }
  };
  switch (event.kind) {
    case EventKind::policy_split:
    case EventKind::lsm_bilateral_offset:
    case EventKind::entry_disposition_offset:
      pairs(0);
      break;
    case EventKind::lsm_cycle_settlement: {
      const uint32_t banks = count == 0 ? 0 : static_cast<uint32_t>(std::clamp<int64_t>(list[0], 0, (count - 1) / 2));
      for (uint32_t i = 0; i < banks; ++i) {
        parts.banks.push_back(static_cast<uint32_t>(list[1 + 2 * i]));
        parts.nets.push_back(list[2 + 2 * i]);
      }
      pairs(1 + 2 * banks);
      break;
    }
    case EventKind::bank_budget_set:
      for (uint32_t i = 0; i < count; ++i) parts.banks.push_back(static_cast<uint32_t>(list[i]));
      break;
    case EventKind::deferred_credit_applied:
      for (uint32_t i = 0; i < count; ++i) parts.txs.push_back(static_cast<uint32_t>(list[i]));
      break;
    case EventKind::cost_accrual:
      parts.has_costs = true;
      for (uint32_t i = 0; i < std::min(count, kCostKinds); ++i) parts.costs.part[i] = list[i];
      break;
    default:
      break;
  }
  return parts;
}

bool concerns(const World& world, const Event& event, uint32_t agent) {
  if (event.agent == agent || event.other == agent) return true;
  if (event.kind != EventKind::lsm_cycle_settlement) return false;
  const Parts parts = parts_of(world, event);
  return std::find(parts.banks.begin(), parts.banks.end(), agent) != parts.banks.end();
}

/// Names by number; a checkpoint may hold any number.
Text name_of(Answer& answer, const World& world, uint32_t number) {
  return answer.text(number < world.names.size() ? std::string_view(world.names.text(number)) : "");
}

Text bank_of(Answer& answer, const World& world, uint32_t number) {
  return number < world.agents.size() ? answer.agent_name(world, number) : answer.text("");
}

/// Fields whose meaning depends on the kind (table in payments.fbs).
void add_special(fb::EventBuilder& out, const World& world, const Event& event, Text reason) {
  switch (event.kind) {
    case EventKind::arrival:
      out.add_priority(event.priority);
      out.add_deadline_tick(event.x);
      out.add_divisible((event.flags & 1) != 0);
      break;
    case EventKind::policy_submit:
      out.add_priority(event.priority);
      if (const uint32_t parent = world.transactions[event.tx].parent; parent != kNone) out.add_parent(parent);
      break;
    case EventKind::policy_drop:
      out.add_deadline_tick(event.x);
      break;
    case EventKind::policy_split:
      out.add_count(event.x);
      out.add_cost(event.before);
      break;
    case EventKind::transaction_reprioritized:
    case EventKind::priority_escalated:
      out.add_priority(event.priority);
      out.add_old_priority(event.old_priority);
      out.add_ticks(static_cast<int32_t>(event.x));
      break;
    case EventKind::collateral_timer_withdrawn:
    case EventKind::collateral_timer_blocked:
      out.add_ticks(static_cast<int32_t>(event.x));
      [[fallthrough]];
    case EventKind::collateral_post:
    case EventKind::collateral_withdraw:
    case EventKind::rtgs_immediate_settlement:
    case EventKind::deferred_credit_applied:
    case EventKind::liquidity_return:
    case EventKind::liquidity_allocation:
      out.add_before(event.before);
      out.add_after(event.after);
      break;
    case EventKind::state_register_set:
      out.add_value(std::bit_cast<double>(event.after));
      out.add_old_value(std::bit_cast<double>(event.before));
      out.add_reason(reason);
      break;
    case EventKind::bank_budget_set:
      out.add_limit(event.before);
      out.add_count(event.x);
      break;
    case EventKind::queued_rtgs:
      out.add_position(event.x);
      break;
    case EventKind::rtgs_submission:
      out.add_priority(event.priority);
      [[fallthrough]];
    case EventKind::rtgs_withdrawal:
    case EventKind::rtgs_resubmission:
      out.add_rtgs_priority(static_cast<fb::RtgsPriority>(event.flags >> 2 & 3));
      break;
    case EventKind::queue2_liquidity_release:
      out.add_before(event.before);
      out.add_after(event.after);
      out.add_ticks(static_cast<int32_t>(event.x));
      break;
    case EventKind::lsm_bilateral_offset:
      out.add_other_amount(event.before);
      out.add_net(event.after);
      break;
    case EventKind::lsm_cycle_settlement:
    case EventKind::entry_disposition_offset:
      out.add_net(event.after);
      break;
    case EventKind::algorithm_execution:
      out.add_count(event.x);
      out.add_position(event.y);
      out.add_rejected(static_cast<uint32_t>(event.before));
      out.add_exhausted((event.flags & 2) != 0);
      break;
    case EventKind::bilateral_limit_exceeded:
    case EventKind::multilateral_limit_exceeded:
      out.add_limit(event.before);
      break;
    case EventKind::end_of_day:
      out.add_position(event.y);
      out.add_count(event.x);
      out.add_other_amount(event.before);
      out.add_cost(event.after);
      break;
    case EventKind::transaction_went_overdue:
      out.add_deadline_tick(event.x);
      out.add_cost(event.before);
      break;
    case EventKind::overdue_transaction_settled:
      out.add_deadline_tick(event.x);
      out.add_ticks(static_cast<int32_t>(event.y));
      break;
    case EventKind::scenario_event_executed:
      out.add_position(event.y);
      out.add_value(std::bit_cast<double>(event.before));
      out.add_reason(reason);
      break;
    default:
      break;
  }
}

}  // namespace

bool event_is_about(const World& world, const Event& event, const std::vector<uint32_t>& family) {
  const auto is_one = [&](uint32_t id) { return std::binary_search(family.begin(), family.end(), id); };
  if (event.tx != kNone && is_one(event.tx)) return true;
  if (event.extra_count == 0) return false;
  for (const uint32_t id : parts_of(world, event).txs) {
    if (is_one(id)) return true;
  }
  return false;
}

flatbuffers::Offset<fb::Event> write_event(Answer& answer, const World& world, const Event& event, uint64_t seq) {
  auto& builder = answer.builder;
  const Text agent = event.agent == kNone ? Text{} : bank_of(answer, world, event.agent);
  const Text other = event.other == kNone ? Text{} : bank_of(answer, world, event.other);
  const Text name = event.name == kNoName ? Text{} : name_of(answer, world, event.name);
  Text reason;
  if (event.kind == EventKind::scenario_event_executed) reason = name_of(answer, world, event.x);
  if (event.kind == EventKind::state_register_set) reason = name_of(answer, world, event.y);
  flatbuffers::Offset<flatbuffers::Vector<Text>> banks;
  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> txs;
  flatbuffers::Offset<flatbuffers::Vector<int64_t>> amounts, nets;
  flatbuffers::Offset<fb::Costs> costs;
  if (event.extra_count > 0) {
    const Parts parts = parts_of(world, event);
    std::vector<Text> names;
    for (const uint32_t bank : parts.banks) names.push_back(bank_of(answer, world, bank));
    if (!names.empty()) banks = builder.CreateVector(names);
    if (!parts.txs.empty()) txs = builder.CreateVector(parts.txs);
    if (!parts.amounts.empty()) amounts = builder.CreateVector(parts.amounts);
    if (!parts.nets.empty()) nets = builder.CreateVector(parts.nets);
    if (parts.has_costs) costs = write_costs(builder, parts.costs);
  }
  fb::EventBuilder out(builder);
  out.add_seq(seq);
  out.add_tick(event.tick);
  out.add_kind(static_cast<fb::EventKind>(event.kind));
  if (event.tx != kNone) out.add_tx(event.tx);
  if (!agent.IsNull()) out.add_agent(agent);
  if (!other.IsNull()) out.add_counterparty(other);
  if (!name.IsNull()) out.add_name(name);
  out.add_amount(event.amount);
  if (!banks.IsNull()) out.add_agents(banks);
  if (!txs.IsNull()) out.add_txs(txs);
  if (!amounts.IsNull()) out.add_amounts(amounts);
  if (!nets.IsNull()) out.add_nets(nets);
  if (!costs.IsNull()) out.add_costs(costs);
  add_special(out, world, event, reason);
  return out.Finish();
}

void answer_events(Answer& answer) {
  const auto* const request = answer.request<fb::GetEventsRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const uint32_t limit = page_limit(request->limit());
  uint32_t agent = kNone;
  if (request->agent() != nullptr && request->agent()->size() > 0) {
    agent = world.config->find_agent(request->agent()->string_view());
    if (agent == kNone) {
      throw Refusal(Code::not_found, "agent", "there is no agent '" + request->agent()->str().substr(0, 64) + "'");
    }
  }
  uint64_t kinds = request->kinds() == nullptr || request->kinds()->size() == 0 ? ~uint64_t{0} : 0;
  if (kinds == 0) {
    for (const auto kind : *request->kinds()) {
      const auto number = static_cast<uint8_t>(kind);
      if (number >= static_cast<uint8_t>(EventKind::count)) {
        throw Refusal(Code::unknown_name, "kinds", "there is no kind of event with number " + std::to_string(number));
      }
      kinds |= uint64_t{1} << number;
    }
  }
  const auto tx = request->tx();
  const std::vector<uint32_t> family = tx ? std::vector<uint32_t>{*tx} : std::vector<uint32_t>{};
  std::vector<flatbuffers::Offset<fb::Event>> list;
  uint64_t seq = std::max(request->from_seq(), world.first_event);
  for (; seq < world.first_event + world.events.size() && list.size() < limit; ++seq) {
    const Event& event = world.events[seq - world.first_event];
    if (event.tick < request->from_tick()) continue;
    if (event.tick > request->to_tick()) {
      seq = world.first_event + world.events.size();  // ticks only grow
      break;
    }
    if ((kinds >> static_cast<uint8_t>(event.kind) & 1) == 0) continue;
    if (agent != kNone && !concerns(world, event, agent)) continue;
    if (tx && !event_is_about(world, event, family)) continue;
    list.push_back(write_event(answer, world, event, seq));
  }
  const bool end = seq >= world.first_event + world.events.size();
  const auto events = answer.builder.CreateVector(list);
  answer.send(fb::CreateEventsReply(answer.builder, events, seq, end, world.first_event, world.event_count));
}

}  // namespace busbar::payments
