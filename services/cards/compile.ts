/** From a genome to a program. Same genome, same bytes. */
import { createHash } from "node:crypto";
import { BusError } from "#bus";
import { beyondV2 } from "./fields.ts";
import type { Condition, Genome, HandEvaluation, Phase } from "./genome.ts";
import {
  CARD_REFERENCES,
  CONDITIONS,
  type Codes,
  conditionRankCode,
  DIRECTIONS,
  EFFECTS,
  EVALUATIONS,
  OPERATORS,
  PLACES,
  rankCode,
  suitCode,
  TABLEAUS,
  TARGETS,
  TRIGGERS,
  WINS,
} from "./names.ts";
import { type ConditionCode, encodeProgram, type PhaseCode, type ProgramParts } from "./program.ts";
import { GENOME } from "./shape.ts";

export interface CompileOptions {
  /** Format of the program. This version writes V2. */
  readonly format: "v2";
}

/**
 * @param genome from `parseGenome`
 * @returns the program, at most 64 KiB
 * @throws BusError cards/not-expressible naming the first field that a V2 program cannot say
 */
export function compile(genome: Genome, _options: CompileOptions = { format: "v2" }): Uint8Array {
  return encodeProgram(partsOf(genome));
}

/** First 8 bytes, big-endian, of SHA-256 over the canonical JSON (keys in order, no spaces). */
export function genomeIdHash(genome: Genome): bigint {
  return createHash("sha256").update(canonical(genome)).digest().readBigUInt64BE(0);
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const notExpressible = (path: string): BusError => new BusError("cards/not-expressible", { details: { path } });

function code(codes: Codes, name: string, path: string): number {
  const found = codes[name];
  if (found === undefined || found === null) throw notExpressible(`${path} "${name}"`);
  return found;
}

function partsOf(genome: Genome): ProgramParts {
  const beyond = beyondV2(genome as unknown as Record<string, unknown>, GENOME);
  if (beyond !== undefined) throw notExpressible(beyond);
  const { setup } = genome;
  return {
    genomeIdHash: genomeIdHash(genome),
    playerCount: genome.player_count,
    maxTurns: genome.max_turns,
    tableauMode: code(TABLEAUS, setup.tableau_mode, "setup.tableau_mode"),
    sequenceDirection: code(DIRECTIONS, setup.sequence_direction, "setup.sequence_direction"),
    cardsPerPlayer: setup.cards_per_player,
    initialDiscardCount: setup.initial_discard_count,
    startingChips: setup.starting_chips,
    phases: genome.turn_structure.phases.map((phase, i) => phaseCode(phase, `turn_structure.phases[${i}]`, genome)),
    wins: genome.win_conditions.map(({ type, threshold }, i) => ({
      type: code(WINS, type, `win_conditions[${i}].type`),
      threshold: threshold ?? 0,
    })),
    effects: genome.special_effects.map((effect, i) => ({
      rank: rankCode(effect.trigger_rank),
      type: code(EFFECTS, effect.effect_type, `special_effects[${i}].effect_type`),
      target: code(TARGETS, effect.target, `special_effects[${i}].target`),
      value: effect.value,
    })),
    cardScores: genome.card_scoring.map((score, i) => ({
      suit: suitCode(score.suit),
      rank: score.rank === null ? 255 : rankCode(score.rank),
      points: score.points,
      trigger: code(TRIGGERS, score.trigger, `card_scoring[${i}].trigger`),
    })),
    evaluation: evaluationBytes(genome.hand_evaluation),
    teamMode: genome.team_mode,
    teams: genome.teams,
  };
}

function phaseCode(phase: Phase, path: string, genome: Genome): PhaseCode {
  const flag = (value: boolean): number => (value ? 1 : 0);
  const big32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const little16 = (value: number): number[] => [value & 255, value >> 8];
  switch (phase.type) {
    case "draw":
      return {
        kind: 1,
        source: code(PLACES, phase.source, `${path}.source`),
        count: phase.count,
        mandatory: phase.mandatory,
        condition: conditionCode(phase.condition, `${path}.condition`),
      };
    case "play":
      return {
        kind: 2,
        target: code(PLACES, phase.target, `${path}.target`),
        min: phase.min_cards,
        max: phase.max_cards,
        mandatory: phase.mandatory,
        passIfUnable: phase.pass_if_unable,
        condition: conditionCode(phase.valid_play_condition, `${path}.valid_play_condition`),
      };
    case "discard":
      return {
        kind: 3,
        target: code(PLACES, phase.target, `${path}.target`),
        count: phase.count,
        mandatory: phase.mandatory,
      };
    case "trick":
      return {
        kind: 4,
        bytes: [
          flag(phase.lead_suit_required),
          suitCode(phase.trump_suit),
          flag(phase.high_card_wins),
          suitCode(phase.breaking_suit),
        ],
      };
    case "betting":
      return { kind: 5, bytes: [...big32(phase.min_bet), ...big32(phase.max_raises)] };
    case "claim":
      return {
        kind: 6,
        bytes: [
          phase.min_cards,
          phase.max_cards,
          flag(phase.sequential_rank),
          flag(phase.allow_challenge),
          flag(phase.pile_penalty),
          0,
          0,
          0,
          0,
          0,
        ],
      };
    case "bidding": {
      const contract = genome.contract_scoring;
      const points = [
        contract?.points_per_trick_bid ?? 10,
        contract?.overtrick_points ?? 1,
        contract?.failed_contract_penalty ?? 10,
      ];
      const nil = [...little16(contract?.nil_bonus ?? 100), ...little16(contract?.nil_penalty ?? 100)];
      const bags = [contract?.bag_limit ?? 10, ...little16(contract?.bag_penalty ?? 100)];
      return {
        kind: 7,
        bytes: [70, phase.min_bid, phase.max_bid, flag(phase.allow_nil), ...points, ...nil, ...bags, 0, 0],
      };
    }
    default:
      throw notExpressible(`${path}.type "${phase.type}"`);
  }
}

function conditionCode(condition: Condition | null, path: string): ConditionCode | null {
  return condition === null ? null : leafOrTree(condition, path);
}

function leafOrTree(condition: Condition, path: string): ConditionCode {
  if ("logic" in condition) {
    return {
      op: condition.logic === "AND" ? 40 : 41,
      nested: condition.conditions.map((each, i) => leafOrTree(each, `${path}.conditions[${i}]`)),
    };
  }
  const { type, operator, value, reference } = condition;
  const operand =
    type === "card_is_rank"
      ? conditionRankCode(value as string)
      : type === "card_is_suit"
        ? suitCode(value as string)
        : ((value as number) ?? 0);
  const references = type === "location_size" ? PLACES : CARD_REFERENCES;
  return {
    op: code(CONDITIONS, type, `${path}.type`),
    compare: operator === null ? 0 : code(OPERATORS, operator, `${path}.operator`),
    value: operand,
    reference: reference === null ? 0 : code(references, reference, `${path}.reference`),
  };
}

function evaluationBytes(evaluation: HandEvaluation | null): number[] {
  if (evaluation === null) return [0];
  const method = code(EVALUATIONS, evaluation.method, "hand_evaluation.method");
  if (method === 0) return [0];
  const values = evaluation.card_values.flatMap(({ rank, value, alternate_value }) => [
    rankCode(rank),
    value,
    alternate_value ?? 0,
  ]);
  const patterns = evaluation.patterns.flatMap((pattern) => [
    pattern.rank_priority,
    pattern.required_count ?? 0,
    pattern.same_suit_count ?? 0,
    pattern.sequence_length ?? 0,
    pattern.sequence_wrap ? 1 : 0,
    pattern.same_rank_groups.length,
    ...pattern.same_rank_groups,
    pattern.required_ranks.length,
    ...pattern.required_ranks.map(rankCode),
  ]);
  return [
    method,
    evaluation.target_value ?? 0,
    evaluation.bust_threshold ?? 0,
    evaluation.card_values.length,
    ...values,
    evaluation.patterns.length,
    ...patterns,
  ];
}
