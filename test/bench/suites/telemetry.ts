import { type Measure, perMessage, runMeasure } from "../measure.ts";
import type { ContestantName } from "../pair/contestant.ts";
import type { Entrant } from "../pairs.ts";
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
  readonly note: string;
  readonly ours: Way;
  readonly peers: Readonly<Record<string, Way>>;
}

const native = (variant: string, note?: string): Way => ({
  contestant: "telemetry-native",
  variant,
  ...(note === undefined ? {} : { note }),
});
const LOCK = "the same bytes in shared memory behind a mutex of two processes, uncontended";
const BARE = "80 bytes copied without any protocol: a floor, not an alternative";

const MEASURES: readonly TelemetryMeasure[] = [
  {
    measure: "publish",
    note: "C++: a total and two gauges changed and shown",
    ours: native("publish"),
    peers: { mutex: native("mutex_publish", LOCK), memcpy: native("memcpy_publish", BARE) },
  },
  { measure: "publish_all", note: "C++: all 13 fields", ours: native("publish_all"), peers: {} },
  { measure: "publish_crc", note: "C++: all 13 fields and their CRC", ours: native("publish_crc"), peers: {} },
  {
    measure: "read",
    note: "C++: a whole record copied and checked, median",
    ours: native("read"),
    peers: { mutex: native("mutex_read", LOCK), memcpy: native("memcpy_read", BARE) },
  },
  {
    measure: "read_ts",
    note: "TypeScript: a snapshot as an object, median, beside a writer of 1 kHz in another process",
    ours: { contestant: "telemetry-read", processes: 2 },
    peers: {
      "json-socket": {
        contestant: "telemetry-json",
        processes: 2,
        note: "the same values asked for over a Unix socket as a line of JSON, parsed",
      },
    },
  },
  {
    measure: "publish_ts",
    note: "TypeScript: a total and two gauges changed and shown, median",
    ours: { contestant: "telemetry-publish" },
    peers: {},
  },
];

const entrant = (label: string, way: Way): Entrant => {
  const missing = way.contestant === "telemetry-native" ? nativeMissing() : undefined;
  return {
    label,
    contestant: way.contestant,
    transport: "local",
    variant: way.variant ?? "",
    processes: way.processes ?? 1,
    ...(way.note === undefined ? {} : { note: way.note }),
    ...(missing === undefined ? {} : { missing }),
  };
};

const measureOf = ({ measure, note, ours, peers }: TelemetryMeasure): Measure => ({
  title: measure,
  workload: "tick64",
  calibrate: perMessage,
  entrants: [entrant("busbar", ours), ...Object.entries(peers).map(([name, way]) => entrant(name, way))],
  comparisons: [
    {
      facts: { suite: "telemetry", measure, unit: "ns", note },
      ours: "busbar",
      peers: Object.keys(peers).map((name) => ({ label: name, name })),
    },
  ],
});

export const telemetry: Suite = {
  name: "telemetry",
  about: "publishing and reading counters in shared memory, beside a lock, a bare copy, and JSON over a socket",
  async run(bench) {
    for (const measure of MEASURES) await runMeasure(bench, measureOf(measure));
  },
};
