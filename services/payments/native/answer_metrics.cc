// Figures of a run, in sum and per tick.
#include <algorithm>

#include "answer.h"

namespace busbar::payments {
namespace {

/// One column of rows [from, from + count).
template <class Number, class Fn>
auto column(flatbuffers::FlatBufferBuilder& builder, uint32_t count, Fn value) {
  std::vector<Number> list(count);
  for (uint32_t i = 0; i < count; ++i) list[i] = value(i);
  return builder.CreateVector(list);
}

uint32_t rows_from(uint32_t first, uint32_t from, uint32_t ticks, uint32_t limit) {
  return from < first || from >= ticks ? 0 : std::min(ticks - from, page_limit(limit));
}

}  // namespace

flatbuffers::Offset<fb::Metrics> write_metrics(flatbuffers::FlatBufferBuilder& builder, const World& world) {
  const Totals& totals = world.totals;
  const auto small = [](uint64_t count) { return static_cast<uint32_t>(std::min<uint64_t>(count, kNone)); };
  const uint64_t open = totals.arrivals + totals.children - totals.settled - totals.dropped - totals.split_parents;
  int64_t available = 0, queue1_value = 0;
  uint64_t queue1 = 0;
  for (const Agent& agent : world.agents) {
    available += agent.available();
    queue1 += agent.queue1.size();
    queue1_value += agent.queue1_value;
  }
  fb::MetricsBuilder out(builder);
  out.add_tick(world.tick);
  out.add_arrivals(small(totals.arrivals));
  out.add_arrivals_value(totals.arrivals_value);
  out.add_settled(small(totals.settled));
  out.add_settled_value(totals.settled_value);
  out.add_lsm_settled(small(totals.lsm_settled));
  out.add_lsm_settled_value(totals.lsm_value);
  out.add_dropped(small(totals.dropped));
  out.add_dropped_value(totals.dropped_value);
  out.add_open(small(open));
  out.add_open_value(totals.arrivals_value - totals.settled_value - totals.dropped_value);
  out.add_children(small(totals.children));
  out.add_split_parents(small(totals.split_parents));
  out.add_overdue(small(totals.overdue));
  out.add_settlement_rate(totals.arrivals_value == 0
                              ? 1.0
                              : static_cast<double>(totals.settled_value) / static_cast<double>(totals.arrivals_value));
  out.add_mean_delay_ticks(
      totals.settled == 0 ? 0.0 : static_cast<double>(totals.delay_ticks) / static_cast<double>(totals.settled));
  out.add_queue1_size(small(queue1));
  out.add_queue1_value(queue1_value);
  out.add_queue2_size(small(world.queue2.size()));
  out.add_queue2_value(world.queue2_value);
  out.add_available(available);
  out.add_feasibility_ratio(world.rows.empty() ? 1.0 : world.rows.back().feasibility);
  out.add_bilateral_settled(small(totals.bilateral_settled));
  out.add_bilateral_rejected(small(totals.bilateral_rejected));
  out.add_cycles_settled(small(totals.cycles_settled));
  out.add_cycles_rejected(small(totals.cycles_rejected));
  out.add_budget_exhausted(small(totals.budget_exhausted));
  out.add_events(world.event_count);
  out.add_total_cost(costs_of_all(world).total());
  out.add_peak_queue2_size(small(totals.peak_queue2));
  return out.Finish();
}

void answer_metrics(Answer& answer) {
  const auto* const request = answer.request<fb::SimRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const auto metrics = write_metrics(answer.builder, world);
  const auto costs = write_costs(answer.builder, costs_of_all(world));
  const Text hash = answer.builder.CreateString(world.run_hash_text());
  answer.send(fb::CreateMetricsReply(answer.builder, metrics, costs, hash));
}

void answer_timeline(Answer& answer) {
  const auto* const request = answer.request<fb::TimelineRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const uint32_t from = request->from_tick();
  const uint32_t count = rows_from(0, from, world.tick, request->limit());
  auto& builder = answer.builder;
  const TickRow* const rows = world.rows.data() + (count > 0 ? from : 0);
  const auto arrivals = column<uint32_t>(builder, count, [&](uint32_t i) { return rows[i].arrivals; });
  const auto settlements = column<uint32_t>(builder, count, [&](uint32_t i) { return rows[i].settlements; });
  const auto releases = column<uint32_t>(builder, count, [&](uint32_t i) { return rows[i].lsm_releases; });
  const auto arrivals_value = column<int64_t>(builder, count, [&](uint32_t i) { return rows[i].arrivals_value; });
  const auto settled_value = column<int64_t>(builder, count, [&](uint32_t i) { return rows[i].settled_value; });
  const auto cost = column<int64_t>(builder, count, [&](uint32_t i) { return rows[i].cost; });
  const auto queue1 = column<uint32_t>(builder, count, [&](uint32_t i) { return rows[i].queue1_size; });
  const auto queue2 = column<uint32_t>(builder, count, [&](uint32_t i) { return rows[i].queue2_size; });
  const auto queue2_value = column<int64_t>(builder, count, [&](uint32_t i) { return rows[i].queue2_value; });
  const auto available = column<int64_t>(builder, count, [&](uint32_t i) { return rows[i].available; });
  const auto feasibility = column<double>(builder, count, [&](uint32_t i) { return rows[i].feasibility; });
  const auto hashes = column<uint64_t>(builder, count, [&](uint32_t i) { return rows[i].hash; });
  answer.send(fb::CreateTimelineReply(builder, from, count, arrivals, settlements, releases, arrivals_value,
                                      settled_value, cost, queue1, queue2, queue2_value, available, feasibility,
                                      hashes));
}

void answer_agent_timeline(Answer& answer) {
  const auto* const request = answer.request<fb::AgentTimelineRequest>();
  if (request == nullptr) return;
  const World& world = answer.world(request->sim_id());
  const std::string_view name = request->agent() == nullptr ? "" : request->agent()->string_view();
  const uint32_t agent = world.config->find_agent(name);
  if (agent == kNone) {
    throw Refusal(Code::not_found, "agent", "there is no agent '" + std::string(name.substr(0, 64)) + "'");
  }
  if (!world.options.keep_history) {
    throw Refusal(Code::conflict, "keep_history", "is false for this simulation; there is no history of its banks");
  }
  const uint32_t from = request->from_tick();
  const uint32_t count = rows_from(world.first_history, from, world.tick, request->limit());
  auto& builder = answer.builder;
  const auto row = [&](uint32_t i) -> const HistoryRow& {
    return world.history[size_t{from + i - world.first_history} * world.agents.size() + agent];
  };
  const auto balance = column<int64_t>(builder, count, [&](uint32_t i) { return row(i).balance; });
  const auto collateral = column<int64_t>(builder, count, [&](uint32_t i) { return row(i).collateral; });
  const auto queue1 = column<uint32_t>(builder, count, [&](uint32_t i) { return row(i).queue1_size; });
  const auto queue2 = column<uint32_t>(builder, count, [&](uint32_t i) { return row(i).queue2_size; });
  const auto cost = column<int64_t>(builder, count, [&](uint32_t i) { return row(i).cost; });
  answer.send(fb::CreateAgentTimelineReply(builder, from, count, balance, collateral, queue1, queue2, cost));
}

}  // namespace busbar::payments
