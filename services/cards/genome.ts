/**
 * A card game as data: what people and evolution write, and what `compile` turns into a program. Keys are those of the
 * reference system's JSON (snake_case). Every field is present here; `parseGenome` fills in defaults. What a field does in
 * play is said by the table of the same name in schema/service/cards/program.fbs.
 */
import type {
  Ace,
  Breaking,
  CardReference,
  ClaimRank,
  Comparison,
  ConditionType,
  DeckEmpty,
  Direction,
  EffectType,
  Evaluation,
  FirstPlayer,
  Operator,
  PassAction,
  Place,
  Rank,
  Return,
  ScoreTrigger,
  ScoreType,
  ShortHand,
  Showdown,
  Suit,
  Tableau,
  Target,
  Tie,
  Trigger,
  TurnModel,
  Visibility,
  WinType,
} from "./names.ts";

export type { Operator, Place, Rank, Suit, Visibility } from "./names.ts";

/** Tests something of a player, a place, or (in a play phase) the card that would be played. */
export interface SimpleCondition {
  readonly type: ConditionType;
  /** null: "==". */
  readonly operator: Operator | null;
  /** A rank for card_is_rank, a suit for card_is_suit, a rank or null (any) where a card is looked for, else a number. */
  readonly value: number | Rank | Suit | null;
  readonly reference: Place | CardReference | "valid_plays" | null;
  /** Of a card that is looked for; null: any. */
  readonly suit: Suit | null;
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
  /** Another place that the player may choose, card by card. */
  readonly alternative_source: Place | null;
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
  readonly breaking_rule: Breaking;
}
export interface BettingPhase {
  readonly type: "betting";
  readonly min_bet: number;
  readonly max_raises: number;
  readonly showdown_method: Showdown;
}
export interface ClaimPhase {
  readonly type: "claim";
  readonly min_cards: number;
  readonly max_cards: number;
  /** The reference's way to say rank_mode: false is player_choice. */
  readonly sequential_rank: boolean;
  readonly allow_challenge: boolean;
  readonly pile_penalty: boolean;
  readonly rank_mode: ClaimRank;
  readonly starting_rank: Rank;
  readonly fixed_rank: Rank | null;
  /** Ours: any cards may be laid for a claim, one by one; false: cards of one rank. */
  readonly mixed: boolean;
}
export interface BiddingPhase {
  readonly type: "bidding";
  readonly min_bid: number;
  readonly max_bid: number;
  readonly allow_nil: boolean;
}
export interface MeldPhase {
  readonly type: "meld";
  readonly mandatory: boolean;
  readonly set_min: number;
  readonly run_min: number;
  readonly ace: Ace;
  /** Melds are laid down; otherwise the player knocks with them in hand. */
  readonly lay_down: boolean;
  readonly knock_max: number;
  readonly gin_bonus: number;
  readonly undercut_bonus: number;
}
export interface AskPhase {
  readonly type: "ask";
  readonly mandatory: boolean;
  readonly set_size: number;
  readonly refill: number;
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
  readonly tableau_mode: Tableau;
  readonly sequence_direction: Direction;
  /** match_rank: a card without its rank on the table captures cards that sum to its value. */
  readonly capture_sums: boolean;
  /** Of the ranks 2..A; empty: A 1, 2 to 10 as they are, J 11, Q 12, K 13. */
  readonly capture_values: readonly number[];
  readonly last_capture_takes_rest: boolean;
}

export interface TurnStructure {
  readonly phases: readonly Phase[];
  readonly is_trick_based: boolean;
  readonly tricks_per_hand: number | null;
  /** menu: one move out of all phases, then the turn passes. sequence: the phases in order, each to its count. */
  readonly turn_model: TurnModel;
}

export interface SpecialEffect {
  readonly trigger_rank: Rank;
  readonly effect_type: EffectType;
  readonly target: Target;
  readonly value: number;
}

export interface WinCondition {
  readonly type: WinType;
  readonly threshold: number | null;
  readonly comparison: Comparison;
  readonly trigger_mode: Trigger;
  readonly required_hand_size: number | null;
}

/** What no single card gives. */
export interface ScoringRule {
  readonly type: ScoreType;
  readonly points: number;
  readonly threshold: number;
  readonly suit: Suit | null;
  readonly rank: Rank | null;
}

export interface CardScore {
  readonly suit: Suit | null;
  readonly rank: Rank | null;
  readonly points: number;
  readonly trigger: ScoreTrigger;
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
  readonly method: Evaluation;
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
  readonly consecutive_pass_action: PassAction;
  /** null: all but one player. */
  readonly passes_to_trigger: number | null;
  readonly deck_empty_action: DeckEmpty;
  readonly keep_top_discard: boolean;
  /** Who takes a tied battle. V2 programs alternate. */
  readonly tie_breaker: Tie;
  readonly same_player_on_win: boolean;
}

/** Ours: which cards there are. Empty lists: all ranks, all suits. */
export interface Deck {
  readonly ranks: readonly Rank[];
  readonly suits: readonly Suit[];
  readonly copies: number;
}
/** Ours: a game of several hands. */
export interface Hands {
  readonly redeal: boolean;
  readonly first_player: FirstPlayer;
  /** Hands at most. */
  readonly until: number;
  /** So many cards to each when all hands are empty and the deck has enough. */
  readonly refill: number;
  /** Turns of each seat behind the last round of betting or bidding; 0 any number. */
  readonly rounds_per_hand: number;
  readonly empty_hand_ends: boolean;
}
/** Ours: how a battle of war goes. */
export interface War {
  readonly face_down: number;
  readonly return_order: Return;
  readonly short_hand: ShortHand;
}
/** Ours: the last seat makes no choices, it draws while its hand is worth less. */
export interface Dealer {
  readonly draws_below: number;
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
  readonly scoring_rules: readonly ScoringRule[];
  readonly card_scoring: readonly CardScore[];
  readonly hand_evaluation: HandEvaluation | null;
  readonly contract_scoring: ContractScoring | null;
  readonly game_rules: GameRules;
  readonly team_mode: boolean;
  readonly teams: readonly (readonly number[])[];
  readonly deck: Deck | null;
  readonly hands: Hands | null;
  readonly war: War | null;
  readonly dealer: Dealer | null;
}

type Input<T> = T extends readonly (infer Each)[]
  ? readonly Input<Each>[]
  : T extends object
    ? { readonly [Key in keyof T]?: Input<T[Key]> }
    : T;
/** What people write: whatever has a default may be left out. */
export type GenomeInput = Input<Genome>;
