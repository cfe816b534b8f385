/** How good a card game is, from its rules and from what its games showed. */
import type { Genome } from "../genome.ts";
import { gates, invalidity, throughGates } from "./gates.ts";
import type { Measures } from "./measures.ts";
import { betting, bluffing, comeback, density, interaction, type Parts, tension } from "./parts.ts";
import { simplicity } from "./simplicity.ts";
import { type SeatGames, skill } from "./skill.ts";
import { invertsSkill, STYLES, type Style } from "./styles.ts";

export interface Played {
  /** Random players in all seats. */
  readonly random: Measures;
  /** One greedy player among random ones, each seat in turn. */
  readonly greedy: readonly SeatGames[];
  /** Likewise a searching one; may be empty. */
  readonly search: readonly SeatGames[];
}

export interface Fitness {
  /** 0..1; 0 for an invalid game. */
  readonly total: number;
  readonly parts: Parts;
  /** Why the game counts as none; empty for a valid one. */
  readonly invalid: string;
  /** Names of the gates that lowered the sum. */
  readonly gates: readonly string[];
}

/**
 * @param genome from `parseGenome`
 * @param played games of this genome; parts but skill are of the random players' games
 * @source README.md of this folder: formulas, weights and gates
 */
export function fitnessOf(genome: Genome, played: Played, style: Style = "balanced"): Fitness {
  const { random } = played;
  const parts: Parts = {
    density: density(random),
    comeback: comeback(random),
    tension: tension(random),
    interaction: interaction(random),
    skill: skill(played),
    simplicity: simplicity(genome),
    bluffing: bluffing(random),
    betting: betting(random),
  };
  const invalid = invalidity(random);
  if (invalid !== undefined) return { total: 0, parts, invalid, gates: [] };
  const found = gates(genome, random, parts, style);
  return { total: throughGates(weigh(parts, style), found), parts, invalid: "", gates: found.map(({ name }) => name) };
}

/** The weighted sum of the parts. */
export function weigh(parts: Parts, style: Style): number {
  const weights = STYLES[style];
  const names = Object.keys(weights) as (keyof Parts)[];
  return names.reduce((sum, name) => {
    const value = name === "skill" && invertsSkill(style) ? 1 - parts.skill : parts[name];
    return sum + weights[name] * value;
  }, 0);
}
