import { nativeMissing } from "../blackbox/native.ts";
import { READ_MEASURES } from "../blackbox/read-measures.ts";
import { memoryMissing, type Task, withMemory } from "../blackbox/scratch.ts";
import { EVENT_BYTES } from "../blackbox/workload.ts";
import { type Calibrate, type Measure, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Unit } from "../row.ts";
import type { Suite } from "../suite.ts";

const SUITE = "blackbox";
const NS_PER_S = 1e9;

const EVENTS_MAX = { full: Number.POSITIVE_INFINITY, quick: 2_000_000, smoke: 20_000 } as const;

/** Rounds of a stated number of events: a file system is measured by what it holds, not by a time. */
const events =
  (count: number, unit: Unit): Calibrate =>
  async (pair, { name, warmUpMs }) => {
    const size = Math.min(count, EVENTS_MAX[name]);
    if (warmUpMs > 0) await pair.burst(Math.min(size, 200_000));
    return async (sized) => {
      const ns = (await sized.burst(size)) / size;
      return unit === "ns" ? ns : NS_PER_S / ns;
    };
  };

const missing = (reason: string | undefined): { missing?: string } => (reason === undefined ? {} : { missing: reason });

/** Entrants whose files go to one folder; `undefined` when this machine has no such folder. */
const entrantsIn = (folder: string | undefined) => {
  const made = (
    label: string,
    contestant: Entrant["contestant"],
    task: Omit<Task, "folder">,
    more: { transport?: Entrant["transport"]; note?: string; missing?: string } = {},
  ): Entrant => ({
    label,
    contestant,
    transport: "ring",
    variant: JSON.stringify({ folder, ...task }),
    processes: 1,
    ...more,
    ...missing(more.missing ?? (folder === undefined ? memoryMissing() : undefined)),
  });
  return {
    native: (label: string, task: Omit<Task, "folder">, note?: string): Entrant =>
      made(label, "blackbox-native", task, { ...missing(nativeMissing()), ...(note === undefined ? {} : { note }) }),
    core: (): Entrant =>
      made("mcap-core", "mcap-core", {}, { transport: "local", note: "the same bytes, prebuilt; no bus" }),
    published: (): Entrant => made("busbar", "blackbox", {}),
  };
};

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
const BARE = "write() of as many bytes in pieces of 128 KiB, one thread";

const writeMeasures = (memory: string | undefined, disk: string): Measure[] => {
  const inMemory = entrantsIn(memory);
  const onDisk = entrantsIn(disk);
  return [
    measureOf("record", "1/s", "events to files in memory, from the ring to the closed file; 2 GiB a round", TWO_GIB, [
      inMemory.native("busbar", { mode: "ring" }),
      inMemory.native("write", { mode: "bare" }, BARE),
    ]),
    measureOf("write_native200", "1/s", "the same, 1,000,000 events a round", SMALL, [
      inMemory.native("busbar", { mode: "ring" }),
      inMemory.core(),
      inMemory.native("zstd", { mode: "ring", config: '"compression":"zstd"' }, "ours with zstd, level 1"),
      inMemory.native("journal", { mode: "ring", config: '"journal":true' }, "ours with a journal"),
    ]),
    measureOf("record_disk", "1/s", "events to files on disk until all of them are synced; 2 GiB a round", TWO_GIB, [
      onDisk.native("busbar", { mode: "ring-synced" }),
      onDisk.native("write", { mode: "bare-synced" }, `${BARE}, synced at the end`),
      onDisk.native(
        "fsync turn",
        { mode: "ring-synced", config: '"fsync":"turn"' },
        "ours, each file synced when it is closed",
      ),
    ]),
    measureOf("record_cached", "1/s", "events to files on disk, nothing synced; 4,000,000 a round", 4 * SMALL, [
      onDisk.native("busbar", { mode: "ring" }),
      onDisk.native("write", { mode: "bare" }, BARE),
    ]),
    measureOf("write_ts200", "1/s", "typed publish, encode, ring, file in memory; one process", SMALL, [
      inMemory.published(),
      inMemory.core(),
    ]),
    measureOf("producer", "ns", "an event put on the ring while it is recorded, bursts of 4,096 into room", SMALL, [
      inMemory.native("busbar", { mode: "producer" }),
    ]),
  ];
};

export const blackbox: Suite = {
  name: SUITE,
  about:
    "recording: from the ring to a file in memory and on disk, from TypeScript; one turn out of many events; recovery",
  async run(bench) {
    // The producer's thread and the recorder's need a CPU each, and readers use file threads, so nothing is pinned here.
    const free = { ...bench, cpus: undefined };
    await withMemory(async (memory) => {
      for (const measure of writeMeasures(memory, bench.folder)) {
        const [{ missing: reason }] = measure.entrants;
        if (reason === undefined) await runMeasure(free, measure);
        else if (bench.wants(measure.title)) bench.progress(`${measure.title}: left out, ${reason}`);
      }
      for (const [title, run] of Object.entries(READ_MEASURES)) {
        if (!bench.wants(title)) continue;
        const reason = nativeMissing();
        if (reason === undefined) await run(free, memory);
        else bench.progress(`${title}: left out, ${reason}`);
      }
    });
  },
};
