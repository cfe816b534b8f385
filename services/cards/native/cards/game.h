// One game from the deal to its end.
#pragma once

#include <cstdint>
#include <memory>

#include "engine.h"
#include "measure.h"
#include "menu.h"
#include "search.h"

namespace busbar::cards {

enum class PlayerKind : uint8_t { random = 0, greedy = 1, search = 2, greedy_v2 = 3 };

struct Match {
  const Rules* rules = nullptr;
  PlayerKind players[kPlayersMax] = {};
  uint32_t iterations[kPlayersMax] = {};  // of search players
  uint8_t codes[kPlayersMax] = {};        // as requests say them
  uint64_t seed = 0;
};

/// Sees every turn of a traced game.
class TurnObserver {
 public:
  virtual ~TurnObserver() = default;
  /// After the move of `player` in turn `turn` (from 0) was applied.
  virtual void on_turn(uint32_t turn, uint32_t player, const Move& move, const State& after) = 0;
};

/// Everything that playing needs, one per worker: nothing is allocated while games are played.
class Arena {
 public:
  State state;
  State imagined;  // greedy: a world as the player may think it is
  State tried;     // greedy: the same after one move
  Choices choices, before, after;
  MoveList moves, moves_before, moves_after, scratch;
  Search search;
  /// Asked before each search, which may take long: true stops the game, and `stopped` tells that its result is none.
  bool (*cancelled)(void* context) = nullptr;
  void* cancel_context = nullptr;
  bool stopped = false;
  /// A list of moves had no room for all of them in the game that was played last: that game's result is none.
  bool overfull = false;
  uint8_t leaders[kTurnsMax];
};

/// Plays game `number` of `match`. Equal arguments give an equal result, whatever was played before in this arena.
/// The final state is left in `arena.state`. Ends after max_turns moves at the latest. Takes the shortest way there is:
/// play_war, play_menu or play_table.
Result play_game(const Match& match, uint64_t number, Arena& arena, Counts& counts);

/// The loop of the general engine, for every program.
Result play_table(const Match& match, uint64_t number, Arena& arena, Counts& counts, TurnObserver* observer = nullptr);

/// Position in `arena.moves` of what the player of seat `player` chooses in `arena.state`.
uint32_t choose_move(const Match& match, uint32_t player, Arena& arena, Stream& stream, Counts& counts);

/// The loop for Rules::menu with random and greedy players; same results as play_table, which is compared in tests.
Result play_menu(const Match& match, uint64_t number, Arena& arena, Counts& counts, TurnObserver* observer = nullptr);

/// The loop for Rules::plain_war with random players; same results as play_menu, which is compared in tests.
Result play_war(const Match& match, uint64_t number, Arena& arena, Counts& counts);

inline constexpr const char* kGameStream = "cards/game";
inline constexpr const char* kDealStream = "deal";
inline constexpr const char* kPlayerStream = "player";

}  // namespace busbar::cards
