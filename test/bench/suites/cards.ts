import { nativeMissing } from "../cards/native.ts";
import { BATCH, ITERATIONS } from "../cards/workload.ts";
import { type Calibrate, type Measure, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { MeasureFacts } from "../row.ts";
import type { Bench, Suite } from "../suite.ts";

const SUITE = "cards";
const NS_PER_S = 1e9;

/** As `perMessage`, with a first burst of `first` units, so that one is neither nothing nor minutes. */
const sized =
  (first: number, max: number, unit: "ns" | "1/s"): Calibrate =>
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

const ours = (variant: string, label = "busbar"): Entrant => ({
  label,
  contestant: "cards",
  transport: "ring",
  variant,
  processes: 1,
});
/** The same with the plugin in a process of its own, or in two, over rings in shared memory. */
const apart = (variant: string, label = "busbar", processes: 1 | 2 = 1): Entrant => ({
  ...ours(`${variant}/${processes}`, label),
  processes: processes === 1 ? 2 : 3,
});
const native = (variant: string, note: string): Entrant => {
  const missing = nativeMissing();
  return {
    label: "cpp",
    contestant: "cards-native",
    transport: "local",
    variant,
    processes: 1,
    note,
    ...(missing === undefined ? {} : { missing }),
  };
};
const plain: Entrant = {
  label: "plain-js",
  contestant: "cards-plain",
  transport: "local",
  variant: "war",
  processes: 1,
  note: "War in plain TypeScript, nothing measured, no bus",
};

const facts = (measure: string, unit: MeasureFacts["unit"], note: string): MeasureFacts => ({
  suite: SUITE,
  measure,
  unit,
  transport: "ring",
  note,
});

const measureOf = (row: MeasureFacts, calibrate: Calibrate, entrants: readonly Entrant[]): Measure => {
  const [own, ...peers] = entrants;
  return {
    title: row.measure,
    workload: "tick64",
    calibrate,
    entrants,
    comparisons: [
      { facts: row, ours: own.label, peers: peers.map(({ label, name }: Named) => ({ label, name: name ?? label })) },
    ],
  };
};
type Named = Entrant & { readonly name?: string };

const games = sized(BATCH, 2_000_000, "1/s");
const RANDOM = `random players, all measures taken, ${BATCH} games a request, one core plays`;

const MEASURES: readonly Measure[] = [
  measureOf(facts("war_random", "1/s", `War, ${RANDOM}`), games, [
    ours("war/rate/1"),
    {
      ...native("hand-war", "War written by hand in C++ with the same streams, nothing measured, no bus"),
      label: "cpp-war",
    },
    plain,
  ]),
  measureOf(facts("crazy_random", "1/s", `crazy eights for two, ${RANDOM}`), games, [ours("crazy/rate/1")]),
  measureOf(facts("trick_random", "1/s", `hearts for four to 100 points, ${RANDOM}`), games, [ours("trick/rate/1")]),
  measureOf(
    facts("mcts1000", "1/s", `playout moves, crazy eights for two, ${ITERATIONS} iterations a move, a game a request`),
    sized(100_000, 100_000_000, "1/s"),
    [
      ours("crazy/search/1"),
      native("search", "the same search without plugin and bus"),
      {
        ...native("playouts", "the same worlds, played by lot to the end without a tree; no plugin, no bus"),
        label: "playouts",
      },
    ],
  ),
];

/** Requests of a round. */
const OVERHEAD_REQUESTS = 61;

/** The contestant measures both on the same requests: what the plugin took for the games, and what the caller waited. */
const shareOfBus: Calibrate = async (pair) => {
  await pair.burst(OVERHEAD_REQUESTS);
  return async (same) => (await same.burst(OVERHEAD_REQUESTS)) / 1e9;
};

const overheadOf = (measure: string, where: string, entrant: Entrant): Measure =>
  measureOf(
    facts(
      measure,
      "share",
      `War, a request of ${BATCH} games at a time, plugin in ${where}: 1 - inside / through the bus`,
    ),
    shareOfBus,
    [entrant],
  );

const APART: readonly Measure[] = [
  measureOf(facts("war_apart", "1/s", `War, ${RANDOM}, plugin in another process`), games, [
    apart("war/rate/1"),
    { ...ours("war/rate/1", "one process"), note: "ours with the plugin in the caller's process" },
  ]),
  overheadOf("bus_overhead", "the caller's process", ours("war/overhead/1")),
  overheadOf("bus_overhead_apart", "another process", apart("war/overhead/1")),
];

/** Two threads, or processes, against one, the caller asleep while they play. */
const scaling = async (bench: Bench): Promise<void> => {
  const note = `crazy eights for two, ${BATCH} games a request, three under way`;
  const one = "ours with threads = 1";
  await runMeasure(
    bench,
    measureOf(facts("threads2", "1/s", note), games, [
      ours("crazy/rate/2"),
      { ...ours("crazy/rate/1", "one thread"), note: one },
    ]),
  );
  await runMeasure(
    bench,
    measureOf(facts("threads2_apart", "1/s", `${note}, plugin in another process`), games, [
      { ...apart("crazy/rate/2"), unpinned: true },
      { ...apart("crazy/rate/1", "one thread"), unpinned: true, note: one },
    ]),
  );
  await runMeasure(
    bench,
    measureOf(facts("processes2", "1/s", `${note} for each of two plugins, both in processes of their own`), games, [
      { ...apart("crazy/rate/1", "busbar", 2), unpinned: true },
      { ...apart("crazy/rate/1", "one process"), unpinned: true, note: "ours with one of them" },
    ]),
  );
};

export const cards: Suite = {
  name: SUITE,
  about: "card games through the bus: War, crazy eights, hearts, search, overhead, two threads and processes",
  async run(bench) {
    for (const measure of [...MEASURES, ...APART]) await runMeasure(bench, measure);
    await scaling(bench);
  },
};
