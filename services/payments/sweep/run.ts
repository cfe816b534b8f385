/** Runs the simulations of a sweep on the native half: in parallel there, part by part here. */
import { createHash } from "node:crypto";
import { BusError, type Client } from "#bus";
import type { Payments, SweepResult } from "#generated/payments";
import type { Point } from "./grid.ts";

/** What is kept of one simulation. */
export interface Outcome {
  readonly runHash: string;
  readonly settlementRate: number;
  readonly meanDelayTicks: number;
  readonly totalCost: number;
  readonly lsmShare: number;
  readonly overdue: number;
  readonly dropped: number;
  readonly peakQueue2: number;
}

export interface SweepOptions {
  /** Items of one request. Default 64: a cancelled sweep loses at most what runs. */
  readonly itemsMax?: number;
  /** Requests on their way: more than one lets several instances of the service share the work. Default 2. */
  readonly inFlight?: number;
  readonly signal?: AbortSignal;
  /** Items that are done already, by number. */
  readonly done?: ReadonlyMap<number, Outcome>;
  /** Called in no particular order, once per item. */
  readonly onOutcome?: (item: number, outcome: Outcome) => void;
}

/** Longest that one request may take. */
const TIMEOUT = "10m";

/**
 * Item i is point i / seeds, seed i % seeds.
 * @returns outcomes by item
 * @throws (rejects) the first BusError, with `item` and `point` in its details when it is one of an item that was refused or did not get to
 *   its end (payments/limit-exceeded); core/cancelled when `signal` was aborted
 */
export async function runSweep(
  core: Client<typeof Payments>,
  points: readonly Point[],
  seeds: readonly bigint[],
  options: SweepOptions = {},
): Promise<Outcome[]> {
  const { itemsMax = 64, inFlight = 2, done = new Map<number, Outcome>(), onOutcome } = options;
  const outcomes: Outcome[] = [];
  for (const [item, outcome] of done) outcomes[item] = outcome;
  const open = Array.from({ length: points.length * seeds.length }, (_, item) => item).filter(
    (item) => !done.has(item),
  );
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);

  const worker = async (): Promise<void> => {
    for (let items = open.splice(0, itemsMax); items.length > 0; items = open.splice(0, itemsMax)) {
      const used = [...new Set(items.map((item) => Math.floor(item / seeds.length)))];
      const request = {
        configs: used.map((point) => points[point]!.canonical),
        config: items.map((item) => used.indexOf(Math.floor(item / seeds.length))),
        seed: items.map((item) => seeds[item % seeds.length]!),
      };
      for await (const { firstItem, results } of core.sweep(request, { signal, timeout: TIMEOUT }))
        for (const [index, result] of results.entries()) {
          const item = items[firstItem + index]!;
          if (result.error !== null) {
            const { code, path, text } = result.error;
            throw BusError.ofNumber(code, text, { item, point: Math.floor(item / seeds.length), path });
          }
          outcomes[item] = outcomeOf(result);
          onOutcome?.(item, outcomes[item]);
        }
    }
  };
  const workers = Array.from({ length: Math.max(1, inFlight) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(); // one failed: the others end too, and are waited for
    await Promise.allSettled(workers);
    throw error;
  }
  return outcomes;
}

function outcomeOf({ metrics, runHash, costs }: SweepResult): Outcome {
  if (metrics === null)
    throw new BusError("plugin/bad-answer", { details: { name: "payments", problem: "no metrics" } });
  return {
    runHash: runHash ?? "",
    settlementRate: metrics.settlementRate,
    meanDelayTicks: metrics.meanDelayTicks,
    totalCost: Number(costs?.total ?? 0n),
    lsmShare: metrics.settled === 0 ? 0 : metrics.lsmSettled / metrics.settled,
    overdue: metrics.overdue,
    dropped: metrics.dropped,
    peakQueue2: metrics.peakQueue2Size,
  };
}

/** SHA-256 over the run hashes in the order of the items: equal for any number of threads, parts and interruptions. */
export function sweepHash(outcomes: readonly Outcome[]): string {
  const hash = createHash("sha256");
  for (const { runHash } of outcomes) hash.update(`${runHash}\n`);
  return hash.digest("hex");
}
