// A program made ready to play with a number of players: tables that the engines look up instead of working out.
#pragma once

#include <cstdint>
#include <vector>

#include "moves.h"
#include "program.h"
#include "state.h"

namespace busbar::cards {

/// What makes a side the leader; from the first win condition.
enum class Lead : uint8_t {
  fewest_cards,
  highest_score,
  lowest_score,
  most_cards,
  most_captured,
  most_tricks,
  fewest_tricks,
  most_chips,
  hand_value,
};

/// A round of betting or bidding, or the phases [begin, end) between two of them.
struct Stage {
  bool round = false;
  uint8_t begin = 0, end = 0;
};

/// Read-only while games are played; shared by all workers.
struct Rules {
  GameProgram program;
  uint32_t player_count = 2;
  uint32_t starting_chips = 0;
  Lead lead = Lead::fewest_cards;
  bool scored = false;
  /// Plays in menu.cc: draws, plays and discards of one card by the plain rules, as V1 and V2 say them.
  bool menu = false;
  /// One play phase to the tableau with any card, war, capture all, nothing else: has a loop of its own (war.cc).
  bool plain_war = false;

  /// Points of a card by trigger.
  int16_t play_points[kDeckCards] = {}, trick_points[kDeckCards] = {};
  int16_t capture_points[kDeckCards] = {}, hand_points[kDeckCards] = {};
  /// Effects sorted by rank (stable), those of rank r in [effects_begin[r], effects_begin[r + 1]).
  std::vector<Effect> effects;
  uint16_t effects_begin[14] = {};
  /// Of a rank's effects: a suit to be named, an opponent to be chosen.
  bool names_suit[kRanks] = {}, chooses[kRanks] = {};
  CardSet wild = 0;

  std::vector<Stage> stages;
  bool betting = false, bidding = false, tricks = false, claims = false, asks = false, melds = false, captures = false;
  /// Someone may take cards into its hand by a move.
  bool draws = false;
  uint8_t ask_phase = 0;
  Showdown showdown = Showdown::evaluation;

  /// The deck in order of cards.
  Pile cards;
  bool copies = false;
  bool queue_hands = false;  // hands lie face down: only the first card can be played
  uint8_t capture_value[kRanks] = {}, meld_value[kRanks] = {};

  /// Sides: teams, else single seats.
  uint32_t side_count = 2;
  uint8_t side_of[kPlayersMax] = {0, 1, 2, 3};
  uint8_t side_first[kPlayersMax] = {0, 1, 2, 3};
  uint8_t side_seats[kPlayersMax] = {1, 2, 4, 8};
  bool teams = false;
  int dealer_seat = -1;

  /// Evaluations of random hands, sorted: how strong a hand is (evaluate.h). Empty without betting.
  std::vector<int64_t> strengths;
};

/// @param program decoded and checked as playable with `player_count` players
Rules make_rules(GameProgram program, uint32_t player_count, uint32_t starting_chips);

/// The measure by which the side of `player` is compared with others: larger is better.
int32_t standing(const Rules& rules, const State& state, uint32_t player);

}  // namespace busbar::cards
