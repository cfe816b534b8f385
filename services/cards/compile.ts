/** From a genome to a program. Same genome, same bytes. */
import { createHash } from "node:crypto";
import { BusError } from "#bus";
import type { Program, ProgramCondition, ProgramPhaseBody } from "#generated/busbar/cards";
import { encodeV2, firstUnspeakable } from "./encode-v2.ts";
import { firstBeyondV2 } from "./fields.ts";
import type { Condition, Genome, HandEvaluation, Phase } from "./genome.ts";
import {
  ACES,
  BREAKINGS,
  CARD_REFERENCES,
  CLAIM_RANKS,
  COMPARISONS,
  CONDITIONS,
  type ConditionType,
  DECK_EMPTY,
  DIRECTIONS,
  EFFECTS,
  EVALUATIONS,
  FIRST_PLAYERS,
  NONE,
  OPERATORS,
  type Operator,
  PASS_ACTIONS,
  PLACES,
  type Place,
  RANKS,
  type Rank,
  RETURNS,
  rankCode,
  SCORE_TRIGGERS,
  SCORES,
  SHORT_HANDS,
  SHOWDOWNS,
  type Suit,
  suitCode,
  TABLEAUS,
  TARGETS,
  TIES,
  TRIGGERS,
  TURN_MODELS,
  VALID_PLAYS,
  VISIBILITIES,
  WINS,
} from "./names.ts";
import { handsUnsaid } from "./program-defaults.ts";
import { encodeV3 } from "./program-v3.ts";
import { GENOME } from "./shape.ts";

export interface CompileOptions {
  /** Default: "v2" when it can say everything, else "v3". */
  readonly format?: "v2" | "v3";
}

/**
 * @param genome from `parseGenome`
 * @returns the program, at most 64 KiB
 * @throws BusError cards/not-expressible naming the first field that a V2 program cannot say, when V2 was asked for;
 *   cards/limit-exceeded for a program of more than 64 KiB
 */
