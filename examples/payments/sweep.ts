/** The sweep of the command line: progress, results as they come, table and plot at the end. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Client } from "#bus";
import type { Payments } from "#generated/payments";
import {
  moneyText,
  type PlainConfig,
  type PointSummary,
  pointsOf,
  runSweep,
  type Source,
  summarize,
  sweepHash,
  textTable,
} from "../../services/payments/index.ts";
import { type Options, valueText } from "./options.ts";
import { plotSvg } from "./plot.ts";
import { ResultsFile, sweepDigest } from "./results-file.ts";

export interface SweepResult {
  readonly hash: string;
  readonly items: number;
  readonly resumed: number;
  readonly seconds: number;
  readonly parameters: readonly string[];
  readonly points: readonly PointSummary[];
}

/** @param scenario as it is written; its rng_seed is the first seed unless the options say one @throws BusError payments/bad-config */
export async function sweep(
  core: Client<typeof Payments>,
  { value, locate }: Source,
  options: Options,
  signal: AbortSignal,
  progress: (done: number, all: number) => void,
): Promise<SweepResult> {
  const started = performance.now();
  const base = value as PlainConfig;
  const { scenario: name } = options;
  const first = options.seed ?? seedOf(base);
  const seeds = Array.from({ length: options.seeds }, (_, index) => BigInt.asUintN(64, first + BigInt(index)));
  const points = pointsOf({ base, parameters: options.vary, seeds, root: dirname(name), name, locate });
  mkdirSync(options.out, { recursive: true });
  using results = new ResultsFile(join(options.out, "results.jsonl"), sweepDigest(points, seeds), options.fresh);
  const { done } = results;
  const all = points.length * seeds.length;
  let count = done.size;
  progress(count, all);
  const outcomes = await runSweep(core, points, seeds, {
    done,
    signal,
    onOutcome(item, outcome) {
      results.add(item, outcome);
      progress(++count, all);
    },
  });
  const summary = summarize(points, seeds.length, outcomes, options.floor);
  const names = options.vary.map(({ path }) => path);
  writeFileSync(join(options.out, "table.txt"), sweepTable(names, summary));
  writeFileSync(join(options.out, "plot.svg"), plotSvg(names, summary, options.floor));
  return {
    hash: sweepHash(outcomes),
    items: all,
    resumed: done.size,
    seconds: Math.round(performance.now() - started) / 1000,
    parameters: names,
    points: summary,
  };
}

/** 0 for a scenario without one, which is refused when its points are made. */
function seedOf(base: PlainConfig): bigint {
  const { rng_seed: seed } = Object(Object(base).simulation) as { rng_seed?: unknown };
  return typeof seed === "bigint" ? seed : 0n;
}

export function sweepTable(names: readonly string[], points: readonly PointSummary[]): string {
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const rows = points.map(({ values, measures: m, accepted, best }) => [
    values.map(valueText).join(", "),
    percent(m.settlementRate.mean),
    m.meanDelayTicks.mean.toFixed(1),
    moneyText(BigInt(Math.round(m.totalCost.mean))),
    moneyText(BigInt(Math.round(m.totalCost.half))),
    percent(m.lsmShare.mean),
    m.overdue.mean.toFixed(1),
    best ? "best" : accepted ? "" : "below the floor",
  ]);
  const head = [names.join(", "), "settled", "delay", "cost", "+-", "by LSM", "overdue", ""];
  return textTable([head, ...rows]);
}
