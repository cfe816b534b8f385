#include "games.h"

#include <algorithm>
#include <memory>

#include "core/hash/hash.h"

namespace busbar::cards {
namespace {

constexpr uint32_t kMagic = 0x47434242;  // "BBCG"
constexpr uint16_t kVersion = 1;

class Writer {
 public:
  void number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  void list(const uint8_t* values, size_t count) {
    number(count, 4);
    bytes_.insert(bytes_.end(), values, values + count);
  }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

class ByteReader {
 public:
  ByteReader(const uint8_t* bytes, size_t length) : bytes_(bytes), length_(length) {}
  uint64_t number(int size) {
    if (length_ - at_ < static_cast<size_t>(size)) {
      failed_ = true;
      at_ = length_;
      return 0;
    }
    uint64_t value = 0;
    for (int i = 0; i < size; ++i) value |= uint64_t{bytes_[at_++]} << (8 * i);
    return value;
  }
  std::vector<uint8_t> list() {
    const uint64_t count = number(4);
    if (failed_ || length_ - at_ < count) {
      failed_ = true;
      return {};
    }
    at_ += count;
    return {bytes_ + at_ - count, bytes_ + at_};
  }
  bool failed() const { return failed_; }
  bool at_end() const { return at_ == length_; }
  size_t position() const { return at_; }