export function compile(genome: Genome, options: CompileOptions = {}): Uint8Array {
  const program = programOf(genome);
  const beyond = options.format === "v3" ? "" : (firstBeyondV2(GENOME, genome) ?? firstUnspeakable(program));
  if (options.format === "v2" && beyond !== undefined) {
    throw new BusError("cards/not-expressible", { details: { path: beyond } });
  }
  return beyond === undefined ? encodeV2(program) : encodeV3(program);
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

/** Every field of the genome in codes; what both formats are written from. */
export function programOf(genome: Genome): Program {
  const { setup, turn_structure: turn, game_rules: rules, deck, hands, war, dealer } = genome;
  const phases = turn.phases.map((phase) => ({ body: phaseOf(phase) }));
  const wins = genome.win_conditions.map((win) => ({
    kind: WINS[win.type],
    threshold: win.threshold ?? 0,
    comparison: COMPARISONS[win.comparison],
    triggerMode: TRIGGERS[win.trigger_mode],
    requiredHandSize: win.required_hand_size ?? 0,
  }));
  return {
    version: 1,
    genomeIdHash: genomeIdHash(genome),
    playerCount: genome.player_count,
    turnsMin: genome.min_turns,
    turnsMax: genome.max_turns,
    deck: deck && { ranks: ranks(deck.ranks), suits: bytes(deck.suits.map(suitCode)), copies: deck.copies },
    setup: {
      cardsPerPlayer: setup.cards_per_player,
      initialDiscardCount: setup.initial_discard_count,
      wildRanks: ranks(setup.wild_cards),
      handVisibility: VISIBILITIES[setup.hand_visibility],
      deckVisibility: VISIBILITIES[setup.deck_visibility],
      discardVisibility: VISIBILITIES[setup.discard_visibility],
      tableauVisibility: VISIBILITIES[setup.tableau_visibility],
      trumpSuit: suitCode(setup.trump_suit),
      rotateTrump: setup.rotate_trump,
      randomTrump: setup.random_trump,
      startingChips: setup.starting_chips,
      customPrintedDeck: setup.custom_printed_deck,
      tableauMode: TABLEAUS[setup.tableau_mode],
      sequenceDirection: DIRECTIONS[setup.sequence_direction],
      captureSums: setup.capture_sums,
      captureValues: bytes(setup.capture_values),
      lastCaptureTakesRest: setup.last_capture_takes_rest,
    },
    turn: {
      phases,
      model: TURN_MODELS[turn.turn_model],
      isTrickBased: turn.is_trick_based,
      tricksPerHand: turn.tricks_per_hand ?? 0,
    },
    effects: genome.special_effects.map((effect) => ({
      triggerRank: rankCode(effect.trigger_rank),
      kind: EFFECTS[effect.effect_type],
      target: TARGETS[effect.target],
      value: effect.value,
    })),
    wins,
    cardScores: genome.card_scoring.map((score) => ({
      suit: suitCode(score.suit),
      rank: rankCode(score.rank),
      points: score.points,
      trigger: SCORE_TRIGGERS[score.trigger],
    })),
    scores: genome.scoring_rules.map((rule) => ({
      kind: SCORES[rule.type],
      points: rule.points,
      threshold: rule.threshold,
      suit: suitCode(rule.suit),
      rank: rankCode(rule.rank),
    })),
    evaluation: evaluationOf(genome.hand_evaluation),
    contract: contractOf(genome),
    rules: {
      passAction: PASS_ACTIONS[rules.consecutive_pass_action],
      passesToTrigger: rules.passes_to_trigger ?? 0,
      deckEmpty: DECK_EMPTY[rules.deck_empty_action],
      keepTopDiscard: rules.keep_top_discard,
      tieBreaker: TIES[rules.tie_breaker],
      samePlayerOnWin: rules.same_player_on_win,
    },
    teamMode: genome.team_mode,
    teams: genome.teams.map((players) => ({ players: bytes(players) })),
    hands:
      hands === null
        ? handsUnsaid(phases, wins)
        : {
            redeal: hands.redeal,
            firstPlayer: FIRST_PLAYERS[hands.first_player],
            handsMax: hands.until,
            refill: hands.refill,
            roundsPerHand: hands.rounds_per_hand,
            emptyHandEnds: hands.empty_hand_ends,
          },
    war: war && {
      faceDown: war.face_down,
      returnOrder: RETURNS[war.return_order],
      shortHand: SHORT_HANDS[war.short_hand],
    },
    dealer: dealer && { drawsBelow: dealer.draws_below },
  };
}

const bytes = (values: readonly number[]): Uint8Array => Uint8Array.from(values);
const ranks = (of: readonly Rank[]): Uint8Array => bytes(of.map(rankCode));

function phaseOf(phase: Phase): ProgramPhaseBody {
  switch (phase.type) {
    case "draw":
      return {
        type: "ProgramDraw",
        value: {
          source: PLACES[phase.source],
          count: phase.count,
          mandatory: phase.mandatory,
          condition: conditionsOf(phase.condition),
          alternativeSource: phase.alternative_source === null ? NONE : PLACES[phase.alternative_source],
        },
      };
    case "play":
      return {
        type: "ProgramPlay",
        value: {
          target: PLACES[phase.target],
          condition: conditionsOf(phase.valid_play_condition),
          minCards: phase.min_cards,
          maxCards: phase.max_cards,
          mandatory: phase.mandatory,
          passIfUnable: phase.pass_if_unable,
        },
      };
    case "discard":
      return {
        type: "ProgramDiscard",
        value: {
          target: PLACES[phase.target],
          count: phase.count,
          mandatory: phase.mandatory,
          condition: conditionsOf(phase.matching_condition),
        },
      };
    case "trick":
      return {
        type: "ProgramTrick",
        value: {
          leadSuitRequired: phase.lead_suit_required,
          trumpSuit: suitCode(phase.trump_suit),
          highCardWins: phase.high_card_wins,
          breakingSuit: suitCode(phase.breaking_suit),
          breakingRule: BREAKINGS[phase.breaking_suit === null ? "none" : phase.breaking_rule],
        },
      };
    case "betting":
      return {
        type: "ProgramBetting",
        value: {
          minBet: phase.min_bet,
          maxRaises: phase.max_raises,
          showdownMethod: SHOWDOWNS[phase.showdown_method],
        },
      };
    case "claim": {
      const chosen = phase.rank_mode === "sequential" && !phase.sequential_rank;
      return {
        type: "ProgramClaim",
        value: {
          minCards: phase.min_cards,
          maxCards: phase.max_cards,
          allowChallenge: phase.allow_challenge,
          pilePenalty: phase.pile_penalty,
          rankMode: CLAIM_RANKS[chosen ? "player_choice" : phase.rank_mode],
          startingRank: rankCode(phase.starting_rank),
          fixedRank: rankCode(phase.fixed_rank),
          mixed: phase.mixed,
        },
      };
    }
    case "bidding":
      return {
        type: "ProgramBidding",
        value: { minBid: phase.min_bid, maxBid: phase.max_bid, allowNil: phase.allow_nil },
      };
    case "meld":
      return {
        type: "ProgramMeld",
        value: {
          mandatory: phase.mandatory,
          setMin: phase.set_min,
          runMin: phase.run_min,
          ace: ACES[phase.ace],
          layDown: phase.lay_down,
          knockMax: phase.knock_max,
          ginBonus: phase.gin_bonus,
          undercutBonus: phase.undercut_bonus,
        },
      };
    case "ask":
      return {
        type: "ProgramAsk",
        value: { mandatory: phase.mandatory, setSize: phase.set_size, refill: phase.refill },
      };
  }
}

/** Trees in prefix order: a node, then its children. */
function conditionsOf(condition: Condition | null): ProgramCondition[] {
  if (condition === null) return [];
  if ("logic" in condition) {
    const op = condition.logic === "AND" ? CONDITIONS.all_of : CONDITIONS.any_of;
    const node = { op, compare: 0, value: condition.conditions.length, suit: NONE, reference: 0 } as const;
    return [node, ...condition.conditions.flatMap(conditionsOf)];
  }
  const { type, operator, value, reference, suit } = condition;
  const number = (): number => {
    if (typeof value === "number") return value;
    if (type === "card_is_suit") return suitCode(value as Suit);
    if (value === null) return type === "player_has_card" || type === "trick_contains_card" ? -1 : 0;
    return RANKS.indexOf(value as Rank);
  };
  return [
    {
      op: CONDITIONS[type],
      compare: OPERATORS[plainOperator(type, operator ?? "==")],
      value: number(),
      suit: suitCode(suit),
      reference: referenceCode(type, reference),
    },
  ];
}

/** Two cards match or they do not: >= is the same as ==, and < as !=. V2 programs know only those for them. */
function plainOperator(type: ConditionType, operator: Operator): Operator {
  if (!COMPARES_CARDS.has(type)) return operator;
  return operator === ">=" ? "==" : operator === "<" ? "!=" : operator;
}
const COMPARES_CARDS: ReadonlySet<ConditionType> = new Set([
  "sequence_adjacent",
  "card_matches_rank",
  "card_matches_suit",
  "card_matches_color",
  "matches_or_wild",
  "must_follow_suit",
  "card_adjacent_to_layout",
]);

function referenceCode(type: string, reference: string | null): number {
  if (reference === null) return 0;
  if (reference === "valid_plays") return VALID_PLAYS;
  const ofPlace = type === "location_size" || type === "location_empty";
  return ofPlace ? PLACES[reference as Place] : CARD_REFERENCES[reference as keyof typeof CARD_REFERENCES];
}

function evaluationOf(evaluation: HandEvaluation | null): Program["evaluation"] {
  return (
    evaluation && {
      method: EVALUATIONS[evaluation.method],
      cardValues: evaluation.card_values.map(({ rank, value, alternate_value }) => ({
        rank: rankCode(rank),
        value,
        alternate: alternate_value ?? 0,
      })),
      patterns: evaluation.patterns.map((pattern) => ({
        priority: pattern.rank_priority,
        requiredCount: pattern.required_count ?? 0,
        sameSuit: pattern.same_suit_count ?? 0,
        sequenceLength: pattern.sequence_length ?? 0,
        sequenceWrap: pattern.sequence_wrap,
        groups: bytes(pattern.same_rank_groups),
        ranks: ranks(pattern.required_ranks),
        name: pattern.name,
      })),
      targetValue: evaluation.target_value ?? 0,
      bustThreshold: evaluation.bust_threshold ?? 0,
    }
  );
}

/** Bidding without contract_scoring scores by the defaults: a V2 program has them in its bidding phase. */
function contractOf({ contract_scoring: contract, turn_structure }: Genome): Program["contract"] {
  if (contract === null && !turn_structure.phases.some(({ type }) => type === "bidding")) return null;
  return {
    pointsPerTrickBid: contract?.points_per_trick_bid ?? 10,
    overtrickPoints: contract?.overtrick_points ?? 1,
    failedContractPenalty: contract?.failed_contract_penalty ?? 10,
    nilBonus: contract?.nil_bonus ?? 100,
    nilPenalty: contract?.nil_penalty ?? 100,
    bagLimit: contract?.bag_limit ?? 10,
    bagPenalty: contract?.bag_penalty ?? 100,
  };
}
