import { nativeMissing } from "../ecs/native.ts";
import { STORED } from "../ecs/storage-rows.ts";
import { ENTITIES, LIMIT } from "../ecs/workload.ts";
import { type Calibrate, type Measure, runMeasure } from "../measure.ts";
import type { Entrant } from "../pairs.ts";
import type { Unit } from "../row.ts";
import type { Suite } from "../suite.ts";

/** Bursts begin at `first` units: so many are worked on at a time. */
const sized =
  (first: number, max: number): Calibrate =>
  async (pair, { roundMs, warmUpMs }) => {
    let count = first;
    for (let spent = 0; spent < warmUpMs * 1e6; ) {
      const ns = await pair.burst(count);
      spent += Math.max(ns, 1e6);
      const wanted = Math.min(max, Math.max(first, (count * roundMs * 1e6) / ns));
      count = Math.round(wanted / first) * first;
    }
    return async (same) => (await same.burst(count)) / count;
  };

/** Bytes do not depend on how often they are counted. */
const once: Calibrate = async () => (pair) => pair.burst(1);

interface EcsMeasure {
  readonly measure: string;
  readonly unit: Unit;
  readonly calibrate: Calibrate;
  /** Variants of the program itself, label to variant. */
  readonly native?: Readonly<Record<string, string>>;
  readonly peers?: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly note: string;
}

const perEntity = sized(ENTITIES, 200 * ENTITIES);
const BARE = "bare columns in C++, in the same program";
const ASKED = `a faction of 20, a range of hp, first ${LIMIT} by x, the total, two columns`;
const QUERY_PEERS = {
  sqlite: "better-sqlite3 in memory, indexed by faction and hp; rows and count are two statements",
  duckdb: "in memory, one thread; rows and count are two statements",
};

const MEASURES: readonly EcsMeasure[] = [
  {
    measure: "create",
    unit: "ns",
    calibrate: perEntity,
    native: { columns: "create-bare" },
    peers: { bitecs: "one by one, as it offers" },
    size: ENTITIES,
    note: "two components of two f32, from columns, one call, into an empty store, memory fresh from the system; per entity",
  },
  {
    measure: "iterate2",
    unit: "ns",
    calibrate: perEntity,
    native: { columns: "iterate2-bare" },
    peers: { bitecs: "query and typed arrays" },
    size: ENTITIES,
    note: "x += dx * dt over two columns; per entity",
  },
  {
    measure: "add_remove",
    unit: "ns",
    calibrate: sized(1000, 10_000_000),
    peers: { bitecs: "one by one" },
    size: ENTITIES,
    note: "a tag added and taken away again, 1,000 entities a call; per entity",
  },
  {
    measure: "query1m",
    unit: "ns",
    calibrate: sized(10, 10_000),
    native: { columns: "query1m-bare", indexed: "query1m_indexed", cached: "query1m_cached" },
    peers: QUERY_PEERS,
    size: ENTITIES,
    note: `${ASKED}; by scan, without index and cache`,
  },
  {
    measure: "query1000",
    unit: "ns",
    calibrate: sized(100, 1_000_000),
    native: { indexed: "query1000_indexed" },
    peers: {
      sqlite: "better-sqlite3 in memory, an index with all columns in the order, rows as lists",
      duckdb: "in memory, one thread, as columns",
    },
    size: 1000,
    note: "all of 1,000 entities ordered by x, two columns; without index and cache",
  },
  {
    measure: "snapshot1m",
    unit: "ns",
    calibrate: sized(1, 100),
    native: { columns: "snapshot1m-bare" },
    peers: {
      sqlite: "better-sqlite3: rows into memory in one transaction, serialize(), all rows of a database of these bytes",
      "apache-arrow": "an IPC stream of one batch, read and copied out; it checks no value and no id",
    },
    size: ENTITIES,
    note: "ids, two components of two f32: to bytes and back into a store that can be used, in memory, summed and checked",
  },
  {
    measure: "memory_ratio",
    unit: "B",
    calibrate: once,
    native: { columns: "memory_ratio-bare" },
    peers: {
      bitecs: "growth of the process, its arrays of numbers included",
      sqlite: "pages of a table in memory, no index; small whole numbers, which it packs",
    },
    size: ENTITIES,
    note: "two components of two f32; all that the allocator gave the store",
  },
];

const NATIVE_NOTES: Readonly<Record<string, string>> = {
  columns: BARE,
  indexed: "ours with a hash index on faction",
  cached: "ours with the result cache",
};
/** Of one measure, before those. */
const OWN_NOTES: Readonly<Record<string, string>> = {
  "snapshot1m columns": `${BARE}: copied into one piece of memory and out of it, no sum, check or map of ids`,
  "query1000 indexed": "ours with a sorted index on x",
};

