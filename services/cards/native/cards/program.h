// A card game as the interpreter sees it. Every format (V1, V2, V3) decodes into this one form. Names and meanings are
// those of schema/service/cards/program.fbs, which says what each of them does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace busbar::cards {

inline constexpr uint32_t kPlayersMax = 4;
/// Different cards, and cards of the largest deck (four copies).
inline constexpr uint32_t kDeckCards = 52;
inline constexpr uint32_t kCardsMax = 208;
inline constexpr uint32_t kRanks = 13;
inline constexpr uint32_t kTurnsMax = 10'000;
inline constexpr uint32_t kPhasesMax = 16;
inline constexpr uint32_t kConditionsMax = 512;
inline constexpr uint32_t kConditionDepthMax = 64;
inline constexpr uint32_t kWinsMax = 16;
/// Per seat, so that all chips of a game fit a signed 32-bit number.
inline constexpr uint32_t kChipsMax = 500'000'000;
inline constexpr uint32_t kScoresMax = 64;
inline constexpr uint32_t kHandsMax = 1000;
/// Hands of a game that says no number.
inline constexpr uint32_t kDefaultHands = 50;
/// Legal moves of one decision; a program that could have more is refused.
inline constexpr uint32_t kMovesMax = 4096;
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
  matches_color = 15,
  has_card = 16,
  location_empty = 17,
  score_compare = 18,
  matches_or_wild = 19,
  must_follow_suit = 20,
  has_trump = 21,
  suit_broken = 22,
  is_trick_winner = 23,
  trick_contains = 24,
  hand_value = 25,
  adjacent_to_layout = 26,
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
  uint8_t suit = kNone;
};

enum class PhaseKind : uint8_t {
  draw = 1,
  play = 2,
  discard = 3,
  trick = 4,
  betting = 5,
  claim = 6,
  bidding = 7,
  meld = 8,
  ask = 9,
};
enum class Breaking : uint8_t { none = 0, lead = 1, play = 2 };
enum class Showdown : uint8_t { evaluation = 0, highest_card = 1, fold_only = 2 };
enum class ClaimRank : uint8_t { sequential = 0, player_choice = 1, fixed = 2 };

struct Phase {
  PhaseKind kind;
  uint32_t offset = 0;
  int32_t condition = -1;                // index of its root node, -1: always
  uint8_t place = 0;                     // draw: source; play, discard: target (a Place)
  uint8_t alternative = kNone;           // draw: another source, or kNone
  uint32_t count = 1;                    // draw, discard
  uint8_t cards_min = 1, cards_max = 1;  // play, claim
  bool mandatory = false, pass_if_unable = false;
  struct {
    bool lead_suit_required, high_wins;
    uint8_t trump, breaking_suit;
    Breaking breaking;
  } trick{};
  struct {
    uint32_t bet_min, raises_max;
    Showdown showdown;
  } betting{};
  struct {
    bool allow_challenge, pile_penalty;
    ClaimRank mode;
    uint8_t starting_rank, fixed_rank;
    bool mixed;  // of any cards, laid one by one
  } claim{};
  struct {
    uint8_t bid_min, bid_max;
    bool allow_nil;
  } bidding{};
  struct {
    uint8_t set_min, run_min, ace, knock_max;
    bool lay_down;
    uint16_t gin_bonus, undercut_bonus;
  } meld{};
  struct {
    uint8_t set_size, refill;
  } ask{};
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
  most_tricks = 8,
  fewest_tricks = 9,
  most_chips = 10,
};
enum class Comparison : uint8_t { none = 0, highest = 1, lowest = 2, first = 3 };
enum class WinTrigger : uint8_t { immediate = 0, threshold_gate = 1, all_hands_empty = 2, deck_empty = 3 };
struct Win {
  WinKind kind;
  int32_t threshold;
  uint32_t offset;
  Comparison comparison = Comparison::none;
  WinTrigger trigger = WinTrigger::immediate;
  uint8_t hand_size = 0;
};

