// Interactive play: games that are open between requests, by id.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "batch.h"

namespace busbar::cards {

/// A request that owns what it points to.
struct OwnedRequest {
  Request request;
  std::vector<uint8_t> program, ai_types, teams;

  OwnedRequest() = default;
  explicit OwnedRequest(const Request& from);
  OwnedRequest(const OwnedRequest& other) : OwnedRequest(other.request) {}
  OwnedRequest& operator=(const OwnedRequest&) = delete;
};

struct OpenGame {
  explicit OpenGame(const OwnedRequest& from, uint32_t number) : source(from), game(number) {}

  OwnedRequest source;
  uint32_t game;
  Job job;
  State state;
  Stream chance{0};
  std::vector<Stream> players;
  std::vector<uint16_t> played;  // positions of the moves so far
};

class Games {
 public:
  explicit Games(const Limits& limits) : limits_(limits) {}

  /// Deals game `game` of the request, as Simulator would. @param id receives its id, never one that was used before
  Fault open(const Request& request, uint32_t game, uint64_t& id);
  OpenGame* find(uint64_t id);
  static Fault not_found(uint64_t id);
  size_t count() const { return games_.size(); }
  bool close(uint64_t id) { return games_.erase(id) > 0; }

  /// Plays the move at position `move` of turn `turn`. @returns cards/conflict or out-of-range when it cannot
  Fault apply(OpenGame& game, uint32_t turn, uint32_t move, Move& played);
  /// Lets a player choose. @param ai_type 0: as the game was made, else code + 1
  Fault choose(OpenGame& game, uint8_t ai_type, uint32_t iterations, Arena& arena, Move& played);
  /// The legal moves of whose turn it is, borrowed until the next call.
  const MoveList& moves_of(const OpenGame& game);

  /// Every open game, random streams included, little endian; equal states give equal bytes.
  std::vector<uint8_t> snapshot() const;
  /// Replaces all games. @returns what is wrong with the bytes, and then nothing has changed; "" otherwise
  std::string restore(const uint8_t* bytes, size_t length);
  uint64_t hash() const;

 private:
  Fault deal(OpenGame& game);
  /// @returns cards/limit-exceeded when too many moves come after it; then the move is not played
  Fault play(OpenGame& game, uint32_t position, Move& played);

  Limits limits_;
  uint64_t next_id_ = 1;
  std::map<uint64_t, OpenGame> games_;
  MoveList moves_;
};

}  // namespace busbar::cards