const entrant = (label: string, variant: string, note?: string): Entrant => {
  const missing = nativeMissing();
  return {
    label,
    contestant: "ecs-native",
    transport: "local",
    variant,
    processes: 1,
    ...(note === undefined ? {} : { note }),
    ...(missing === undefined ? {} : { missing }),
  };
};

const peer = (label: string, measure: string, note: string): Entrant => ({
  label,
  contestant: "ecs-peer",
  transport: "local",
  variant: `${label}/${measure}`,
  processes: 1,
  note,
});

const measureOf = ({ measure, unit, calibrate, native = {}, peers = {}, size, note }: EcsMeasure): Measure => {
  const all: Entrant[] = [
    ...Object.entries(native).map(([label, variant]) =>
      entrant(label, variant, OWN_NOTES[`${measure} ${label}`] ?? NATIVE_NOTES[label]),
    ),
    ...Object.entries(peers).map(([label, about]) => peer(label, measure, about)),
  ];
  return {
    title: measure,
    workload: "tick64",
    calibrate,
    entrants: [entrant("store", measure), ...all],
    comparisons: [
      {
        facts: { suite: "ecs", measure, unit, transport: "local", note, ...(size === undefined ? {} : { size }) },
        ours: "store",
        peers: all.map(({ label }) => ({ label, name: label })),
      },
    ],
  };
};

const BUS_NOTES: Readonly<Record<string, string | undefined>> = {
  unindexed: "ours without an index: each question sorts",
  cached: NATIVE_NOTES.cached,
};

/** The only measure with the bus in it: what a caller in TypeScript waits for. */
const OVER_THE_BUS: Measure = {
  title: "query1000_bus",
  workload: "tick64",
  calibrate: sized(100, 1_000_000),
  entrants: [
    ...["service", "unindexed", "cached"].map((label): Entrant => {
      const note = BUS_NOTES[label];
      const entrant = { label, contestant: "ecs-bus", transport: "ring", variant: label, processes: 1 } as const;
      return note === undefined ? entrant : { ...entrant, note };
    }),
    ...["sqlite", "duckdb"].map((label) => peer(label, "query1000", "inside the caller's process, without a bus")),
  ],
  comparisons: [
    {
      facts: {
        suite: "ecs",
        measure: "query1000_bus",
        unit: "ns",
        transport: "ring",
        size: 1000,
        note: "the question of query1000, by the typed client, to the plugin on a thread of its own, x with a sorted index as SQLite has one; one after another",
      },
      ours: "service",
      peers: ["unindexed", "cached", "sqlite", "duckdb"].map((label) => ({ label, name: label })),
    },
  ],
};

const STORAGE: Readonly<Record<string, readonly [library: string, note: string]>> = {
  sqlite_save: ["better-sqlite3", "one transaction"],
  sqlite_load: ["better-sqlite3", "every value checked, read into columns"],
  arrow_export: ["apache-arrow", "an IPC file of two batches, texts in a dictionary"],
  parquet_export: ["hyparquet-writer", "two row groups, snappy"],
};

/** Ours is what writes and reads files, given the columns; "service" is the whole call. */
const storageOf = ([measure, [library, note]]: [string, readonly [string, string]]): Measure => {
  const one = (label: string, variant: string, about?: string): Entrant => ({
    label,
    contestant: "ecs-storage",
    transport: "local",
    variant: `${variant}/${measure}`,
    processes: 1,
    ...(about === undefined ? {} : { note: about }),
  });
  return {
    title: measure,
    workload: "tick64",
    calibrate: sized(STORED, 20 * STORED),
    entrants: [
      one("file", "file"),
      one(library, "bare", "the library alone, the same rows"),
      one("service", "service", "ours as called: service, bus, a thread of its own, sync"),
    ],
    comparisons: [
      {
        facts: {
          suite: "ecs",
          measure,
          unit: "ns",
          transport: "local",
          size: STORED,
          note: `units with id, text, i32, f32; ${note}; per row`,
        },
        ours: "file",
        peers: [library, "service"].map((label) => ({ label, name: label })),
      },
    ],
  };
};

export const ecs: Suite = {
  name: "ecs",
  about: "the entity store by itself beside bare columns, bitECS, SQLite and DuckDB; a query through the bus; files",
  async run(bench) {
    const missing = nativeMissing();
    if (missing !== undefined) throw new Error(missing);
    for (const measure of MEASURES) await runMeasure(bench, measureOf(measure));
    await runMeasure(bench, OVER_THE_BUS);
    for (const measure of Object.entries(STORAGE)) await runMeasure(bench, storageOf(measure));
  },
};
