/** How few rules a game needs: what a player must remember, counted. */
import type { Condition, Genome, Phase } from "../genome.ts";
import { DEFAULT_RULES } from "../shape.ts";

const ELEMENTS_MAX = 24;

/** Leaves of a condition; compounds only join them. */
const leaves = (condition: Condition | null): number => {
  if (condition === null) return 0;
  return "logic" in condition ? condition.conditions.reduce((sum, each) => sum + leaves(each), 0) : 1;
};

function conditionsOf(phase: Phase): number {
  switch (phase.type) {
    case "draw":
      return leaves(phase.condition);
    case "play":
      return leaves(phase.valid_play_condition);
    case "discard":
      return leaves(phase.matching_condition);
    default:
      return 0;
  }
}

/** Phases, conditions (of phases and to win), effects, scoring rules, rules that are not the usual ones, half of the patterns. */
export function elements(genome: Genome): number {
  const { setup, turn_structure: turn, game_rules: rules } = genome;
  const conditions = turn.phases.reduce((sum, phase) => sum + conditionsOf(phase), 0) + genome.win_conditions.length;
  const scoring = genome.card_scoring.length + genome.scoring_rules.length + (genome.contract_scoring === null ? 0 : 1);
  const names = Object.keys(DEFAULT_RULES) as (keyof typeof DEFAULT_RULES)[];
  const unusual = [
    ...names.map((name) => rules[name] !== DEFAULT_RULES[name]),
    setup.tableau_mode !== "none",
    setup.wild_cards.length > 0,
    setup.trump_suit !== null || setup.rotate_trump || setup.random_trump,
    setup.capture_sums,
    setup.last_capture_takes_rest,
    genome.team_mode,
    genome.deck !== null,
    genome.hands !== null,
    genome.war !== null,
    genome.dealer !== null,
  ].filter(Boolean).length;
  const patterns = (genome.hand_evaluation?.patterns.length ?? 0) / 2;
  return turn.phases.length + conditions + genome.special_effects.length + scoring + unusual + patterns;
}

/** 1 for no rule at all, 0 for 24 elements and more. */
export const simplicity = (genome: Genome): number => 1 - Math.min(1, elements(genome) / ELEMENTS_MAX);
