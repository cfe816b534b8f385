#include "messages.h"

#include <algorithm>

namespace busbar::cards {
namespace {

flatbuffers::Offset<cardsim::AggregatedStats> write_stats(flatbuffers::FlatBufferBuilder& builder,
                                                          const Request& request, const Stats& stats) {
  const auto wins = builder.CreateVector(stats.wins, stats.player_count);
  flatbuffers::Offset<flatbuffers::Vector<uint32_t>> teams{};
  if (stats.team_count > 0) teams = builder.CreateVector(stats.team_wins, stats.team_count);
  const auto scores = builder.CreateVector(stats.counts.scores, stats.player_count);
  const auto codes = builder.CreateVector(stats.codes, stats.player_count);
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
  out.add_total_claims(stats.counts.claims);
  out.add_total_bluffs(stats.counts.bluffs);
  out.add_total_challenges(stats.counts.challenges);
  out.add_successful_bluffs(stats.counts.successful_bluffs);
  out.add_successful_catches(stats.counts.catches);
  out.add_total_bets(stats.counts.bets);
  out.add_betting_bluffs(stats.counts.weak_bets);
  out.add_fold_wins(stats.counts.fold_wins);
  out.add_showdown_wins(stats.counts.showdown_wins);
  out.add_all_in_count(stats.counts.all_ins);
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
  if (stats.team_count > 0) {
    out.add_team_wins(teams);
    uint64_t won = 0, sum = 0;
    for (uint32_t team = 0; team < stats.team_count; ++team) {
      won += stats.team_wins[team];
      sum += uint64_t{team} * stats.team_wins[team];
    }
    if (won > 0) out.add_winning_team_avg(static_cast<float>(static_cast<double>(sum) / static_cast<double>(won)));
  }
  out.add_stuck_games(stats.stuck);
  out.add_out_of_turns_games(stats.out_of_turns);
  out.add_total_hands(stats.counts.hands);
  out.add_total_folds(stats.counts.folds);
  out.add_total_showdowns(stats.counts.showdowns);
  out.add_total_passes(stats.counts.passes);
  out.add_score_sums(scores);
  out.add_seat_ai_types(codes);
  out.add_search_iterations(stats.counts.search_iterations);
  out.add_playout_moves(stats.counts.playout_moves);
  out.add_first_seat_wins(stats.first_seat_wins);
  return out.Finish();
}

void write_all(flatbuffers::FlatBufferBuilder& builder, StatsOffsets& offsets, const Request* requests,
               const Stats* stats, size_t count) {
  builder.Clear();
  offsets.clear();
  for (size_t i = 0; i < count; ++i) offsets.push_back(write_stats(builder, requests[i], stats[i]));
}

const char* ending_name(Ending ending) {
  static const char* const names[] = {"won", "drawn", "out of turns", "stuck"};
  return names[static_cast<size_t>(ending)];
}

int none_or(uint8_t value) { return value == kNone ? -1 : static_cast<int>(value); }

flatbuffers::Offset<cardsim::GameMove> write_move(flatbuffers::FlatBufferBuilder& builder, const Move& move) {
  const auto name = builder.CreateSharedString(move_name(move.kind));
  return cardsim::CreateGameMove(builder, name, move.phase, static_cast<int16_t>(none_or(move.card)), move.count,
                                 static_cast<int8_t>(none_or(move.target)), move.amount);
}

}  // namespace

Request read_request(const cardsim::SimulationRequest& message) {
  Request request;
  request.program = message.genome_bytecode()->data();
  request.program_length = message.genome_bytecode()->size();
  request.num_games = message.num_games();
  request.ai_player_type = message.ai_player_type();
  request.mcts_iterations = message.mcts_iterations();
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
  for (size_t i = 0; i < std::min<size_t>(request.teams, kPlayersMax); ++i) {
    const auto* const players = message.teams()->Get(static_cast<uint32_t>(i))->player_indices();
    if (players == nullptr) continue;
    request.team_players[i] = players->data();
    request.team_sizes[i] = players->size();
  }
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

flatbuffers::Offset<cardsim::GameView> put_view(flatbuffers::FlatBufferBuilder& builder, Games& games,
                                               const Step& step) {
  const OpenGame& game = *step.game;
  const MoveList& moves = games.moves_of(game);
  const uint8_t viewer = step.viewer;
  const Rules& rules = *game.job.rules;
  const State& state = game.state;
  const bool all = viewer == kNone;
  std::vector<flatbuffers::Offset<cardsim::GameSeat>> seats;
  uint64_t pot = 0;
  for (uint32_t seat = 0; seat < rules.player_count; ++seat) {
    const Player& player = state.players[seat];
    const bool seen = all || is_open(rules.program.hand_visibility) || (seat == viewer && !rules.queue_hands);
    const auto hand = builder.CreateVector(player.hand.cards, seen ? player.hand.size : 0u);
    pot += player.staked;
    cardsim::GameSeatBuilder out(builder);
    out.add_hand_size(player.hand.size);
    out.add_hand(hand);
    out.add_score(player.score);
    out.add_chips(player.chips);
    out.add_bet(player.bet);
    out.add_captured(player.captured.size);
    out.add_tricks(player.tricks);
    out.add_bid(player.bid);
    out.add_folded(player.folded);
    out.add_card(static_cast<int16_t>(none_or(state.fronts[seat])));
    seats.push_back(out.Finish());
  }
  const auto seat_list = builder.CreateVector(seats);
  std::vector<flatbuffers::Offset<cardsim::GameMove>> list;
  if (all || viewer == state.seat) {
    for (uint32_t i = 0; i < moves.count; ++i) list.push_back(write_move(builder, moves.moves[i]));
  }
  const auto move_list = builder.CreateVector(list);
  const bool table_seen = all || is_open(rules.program.tableau_visibility);
  const auto tableau = builder.CreateVector(state.tableau.cards, table_seen ? state.tableau.size : 0u);
  const auto ending = builder.CreateString(state.over ? ending_name(state.ending) : "");
  flatbuffers::Offset<cardsim::GameMove> last{};
  if (step.moved) {
    Move shown = step.played;
    // A claim's real cards, and a card laid face down, are for the eyes of who laid them.
    const bool hidden = shown.kind == MoveKind::claim;
    if (hidden && !all) shown.card = kNone;
    last = write_move(builder, shown);
  }
  int claim_rank = -1;
  for (const Phase& phase : rules.program.phases) {
    if (phase.kind == PhaseKind::claim) claim_rank = none_or(rank_to_claim(phase, state));
  }
  if (state.mode == Mode::claim) claim_rank = state.claimed_rank;
  const bool discards_seen = all || (!rules.claims && is_open(rules.program.discard_visibility));
  cardsim::GameViewBuilder out(builder);
  out.add_game_id(step.id);
  out.add_turn(state.turn);
  out.add_hand(state.hand);
  out.add_player(state.seat);
  out.add_seats(seat_list);
  out.add_deck_size(state.deck.size);
  out.add_discard_size(state.discard.size);
  if (discards_seen && state.discard.size > 0) out.add_discard_top(state.discard.top());
  out.add_tableau(tableau);
  out.add_pot(static_cast<uint32_t>(pot));
  out.add_trump(static_cast<int16_t>(none_or(state.trump)));
  out.add_claim_rank(static_cast<int16_t>(claim_rank));
  out.add_moves(move_list);
  out.add_over(state.over);
  out.add_ending(ending);
  out.add_winner(state.winner);
  out.add_state_hash(state_hash(state, !rules.menu));
  if (step.moved) out.add_played(last);
  return out.Finish();
}

flatbuffers::Offset<cardsim::PlayResult> put_result(flatbuffers::FlatBufferBuilder& builder, Games& games,
                                                   const Step& step, const Fault& fault) {
  if (fault) {
    const auto text = builder.CreateString(fault.text);
    return cardsim::CreatePlayResult(builder, step.id, {}, static_cast<uint16_t>(fault.code), text);
  }
  const auto view = step.game == nullptr ? flatbuffers::Offset<cardsim::GameView>{} : put_view(builder, games, step);
  return cardsim::CreatePlayResult(builder, step.id, view);
}

void write_trace(flatbuffers::FlatBufferBuilder& builder, const Trace& trace) {
  builder.Clear();
  std::vector<flatbuffers::Offset<cardsim::TraceStep>> steps;
  steps.reserve(trace.steps.size());
  for (const TraceStep& step : trace.steps) {
    const auto move = builder.CreateSharedString(move_name(step.move.kind));
    steps.push_back(cardsim::CreateTraceStep(
        builder, step.turn, step.player, move, static_cast<int16_t>(none_or(step.move.card)), step.state_hash,
        step.move.phase, step.move.count, static_cast<int8_t>(none_or(step.move.target)), step.move.amount));
  }
  const auto list = builder.CreateVector(steps);
  const uint8_t error = trace.result.ending == Ending::out_of_turns ? 2 : trace.result.ending == Ending::stuck ? 3 : 0;
  const auto text = builder.CreateString(ending_name(trace.result.ending));
  const auto result =
      cardsim::CreateSimulationResult(builder, trace.result.winner, trace.result.turns, trace.duration_ns, error, text);
  builder.Finish(cardsim::CreateTraceResponse(builder, list, result, trace.result.state_hash));
}

}  // namespace busbar::cards
