#include "messages.h"

#include <algorithm>

namespace busbar::cards {
namespace {

flatbuffers::Offset<cardsim::AggregatedStats> write_stats(flatbuffers::FlatBufferBuilder& builder,
                                                          const Request& request, const Stats& stats) {
  const auto wins = builder.CreateVector(stats.wins, stats.player_count);
  const auto text = stats.fault ? builder.CreateString(stats.fault.text) : flatbuffers::Offset<flatbuffers::String>{};
  cardsim::AggregatedStatsBuilder out(builder);
  out.add_total_games(stats.total_games);
  out.add_player0_wins(stats.wins[0]);
  out.add_player1_wins(stats.wins[1]);
  out.add_draws(stats.draws);
  out.add_avg_turns(static_cast<float>(stats.avg_turns));
  out.add_median_turns(stats.median_turns);
  out.add_avg_duration_ns(stats.total_games > 0 ? stats.duration_ns / stats.total_games : 0);
  // Clients of the reference know this counter only: a refused item counts all its games.
  out.add_errors(stats.fault ? std::max(request.num_games, 1u) : 0);
  out.add_wins(wins);
  out.add_player_count(static_cast<uint8_t>(stats.player_count));
  out.add_total_decisions(stats.counts.decisions);
  out.add_total_valid_moves(stats.counts.valid_moves);
  out.add_forced_decisions(stats.counts.forced_decisions);
  out.add_total_hand_size(stats.counts.hand_size);
  out.add_total_interactions(stats.counts.interactions);
  out.add_total_actions(stats.counts.actions);
  out.add_lead_changes(static_cast<uint32_t>(std::min<uint64_t>(stats.counts.lead_changes, UINT32_MAX)));
  out.add_decisive_turn_pct(static_cast<float>(stats.decisive_turn));
  out.add_closest_margin(static_cast<float>(stats.closest_margin));
  out.add_trailing_winners(static_cast<uint32_t>(stats.counts.trailing_winners));
  out.add_move_disruption_events(stats.counts.disruptions);
  out.add_contention_events(stats.counts.contentions);
  out.add_forced_response_events(stats.counts.forced_responses);
  out.add_opponent_turn_count(stats.counts.opponent_turns);
  out.add_error(static_cast<uint16_t>(stats.fault.code));
  if (!text.IsNull()) out.add_error_text(text);
  out.add_result_hash(stats.result_hash);
  return out.Finish();
}

void write_all(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, const Request* requests,
               const Stats* stats, size_t count) {
  builder.Clear();
  offsets.clear();
  for (size_t i = 0; i < count; ++i) offsets.push_back(write_stats(builder, requests[i], stats[i]));
}

}  // namespace

Request read_request(const cardsim::SimulationRequest& message) {
  Request request;
  request.program = message.genome_bytecode()->data();
  request.program_length = message.genome_bytecode()->size();
  request.num_games = message.num_games();
  request.ai_player_type = message.ai_player_type();
  request.random_seed = message.random_seed();
  request.player_ai_types[0] = message.player0_ai_type();
  request.player_ai_types[1] = message.player1_ai_type();
  if (message.ai_types() != nullptr) {
    request.ai_types = message.ai_types()->data();
    request.ai_types_length = message.ai_types()->size();
  }
  request.player_count = message.player_count();
  request.starting_chips = message.starting_chips();
  request.team_mode = message.team_mode();
  request.teams = message.teams() == nullptr ? 0 : message.teams()->size();
  return request;
}

void write_response(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, uint64_t batch_id,
                    const Request* requests, const Stats* stats, size_t count, uint64_t duration_ns) {
  write_all(builder, offsets, requests, stats, count);
  const auto results = builder.CreateVector(offsets);
  builder.Finish(cardsim::CreateBatchResponse(builder, batch_id, results, duration_ns));
}

void write_progress(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, uint64_t batch_id,
                    const Request* requests, const Stats* stats, size_t first, size_t count, size_t total) {
  write_all(builder, offsets, requests + first, stats + first, count);
  const auto results = builder.CreateVector(offsets);
  builder.Finish(cardsim::CreateBatchProgress(builder, batch_id, static_cast<uint32_t>(first), results,
                                              static_cast<uint32_t>(first + count), static_cast<uint32_t>(total)));
}

void write_trace(flatbuffers::FlatBufferBuilder& builder, const Trace& trace) {
  builder.Clear();
  std::vector<flatbuffers::Offset<cardsim::TraceStep>> steps;
  steps.reserve(trace.steps.size());
  for (const TraceStep& step : trace.steps) {
    const auto move = builder.CreateSharedString(move_name(step.kind));
    steps.push_back(cardsim::CreateTraceStep(builder, step.turn, step.player, move, step.card, step.state_hash));
  }
  const auto list = builder.CreateVector(steps);
  static const char* const endings[] = {"won", "drawn", "out of turns", "stuck"};
  const uint8_t error = trace.result.ending == Ending::out_of_turns ? 2 : trace.result.ending == Ending::stuck ? 3 : 0;
  const auto text = builder.CreateString(endings[static_cast<size_t>(trace.result.ending)]);
  const auto result =
      cardsim::CreateSimulationResult(builder, trace.result.winner, trace.result.turns, trace.duration_ns, error, text);
  builder.Finish(cardsim::CreateTraceResponse(builder, list, result, trace.result.state_hash));
}

}  // namespace busbar::cards
