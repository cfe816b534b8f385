// What banks have, owe and decide.
#include "answer.h"
#include "payments/place.h"

namespace busbar::payments {
namespace {

/// One number per bank asked for.
template <class Number, class Fn>
std::vector<Number> per_agent(const World& world, const std::vector<uint32_t>& agents, Fn fn) {
  std::vector<Number> list;
  for (const uint32_t agent : agents) list.push_back(agent == kNone ? Number{} : fn(world.agents[agent]));
  return list;
}

template <class Fn>
void answer_sizes(Answer& answer, Fn size) {
  const auto* const request = answer.request<fb::AgentsRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const auto agents = answer.agents_of(world, request->agents());
  const auto sizes = answer.builder.CreateVector(per_agent<uint32_t>(world, agents, size));
  answer.send(fb::CreateSizesReply(answer.builder, sizes, answer.item_faults()));
}

flatbuffers::Offset<fb::AgentState> write_agent(Answer& answer, const World& world, uint32_t index, bool queues) {
  const Agent& agent = world.agents[index];
  auto& builder = answer.builder;
  const Text name = answer.agent_name(world, index);
  const auto costs = write_costs(builder, agent.total);
  const auto today = write_costs(builder, agent.today);
  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> queue1, queue2;
  if (queues) {
    queue1 = builder.CreateVector(agent.queue1);
    std::vector<uint32_t> mine;
    for (const uint32_t id : world.queue2) {
      if (world.transactions[id].sender == index) mine.push_back(id);
    }
    queue2 = builder.CreateVector(mine);
  }
  std::vector<Text> names;
  for (const std::string& one : agent.policy->registers) names.push_back(answer.text(one));
  const auto register_names = builder.CreateVector(names);
  const auto register_values = builder.CreateVector(agent.registers);
  fb::AgentStateBuilder out(builder);
  out.add_agent(name);
  out.add_balance(agent.balance);
  out.add_unsecured_cap(agent.cap);
  out.add_credit_used(agent.credit_used());
  out.add_posted_collateral(agent.collateral);
  out.add_max_collateral_capacity(agent.capacity);
  out.add_available(agent.available());
  out.add_queue1_size(static_cast<uint32_t>(agent.queue1.size()));
  out.add_queue1_value(agent.queue1_value);
  out.add_queue2_size(agent.queue2_count);
  out.add_queue2_value(agent.queue2_value);
  out.add_liquidity_pool_free(agent.pool_free);
  out.add_liquidity_allocated(agent.allocated);
  out.add_deferred_credits(agent.deferred);
  out.add_costs(costs);
  out.add_costs_today(today);
  out.add_outflow_today(agent.outflow_today);
  if (queues) {
    out.add_queue1(queue1);
    out.add_queue2(queue2);
  }
  out.add_register_names(register_names);
  out.add_register_values(register_values);
  return out.Finish();
}

}  // namespace

flatbuffers::Offset<fb::Costs> write_costs(flatbuffers::FlatBufferBuilder& builder, const Costs& costs) {
  return fb::CreateCosts(builder, costs[CostKind::overdraft], costs[CostKind::delay], costs[CostKind::collateral],
                         costs[CostKind::liquidity], costs[CostKind::deadline_penalty], costs[CostKind::eod_penalty],
                         costs[CostKind::split_friction], costs.total());
}

Costs costs_of_all(const World& world) {
  Costs sum;
  for (const Agent& agent : world.agents) sum.add(agent.total);
  return sum;
}

void answer_agent_ids(Answer& answer) {
  const auto* const request = answer.request<fb::SimRequest>();
  if (request == nullptr) return;
  std::vector<Text> list;
  for (const AgentConfig& agent : answer.world(request->sim_id()).config->agents) list.push_back(answer.text(agent.id));
  answer.send(fb::CreateAgentIdsReply(answer.builder, answer.builder.CreateVector(list)));
}

void answer_balances(Answer& answer) {
  const auto* const request = answer.request<fb::AgentsRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const auto agents = answer.agents_of(world, request->agents());
  const auto balances =
      answer.builder.CreateVector(per_agent<int64_t>(world, agents, [](const Agent& agent) { return agent.balance; }));
  answer.send(fb::CreateBalancesReply(answer.builder, balances, answer.item_faults()));
}

void answer_queue1_sizes(Answer& answer) {
  answer_sizes(answer, [](const Agent& agent) { return static_cast<uint32_t>(agent.queue1.size()); });
}

void answer_queue2_sizes(Answer& answer) {
  const auto* const request = answer.request<fb::AgentsRequest>();
  if (request == nullptr) return;
  if (request->agents() != nullptr && request->agents()->size() > 0) {
    return answer_sizes(answer, [](const Agent& agent) { return agent.queue2_count; });
  }
  const World& world = answer.world(request->sim_id());
  const auto size = answer.builder.CreateVector(std::vector<uint32_t>{static_cast<uint32_t>(world.queue2.size())});
  answer.send(fb::CreateSizesReply(answer.builder, size, answer.item_faults()));
}

void answer_update_policy(Answer& answer) {
  const auto* const request = answer.request<fb::UpdatePolicyRequest>();
  if (request == nullptr) return;
  World& world = answer.world(request->sim_id());
  const uint32_t count = request->items() == nullptr ? 0 : request->items()->size();
  answer.require_items(count);
  uint32_t done = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const auto* const item = request->items()->Get(i);
    const std::string path = "items[" + std::to_string(i) + "]";
    const std::string_view name = item->agent() == nullptr ? "" : item->agent()->string_view();
    const uint32_t agent = world.config->find_agent(name);
    if (agent == kNone) {
      answer.item_fault(i, Code::not_found, path + ".agent",
                        path + ".agent: there is no agent '" + std::string(name.substr(0, 64)) + "'");
      continue;
    }
    try {
      const Json json = read_json(item->policy() == nullptr ? "" : item->policy()->string_view());
      world.set_policy(agent, read_policy(json, path + ".policy",
                                          [&](std::string_view id) { return world.config->find_agent(id); }));
      done += 1;
    } catch (const Refusal& refusal) {
      answer.item_fault(i, refusal.code, refusal.path.empty() ? path + ".policy" : refusal.path, refusal.text);
    }
  }
  answer.send(fb::CreateItemsReply(answer.builder, done, answer.item_faults()));
}

