/** What the suites `unix` and `tcp` have in common. */
import { type Measure, perSecond, roundTrip, runMeasure } from "../measure.ts";
import type { WorkloadName } from "../pair/workloads.ts";
import type { Entrant } from "../pairs.ts";
import type { MeasureFacts } from "../row.ts";
import type { Bench } from "../suite.ts";

/** Idle time before a ping of which both sides are asleep. ms */
const ASLEEP_GAP_MS = 5;
const OURS = "busbar";
const WAITED = "busbar-await";
const BARE_SUFFIX = "-bare";

export const ours = (transport: "unix" | "tcp", variant = ""): Entrant => ({
  label: variant === "" ? OURS : `busbar-${variant}`,
  contestant: "busbar",
  transport,
  variant,
  processes: 2,
});

export const zeromqOf = (transport: "unix" | "tcp", bare: boolean): Entrant => {
  const name = transport === "unix" ? "zeromq-ipc" : "zeromq-tcp";
  return {
    label: bare ? `${name}${BARE_SUFFIX}` : name,
    contestant: "zeromq",
    transport,
    variant: bare ? "bare" : "",
    processes: 2,
    note: bare ? "bare bytes, one message per frame" : "msgpackr, one message per frame",
  };
};

export const netOf = (transport: "unix" | "tcp", coalesced: boolean): Entrant => ({
  label: `net-${transport}${coalesced ? "-coalesced" : ""}`,
  contestant: "net",
  transport,
  variant: coalesced ? "coalesced" : "",
  processes: 2,
  note: coalesced ? "msgpackr, blocks of 128 KiB" : "msgpackr, a write per message",
});

export const PORT: Entrant = {
  label: "message-port",
  contestant: "message-port",
  transport: "local",
  variant: "",
  processes: 1,
  note: "two threads of one process",
};

const WORKLOADS: readonly { measure: string; workload: WorkloadName; size: number }[] = [
  { measure: "oneway64", workload: "tick64", size: 64 },
  { measure: "oneway1k", workload: "blob1k", size: 1024 },
  { measure: "oneway64k", workload: "blob64k", size: 65_536 },
];

/** One-way rates and round trips of ours over `transport` beside `peers`. */
export const runSocketSuite = async (
  bench: Bench,
  suite: string,
  transport: "unix" | "tcp",
  peers: readonly Entrant[],
): Promise<void> => {
  const pinned = bench.cpus === undefined ? "not pinned" : `each process pinned to one CPU (${bench.cpus.join(", ")})`;
  const asPeer = ({ label }: Entrant): { label: string; name: string } => ({ label, name: label });
  const bare = zeromqOf(transport, true);
  const barePeer = { label: bare.label, name: zeromqOf(transport, false).label };
  for (const { measure, workload, size } of WORKLOADS) {
    const facts: MeasureFacts = { suite, measure, unit: "1/s", transport, size, note: pinned };
    const tries = { ...facts, note: `tryPublish, a turn of the event loop when full; ${pinned}` };
    const comparisons: Measure["comparisons"][number][] = [{ facts: tries, ours: OURS, peers: peers.map(asPeer) }];
    const entrants = [ours(transport), ...peers];
    if (measure === "oneway64") {
      entrants.push(ours(transport, "await"), bare);
      const awaited = { ...facts, measure: "oneway64_await", note: `each publish awaited; ${pinned}` };
      comparisons.push({ facts: awaited, ours: WAITED, peers: [asPeer(zeromqOf(transport, false))] });
      comparisons.push({ facts: { ...tries, measure: "oneway64_bare" }, ours: OURS, peers: [barePeer] });
    }
    await runMeasure(bench, { title: measure, workload, calibrate: perSecond, entrants, comparisons });
  }
  for (const gapMs of [0, ASLEEP_GAP_MS]) {
    const measure = gapMs === 0 ? "rtt64" : "rtt64_asleep";
    const idle = gapMs === 0 ? "" : `; ${gapMs} ms idle before each`;
    const facts: MeasureFacts = { suite, measure, unit: "ns", transport, size: 64, note: `medians${idle}; ${pinned}` };
    await runMeasure(bench, {
      title: measure,
      workload: "tick64",
      calibrate: roundTrip(gapMs),
      entrants: [ours(transport), ...peers],
      comparisons: [{ facts, ours: OURS, peers: peers.map(asPeer) }],
    });
  }
};
