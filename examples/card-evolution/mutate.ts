/**
 * Changes of a genome, each small: one number, one name, one phase, condition, effect or score more, less or other. What
 * comes out may make no sense; whoever breeds checks it and tries again.
 */
import type { Condition, Genome, GenomeInput, Phase } from "../../services/cards/index.ts";
import type { Stream } from "../common/streams.ts";

type Change = (genome: Genome, stream: Stream) => GenomeInput;
type PhaseInput = NonNullable<NonNullable<GenomeInput["turn_structure"]>["phases"]>[number];

const RANKS = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K", "A"] as const;
const SUITS = ["H", "D", "C", "S"] as const;
const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
/** Up or down by at most `step`, never by nothing. */
const nudged = (value: number, step: number, min: number, max: number, stream: Stream): number =>
  clamp(value + (stream.chance(0.5) ? 1 : -1) * stream.between(1, step), min, max);
const without = <T>(of: readonly T[], index: number): T[] => of.filter((_, i) => i !== index);
const replaced = <T>(of: readonly T[], index: number, by: T): T[] => of.map((each, i) => (i === index ? by : each));
const withPhases = (genome: Genome, phases: readonly PhaseInput[]): GenomeInput => ({
  ...genome,
  turn_structure: { ...genome.turn_structure, phases },
});

const CARD_CONDITIONS = [
  "card_matches_suit",
  "card_matches_rank",
  "card_beats_top",
  "sequence_adjacent",
  "card_matches_color",
] as const;

/** Something a played card may have to fulfil. */
function cardCondition(stream: Stream): Condition {
  const plain = { operator: null, value: null, reference: null, suit: null } as const;
  switch (stream.below(4)) {
    case 0:
      return { ...plain, type: "card_is_rank", value: stream.pick(RANKS) };
    case 1:
      return { ...plain, type: "card_is_suit", value: stream.pick(SUITS) };
    default:
      return { ...plain, type: stream.pick(CARD_CONDITIONS), reference: "top_discard" };
  }
}

function joined(condition: Condition | null, stream: Stream): Condition {
  const added = cardCondition(stream);
  if (condition === null) return added;
  if ("logic" in condition && condition.conditions.length < 5) {
    return { ...condition, conditions: [...condition.conditions, added] };
  }
  return { logic: stream.chance(0.8) ? "OR" : "AND", conditions: [condition, added] };
}

function pruned(condition: Condition | null, stream: Stream): Condition | null {
  if (condition === null || !("logic" in condition)) return null;
  const left = without(condition.conditions, stream.below(condition.conditions.length));
  return left.length === 1 ? left[0]! : left.length === 0 ? null : { ...condition, conditions: left };
}

/** A phase as evolution begins one. */
export function freshPhase(stream: Stream): PhaseInput {
  switch (stream.below(5)) {
    case 0:
      return { type: "draw", source: stream.pick(["deck", "discard", "opponent_hand"]), count: stream.between(1, 2) };
    case 1:
      return { type: "discard", count: 1, mandatory: stream.chance(0.5) };
    default:
      return {
        type: "play",
        target: stream.pick(["discard", "discard", "tableau"]),
        valid_play_condition: stream.chance(0.8) ? joined(cardCondition(stream), stream) : null,
        mandatory: stream.chance(0.7),
        max_cards: stream.chance(0.8) ? 1 : stream.between(1, 4),
      };
  }
}

function changedPhase(phase: Phase, stream: Stream): PhaseInput {
  switch (phase.type) {
    case "draw":
      return stream.chance(0.5)
        ? { ...phase, count: nudged(phase.count, 2, 1, 5, stream) }
        : { ...phase, mandatory: !phase.mandatory };
    case "play":
      switch (stream.below(5)) {
        case 0:
          return { ...phase, valid_play_condition: pruned(phase.valid_play_condition, stream) };
        case 1:
          return { ...phase, mandatory: !phase.mandatory };
        case 2:
          return { ...phase, max_cards: nudged(phase.max_cards, 2, Math.max(1, phase.min_cards), 4, stream) };
        default:
          return { ...phase, valid_play_condition: joined(phase.valid_play_condition, stream) };
      }
    case "discard":
      return stream.chance(0.5)
        ? { ...phase, count: nudged(phase.count, 1, 1, 4, stream) }
        : { ...phase, mandatory: !phase.mandatory };
    case "trick":
      switch (stream.below(4)) {
        case 0:
          return { ...phase, trump_suit: stream.chance(0.3) ? null : stream.pick(SUITS) };
        case 1:
          return { ...phase, high_card_wins: !phase.high_card_wins };
        case 2:
          return { ...phase, lead_suit_required: !phase.lead_suit_required };
        default:
          return { ...phase, breaking_suit: stream.chance(0.5) ? null : stream.pick(SUITS) };
      }
    case "betting":
      return stream.chance(0.5)
        ? { ...phase, min_bet: clamp(phase.min_bet * (stream.chance(0.5) ? 2 : 0.5), 1, 1000) | 0 }
        : { ...phase, max_raises: nudged(phase.max_raises, 1, 0, 6, stream) };
    case "claim":
      return stream.chance(0.5)
        ? { ...phase, max_cards: nudged(phase.max_cards, 1, phase.min_cards, 4, stream) }
        : { ...phase, pile_penalty: !phase.pile_penalty };
    case "bidding":
      return { ...phase, allow_nil: !phase.allow_nil };
    case "meld":
      return { ...phase, knock_max: nudged(phase.knock_max, 5, 0, 40, stream) };
    case "ask":
      return { ...phase, set_size: nudged(phase.set_size, 1, 2, 4, stream) };
  }
}