enum class EffectKind : uint8_t {
  skip_next = 0,
  reverse = 1,
  draw_cards = 2,
  extra_turn = 3,
  force_discard = 4,
  wild_card = 5,
  block_next = 6,
  swap_hands = 7,
  steal_card = 8,
  peek_hand = 9,
};
enum class Target : uint8_t {
  next = 0,
  previous = 1,
  choice = 2,
  random_opponent = 3,
  all_opponents = 4,
  left = 5,
  right = 6,
  self = 7,
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

enum class ScoreKind : uint8_t { shoot_moon = 0, sweep = 1, most_cards = 2, trick = 3, go_out = 4, cards_left = 5 };
struct Score {
  ScoreKind kind;
  int16_t points;
  int32_t threshold;
  uint8_t suit, rank;
};

struct CardValue {
  uint8_t rank, value, alternate;
};
struct Pattern {
  uint8_t priority, required_count, same_suit, sequence_length, wrap;
  std::vector<uint8_t> groups, ranks;
};
enum class Method : uint8_t { none = 0, high_card = 1, point_total = 2, pattern = 3, card_count = 4 };
struct HandEvaluation {
  Method method = Method::none;
  uint8_t target = 0, bust = 0;
  std::vector<CardValue> values;
  std::vector<Pattern> patterns;
  uint32_t offset = 0;
};

/// Points of bids at the end of a hand.
struct Contract {
  bool scored = false;
  uint8_t points_per_trick = 10, overtrick = 1, fail_penalty = 10, bag_limit = 10;
  uint16_t nil_bonus = 100, nil_penalty = 100, bag_penalty = 100;
};

enum class Tableau : uint8_t { none = 0, war = 1, match_rank = 2, sequence = 3 };
enum class Visibility : uint8_t { face_down = 0, face_up = 1, owner_only = 2, revealed = 3 };
constexpr bool is_open(Visibility of) { return of == Visibility::face_up || of == Visibility::revealed; }
enum class TurnModel : uint8_t { menu = 0, sequence = 1 };
enum class PassAction : uint8_t { none = 0, clear_tableau = 1, end_round = 2, skip_player = 3 };
enum class DeckEmpty : uint8_t { reshuffle = 0, game_ends = 1, skip_draw = 2 };
enum class Tie : uint8_t { active_player = 0, alternating = 1, split = 2, battle = 3 };
enum class FirstPlayer : uint8_t { same = 0, next = 1, winner = 2, loser = 3 };
enum class ReturnOrder : uint8_t { random = 0, winner_first = 1, loser_first = 2, as_laid = 3 };

struct Deck {
  std::vector<uint8_t> ranks, suits;  // empty: all
  uint8_t copies = 1;
};
struct GameRules {
  PassAction pass_action = PassAction::none;
  uint8_t passes_to_trigger = 0;
  DeckEmpty deck_empty = DeckEmpty::reshuffle;
  bool keep_top_discard = true;
  Tie tie = Tie::alternating;
  bool same_player_on_win = false;
};
struct Hands {
  bool redeal = false;
  FirstPlayer first = FirstPlayer::next;
  uint32_t hands_max = 1;
  uint8_t refill = 0, rounds_per_hand = 0;
  bool empty_hand_ends = false;
};
struct War {
  uint8_t face_down = 0;
  ReturnOrder order = ReturnOrder::as_laid;
  bool short_loses = false;
};

struct GameProgram {
  uint8_t format = 0;          // 1, 2 or 3
  uint32_t header_length = 0;  // V1, V2: 36, 39, 47 or 53
  uint64_t genome_id_hash = 0;
  uint32_t player_count = 2;
  uint32_t turns_min = 0;
  uint32_t turns_max = 100;
  Deck deck;
  uint32_t cards_per_player = 0;
  uint32_t initial_discard_count = 0;
  uint32_t starting_chips = 0;
  std::vector<uint8_t> wild_ranks;
  Visibility hand_visibility = Visibility::owner_only, deck_visibility = Visibility::face_down;
  Visibility discard_visibility = Visibility::face_up, tableau_visibility = Visibility::face_up;
  uint8_t trump = kNone;  // of the first hand
  bool rotate_trump = false, random_trump = false;
  Tableau tableau = Tableau::none;
  uint8_t sequence_direction = 0;
  bool capture_sums = false, last_capture_takes_rest = false;
  std::vector<uint8_t> capture_values;  // empty: A 1 .. K 13
  TurnModel model = TurnModel::menu;
  uint8_t tricks_per_hand = 0;
  std::vector<Condition> conditions;
  std::vector<Phase> phases;
  std::vector<Win> wins;
  std::vector<Effect> effects;
  std::vector<CardScore> card_scores;
  std::vector<Score> scores;
  HandEvaluation evaluation;
  Contract contract;
  GameRules rules;
  Hands hands;
  War war;
  bool dealer = false;
  uint8_t draws_below = 0;
  bool team_mode = false;
  std::vector<std::vector<uint8_t>> teams;
};

}  // namespace busbar::cards
