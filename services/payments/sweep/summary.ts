/** What a sweep found: means over the seeds with their 95 % confidence, and the best point that pays its payments. */
import type { Point } from "./grid.ts";
import type { Outcome } from "./run.ts";

export interface Mean {
  readonly mean: number;
  /** Half of the width of the 95 % confidence interval; 0 with one seed. */
  readonly half: number;
}
type Measure = Exclude<keyof Outcome, "runHash">;

export interface PointSummary {
  readonly values: readonly unknown[];
  readonly measures: Readonly<Record<Measure, Mean>>;
  /** Settlement rate at or above the floor: by cost alone, not paying wins. */
  readonly accepted: boolean;
  /** Cheapest of those that are accepted. */
  readonly best: boolean;
}

export const FLOOR = 0.95;
const MEASURES: readonly Measure[] = [
  "settlementRate",
  "meanDelayTicks",
  "totalCost",
  "lsmShare",
  "overdue",
  "dropped",
  "peakQueue2",
];

export function summarize(
  points: readonly Point[],
  seeds: number,
  outcomes: readonly Outcome[],
  floor: number = FLOOR,
): PointSummary[] {
  const summaries = points.map(({ values }, point) => {
    const own = outcomes.slice(point * seeds, (point + 1) * seeds);
    const means = MEASURES.map((measure) => [measure, meanOf(own.map((outcome) => outcome[measure]))] as const);
    const measures = Object.fromEntries(means) as Record<Measure, Mean>;
    return { values, measures, accepted: measures.settlementRate.mean >= floor };
  });
  const costs = summaries.filter(({ accepted }) => accepted).map(({ measures }) => measures.totalCost.mean);
  const least = Math.min(...costs);
  const winner = summaries.findIndex(({ accepted, measures }) => accepted && measures.totalCost.mean === least);
  return summaries.map((summary, index) => ({ ...summary, best: index === winner }));
}

/** Two-sided 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom; beyond that 1.96 with its first correction. */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

export function meanOf(values: readonly number[]): Mean {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, half: 0 };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  const t = T[count - 2] ?? 1.96 + 2.4 / (count - 1);
  return { mean, half: t * Math.sqrt(variance / count) };
}
