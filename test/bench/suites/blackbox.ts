import { folderOf, memoryMissing, nativeMissing } from "../blackbox/native.ts";
import { EVENT_BYTES } from "../blackbox/workload.ts";
import { type Calibrate, type Measure, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Unit } from "../row.ts";
import type { Suite } from "../suite.ts";

const SUITE = "blackbox";
const NS_PER_S = 1e9;

/** Rounds of a stated number of events: a file system is measured by what it holds, not by a time. */
const events =
  (count: number, unit: Unit): Calibrate =>
  async (pair, { roundMs, warmUpMs }) => {
    // A smoke run has rounds of a few milliseconds.
    const size = roundMs < 100 ? 20_000 : count;
    if (warmUpMs > 0) await pair.burst(Math.min(size, 200_000));
    return async (sized) => {
      const ns = (await sized.burst(size)) / size;
      return unit === "ns" ? ns : NS_PER_S / ns;
    };
  };

const native = (label: string, variant: string, note?: string): Entrant => ({
  label,
  contestant: "blackbox-native",
  transport: "ring",
  variant,
  processes: 1,
  ...(note === undefined ? {} : { note }),
  ...missing(nativeMissing() ?? (variant.includes("/memory") ? memoryMissing() : undefined)),
});
const missing = (reason: string | undefined): { missing?: string } => (reason === undefined ? {} : { missing: reason });

const core = (where: string): Entrant => ({
  label: "mcap-core",
  contestant: "mcap-core",
  transport: "local",
  variant: where,
  processes: 1,
  note: "the same bytes, prebuilt; no bus",
  ...missing(where === "memory" ? memoryMissing() : undefined),
});
const published = (where: string): Entrant => ({
  label: "busbar",
  contestant: "blackbox",
  transport: "ring",
  variant: where,
  processes: 1,
  ...missing(where === "memory" ? memoryMissing() : undefined),
});

const measureOf = (
  measure: string,
  unit: Unit,
  note: string,
  count: number,
  entrants: readonly [Entrant, ...Entrant[]],
): Measure => {
  const [own, ...peers] = entrants;
  return {
    title: measure,
    workload: "tick64",
    calibrate: events(count, unit),
    entrants,
    comparisons: [
      {
        facts: { suite: SUITE, measure, unit, transport: "ring", size: EVENT_BYTES, note },
        ours: own.label,
        peers: peers.map(({ label }) => ({ label, name: label })),
      },
    ],
  };
};

/** 2 GiB of files. */
const TWO_GIB = 8_700_000;
const SMALL = 1_000_000;

export const blackbox: Suite = {
  name: SUITE,
  about: "recording: from the ring to a file in memory and on disk, from TypeScript, what it costs the producer",
  async run(bench) {
    // The producer's thread and the recorder's need a CPU each, so nothing is pinned here.
    const free = { ...bench, cpus: undefined };
    const disk = folderOf("disk");
    const measures: Measure[] = [
      measureOf(
        "record",
        "1/s",
        "events to files in memory, from the ring to the closed file; 2 GiB a round",
        TWO_GIB,
        [
          native("busbar", "ring/memory"),
          native("write", "bare/memory", "write() of as many bytes in pieces of 128 KiB, one thread"),
        ],
      ),
      measureOf("record_1m", "1/s", "the same, 1,000,000 events a round", SMALL, [
        native("busbar", "ring/memory"),
        core("memory"),
        native("zstd", 'ring/memory/"compression":"zstd"', "ours with zstd, level 1"),
        native("journal", 'ring/memory/"journal":true', "ours with a journal"),
      ]),
      measureOf("record_disk", "1/s", `events to files in ${disk}, nothing synced`, 4 * SMALL, [
        native("busbar", "ring/disk"),
        native("write", "bare/disk", "write() of as many bytes in pieces of 128 KiB, one thread"),
      ]),
      measureOf("record_ts", "1/s", "typed publish, encode, ring, file in memory; one process", SMALL, [
        published("memory"),
        core("memory"),
      ]),
      measureOf("producer", "ns", "an event put on the ring while it is recorded, bursts of 4,096 into room", SMALL, [
        native("busbar", "producer/memory"),
      ]),
    ];
    for (const measure of measures) {
      const [{ missing: reason }] = measure.entrants;
      if (reason === undefined) await runMeasure(free, measure);
      else if (bench.wants(measure.title)) bench.progress(`${measure.title}: left out, ${reason}`);
    }
  },
};
