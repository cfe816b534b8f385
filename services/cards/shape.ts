/** The fields of a genome: types, ranges, defaults, and which of them a V2 program cannot say. */
import * as z from "zod";
import { int, only, text } from "./fields.ts";
import type {
  CardScore,
  CardValue,
  ContractScoring,
  Dealer,
  Deck,
  GameRules,
  Genome,
  HandEvaluation,
  HandPattern,
  Hands,
  ScoringRule,
  Setup,
  SpecialEffect,
  TurnStructure,
  War,
  WinCondition,
} from "./genome.ts";
import {
  COMPARISONS,
  DECK_EMPTY,
  DIRECTIONS,
  EFFECTS,
  EVALUATIONS,
  FIRST_PLAYERS,
  namesOf,
  PASS_ACTIONS,
  RANKS,
  RETURNS,
  SCORE_TRIGGERS,
  SCORES,
  SHORT_HANDS,
  SUITS,
  TABLEAUS,
  TARGETS,
  TIES,
  TRIGGERS,
  TURN_MODELS,
  VISIBILITIES,
  type Visibility,
  WINS,
} from "./names.ts";
import { phase } from "./phases.ts";

const byte = 255;
const u16 = 65_535;
const u32 = 2 ** 32 - 1;
const i32 = 2 ** 31;
const yes = z.boolean().default(true);
const no = z.boolean().default(false);
const rank = z.enum(RANKS);
const maybeRank = rank.nullable().default(null);
const maybeSuit = z.enum(SUITS).nullable().default(null);
const maybe = (min: number, max: number) => int(min, max).nullable().default(null);
const list = <T extends z.ZodType>(of: T, max: number) => z.array(of).max(max).default([]);
const visibility = (fallback: Visibility) => only(z.enum(namesOf(VISIBILITIES)).default(fallback));

const setup: z.ZodType<Setup> = z.strictObject({
  cards_per_player: int(1, 52),
  initial_deck: z.enum(["standard_52"]).default("standard_52"),
  initial_discard_count: int(0, 52).default(0),
  wild_cards: only(list(rank, 13)),
  hand_visibility: visibility("owner_only"),
  deck_visibility: visibility("face_down"),
  discard_visibility: visibility("face_up"),
  tableau_visibility: visibility("face_up"),
  trump_suit: only(z.enum(SUITS).nullable().default(null)),
  rotate_trump: only(z.boolean().default(false)),
  random_trump: only(z.boolean().default(false)),
  starting_chips: int(0, 1_000_000_000).default(0),
  custom_printed_deck: only(z.boolean().default(false)),
  tableau_mode: z.enum(namesOf(TABLEAUS)).default("none"),
  sequence_direction: z.enum(namesOf(DIRECTIONS)).default("both"),
  capture_sums: only(z.boolean().default(false)),
  capture_values: only(list(int(0, byte), 13)),
  last_capture_takes_rest: only(z.boolean().default(false)),
});

const turnStructure: z.ZodType<TurnStructure> = z.strictObject({
  phases: z.array(phase).min(1).max(16),
  is_trick_based: no,
  tricks_per_hand: only(maybe(1, 52)),
  turn_model: only(z.enum(namesOf(TURN_MODELS)).default("menu")),
});