void answer_state(Answer& answer) {
  const auto* const request = answer.request<fb::GetStateRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  std::vector<flatbuffers::Offset<fb::AgentState>> agents;
  for (const uint32_t agent : answer.agents_of(world, request->agents())) {
    agents.push_back(agent == kNone ? fb::CreateAgentState(answer.builder)
                                    : write_agent(answer, world, agent, request->queues()));
  }
  const auto list = answer.builder.CreateVector(agents);
  const auto info = write_info(answer, request->sim_id());
  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> queue2;
  if (request->queues()) queue2 = answer.builder.CreateVector(world.queue2);
  const Text hash = answer.builder.CreateString(world.run_hash_text());
  const auto faults = answer.item_faults();
  answer.send(fb::CreateStateReply(answer.builder, info, list, static_cast<uint32_t>(world.queue2.size()),
                                   world.queue2_value, queue2, hash, faults));
}

void answer_costs(Answer& answer) {
  const auto* const request = answer.request<fb::AgentsRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  std::vector<Text> names;
  std::vector<flatbuffers::Offset<fb::Costs>> costs, today;
  for (const uint32_t agent : answer.agents_of(world, request->agents())) {
    names.push_back(agent == kNone ? answer.text("") : answer.agent_name(world, agent));
    costs.push_back(write_costs(answer.builder, agent == kNone ? Costs{} : world.agents[agent].total));
    today.push_back(write_costs(answer.builder, agent == kNone ? Costs{} : world.agents[agent].today));
  }
  const auto name_list = answer.builder.CreateVector(names);
  const auto cost_list = answer.builder.CreateVector(costs);
  const auto today_list = answer.builder.CreateVector(today);
  const auto total = write_costs(answer.builder, costs_of_all(world));
  answer.send(fb::CreateCostsReply(answer.builder, name_list, cost_list, today_list, total, answer.item_faults()));
}

}  // namespace busbar::payments
