// Many games of many items on any number of workers, with the same bytes as a result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/hash/hash.h"
#include "fault.h"
#include "game.h"

namespace busbar::cards {

/// Limits, refused by name when exceeded. Defaults of the service; its config may lower or raise them.
struct Limits {
  uint32_t items_max = 65'536;
  uint32_t games_max = 1'000'000;
  uint32_t iterations_max = 100'000;  // of one search
  uint32_t open_games_max = 1'024;    // of interactive play
};

/// One item as it arrived; fields as in schema/service/cards/cards.fbs. Borrowed until the call returns.
struct Request {
  const uint8_t* program = nullptr;
  size_t program_length = 0;
  uint32_t num_games = 0;
  uint8_t ai_player_type = 0;
  uint32_t mcts_iterations = 0;
  uint64_t random_seed = 0;
  uint8_t player_ai_types[2] = {};  // player0_ai_type, player1_ai_type
  const uint8_t* ai_types = nullptr;
  size_t ai_types_length = 0;
  uint8_t player_count = 0;
  uint32_t starting_chips = 0;
  bool team_mode = false;
  size_t teams = 0;
  const uint8_t* team_players[kPlayersMax] = {};
  size_t team_sizes[kPlayersMax] = {};
};

/// What the games of one item were, or why it was refused.
struct Stats {
  Fault fault;
  uint32_t total_games = 0;
  uint32_t player_count = 0;
  uint32_t wins[kPlayersMax] = {};
  uint32_t draws = 0;  // everything nobody won: drawn, out of turns, stuck
  uint32_t stuck = 0, out_of_turns = 0;
  uint32_t first_seat_wins = 0;
  uint32_t team_count = 0;
  uint32_t team_wins[kPlayersMax] = {};
  uint8_t codes[kPlayersMax] = {};
  double avg_turns = 0;
  uint32_t median_turns = 0;  // the lower median
  Counts counts;
  double decisive_turn = 1;  // means over the games
  double closest_margin = 1;
  uint64_t result_hash = 0;
  uint64_t duration_ns = 0;  // sum over workers; never part of a hash
};

/// Who lends threads and knows whether the caller still waits. Both may be empty: one thread, never cancelled.
struct Helpers {
  void* context = nullptr;
  uint32_t threads = 1;
  /// As busbar_host.parallel.
  void (*parallel)(void* context, uint32_t count, void (*fn)(void* argument, uint32_t index, uint32_t worker),
                   void* argument) = nullptr;
  bool (*cancelled)(void* context) = nullptr;
};

/// A request made ready: its rules, players and seed.
struct Job {
  Fault fault;
  std::shared_ptr<const Rules> rules;
  Match match;
  uint32_t games = 0;
};

/// Checks one item. @param index its place in the batch, for texts; @param previous reused when the program is the same
Job prepare(const Request& request, size_t index, const Limits& limits, const Request* previous_request,
            const Job* previous);

/// Game `game` of the request at `path` was broken off in turn `turn`, by Arena::overfull.
Fault too_many_moves(const std::string& path, uint64_t game, uint32_t turn);

class Simulator {
 public:
  explicit Simulator(Limits limits, uint32_t threads);

  /// Plays all items; out[i] is written for each i. A refused item has its fault and spoils no other.
  /// @param first_item place of the first one in its batch, for the texts of refusals
  /// @returns false when the caller cancelled: `out` is then incomplete
  bool run(const Request* requests, size_t count, const Helpers& helpers, Stats* out, size_t first_item = 0);

  const Limits& limits() const { return limits_; }
  /// For a single traced game, between runs.
  Arena& arena() { return *arenas_[0]; }

 private:
  // Games of a block are played by one worker in order; sums are made block by block. Its size enters sums of doubles,
  // so it never changes with the number of threads.
  // Searches take long: a block of them is short, so that few games are work for several threads.
  static constexpr uint32_t kBlockGames = 64, kSearchBlockGames = 4;
  static constexpr uint32_t kWaveBlocks = 128;

  struct Record {
    int8_t winner;
    uint8_t winners;
    Ending ending;
    uint32_t turns;
    uint64_t state_hash;
    bool overfull;
  };
  struct Block {
    const Job* job;
    size_t item;
    uint64_t first_game;
    uint32_t games;
    Counts counts;
    double decisive_turn, closest_margin;
    uint64_t duration_ns;
    Record records[kBlockGames];
  };
  struct Wave {
    Simulator* simulator;
    const Helpers* helpers;
    uint32_t cancelled;
  };

  static uint32_t block_games(const Job& job);
  static void play_block(void* wave, uint32_t index, uint32_t worker);
  /// @param index of the item in its batch. A game that came to too many moves makes the item a refused one.
  void fold(const Block& block, Stats& stats, size_t index);
  void finish(const Job& job, Stats& stats);
  void clear_sums();

  Limits limits_;
  std::vector<std::unique_ptr<Arena>> arenas_;
  std::vector<Block> blocks_;
  std::vector<Job> jobs_;
  // Of the item that is being folded.
  std::vector<uint32_t> games_by_turns_;
  hash::Xxh64 results_;
  double decisive_sum_ = 0, margin_sum_ = 0;
  uint64_t turns_sum_ = 0;
  bool unfinished_ = false;
};

}  // namespace busbar::cards
