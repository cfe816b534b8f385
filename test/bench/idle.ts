/** What a connected pair costs while nothing is sent: processor time and memory. Fresh processes, ours and peers side by side. */
import { type Entrant, Pair } from "./pairs.ts";
import { type MeasureFacts, rowOf } from "./row.ts";
import type { Bench } from "./suite.ts";

const WINDOW_MS: Record<Bench["pace"]["name"], number> = { full: 5000, quick: 1500, smoke: 50 };
const ROUNDS: Record<Bench["pace"]["name"], number> = { full: 3, quick: 1, smoke: 1 };
/** Enough for both sides to have their code compiled and their buffers made. */
const WARM_UP = 2000;

/** Rows `idle_cpu` (share of one processor, both processes together) and `idle_rss` (both processes). */
export const idleCost = async (
  bench: Bench,
  suite: string,
  ours: Entrant,
  peers: readonly Entrant[],
): Promise<void> => {
  if (!bench.wants("idle_cpu") && !bench.wants("idle_rss")) return;
  const window = WINDOW_MS[bench.pace.name];
  const entrants = [ours, ...peers];
  const shares = entrants.map((): number[] => []);
  const bytes = entrants.map((): number[] => []);
  for (let round = 0; round < Math.min(ROUNDS[bench.pace.name], bench.pace.rounds); round++) {
    bench.progress(`idle: round ${round + 1}`);
    const pairs = await Promise.all(entrants.map((entrant) => Pair.open(bench, entrant, "tick64")));
    try {
      for (const pair of pairs) await pair.burst(Math.max(1, bench.pace.name === "smoke" ? 100 : WARM_UP));
      for (const [i, pair] of pairs.entries()) bytes[i].push(await pair.rss());
      const before = await Promise.all(pairs.map((pair) => pair.cpu()));
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, window));
      const seconds = (performance.now() - start) / 1000;
      for (const [i, pair] of pairs.entries()) shares[i].push(((await pair.cpu()) - before[i]) / seconds);
    } finally {
      await Promise.all(pairs.map((pair) => pair.close()));
    }
  }
  const emit = (facts: MeasureFacts, samples: readonly (readonly number[])[]): void => {
    if (!bench.wants(facts.measure)) return;
    for (const [i, entrant] of entrants.entries()) bench.record(facts, entrant.label, samples[i]);
    for (const [i, { label }] of peers.entries()) {
      bench.emit(rowOf(facts, samples[0], { name: label, samples: samples[i + 1] }));
    }
  };
  const { transport } = ours;
  const both = "both processes together, connected and idle";
  const note = `share of one processor in ${window / 1000} s; ${both}`;
  emit({ suite, measure: "idle_cpu", unit: "share", transport, note }, shares);
  emit({ suite, measure: "idle_rss", unit: "B", transport, note: `resident memory; ${both}` }, bytes);
};
