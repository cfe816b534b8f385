/** What no weight can make good: invalid games, and factors and deductions on the weighted sum. */
import type { Genome } from "../genome.ts";
import { decided, type Measures, share } from "./measures.ts";
import type { Parts } from "./parts.ts";
import { invertsSkill, type Style } from "./styles.ts";

export interface Gate {
  readonly name: string;
  /** What the sum is multiplied by. */
  readonly factor: number;
  /** What is taken off afterwards. */
  readonly deduction: number;
}

const SECONDS_PER_TURN = 2;
const MINUTES_MAX = 60;
const DEDUCTION_MAX = 0.5;

/** @returns why the game counts as no game at all, or undefined */
export function invalidity({ games, errors, turns }: Measures): string | undefined {
  if (games === 0) return "no games were played";
  if (errors > games / 2) return `${errors} of ${games} games broke off`;
  const minutes = (turns * SECONDS_PER_TURN) / 60;
  if (minutes > MINUTES_MAX) return `a game takes ${minutes.toFixed(0)} minutes, at most ${MINUTES_MAX} are allowed`;
  return undefined;
}

/** The gates that apply, in a fixed order. */
export function gates(genome: Genome, measures: Measures, parts: Parts, style: Style): Gate[] {
  const found: Gate[] = [];
  if (parts.comeback < 0.15) found.push({ name: "no comeback", factor: 0.5, deduction: 0 });
  if (parts.skill < 0.15 && !invertsSkill(style)) found.push({ name: "no skill", factor: 0.7, deduction: 0 });
  const most = Math.max(0, ...measures.wins);
  if (share(most, decided(measures)) > 0.8) found.push({ name: "one seat wins", factor: 0.6, deduction: 0 });
  found.push(...incoherence(genome));
  return found;
}

/** Ways to win that the table works against. */
function incoherence(genome: Genome): Gate[] {
  const wins = new Set(genome.win_conditions.map(({ type }) => type));
  const pairs = [
    ["war", "empty_hand", 0.3],
    ["match_rank", "capture_all", 0.2],
    ["sequence", "capture_all", 0.3],
  ] as const;
  return pairs
    .filter(([mode, win]) => genome.setup.tableau_mode === mode && wins.has(win))
    .map(([mode, win, deduction]) => ({ name: `${mode} with ${win}`, factor: 1, deduction }));
}

/** @returns `sum` times every factor, less the deductions (0.5 at most), never below 0 */
export function throughGates(sum: number, found: readonly Gate[]): number {
  const factor = found.reduce((product, gate) => product * gate.factor, 1);
  const deduction = found.reduce((total, gate) => total + gate.deduction, 0);
  return Math.max(0, sum * factor - Math.min(DEDUCTION_MAX, deduction));
}