const WINS = ["empty_hand", "high_score", "first_to_score", "low_score", "most_captured", "most_tricks"] as const;

const changes: Readonly<Record<string, Change>> = {
  "cards per player": (genome, stream) => ({
    ...genome,
    setup: { ...genome.setup, cards_per_player: nudged(genome.setup.cards_per_player, 3, 1, 26, stream) },
  }),
  players: (genome, stream) => ({ ...genome, player_count: nudged(genome.player_count, 1, 2, 4, stream) }),
  "max turns": (genome, stream) => ({
    ...genome,
    max_turns: clamp(
      Math.round(genome.max_turns * (stream.chance(0.5) ? 1.5 : 0.6)),
      Math.max(20, genome.min_turns),
      2000,
    ),
  }),
  "initial discard": (genome, stream) => ({
    ...genome,
    setup: { ...genome.setup, initial_discard_count: nudged(genome.setup.initial_discard_count, 1, 0, 4, stream) },
  }),
  "add phase": (genome, stream) => {
    const { phases } = genome.turn_structure;
    const at = stream.below(phases.length + 1);
    return withPhases(genome, [...phases.slice(0, at), freshPhase(stream), ...phases.slice(at)]);
  },
  "drop phase": (genome, stream) => {
    const { phases } = genome.turn_structure;
    return withPhases(genome, without(phases, stream.below(phases.length)));
  },
  "swap phases": (genome, stream) => {
    const { phases } = genome.turn_structure;
    const at = stream.below(phases.length);
    const [moved] = phases.slice(at, at + 1);
    const rest = without(phases, at);
    const to = stream.below(rest.length + 1);
    return withPhases(genome, [...rest.slice(0, to), moved!, ...rest.slice(to)]);
  },
  "change phase": (genome, stream) => {
    const { phases } = genome.turn_structure;
    const at = stream.below(phases.length);
    return withPhases(genome, replaced<PhaseInput>(phases, at, changedPhase(phases[at]!, stream)));
  },
  "add effect": (genome, stream) => ({
    ...genome,
    special_effects: [
      ...genome.special_effects,
      {
        trigger_rank: stream.pick(RANKS),
        effect_type: stream.pick(["skip_next", "reverse", "draw_cards", "extra_turn", "force_discard"]),
        target: stream.pick(["next_player", "all_opponents", "random_opponent"]),
        value: stream.between(1, 3),
      },
    ],
  }),
  "drop effect": (genome, stream) =>
    genome.special_effects.length === 0
      ? genome
      : { ...genome, special_effects: without(genome.special_effects, stream.below(genome.special_effects.length)) },
  "add score": (genome, stream) => ({
    ...genome,
    card_scoring: [
      ...genome.card_scoring,
      {
        suit: stream.chance(0.5) ? stream.pick(SUITS) : null,
        rank: stream.chance(0.5) ? stream.pick(RANKS) : null,
        points: stream.between(1, 10) * (stream.chance(0.2) ? -1 : 1),
        trigger: genome.turn_structure.phases.some(({ type }) => type === "trick") ? "trick_win" : "play",
      },
    ],
  }),
  "drop score": (genome, stream) =>
    genome.card_scoring.length === 0
      ? genome
      : { ...genome, card_scoring: without(genome.card_scoring, stream.below(genome.card_scoring.length)) },
  "change win": (genome, stream) => {
    const at = stream.below(genome.win_conditions.length);
    const win = genome.win_conditions[at]!;
    const threshold =
      win.threshold === null ? stream.between(10, 100) : clamp(nudged(win.threshold, 20, 1, 500, stream), 1, 500);
    const type = stream.chance(0.5) ? win.type : stream.pick(WINS);
    const changed: NonNullable<GenomeInput["win_conditions"]>[number] = { ...win, type, threshold };
    return { ...genome, win_conditions: replaced(genome.win_conditions, at, changed) };
  },
  "drop win": (genome, stream) =>
    genome.win_conditions.length < 2
      ? genome
      : { ...genome, win_conditions: without(genome.win_conditions, stream.below(genome.win_conditions.length)) },
};

export const CHANGES: readonly string[] = Object.keys(changes);

/** One change, by lot. The result need not be a valid genome. */
export const mutated = (genome: Genome, stream: Stream): GenomeInput => changes[stream.pick(CHANGES)]!(genome, stream);
