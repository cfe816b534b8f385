import { SPATIAL_PEERS, type SpatialPeer, spatialMissing } from "../combat/spatial-peers.ts";
import { type Measure, perMessage, perSecond, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Unit } from "../row.ts";
import type { Suite } from "../suite.ts";

interface CombatMeasure {
  readonly measure: string;
  readonly unit: Unit;
  /** Name to note. */
  readonly peers: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly note: string;
}

const SAME = "the same work in TypeScript";
const MEASURES: readonly CombatMeasure[] = [
  {
    measure: "battle100",
    unit: "ns",
    peers: { "plain-js": SAME },
    size: 100,
    note: "50 v 50 units, basic rules; per battle, 64 a request",
  },
  {
    measure: "vacuum",
    unit: "1/s",
    peers: { "plain-js": SAME },
    note: "range, time, apex, impact, both angles of a target; 16,384 a request",
  },
  {
    measure: "drag",
    unit: "1/s",
    peers: { "plain-js": `${SAME}, shorter table, straight lines` },
    note: "G7, 200 steps of Runge and Kutta's method; 1,000 a request",
  },
  {
    measure: "build100k",
    unit: "ns",
    peers: { kdbush: "points added and sorted", flatbush: "boxes without size" },
    size: 100_000,
    note: "one index; columns sent and sorted",
  },
  {
    measure: "radius100k",
    unit: "ns",
    peers: { kdbush: "unsorted hits", flatbush: "boxes, filtered to circles" },
    size: 100_000,
    note: "32 hits on average, sorted ids; per query, 1,000 a request",
  },
  {
    measure: "path_grid",
    unit: "ns",
    peers: { "plain-js": "A* in TypeScript, cost only", astar: "ours with A* instead of JPS" },
    size: 512 * 512,
    note: "jump point search on an open map, paths included; per path, 100 a request",
  },
];

/** Columns of numbers: the caller sleeps while two cores fly. */
const THREADS: CombatMeasure = {
  measure: "threads2",
  unit: "1/s",
  peers: { "one thread": "ours with threads = 1" },
  note: "G7, 200 steps of Runge and Kutta's method; trajectories, 1,000 a request, three under way",
};

const missingOf = (name: string): string | undefined =>
  Object.hasOwn(SPATIAL_PEERS, name) ? spatialMissing(name as SpatialPeer) : undefined;

const entrant = (
  name: string,
  measure: string,
  note?: string,
  missing: string | undefined = missingOf(name),
): Entrant => ({
  label: name,
  contestant: "combat",
  transport: "ring",
  variant: `${name}/${measure}`,
  processes: 1,
  ...(note === undefined ? {} : { note }),
  ...(missing === undefined ? {} : { missing }),
});

const measureOf = ({ measure, unit, peers, size, note }: CombatMeasure): Measure => ({
  title: measure,
  workload: "tick64",
  calibrate: unit === "ns" ? perMessage : perSecond,
  entrants: [
    entrant("busbar", measure),
    ...Object.entries(peers).map(([peer, about]) => entrant(peer, measure, about)),
  ],
  comparisons: [
    {
      facts: { suite: "combat", measure, unit, transport: "ring", note, ...(size === undefined ? {} : { size }) },
      ours: "busbar",
      peers: Object.keys(peers).map((peer) => ({ label: peer, name: peer })),
    },
  ],
});

export const combat: Suite = {
  name: "combat",
  about: "battles, ballistics, spatial queries, paths and two threads through the bus, beside other ways to do them",
  async run(bench) {
    for (const measure of MEASURES) await runMeasure(bench, measureOf(measure));
    // A worker needs a CPU of its own, so nothing is pinned here.
    await runMeasure({ ...bench, cpus: undefined }, measureOf(THREADS));
  },
};
