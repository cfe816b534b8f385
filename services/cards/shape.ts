/** The fields of a genome: types, ranges, defaults, and which of them a V2 program cannot say. */
import type { Field, Shape } from "./fields.ts";
import type {
  AskPhase,
  BettingPhase,
  BiddingPhase,
  CardScore,
  CardValue,
  ClaimPhase,
  ContractScoring,
  DiscardPhase,
  DrawPhase,
  GameRules,
  Genome,
  HandEvaluation,
  HandPattern,
  MeldPhase,
  PlayPhase,
  Setup,
  SpecialEffect,
  TrickPhase,
  TurnStructure,
  WinCondition,
} from "./genome.ts";
import { DIRECTIONS, EFFECTS, EVALUATIONS, PLACES, RANKS, SUITS, TABLEAUS, TARGETS, TRIGGERS, WINS } from "./names.ts";

type ShapeOf<T> = { readonly [K in Exclude<keyof T, "type">]-?: Field };

const int = (min: number, max: number, fallback?: number): Field => ({ kind: "int", min, max, ...given(fallback) });
const maybeInt = (min: number, max: number): Field => ({ kind: "int", min, max, nullable: true, default: null });
const bool = (fallback: boolean): Field => ({ kind: "bool", default: fallback });
const choice = (of: readonly string[], fallback?: string): Field => ({ kind: "choice", of, ...given(fallback) });
const maybe = (of: readonly string[]): Field => ({ kind: "choice", of, nullable: true, default: null });
const list = (of: Field, max: number): Field => ({ kind: "list", of, max, default: [] });
const given = (fallback: unknown): object => (fallback === undefined ? {} : { default: fallback });
const only = (field: Field): Field => ({ ...field, v2: false });

const places = Object.keys(PLACES);
const visibility = (fallback: string): Field =>
  only(choice(["face_down", "face_up", "owner_only", "revealed"], fallback));
const condition: Field = { kind: "condition", nullable: true, default: null };
const byte = 255;
const u32 = 2 ** 32 - 1;
const u16 = 65_535;

const setup: ShapeOf<Setup> = {
  cards_per_player: int(1, 52),
  initial_deck: choice(["standard_52"], "standard_52"),
  initial_discard_count: int(0, 52, 0),
  wild_cards: only(list(choice(RANKS), 13)),
  hand_visibility: visibility("owner_only"),
  deck_visibility: visibility("face_down"),
  discard_visibility: visibility("face_up"),
  tableau_visibility: visibility("face_up"),
  trump_suit: only(maybe(SUITS)),
  rotate_trump: only(bool(false)),
  random_trump: only(bool(false)),
  starting_chips: int(0, 1_000_000_000, 0),
  custom_printed_deck: only(bool(false)),
  tableau_mode: choice(Object.keys(TABLEAUS), "none"),
  sequence_direction: choice(Object.keys(DIRECTIONS), "both"),
};

const draw: ShapeOf<DrawPhase> = {
  source: choice(places),
  count: int(1, 52, 1),
  mandatory: bool(true),
  condition,
};
const play: ShapeOf<PlayPhase> = {
  target: choice(places),
  valid_play_condition: condition,
  min_cards: int(0, 52, 1),
  max_cards: int(1, 52, 1),
  mandatory: bool(true),
  pass_if_unable: bool(true),
};
const discard: ShapeOf<DiscardPhase> = {
  target: choice(places, "discard"),
  count: int(1, 52, 1),
  mandatory: bool(false),
  matching_condition: only(condition),
};
const trick: ShapeOf<TrickPhase> = {
  lead_suit_required: bool(true),
  trump_suit: maybe(SUITS),
  high_card_wins: bool(true),
  breaking_suit: maybe(SUITS),
  breaking_rule: only(choice(["none", "cannot_lead_until_broken", "cannot_play_until_broken"], "none")),
};
const betting: ShapeOf<BettingPhase> = {
  min_bet: int(1, u32, 10),
  max_raises: int(0, u32, 3),
  showdown_method: only(choice(["hand_evaluation", "highest_card", "fold_only"], "hand_evaluation")),
};
const claim: ShapeOf<ClaimPhase> = {
  min_cards: int(1, 52, 1),
  max_cards: int(1, 52, 4),
  sequential_rank: bool(true),
  allow_challenge: bool(true),
  pile_penalty: bool(true),
  rank_mode: only(choice(["sequential", "player_choice", "fixed"], "sequential")),
  starting_rank: only(choice(RANKS, "A")),
  fixed_rank: only(maybe(RANKS)),
};
const bidding: ShapeOf<BiddingPhase> = {
  min_bid: int(0, 52, 1),
  max_bid: int(0, 52, 13),
  allow_nil: bool(true),
};
const later: ShapeOf<MeldPhase> & ShapeOf<AskPhase> = { mandatory: bool(true) };
export const PHASES: Readonly<Record<string, Shape>> = {
  draw,
  play,
  discard,
  trick,
  betting,
  claim,
  bidding,
  meld: later,
  ask: later,
};

