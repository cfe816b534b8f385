// From a request to a job: every field is honoured or refused by name.
#include <cstring>

#include "batch.h"
#include "decode.h"

namespace busbar::cards {
namespace {

Fault refuse(Code code, const std::string& path, uint64_t value, const std::string& problem) {
  return {code, path + " is " + std::to_string(value) + "; " + problem};
}

Fault choose_player(const Request& request, const std::string& item, uint8_t code, const std::string& path,
                    const Limits& limits, uint32_t seat, Match& match) {
  static constexpr uint32_t kIterations[] = {100, 500, 1000, 2000};
  if (code > 7) {
    return refuse(Code::out_of_range, path, code, "players are 0 random, 1 greedy, 2 to 6 search, 7 greedy_v2");
  }
  match.codes[seat] = code;
  if (code == 7) {
    match.players[seat] = PlayerKind::greedy_v2;
  } else if (code < 2) {
    match.players[seat] = static_cast<PlayerKind>(code);
  } else {
    match.players[seat] = PlayerKind::search;
    match.iterations[seat] = code < 6 ? kIterations[code - 2] : request.mcts_iterations;
    if (code == 6 && request.mcts_iterations == 0) {
      return refuse(Code::out_of_range, item + ".mcts_iterations", 0, "player 6 searches with at least 1");
    }
    if (match.iterations[seat] > limits.iterations_max) {
      return {Code::limit_exceeded, item + ".mcts_iterations is " + std::to_string(match.iterations[seat]) +
                                        ", the limit is " + std::to_string(limits.iterations_max)};
    }
  }
  return {};
}

Fault choose_players(const Request& request, const std::string& item, const Limits& limits, uint32_t player_count,
                     Match& match) {
  for (size_t i = player_count; i < request.ai_types_length; ++i) {
    if (request.ai_types[i] != 0) {
      return refuse(Code::out_of_range, item + ".ai_types[" + std::to_string(i) + "]", request.ai_types[i],
                    "there are " + std::to_string(player_count) + " players");
    }
  }
  for (uint32_t i = 0; i < player_count; ++i) {
    const std::string seat = std::to_string(i);
    Fault fault;
    if (i < request.ai_types_length && request.ai_types[i] != 0) {
      fault = choose_player(request, item, static_cast<uint8_t>(request.ai_types[i] - 1),
                            item + ".ai_types[" + seat + "]", limits, i, match);
    } else if (i < 2 && request.player_ai_types[i] != 0) {
      fault = choose_player(request, item, static_cast<uint8_t>(request.player_ai_types[i] - 1),
                            item + ".player" + seat + "_ai_type", limits, i, match);
    } else {
      fault = choose_player(request, item, request.ai_player_type, item + ".ai_player_type", limits, i, match);
    }
    if (fault) return fault;
  }
  return {};
}

bool same_program(const Request& a, const Request& b) {
  return a.program_length == b.program_length && a.player_count == b.player_count &&
         a.starting_chips == b.starting_chips && a.teams == 0 && b.teams == 0 && !a.team_mode && !b.team_mode &&
         std::memcmp(a.program, b.program, a.program_length) == 0;
}

}  // namespace

Job prepare(const Request& request, size_t index, const Limits& limits, const Request* previous_request,
            const Job* previous) {
  Job job;
  const std::string item = "requests[" + std::to_string(index) + "]";
  const auto failed = [&job](Fault fault) {
    job.fault = std::move(fault);
    return job;
  };
  if (request.num_games > limits.games_max) {
    return failed({Code::limit_exceeded, item + ".num_games is " + std::to_string(request.num_games) +
                                             ", the limit is " + std::to_string(limits.games_max)});
  }
  if (request.teams > kPlayersMax) {
    return failed(refuse(Code::out_of_range, item + ".teams.length", request.teams, "there are at most 4"));
  }
  if (request.player_count != 0 && (request.player_count < 2 || request.player_count > kPlayersMax)) {
    return failed(refuse(Code::out_of_range, item + ".player_count", request.player_count,
                         "allowed are 2 to 4, or 0 for the program's"));
  }
  if (previous != nullptr && previous->rules != nullptr && same_program(request, *previous_request)) {
    job.rules = previous->rules;
  } else {
    GameProgram program;
    Fault fault = decode(request.program, request.program_length, program);
    const uint32_t players = request.player_count != 0 ? request.player_count : program.player_count;
    if (!fault && (request.team_mode || request.teams > 0)) {
      program.team_mode = true;
      if (request.teams > 0) program.teams.clear();
      for (size_t i = 0; i < request.teams; ++i)
        program.teams.emplace_back(request.team_players[i], request.team_players[i] + request.team_sizes[i]);
      if (program.teams.empty()) fault = {Code::out_of_range, "team_mode is true, and nobody says which teams"};
    }
    if (!fault && request.starting_chips > kChipsMax) {
      fault = refuse(Code::out_of_range, "starting_chips", request.starting_chips,
                     "allowed are 0 to " + std::to_string(kChipsMax));
    }
    if (!fault) fault = check_playable(program, players);
    const uint32_t chips = request.starting_chips != 0 ? request.starting_chips : program.starting_chips;
    if (!fault && chips == 0) {
      for (const Phase& phase : program.phases) {
        if (phase.kind == PhaseKind::betting)
          fault = {Code::out_of_range, "setup.starting_chips is 0; betting needs chips"};
      }
    }
    if (fault) {
      fault.text = item + ": " + fault.text;
      return failed(std::move(fault));
    }
    job.rules = std::make_shared<const Rules>(make_rules(std::move(program), players, chips));
  }
  job.match.rules = job.rules.get();
  job.match.seed = request.random_seed;
  job.games = request.num_games;
  if (Fault fault = choose_players(request, item, limits, job.rules->player_count, job.match))
    return failed(std::move(fault));
  return job;
}

}  // namespace busbar::cards
