/** A child of two genomes: each part is one parent's. */
import type { Genome, GenomeInput } from "../../services/cards/index.ts";
import type { Stream } from "../common/streams.ts";

/** What only makes sense together goes together: chips with betting, evaluation with its win, teams with their players. */
const PARTS = [
  ["setup", "player_count", "team_mode", "teams", "deck", "war", "dealer"],
  ["turn_structure", "contract_scoring", "hands", "hand_evaluation"],
  ["special_effects"],
  ["card_scoring", "scoring_rules", "win_conditions"],
  ["game_rules", "max_turns", "min_turns"],
] as const satisfies readonly (readonly (keyof Genome)[])[];

/** The result need not be a valid genome. */
export function crossed(first: Genome, second: Genome, stream: Stream): GenomeInput {
  const child: Record<string, unknown> = { ...first };
  for (const part of PARTS) {
    const parent = stream.chance(0.5) ? first : second;
    for (const key of part) child[key] = parent[key];
  }
  return child;
}
