import { idleCost } from "../idle.ts";
import { type Calibrate, type Comparison, type Measure, perSecond, roundTrip, runMeasure } from "../measure.ts";
import { CROWD } from "../pair/busbar-hub.ts";
import { floorMissing } from "../pair/cpp-ring.ts";
import { startNats } from "../pair/nats-server.ts";
import type { WorkloadName } from "../pair/workloads.ts";
import type { Entrant } from "../pairs.ts";
import type { MeasureFacts } from "../row.ts";
import type { Bench, Suite } from "../suite.ts";
import { netOf, zeromqOf } from "./socket.ts";

const SUITE = "transports";
const ASLEEP_GAP_MS = 5;
/** A quick run of so many measures has less time for each. */
const QUICK = { warmUpMs: 250 };

const ring = (variant = "", contestant: "busbar" | "busbar-request" = "busbar"): Entrant => ({
  label: ["busbar", variant].filter(Boolean).join("-"),
  contestant,
  transport: "ring",
  variant,
  processes: 2,
});
const OURS = ring();
const AWAIT = ring("await");
const EDGES = ring("edges");
const REQUEST = ring("", "busbar-request");
const RING_TS: Entrant = {
  label: "ring-ts",
  contestant: "ring-bare",
  transport: "ring",
  variant: "",
  processes: 2,
  note: "our ring in TypeScript without the bus: bare bytes, neither encoded nor verified, never asleep",
};
const cppRing = (): Entrant => {
  const missing = floorMissing();
  return {
    label: "cpp-ring",
    contestant: "cpp-ring",
    transport: "ring",
    variant: "",
    // It starts and pins two of its own.
    processes: 1,
    note: "the floor: the ring in C++ without the bus, bare bytes, never asleep",
    ...(missing === undefined ? {} : { missing }),
  };
};
const ZEROMQ = zeromqOf("unix", false);
const NET = netOf("unix", false);
const COALESCED: Entrant = {
  ...netOf("unix", true),
  label: "net-unix-coalesced",
  variant: "coalesced-bare",
  note: "bare bytes, blocks of 128 KiB",
};
const COALESCED_PACKED: Entrant = { ...netOf("unix", true), label: "net-unix-coalesced-msgpackr" };

type Peers = Comparison["peers"];
const asPeers = (entrants: readonly Entrant[]): Peers => entrants.map(({ label }) => ({ label, name: label }));

const ONE_WAY: readonly { measure: string; workload: WorkloadName; size: number }[] = [
  { measure: "oneway64", workload: "tick64", size: 64 },
  { measure: "oneway1k", workload: "blob1k", size: 1024 },
  { measure: "oneway64k", workload: "blob64k", size: 65_536 },
  { measure: "oneway1m", workload: "blob1m", size: 1_048_576 },
];

const roundTrips = async (bench: Bench, pinned: string, nats: Entrant): Promise<void> => {
  const row = (measure: string, size: number, note: string): MeasureFacts => ({
    suite: SUITE,
    measure,
    unit: "ns",
    transport: "ring",
    size,
    note: `medians; ${note}${pinned}`,
  });
  const compare = (
    facts: MeasureFacts,
    ours: Entrant,
    peers: readonly Entrant[],
    calibrate: Calibrate,
  ): Promise<void> => {
    const comparisons = [{ facts, ours: ours.label, peers: asPeers(peers) }];
    const measure: Measure = {
      title: facts.measure,
      workload: "tick64",
      calibrate,
      entrants: [ours, ...peers],
      comparisons,
    };
    return runMeasure(bench, measure);
  };
  const awake = [ZEROMQ, NET, nats, RING_TS, cppRing()];
  await compare(row("rtt64_awake", 64, ""), OURS, awake, roundTrip(0));
  const idle = `${ASLEEP_GAP_MS} ms idle before each; `;
  await compare(row("rtt64_asleep", 64, idle), OURS, [ZEROMQ, NET, nats], roundTrip(ASLEEP_GAP_MS));
  const typed = "typed client and server, one after another; peers send a message and its answer; ";
  await compare(row("request_awake", 8, typed), REQUEST, [ZEROMQ, NET, nats], roundTrip(0));
};

const oneWay = async (bench: Bench, pinned: string): Promise<void> => {
  for (const { measure, workload, size } of ONE_WAY) {
    const facts: MeasureFacts = { suite: SUITE, measure, unit: "1/s", transport: "ring", size };
    const peers = [ZEROMQ, COALESCED, COALESCED_PACKED, RING_TS, cppRing()];
    const entrants = [OURS, ...peers];
    const tries = { ...facts, note: `tryPublish, a turn of the event loop when full; ${pinned}` };
    const comparisons: Comparison[] = [{ facts: tries, ours: OURS.label, peers: asPeers(peers) }];
    if (measure === "oneway64") {
      entrants.push(AWAIT);
      const awaited = { ...facts, measure: "oneway64_await", note: `each publish awaited; ${pinned}` };
      comparisons.push({ facts: awaited, ours: AWAIT.label, peers: asPeers([ZEROMQ, COALESCED]) });
    }
    await runMeasure(bench, { title: measure, workload, calibrate: perSecond, entrants, comparisons });
  }
};

const accounting = async (bench: Bench, pinned: string): Promise<void> => {
  const edges = CROWD * (CROWD - 1);
  const note = `one-way 64 B beside ${edges} more edges in the publisher's process, all accounts read once a second; ${pinned}`;
  const peers = [{ label: OURS.label, name: "without", note: "ours without those edges" }];
  await runMeasure(bench, {
    title: "accounting_cost",
    workload: "tick64",
    calibrate: perSecond,
    entrants: [EDGES, OURS],
    comparisons: [
      {
        facts: { suite: SUITE, measure: "accounting_cost", unit: "1/s", transport: "ring", size: 64, note },
        ours: EDGES.label,
        peers,
      },
    ],
  });
};

export const transports: Suite = {
  name: SUITE,
  about: "between two processes over rings: round trips, one-way rates, requests, accounting, idling",
  async run(whole) {
    const bench: Bench = whole.pace.name === "quick" ? { ...whole, pace: { ...whole.pace, ...QUICK } } : whole;
    const pinned =
      bench.cpus === undefined ? "not pinned" : `each process pinned to one CPU (${bench.cpus.join(", ")})`;
    const server = await startNats();
    const nats: Entrant = {
      label: "nats",
      contestant: "nats",
      transport: "tcp",
      variant: typeof server === "string" ? "" : String(server.port),
      processes: 2,
      note: "msgpackr",
      ...(typeof server === "string" ? { missing: server } : {}),
    };
    try {
      await roundTrips(bench, pinned, nats);
      await oneWay(bench, pinned);
      await accounting(bench, pinned);
      await idleCost(bench, SUITE, OURS, [ZEROMQ, NET]);
    } finally {
      if (typeof server !== "string") server.stop();
    }
  },
};