const effect: z.ZodType<SpecialEffect> = z.strictObject({
  trigger_rank: rank,
  effect_type: z.enum(namesOf(EFFECTS)),
  target: z.enum(namesOf(TARGETS)).default("next_player"),
  value: int(0, byte).default(1),
});
const win: z.ZodType<WinCondition> = z.strictObject({
  type: z.enum(namesOf(WINS)),
  threshold: maybe(-i32, i32 - 1),
  comparison: only(z.enum(namesOf(COMPARISONS)).default("none")),
  trigger_mode: only(z.enum(namesOf(TRIGGERS)).default("immediate")),
  required_hand_size: only(maybe(1, 52)),
});
const scoringRule: z.ZodType<ScoringRule> = z.strictObject({
  type: z.enum(namesOf(SCORES)),
  points: int(-32_768, 32_767),
  threshold: int(-i32, i32 - 1).default(0),
  suit: maybeSuit,
  rank: maybeRank,
});
const cardScore: z.ZodType<CardScore> = z.strictObject({
  suit: maybeSuit,
  rank: maybeRank,
  points: int(-32_768, 32_767),
  trigger: z.enum(namesOf(SCORE_TRIGGERS)),
});
const cardValue: z.ZodType<CardValue> = z.strictObject({
  rank,
  value: int(0, byte),
  alternate_value: maybe(1, byte),
});
const pattern: z.ZodType<HandPattern> = z.strictObject({
  name: text,
  rank_priority: int(0, byte),
  required_count: maybe(1, 52),
  same_suit_count: maybe(1, 52),
  same_rank_groups: list(int(1, 52), 13),
  sequence_length: maybe(1, 13),
  sequence_wrap: no,
  required_ranks: list(rank, 13),
});
const evaluation: z.ZodType<HandEvaluation> = z.strictObject({
  method: z.enum(namesOf(EVALUATIONS)),
  card_values: list(cardValue, 13),
  patterns: list(pattern, byte),
  target_value: maybe(1, byte),
  bust_threshold: maybe(1, byte),
});
const contract: z.ZodType<ContractScoring> = z.strictObject({
  points_per_trick_bid: int(0, byte).default(10),
  overtrick_points: int(0, byte).default(1),
  failed_contract_penalty: int(0, byte).default(10),
  nil_bonus: int(0, u16).default(100),
  nil_penalty: int(0, u16).default(100),
  bag_limit: int(0, byte).default(10),
  bag_penalty: int(0, u16).default(100),
});
const gameRules: z.ZodType<GameRules> = z.strictObject({
  consecutive_pass_action: only(z.enum(namesOf(PASS_ACTIONS)).default("none")),
  passes_to_trigger: only(maybe(1, 16)),
  deck_empty_action: only(z.enum(namesOf(DECK_EMPTY)).default("reshuffle_discard")),
  keep_top_discard: only(z.boolean().default(true)),
  tie_breaker: only(z.enum(namesOf(TIES)).default("alternating")),
  same_player_on_win: only(z.boolean().default(false)),
});
/** What holds when a genome says nothing of the rules. */
export const DEFAULT_RULES: GameRules = gameRules.parse({});

const deck: z.ZodType<Deck> = z.strictObject({
  ranks: list(rank, 13),
  suits: list(z.enum(SUITS), 4),
  copies: int(1, 4).default(1),
});
const hands: z.ZodType<Hands> = z.strictObject({
  redeal: yes,
  first_player: z.enum(namesOf(FIRST_PLAYERS)).default("next"),
  until: int(1, 1000).default(50),
  refill: int(0, 52).default(0),
  rounds_per_hand: int(0, byte).default(0),
  empty_hand_ends: no,
});
const war: z.ZodType<War> = z.strictObject({
  face_down: int(0, 10).default(3),
  return_order: z.enum(namesOf(RETURNS)).default("random"),
  short_hand: z.enum(namesOf(SHORT_HANDS)).default("last_card"),
});
const dealer: z.ZodType<Dealer> = z.strictObject({ draws_below: int(1, 100) });

export const GENOME: z.ZodType<Genome> = z.strictObject({
  schema_version: z.enum(["1.0"]).default("1.0"),
  genome_id: text,
  generation: int(0, u32).default(0),
  player_count: int(2, 4).default(2),
  min_turns: int(0, 10_000).default(10),
  max_turns: int(1, 10_000).default(100),
  setup,
  turn_structure: turnStructure,
  special_effects: list(effect, byte),
  win_conditions: z.array(win).min(1).max(16),
  scoring_rules: only(list(scoringRule, byte)),
  card_scoring: list(cardScore, 1024),
  hand_evaluation: evaluation.nullable().default(null),
  contract_scoring: contract.nullable().default(null),
  game_rules: gameRules.prefault({}),
  team_mode: no,
  teams: list(list(int(0, 3), 4), 4),
  deck: only(deck.nullable().default(null)),
  hands: only(hands.nullable().default(null)),
  war: only(war.nullable().default(null)),
  dealer: only(dealer.nullable().default(null)),
});