const turnStructure: ShapeOf<TurnStructure> = {
  phases: { kind: "list", of: { kind: "phase", of: PHASES }, min: 1, max: 16 },
  is_trick_based: bool(false),
  tricks_per_hand: only(maybeInt(1, 52)),
  turn_model: only(choice(["menu", "sequence"], "menu")),
};

const effect: ShapeOf<SpecialEffect> = {
  trigger_rank: choice(RANKS),
  effect_type: choice(Object.keys(EFFECTS)),
  target: choice(Object.keys(TARGETS), "next_player"),
  value: int(0, byte, 1),
};
const win: Shape & { readonly [K in keyof WinCondition]-?: Field } = {
  type: choice(Object.keys(WINS)),
  threshold: { kind: "int", min: -(2 ** 31), max: 2 ** 31 - 1, nullable: true, default: null },
  comparison: only(choice(["highest", "lowest", "first", "none"], "none")),
  trigger_mode: only(choice(["immediate", "threshold_gate", "all_hands_empty", "deck_empty"], "immediate")),
  required_hand_size: only(maybeInt(1, 52)),
};
const cardScore: ShapeOf<CardScore> = {
  suit: maybe(SUITS),
  rank: maybe(RANKS),
  points: int(-32_768, 32_767),
  trigger: choice(Object.keys(TRIGGERS)),
};
const cardValue: ShapeOf<CardValue> = {
  rank: choice(RANKS),
  value: int(0, byte),
  alternate_value: maybeInt(1, byte),
};
const pattern: ShapeOf<HandPattern> = {
  name: { kind: "text" },
  rank_priority: int(0, byte),
  required_count: maybeInt(1, 52),
  same_suit_count: maybeInt(1, 52),
  same_rank_groups: list(int(1, 52), 13),
  sequence_length: maybeInt(1, 13),
  sequence_wrap: bool(false),
  required_ranks: list(choice(RANKS), 13),
};
const evaluation: ShapeOf<HandEvaluation> = {
  method: choice(Object.keys(EVALUATIONS)),
  card_values: list({ kind: "object", of: cardValue }, 13),
  patterns: list({ kind: "object", of: pattern }, byte),
  target_value: maybeInt(1, byte),
  bust_threshold: maybeInt(1, byte),
};
const contract: ShapeOf<ContractScoring> = {
  points_per_trick_bid: int(0, byte, 10),
  overtrick_points: int(0, byte, 1),
  failed_contract_penalty: int(0, byte, 10),
  nil_bonus: int(0, u16, 100),
  nil_penalty: int(0, u16, 100),
  bag_limit: int(0, byte, 10),
  bag_penalty: int(0, u16, 100),
};
const gameRules: ShapeOf<GameRules> = {
  consecutive_pass_action: only(choice(["none", "clear_tableau", "end_round", "skip_player"], "none")),
  passes_to_trigger: only(maybeInt(1, 16)),
  deck_empty_action: only(choice(["reshuffle_discard", "game_ends", "skip_draw"], "reshuffle_discard")),
  keep_top_discard: only(bool(true)),
  tie_breaker: only(choice(["active_player", "alternating", "split", "battle"], "alternating")),
  same_player_on_win: only(bool(false)),
};

const own = (of: Shape): Field => only({ kind: "object", of, nullable: true, default: null });

export const GENOME: ShapeOf<Genome> = {
  schema_version: choice(["1.0"], "1.0"),
  genome_id: { kind: "text" },
  generation: int(0, u32, 0),
  player_count: int(2, 4, 2),
  min_turns: int(0, 10_000, 10),
  max_turns: int(1, 10_000, 100),
  setup: { kind: "object", of: setup },
  turn_structure: { kind: "object", of: turnStructure },
  special_effects: list({ kind: "object", of: effect }, byte),
  win_conditions: { kind: "list", of: { kind: "object", of: win }, min: 1, max: 16 },
  scoring_rules: only(list({ kind: "object", of: {} }, 0)),
  card_scoring: list({ kind: "object", of: cardScore }, 1024),
  hand_evaluation: { kind: "object", of: evaluation, nullable: true, default: null },
  contract_scoring: { kind: "object", of: contract, nullable: true, default: null },
  game_rules: { kind: "object", of: gameRules, default: {} },
  team_mode: bool(false),
  teams: list(list(int(0, 3), 4), 4),
  deck: own({ ranks: list(choice(RANKS), 13), suits: list(choice(SUITS), 4), copies: int(1, 4, 1) }),
  hands: own({
    redeal: bool(true),
    first_player: choice(["same", "next", "winner", "loser"], "next"),
    until: int(1, 1000, 1),
  }),
  war: own({
    face_down: int(0, 10, 3),
    return_order: choice(["random", "winner_first", "loser_first"], "random"),
    short_hand: choice(["last_card", "loses"], "last_card"),
  }),
  dealer: own({ draws_below: int(1, 100) }),
};
