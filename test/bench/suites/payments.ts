import { type Calibrate, type Comparison, type Measure, perMessage, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import { BANKS, BATCH, QUEUED, SMALL_RUNS, SWEPT, TICKS } from "../payments/workload.ts";
import type { MeasureFacts } from "../row.ts";
import type { Bench, Suite } from "../suite.ts";

const SUITE = "payments";
const NS_PER_S = 1e9;

/** Units of a first burst, so that one is neither nothing nor minutes. */
type Sized = (first: number, max: number, unit: "ns" | "1/s") => Calibrate;

/** As `perMessage`, for work whose unit takes milliseconds: bursts begin at `first` units. */
const sized: Sized =
  (first, max, unit) =>
  async (pair, { roundMs, warmUpMs }) => {
    let count = first;
    for (let spent = 0; spent < warmUpMs * 1e6; ) {
      const ns = await pair.burst(count);
      spent += Math.max(ns, 1e5);
      count = Math.round(Math.min(max, Math.max(first, (count * roundMs * 1e6) / ns)));
    }
    return async (same) => {
      const ns = (await same.burst(count)) / count;
      return unit === "ns" ? ns : NS_PER_S / ns;
    };
  };

const ours = (measure: string, threads = 1): Entrant => ({
  label: threads === 1 ? "busbar" : `busbar-${threads}`,
  contestant: "payments",
  transport: "ring",
  variant: `${measure}/${threads}`,
  processes: 2,
});
const near = (measure: string): Entrant => ({ ...ours(measure), variant: `${measure}/1/near`, processes: 1 });
const plain = (measure: string): Entrant => ({
  label: "plain-js",
  contestant: "payments-plain",
  transport: "local",
  variant: measure,
  processes: 1,
  note: "first in first out in plain TypeScript: no offsetting, events, costs or hashes, no bus",
});

const facts = (measure: string, unit: "ns" | "1/s", note: string): MeasureFacts => ({
  suite: SUITE,
  measure,
  unit,
  transport: "ring",
  note,
});

const measureOf = (row: MeasureFacts, calibrate: Calibrate, entrants: readonly Entrant[]): Measure => {
  const [own, ...peers] = entrants;
  const comparison: Comparison = {
    facts: row,
    ours: own.label,
    peers: peers.map(({ label }) => ({ label, name: label })),
  };
  return { title: row.measure, workload: "tick64", calibrate, entrants, comparisons: [comparison] };
};

const NAMED = `${BANKS} banks, one arrival per bank and tick, Fifo, LSM on`;

const MEASURES: readonly Measure[] = [
  measureOf(
    facts("settle_fifo", "1/s", `${NAMED}; settled payments, ${TICKS} ticks a request`),
    sized(1000, 2_000_000, "1/s"),
    [ours("settle_fifo"), plain("settle_fifo")],
  ),
  measureOf(facts("day200x100", "ns", `${NAMED}; ${TICKS} ticks in one request, events kept`), sized(1, 1000, "ns"), [
    ours("day200x100"),
    plain("day200x100"),
  ]),
  measureOf(
    facts(
      "lsm10k",
      "ns",
      `${QUEUED} queued among ${BANKS} banks, default budget; the whole tick that releases, queues and offsets them`,
    ),
    sized(1, 200, "ns"),
    [ours("lsm10k")],
  ),
  ...(["run2x12", "run5x20"] as const).map((measure) => {
    const { banks, ticks } = SMALL_RUNS[measure];
    const note = `${banks} banks, one arrival per bank and tick, Fifo, LSM on; ${ticks} ticks in one request, events kept, one process, both threads awake`;
    return measureOf(facts(measure, "ns", note), sized(1, 20_000, "ns"), [near(measure)]);
  }),
  measureOf(facts("submit", "ns", `an item, ${BATCH} a request, as columns`), perMessage, [ours("submit")]),
  measureOf(facts("query", "ns", `an item by its id as a whole object, ${BATCH} a request`), perMessage, [
    ours("query"),
  ]),
];

/** Two threads against one, the caller asleep while the host's workers run. */
const threads = (bench: Bench): Promise<void> => {
  const note = `simulations of a sweep, ${SWEPT.banks} banks x ${TICKS} ticks; the two sides are not pinned`;
  const entrants = [
    { ...ours("sweep", 2), label: "busbar" },
    { ...ours("sweep", 1), label: "one thread", note: "ours with threads = 1" },
  ];
  // A worker needs a CPU of its own, so nothing is pinned here.
  const free: Bench = { ...bench, cpus: undefined };
  return runMeasure(free, measureOf(facts("threads2", "1/s", note), sized(16, 4096, "1/s"), entrants));
};

export const payments: Suite = {
  name: SUITE,
  about: "settlement simulation over a ring: a day, the liquidity-saving pass, submissions and queries, two threads",
  async run(bench) {
    for (const measure of MEASURES) await runMeasure(bench, measure);
    await threads(bench);
  },
};
