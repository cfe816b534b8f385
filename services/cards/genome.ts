/**
 * A card game as data: what people and evolution write, and what `compile` turns into a program. Keys are those of the
 * reference system's JSON (snake_case). Every field is present here; `parseGenome` fills in defaults.
 */
export type Rank = "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "J" | "Q" | "K" | "A";
export type Suit = "H" | "D" | "C" | "S";
export type Place = "deck" | "hand" | "discard" | "tableau" | "opponent_hand" | "opponent_discard";
export type CardReference = "top_discard" | "tableau_top" | "last_played" | "valid_plays";
export type Operator = "==" | "!=" | "<" | ">" | "<=" | ">=";
export type Visibility = "face_down" | "face_up" | "owner_only" | "revealed";

/** Tests something of a player, a place, or (in a play phase) the card that would be played. */
export interface SimpleCondition {
  readonly type: string;
  readonly operator: Operator | null;
  /** A rank for card_is_rank, a suit for card_is_suit, else a whole number. */
  readonly value: number | string | null;
  readonly reference: Place | CardReference | null;
}
export interface CompoundCondition {
  readonly logic: "AND" | "OR";
  readonly conditions: readonly Condition[];
}
export type Condition = SimpleCondition | CompoundCondition;

export interface DrawPhase {
  readonly type: "draw";
  readonly source: Place;
  readonly count: number;
  readonly mandatory: boolean;
  readonly condition: Condition | null;
}
export interface PlayPhase {
  readonly type: "play";
  readonly target: Place;
  readonly valid_play_condition: Condition | null;
  readonly min_cards: number;
  readonly max_cards: number;
  readonly mandatory: boolean;
  readonly pass_if_unable: boolean;
}
export interface DiscardPhase {
  readonly type: "discard";
  readonly target: Place;
  readonly count: number;
  readonly mandatory: boolean;
  readonly matching_condition: Condition | null;
}
export interface TrickPhase {
  readonly type: "trick";
  readonly lead_suit_required: boolean;
  readonly trump_suit: Suit | null;
  readonly high_card_wins: boolean;
  readonly breaking_suit: Suit | null;
  readonly breaking_rule: string;
}
export interface BettingPhase {
  readonly type: "betting";
  readonly min_bet: number;
  readonly max_raises: number;
  readonly showdown_method: string;
}
export interface ClaimPhase {
  readonly type: "claim";
  readonly min_cards: number;
  readonly max_cards: number;
  readonly sequential_rank: boolean;
  readonly allow_challenge: boolean;
  readonly pile_penalty: boolean;
  readonly rank_mode: string;
  readonly starting_rank: Rank;
  readonly fixed_rank: Rank | null;
}
export interface BiddingPhase {
  readonly type: "bidding";
  readonly min_bid: number;
  readonly max_bid: number;
  readonly allow_nil: boolean;
}
/** Phases of later formats; no V2 program holds them. */
export interface MeldPhase {
  readonly type: "meld";
  readonly mandatory: boolean;
}
export interface AskPhase {
  readonly type: "ask";
  readonly mandatory: boolean;
}
export type Phase =
  | DrawPhase
  | PlayPhase
  | DiscardPhase
  | TrickPhase
  | BettingPhase
  | ClaimPhase
  | BiddingPhase
  | MeldPhase
  | AskPhase;

export interface Setup {
  readonly cards_per_player: number;
  readonly initial_deck: string;
  readonly initial_discard_count: number;
  readonly wild_cards: readonly Rank[];
  readonly hand_visibility: Visibility;
  readonly deck_visibility: Visibility;
  readonly discard_visibility: Visibility;
  readonly tableau_visibility: Visibility;
  readonly trump_suit: Suit | null;
  readonly rotate_trump: boolean;
  readonly random_trump: boolean;
  readonly starting_chips: number;
  readonly custom_printed_deck: boolean;
  readonly tableau_mode: "none" | "war" | "match_rank" | "sequence";
  readonly sequence_direction: "ascending" | "descending" | "both";
}

export interface TurnStructure {
  readonly phases: readonly Phase[];
  readonly is_trick_based: boolean;
  readonly tricks_per_hand: number | null;
  /** menu: one move out of all phases, then the turn passes. */
  readonly turn_model: "menu" | "sequence";
}

export interface SpecialEffect {
  readonly trigger_rank: Rank;
  readonly effect_type: string;
  readonly target: string;
  readonly value: number;
}

export interface WinCondition {
  readonly type: string;
  readonly threshold: number | null;
  readonly comparison: string;
  readonly trigger_mode: string;
  readonly required_hand_size: number | null;
}

export interface CardScore {
  readonly suit: Suit | null;
  readonly rank: Rank | null;
  readonly points: number;
  readonly trigger: string;
}

export interface CardValue {
  readonly rank: Rank;
  readonly value: number;
  readonly alternate_value: number | null;
}
export interface HandPattern {
  readonly name: string;
  readonly rank_priority: number;
  readonly required_count: number | null;
  readonly same_suit_count: number | null;
  readonly same_rank_groups: readonly number[];
  readonly sequence_length: number | null;
  readonly sequence_wrap: boolean;
  readonly required_ranks: readonly Rank[];
}
export interface HandEvaluation {
  readonly method: string;
  readonly card_values: readonly CardValue[];
  readonly patterns: readonly HandPattern[];
  readonly target_value: number | null;
  readonly bust_threshold: number | null;
}

export interface ContractScoring {
  readonly points_per_trick_bid: number;
  readonly overtrick_points: number;
  readonly failed_contract_penalty: number;
  readonly nil_bonus: number;
  readonly nil_penalty: number;
  readonly bag_limit: number;
  readonly bag_penalty: number;
}

export interface GameRules {
  readonly consecutive_pass_action: string;
  readonly passes_to_trigger: number | null;
  readonly deck_empty_action: string;
  readonly keep_top_discard: boolean;
  /** Who takes a tied battle. V2 programs alternate. */
  readonly tie_breaker: string;
  readonly same_player_on_win: boolean;
}

export interface Genome {
  readonly schema_version: string;
  readonly genome_id: string;
  readonly generation: number;
  readonly player_count: number;
  readonly min_turns: number;
  readonly max_turns: number;
  readonly setup: Setup;
  readonly turn_structure: TurnStructure;
  readonly special_effects: readonly SpecialEffect[];
  readonly win_conditions: readonly WinCondition[];
  readonly scoring_rules: readonly unknown[];
  readonly card_scoring: readonly CardScore[];
  readonly hand_evaluation: HandEvaluation | null;
  readonly contract_scoring: ContractScoring | null;
  readonly game_rules: GameRules;
  readonly team_mode: boolean;
  readonly teams: readonly (readonly number[])[];
  readonly deck: { readonly ranks: readonly Rank[]; readonly suits: readonly Suit[]; readonly copies: number } | null;
  readonly hands: { readonly redeal: boolean; readonly first_player: string; readonly until: number } | null;
  readonly war: { readonly face_down: number; readonly return_order: string; readonly short_hand: string } | null;
  readonly dealer: { readonly draws_below: number } | null;
}