 private:
  const uint8_t* bytes_;
  size_t length_, at_ = 0;
  bool failed_ = false;
};

}  // namespace

OwnedRequest::OwnedRequest(const Request& from) : request(from) {
  program.assign(from.program, from.program + from.program_length);
  ai_types.assign(from.ai_types, from.ai_types + from.ai_types_length);
  for (size_t i = 0; i < std::min<size_t>(from.teams, kPlayersMax); ++i) {
    teams.insert(teams.end(), from.team_players[i], from.team_players[i] + from.team_sizes[i]);
  }
  request.program = program.data();
  request.ai_types = ai_types.data();
  const uint8_t* at = teams.data();
  for (size_t i = 0; i < std::min<size_t>(from.teams, kPlayersMax); ++i) {
    request.team_players[i] = at;
    at += from.team_sizes[i];
  }
}

Fault Games::deal(OpenGame& game) {
  game.job = prepare(game.source.request, 0, limits_, nullptr, nullptr);
  if (game.job.fault) return game.job.fault;
  if (game.game >= game.job.games) {
    return {Code::out_of_range,
            "game is " + std::to_string(game.game) + "; the request has " + std::to_string(game.job.games) + " games"};
  }
  const uint64_t seed = random::derive(game.job.match.seed, kGameStream, game.game);
  game.chance = Stream(seed, kDealStream, 0);
  game.players.clear();
  for (uint32_t seat = 0; seat < kPlayersMax; ++seat) game.players.emplace_back(seed, kPlayerStream, seat);
  start_game(*game.job.rules, game.state, game.chance, moves_);
  if (moves_.overfull) return too_many_moves("request", game.game, game.state.turn);
  return {};
}

Fault Games::open(const Request& request, uint32_t game, uint64_t& id) {
  if (games_.size() >= limits_.open_games_max) {
    return {Code::limit_exceeded, "open games is " + std::to_string(games_.size() + 1) + ", the limit is " +
                                      std::to_string(limits_.open_games_max)};
  }
  const auto [at, fresh] = games_.try_emplace(next_id_, OwnedRequest(request), game);
  if (Fault fault = deal(at->second)) {
    games_.erase(at);
    return fault;
  }
  id = next_id_++;
  return {};
}

OpenGame* Games::find(uint64_t id) {
  const auto at = games_.find(id);
  return at == games_.end() ? nullptr : &at->second;
}

Fault Games::not_found(uint64_t id) {
  return {Code::not_found, "game_id is " + std::to_string(id) + "; no such game is open"};
}

const MoveList& Games::moves_of(const OpenGame& game) {
  moves_.clear();
  if (!game.state.over) list_moves_of(*game.job.rules, game.state, game.state.seat, moves_);
  return moves_;
}

Fault Games::play(OpenGame& game, uint32_t position, Move& played) {
  const State before = game.state;
  const Stream chance = game.chance;
  played = moves_.moves[position];
  play_move(*game.job.rules, game.state, played, game.chance, moves_);
  if (moves_.overfull) {
    const uint32_t turn = game.state.turn;
    game.state = before;
    game.chance = chance;
    return too_many_moves("game_id", game.game, turn);
  }
  game.played.push_back(static_cast<uint16_t>(position));
  return {};
}

Fault Games::apply(OpenGame& game, uint32_t turn, uint32_t move, Move& played) {
  if (game.state.over) return {Code::conflict, "turn is " + std::to_string(turn) + "; the game is over"};
  if (turn != game.state.turn) {
    return {Code::conflict,
            "turn is " + std::to_string(turn) + "; the game is at turn " + std::to_string(game.state.turn)};
  }
  const MoveList& moves = moves_of(game);
  if (move >= moves.count) {
    return {Code::out_of_range,
            "move is " + std::to_string(move) + "; there are " + std::to_string(moves.count) + " moves"};
  }
  return play(game, move, played);
}

Fault Games::choose(OpenGame& game, uint8_t ai_type, uint32_t iterations, Arena& arena, Move& played) {
  if (game.state.over) return {Code::conflict, "game_id is of a game that is over"};
  Match match = game.job.match;
  const uint32_t seat = game.state.seat;
  if (ai_type != 0) {
    Request request = game.source.request;
    request.ai_player_type = static_cast<uint8_t>(ai_type - 1);
    request.mcts_iterations = iterations;
    request.ai_types_length = 0;
    request.player_ai_types[0] = request.player_ai_types[1] = 0;
    const Job job = prepare(request, 0, limits_, &game.source.request, &game.job);
    if (job.fault) return job.fault;
    match = job.match;
    match.rules = game.job.rules.get();
  }
  arena.state = game.state;
  arena.moves.copy(moves_of(game));
  Counts counts;
  const bool dealer = static_cast<int>(seat) == game.job.rules->dealer_seat;
  arena.overfull = false;
  const Stream stream = game.players[seat];
  const uint32_t chosen = dealer ? 0 : choose_move(match, seat, arena, game.players[seat], counts);
  if (arena.stopped) return {Code::cancelled, "the search was cancelled"};
  moves_of(game);
  Fault fault;
  if (arena.overfull)
    fault = too_many_moves("game_id", game.game, game.state.turn);
  else
    fault = play(game, chosen, played);
  if (fault) game.players[seat] = stream;
  return fault;
}

std::vector<uint8_t> Games::snapshot() const {
  Writer out;
  out.number(kMagic, 4);
  out.number(kVersion, 2);
  out.number(next_id_, 8);
  out.number(games_.size(), 4);
  for (const auto& [id, game] : games_) {
    const Request& request = game.source.request;
    out.number(id, 8);
    out.number(game.game, 4);
    out.list(request.program, request.program_length);
    out.number(request.num_games, 4);
    out.number(request.ai_player_type, 1);
    out.number(request.mcts_iterations, 4);
    out.number(request.random_seed, 8);
    out.number(request.player_ai_types[0], 1);
    out.number(request.player_ai_types[1], 1);
    out.list(request.ai_types, request.ai_types_length);
    out.number(request.player_count, 1);
    out.number(request.starting_chips, 4);
    out.number(request.team_mode, 1);
    out.number(request.teams, 1);
    for (size_t i = 0; i < request.teams; ++i) out.list(request.team_players[i], request.team_sizes[i]);
    out.number(game.played.size(), 4);
    for (const uint16_t position : game.played) out.number(position, 2);
    out.number(state_hash(game.state, true), 8);
    for (const Stream& stream : game.players) {
      for (int word = 0; word < 4; ++word) out.number(stream.state()[word], 8);
    }
  }
  return out.take();
}

std::string Games::restore(const uint8_t* bytes, size_t length) {
  ByteReader in(bytes, length);
  if (in.number(4) != kMagic) return "it does not begin with BBCG";
  if (const uint64_t version = in.number(2); version != kVersion)
    return "it has version " + std::to_string(version) + ", version 1 is read";
  Games restored(limits_);
  restored.next_id_ = in.number(8);
  const uint64_t count = in.number(4);
  uint64_t last = 0;
  for (uint64_t i = 0; i < count && !in.failed(); ++i) {
    const std::string which = "game " + std::to_string(i);
    const uint64_t id = in.number(8);
    if (id <= last || id >= restored.next_id_) return which + " has id " + std::to_string(id) + ", out of order";
    last = id;
    const auto number = static_cast<uint32_t>(in.number(4));
    Request request;
    const std::vector<uint8_t> program = in.list();
    request.program = program.data();
    request.program_length = program.size();
    request.num_games = static_cast<uint32_t>(in.number(4));
    request.ai_player_type = static_cast<uint8_t>(in.number(1));
    request.mcts_iterations = static_cast<uint32_t>(in.number(4));
    request.random_seed = in.number(8);
    request.player_ai_types[0] = static_cast<uint8_t>(in.number(1));
    request.player_ai_types[1] = static_cast<uint8_t>(in.number(1));
    const std::vector<uint8_t> ai_types = in.list();
    request.ai_types = ai_types.data();
    request.ai_types_length = ai_types.size();
    request.player_count = static_cast<uint8_t>(in.number(1));
    request.starting_chips = static_cast<uint32_t>(in.number(4));
    request.team_mode = in.number(1) != 0;
    request.teams = in.number(1);
    if (request.teams > kPlayersMax) return which + " has " + std::to_string(request.teams) + " teams";
    std::vector<uint8_t> teams[kPlayersMax];
    for (size_t team = 0; team < request.teams; ++team) {
      teams[team] = in.list();
      request.team_players[team] = teams[team].data();
      request.team_sizes[team] = teams[team].size();
    }
    const uint64_t moves = in.number(4);
    if (in.failed() || moves > kTurnsMax) return which + " is cut off at byte " + std::to_string(in.position());
    const auto [at, fresh] = restored.games_.try_emplace(id, OwnedRequest(request), number);
    OpenGame& game = at->second;
    if (const Fault fault = restored.deal(game)) return which + ": " + fault.text;
    for (uint64_t move = 0; move < moves; ++move) {
      const uint64_t position = in.number(2);
      Move played;
      if (game.state.over || position >= restored.moves_of(game).count) {
        return which + " has no move " + std::to_string(position) + " in turn " + std::to_string(game.state.turn);
      }
      if (const Fault fault = restored.play(game, static_cast<uint32_t>(position), played))
        return which + ": " + fault.text;
    }
    if (const uint64_t hash = in.number(8); hash != state_hash(game.state, true))
      return which + " does not come to the state that was saved";
    for (Stream& stream : game.players) {
      uint64_t words[4];
      for (uint64_t& word : words) word = in.number(8);
      stream.restore(words);
    }
  }
  if (in.failed()) return "it is cut off at byte " + std::to_string(in.position());
  if (!in.at_end()) return "something follows its end at byte " + std::to_string(in.position());
  next_id_ = restored.next_id_;
  games_ = std::move(restored.games_);
  return "";
}

uint64_t Games::hash() const {
  const std::vector<uint8_t> bytes = snapshot();
  return hash::xxh64(bytes.data(), bytes.size());
}

}  // namespace busbar::cards
