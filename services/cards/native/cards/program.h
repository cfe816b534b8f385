// A card game as the interpreter sees it. Every format (V1, V2) decodes into this one form; offsets of the source bytes
// are kept, so that a refusal can say where it found what it cannot play.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace busbar::cards {

inline constexpr uint32_t kPlayersMax = 4;
inline constexpr uint32_t kDeckCards = 52;
inline constexpr uint32_t kTurnsMax = 10'000;
inline constexpr uint32_t kPhasesMax = 16;
inline constexpr uint32_t kConditionsMax = 512;
inline constexpr uint32_t kConditionDepthMax = 64;
inline constexpr uint32_t kWinsMax = 16;
inline constexpr uint32_t kProgramBytesMax = 65'536;
inline constexpr uint8_t kNone = 255;

/// Condition operations; the numbers are those of the format.
enum class Op : uint8_t {
  hand_size = 0,
  card_rank = 1,
  card_suit = 2,
  location_size = 3,
  adjacent = 4,
  set_of = 5,
  run_of = 6,
  matching_pair = 7,
  chips = 8,
  pot = 9,
  current_bet = 10,
  can_afford = 11,
  matches_rank = 12,
  matches_suit = 13,
  beats_top = 14,
  all_of = 40,
  any_of = 41,
};

enum class Compare : uint8_t { eq = 0, ne = 1, lt = 2, gt = 3, le = 4, ge = 5 };

enum class Place : uint8_t { deck = 0, hand = 1, discard = 2, tableau = 3, opponent_hand = 4, opponent_discard = 5 };

/// Which card a card condition looks at.
enum class CardRef : uint8_t { none = 0, top_discard = 1, tableau_top = 2, valid_plays = 3 };

/// One node of a condition; children follow their parent, `span` nodes belong to it (1 for a leaf).
struct Condition {
  Op op;
  Compare compare;
  uint8_t reference;
  int32_t value;  // ranks already in the inner code, 2..A = 0..12
  uint32_t span;
  uint32_t offset;
};

enum class PhaseKind : uint8_t { draw = 1, play = 2, discard = 3, trick = 4, betting = 5, claim = 6, bidding = 7 };

struct Phase {
  PhaseKind kind;
  uint32_t offset = 0;
  int32_t condition = -1;                // index of its root node, -1: always
  uint8_t place = 0;                     // draw: source; play, discard: target (Place, unchecked)
  uint32_t count = 1;                    // draw, discard
  uint8_t cards_min = 1, cards_max = 1;  // play, claim
  bool mandatory = false, pass_if_unable = false;
  struct {
    uint8_t lead_suit_required, trump, high_wins, breaking_suit;
  } trick{};
  struct {
    uint32_t bet_min, raises_max;
  } betting{};
  struct {
    uint8_t sequential_rank, allow_challenge, pile_penalty;
  } claim{};
  struct {
    uint8_t bid_min, bid_max, flags, points_per_trick, overtrick, fail_penalty, bag_limit;
    uint16_t nil_bonus, nil_penalty, bag_penalty;
  } bidding{};
};

enum class WinKind : uint8_t {
  empty_hand = 0,
  high_score = 1,
  first_to_score = 2,
  capture_all = 3,
  low_score = 4,
  all_hands_empty = 5,
  best_hand = 6,
  most_captured = 7,
};
struct Win {
  WinKind kind;
  int32_t threshold;
  uint32_t offset;
};

enum class EffectKind : uint8_t { skip_next = 0, reverse = 1, draw_cards = 2, extra_turn = 3, force_discard = 4 };
enum class Target : uint8_t {
  next = 0,
  previous = 1,
  choice = 2,
  random_opponent = 3,
  all_opponents = 4,
  left = 5,
  right = 6
};
struct Effect {
  uint8_t rank;
  EffectKind kind;
  Target target;
  uint8_t value;
  uint32_t offset;
};

enum class Trigger : uint8_t { trick_win = 0, capture = 1, play = 2, hand_end = 3, set_complete = 4 };
struct CardScore {
  uint8_t suit, rank;
  int16_t points;
  Trigger trigger;
  uint32_t offset;
};

struct CardValue {
  uint8_t rank, value, alternate;
};
struct Pattern {
  uint8_t priority, required_count, same_suit, sequence_length, wrap;
  std::vector<uint8_t> groups, ranks;
};
struct HandEvaluation {
  uint8_t method = 0, target = 0, bust = 0;
  std::vector<CardValue> values;
  std::vector<Pattern> patterns;
  uint32_t offset = 0;
};

enum class Tableau : uint8_t { none = 0, war = 1, match_rank = 2, sequence = 3 };

struct Program {
  uint8_t format = 0;          // 1 or 2
  uint32_t header_length = 0;  // 36, 39, 47 or 53
  uint64_t genome_id_hash = 0;
  uint32_t player_count = 2;
  uint32_t turns_max = 100;
  uint32_t cards_per_player = 0;
  uint32_t initial_discard_count = 0;
  uint32_t starting_chips = 0;
  Tableau tableau = Tableau::none;
  uint8_t sequence_direction = 0;
  std::vector<Condition> conditions;
  std::vector<Phase> phases;
  std::vector<Win> wins;
  std::vector<Effect> effects;
  std::vector<CardScore> card_scores;
  HandEvaluation evaluation;
  bool team_mode = false;
  std::vector<std::vector<uint8_t>> teams;
};

}  // namespace busbar::cards
