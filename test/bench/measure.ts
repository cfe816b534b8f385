/** Interleaved rounds of several contestants, and the rows they make. */

import type { Pace } from "./options.ts";
import type { WorkloadName } from "./pair/workloads.ts";
import { type Entrant, Pair } from "./pairs.ts";
import { type MeasureFacts, rowOf } from "./row.ts";
import type { Bench } from "./suite.ts";

/** One value of one contestant. */
export type Probe = (pair: Pair) => Promise<number>;

/** Finds out how much work fills a round, warms up on the way. @returns the probe of a round */
export type Calibrate = (pair: Pair, pace: Pace) => Promise<Probe>;

export interface Comparison {
  readonly facts: MeasureFacts;
  /** Label of ours. */
  readonly ours: string;
  /** Labels of peers; empty for a row without a peer. */
  readonly peers: readonly { readonly label: string; readonly name: string; readonly note?: string }[];
}

export interface Measure {
  readonly title: string;
  readonly workload: WorkloadName;
  readonly calibrate: Calibrate;
  readonly entrants: readonly Entrant[];
  readonly comparisons: readonly Comparison[];
}

const NS_PER_S = 1e9;
const NS_PER_MS = 1e6;
/** So that a first message's cost (connections, compilation) does not size the round. */
const FIRST_BURST = 200;
const BURST_MIN = 20;
const BURST_MAX = 20_000_000;
const PINGS_MIN = 10;
const PINGS_MAX = 200_000;
/** A ping runs little code each time, so the optimising compiler needs longer than for a burst. */
const PING_WARM_UP = 2;
/** Bursts grow by this at most: the first run uncompiled code and would size the round wrongly. */
const GROWTH = 8;

/** ns per message, one way. */
export const perMessage: Calibrate = async (pair, { roundMs, warmUpMs }) => {
  let count = FIRST_BURST;
  const roundNs = roundMs * NS_PER_MS;
  for (let spent = 0; spent < warmUpMs * NS_PER_MS; ) {
    const ns = await pair.burst(count);
    spent += ns;
    count = Math.round(Math.min(BURST_MAX, Math.max(BURST_MIN, Math.min((count * roundNs) / ns, count * GROWTH))));
  }
  return async (sized) => (await sized.burst(count)) / count;
};

/** Messages per second, one way. */
export const perSecond: Calibrate = async (pair, pace) => {
  const probe = await perMessage(pair, pace);
  return async (sized) => NS_PER_S / (await probe(sized));
};

/** Median ns of a round trip, `gapMs` idle before each. */
export const roundTrip =
  (gapMs: number): Calibrate =>
  async (pair, { roundMs, warmUpMs }) => {
    await pair.burst(FIRST_BURST);
    const first = await pair.pings(PINGS_MIN, 0);
    const fitting = (ms: number, gap: number): number =>
      Math.min(PINGS_MAX, Math.max(PINGS_MIN, Math.round(ms / (gap + first / NS_PER_MS))));
    await pair.pings(fitting(warmUpMs * PING_WARM_UP, 0), 0);
    const count = fitting(roundMs, gapMs);
    return (sized) => sized.pings(count, gapMs);
  };

interface Running {
  readonly entrant: Entrant;
  readonly pair: Pair;
  readonly probe: Probe;
  readonly samples: number[];
}

/** @throws Error when ours cannot be measured; a peer that fails is reported as missing */
export const runMeasure = async (bench: Bench, measure: Measure): Promise<void> => {
  const { pace } = bench;
  if (!bench.wants(measure.title)) return;
  const ours = new Set(measure.comparisons.map((comparison) => comparison.ours));
  const missing = new Map<string, string>();
  const running: Running[] = [];
  const pairs: Pair[] = [];
  const fail = (entrant: Entrant, error: unknown): void => {
    if (ours.has(entrant.label)) throw error;
    const [reason] = (error as Error).message.split("\n");
    missing.set(entrant.label, entrant.missing ?? `failed: ${reason}`);
  };
  const end = performance.now() + pace.measureMs;
  bench.progress(`${measure.title}: starting ${measure.entrants.map((entrant) => entrant.label).join(", ")}`);
  try {
    // Started side by side, which saves most of the time; sized one after another.
    const opened = await Promise.allSettled(
      measure.entrants.map((entrant) =>
        entrant.missing === undefined
          ? Pair.open(bench, entrant, measure.workload)
          : Promise.reject(new Error(entrant.missing)),
      ),
    );
    opened.forEach((result, i) => {
      if (result.status === "fulfilled") pairs.push(result.value);
      else fail(measure.entrants[i], result.reason);
    });
    for (const [i, result] of opened.entries()) {
      const entrant = measure.entrants[i];
      if (result.status === "rejected") continue;
      try {
        running.push({
          entrant,
          pair: result.value,
          probe: await measure.calibrate(result.value, pace),
          samples: [],
        });
      } catch (error) {
        fail(entrant, error);
      }
    }
    let round = 0;
    while (round < pace.rounds && (round === 0 || performance.now() < end)) {
      // Another one goes first in each round, so that none always follows the same neighbour.
      for (let i = 0; i < running.length; i++) {
        const { entrant, pair, probe, samples } = running[(i + round) % running.length];
        if (missing.has(entrant.label)) continue;
        try {
          samples.push(await probe(pair));
        } catch (error) {
          fail(entrant, error);
        }
      }
      round++;
    }
    bench.progress(`${measure.title}: ${round} rounds`);
  } finally {
    await Promise.all(pairs.map((pair) => pair.close()));
  }
  const samplesOf = (label: string): readonly number[] | string =>
    missing.get(label) ?? running.find(({ entrant }) => entrant.label === label)?.samples ?? "not in this measure";
  emitAll(bench, measure, samplesOf);
};

const emitAll = (bench: Bench, measure: Measure, samplesOf: (label: string) => readonly number[] | string): void => {
  const recorded = new Set<string>();
  const noteOf = (label: string): string | undefined =>
    measure.entrants.find((entrant) => entrant.label === label)?.note;
  for (const { facts, ours, peers } of measure.comparisons) {
    const own = samplesOf(ours);
    if (typeof own === "string") throw new Error(`${facts.suite} ${facts.measure}: no values of ours (${own})`);
    const full = { ...facts, note: [facts.note, noteOf(ours)].filter(Boolean).join("; ") };
    for (const label of [ours, ...peers.map((peer) => peer.label)]) {
      if (recorded.has(label)) continue;
      recorded.add(label);
      bench.record(facts, label, samplesOf(label));
    }
    if (peers.length === 0) bench.emit(rowOf(full, own));
    for (const { label, name, note } of peers) {
      const joined = [noteOf(label), note].filter(Boolean).join("; ");
      bench.emit(rowOf(full, own, { name, samples: samplesOf(label), note: joined }));
    }
  }
};
