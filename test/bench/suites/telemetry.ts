import { type Calibrate, type Measure, perMessage, runMeasure } from "../measure.ts";
import type { ContestantName } from "../pair/contestant.ts";
import type { Entrant } from "../pairs.ts";
import type { Unit } from "../row.ts";
import type { Suite } from "../suite.ts";
import { nativeMissing } from "../telemetry/native.ts";

interface Way {
  readonly contestant: ContestantName;
  readonly variant?: string;
  readonly processes?: 1 | 2;
  readonly note?: string;
}

interface TelemetryMeasure {
  readonly measure: string;
  /** Default: ns. */
  readonly unit?: Unit;
  readonly calibrate?: Calibrate;
  readonly note: string;
  readonly ours: Way;
  readonly peers: Readonly<Record<string, Way>>;
}

const way = (contestant: ContestantName, variant: string, note?: string): Way => ({
  contestant,
  variant,
  ...(note === undefined ? {} : { note }),
});
const native = (variant: string, note?: string): Way => way("telemetry-native", variant, note);
const beside = (variant: string, note?: string): Way => way("telemetry-beside", variant, note);

/** Reads of a round that are timed one by one, and of one that only looks: per ms of the pace. */
const TIMED_PER_MS = 4000;
const LOOKED_AT_PER_MS = 20_000;

/** As many reads as the pace asks for, whatever they take; what a burst says is the value, once. */
const reads =
  (perMs: number, share = false): Calibrate =>
  async (pair, { roundMs }) => {
    const count = roundMs * perMs;
    await pair.burst(count);
    return async (same) => (await same.burst(count)) / (share ? count : 1);
  };

const LOCK = "the same bytes in shared memory behind a mutex of two processes";
const UNCONTENDED = `${LOCK}, uncontended`;
const BARE = "80 bytes copied without any protocol: a floor, not an alternative";
const BY_ITSELF = "each read timed by itself, the clock included";
const PACED = `C++: a whole record, beside a writer of 1 kHz in another process; ${BY_ITSELF}`;
const BUSY = `C++: a whole record, beside a writer at full speed in another process; ${BY_ITSELF}`;
const PER_S = "TypeScript: a snapshot as an object, beside a writer of 1 kHz in another process";
const JSON_SOCKET = "the same values asked for over a Unix socket as a line of JSON, parsed";

/** A quantile of single reads, beside a writer in another process. */
const single = (measure: string, what: string, pace: "paced" | "busy", note: string): TelemetryMeasure => ({
  measure,
  calibrate: reads(TIMED_PER_MS),
  note,
  ours: beside(`seqlock ${pace} ${what}`),
  peers: {
    mutex: beside(
      `mutex ${pace} ${what}`,
      pace === "paced" ? LOCK : `${LOCK}, for which the writer waits (updates_busy)`,
    ),
    memcpy: beside(`bare ${pace} ${what}`, BARE),
  },
});

const fromTypeScript = (measure: string, variant: string, note: string): TelemetryMeasure => ({
  measure,
  note: `${PER_S}, ${note}`,
  ours: { contestant: "telemetry-read", variant, processes: 2 },
  peers: { "json-socket": { contestant: "telemetry-json", variant, processes: 2, note: JSON_SOCKET } },
});

const measures = (roundMs: number): readonly TelemetryMeasure[] => [
  {
    measure: "publish",
    note: "C++: a total and two gauges changed and shown",
    ours: native("publish"),
    peers: { mutex: native("mutex_publish", UNCONTENDED), memcpy: native("memcpy_publish", BARE) },
  },
  { measure: "publish_all", note: "C++: all 13 fields", ours: native("publish_all"), peers: {} },
  { measure: "publish_crc", note: "C++: all 13 fields and their CRC", ours: native("publish_crc"), peers: {} },
  {
    measure: "read",
    note: "C++: a whole record copied and checked, nobody writing, median",
    ours: native("read"),
    peers: { mutex: native("mutex_read", UNCONTENDED), memcpy: native("memcpy_read", BARE) },
  },
  single("read_p50", "p50", "paced", PACED),
  single("read_p99", "p99", "paced", PACED),
  single("read_p50_busy", "p50", "busy", BUSY),
  single("read_p99_busy", "p99", "busy", BUSY),
  {
    measure: "updates_busy",
    unit: "1/s",
    calibrate: reads(TIMED_PER_MS),
    note: "C++: what a writer of all fields at full speed gets done beside a reader that reads without pause",
    ours: beside("seqlock busy updates"),
    peers: { mutex: beside("mutex busy updates", LOCK), memcpy: beside("bare busy updates", BARE) },
  },
  {
    measure: "torn",
    unit: "share",
    calibrate: reads(LOOKED_AT_PER_MS, true),
    note: `of ${(roundMs * LOOKED_AT_PER_MS) / 1e6} M accepted reads a round, those whose fields are not of one update; a writer at full speed in another process`,
    ours: beside("seqlock busy torn"),
    peers: {
      "raised once": beside(
        "once busy torn",
        "the control: the same record, its sequence raised once, after the write",
      ),
      memcpy: beside("bare busy torn", "no protocol at all"),
    },
  },
  fromTypeScript("read_ts", "p50", "median"),
  fromTypeScript("read_ts_p99", "p99", `99th percentile; ${BY_ITSELF}`),
  {
    measure: "publish_ts",
    note: "TypeScript: a total and two gauges changed and shown, median",
    ours: { contestant: "telemetry-publish" },
    peers: {},
  },
];

const PROGRAMS: readonly ContestantName[] = ["telemetry-native", "telemetry-beside"];

const entrant = (label: string, { contestant, variant, processes, note }: Way): Entrant => {
  const missing = PROGRAMS.includes(contestant) ? nativeMissing() : undefined;
  return {
    label,
    contestant,
    transport: "local",
    variant: variant ?? "",
    processes: processes ?? 1,
    ...(note === undefined ? {} : { note }),
    ...(missing === undefined ? {} : { missing }),
  };
};

const measureOf = (wanted: TelemetryMeasure): Measure => ({
  title: wanted.measure,
  workload: "tick64",
  calibrate: wanted.calibrate ?? perMessage,
  entrants: [
    entrant("busbar", wanted.ours),
    ...Object.entries(wanted.peers).map(([name, peer]) => entrant(name, peer)),
  ],
  comparisons: [
    {
      facts: {
        suite: "telemetry",
        measure: wanted.measure,
        unit: wanted.unit ?? "ns",
        note: wanted.note,
      },
      ours: "busbar",
      peers: Object.keys(wanted.peers).map((name) => ({ label: name, name })),
    },
  ],
});

export const telemetry: Suite = {
  name: "telemetry",
  about: "publishing and reading counters in shared memory, beside a lock, a bare copy, and JSON over a socket",
  async run(bench) {
    for (const measure of measures(bench.pace.roundMs)) await runMeasure(bench, measureOf(measure));
  },
};
