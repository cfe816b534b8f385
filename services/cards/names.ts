/** Names of the genome and their codes in V1 and V2 programs. A name with code null is known, and no V2 program can say it. */
export type Codes = Readonly<Record<string, number | null>>;

export const RANKS: readonly string[] = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"];
export const SUITS: readonly string[] = ["H", "D", "C", "S"];
/** 2..A = 0..12, for cards, effects, scores and values. */
export const rankCode = (rank: string): number => RANKS.indexOf(rank);
/** Conditions count from the ace: A = 0 .. K = 12. */
export const conditionRankCode = (rank: string): number => (RANKS.indexOf(rank) + 1) % 13;
export const suitCode = (suit: string | null): number => (suit === null ? 255 : SUITS.indexOf(suit));

export const PLACES: Codes = {
  deck: 0,
  hand: 1,
  discard: 2,
  tableau: 3,
  opponent_hand: 4,
  opponent_discard: 5,
};
export const CARD_REFERENCES: Codes = { top_discard: 1, tableau_top: 2, last_played: 2, valid_plays: 3 };
export const OPERATORS: Codes = { "==": 0, "!=": 1, "<": 2, ">": 3, "<=": 4, ">=": 5 };

export const CONDITIONS: Codes = {
  hand_size: 0,
  card_is_rank: 1,
  card_is_suit: 2,
  location_size: 3,
  sequence_adjacent: 4,
  has_set_of_n: 5,
  has_run_of_n: 6,
  has_matching_pair: 7,
  chip_count: 8,
  pot_size: 9,
  current_bet: 10,
  can_afford: 11,
  card_matches_rank: 12,
  card_matches_suit: 13,
  card_beats_top: 14,
  card_matches_color: null,
  player_has_card: null,
  location_empty: null,
  score_compare: null,
  matches_or_wild: null,
  must_follow_suit: null,
  has_trump: null,
  suit_broken: null,
  is_trick_winner: null,
  trick_contains_card: null,
  hand_value: null,
  card_adjacent_to_layout: null,
};

export const EFFECTS: Codes = {
  skip_next: 0,
  reverse: 1,
  draw_cards: 2,
  extra_turn: 3,
  force_discard: 4,
  wild_card: null,
  block_next: null,
  swap_hands: null,
  steal_card: null,
  peek_hand: null,
};
export const TARGETS: Codes = {
  next_player: 0,
  prev_player: 1,
  player_choice: 2,
  random_opponent: 3,
  all_opponents: 4,
  left_opponent: 5,
  right_opponent: 6,
  self: null,
};
export const WINS: Codes = {
  empty_hand: 0,
  high_score: 1,
  first_to_score: 2,
  capture_all: 3,
  low_score: 4,
  all_hands_empty: 5,
  best_hand: 6,
  most_captured: 7,
  most_tricks: null,
  fewest_tricks: null,
  most_chips: null,
};
export const TRIGGERS: Codes = { trick_win: 0, capture: 1, play: 2, hand_end: 3, set_complete: 4 };
export const EVALUATIONS: Codes = { none: 0, high_card: 1, point_total: 2, pattern_match: 3, card_count: 4 };
export const TABLEAUS: Codes = { none: 0, war: 1, match_rank: 2, sequence: 3 };
export const DIRECTIONS: Codes = { ascending: 0, descending: 1, both: 2 };
