/**
 * Telemetry from TypeScript: one process publishes a thousand times a second, another one reads; or the same values are
 * asked for over a Unix socket, as JSON, which is how programs usually show what they count.
 */
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ProcessTelemetry, sourcesIn, TelemetryFeed, type TelemetryValues, type TelemetryWriter } from "#telemetry";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { sink } from "../pair/workloads.ts";
import { quantile } from "../row.ts";

const quiet = { debug: () => undefined, warn: () => undefined };
const telemetryOf = (folder: string): ProcessTelemetry =>
  new ProcessTelemetry({ process: "bench", path: join(folder, "bench.tele"), log: quiet });
const socketOf = (folder: string): string => join(folder, "stats.sock");
/** A read of the clock costs as much as a read of a record. */
const BATCH = 16;
const PERIOD_MS = 1;

const publishOnce = (writer: TelemetryWriter, n: number): void => {
  writer.add("totalCombats", 1);
  writer.set("averageTickTimeUs", n);
  writer.set("units", n);
  writer.publish();
};

/** count x the 99th percentile of single times, the clock's cost included. */
const p99Of = (count: number, times: Float64Array): number => quantile(times.sort(), 0.99) * count;

/** count x the median over batches. */
const medianOf = (count: number, work: () => void): number => {
  const batches = new Float64Array(Math.max(1, Math.ceil(count / BATCH)));
  for (let batch = 0; batch < batches.length; batch++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) work();
    batches[batch] = Number(process.hrtime.bigint() - start) / BATCH;
  }
  return batches.sort()[batches.length >> 1] * count;
};

export const telemetryRead: Contestant = {
  async serve({ folder }: SideOptions): Promise<string> {
    const writer = telemetryOf(folder).writer("bench");
    if (!writer.present) throw new Error("this process can have no record");
    let n = 0;
    setInterval(() => publishOnce(writer, ++n), PERIOD_MS);
    return "";
  },
  async drive({ folder, variant }: SideOptions): Promise<Driver> {
    const reader = (await TelemetryFeed.open(sourcesIn(folder))).reader("bench");
    const look = (): void => {
      const { values, stale } = reader.read();
      if (!stale) sink[0] += values.units;
    };
    if (variant !== "p99") return drivenBy((count) => medianOf(count, look));
    return drivenBy((count) => {
      const times = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const start = process.hrtime.bigint();
        look();
        times[i] = Number(process.hrtime.bigint() - start);
      }
      return p99Of(count, times);
    });
  },
};

export const telemetryPublish: Contestant = {
  async drive({ folder }: SideOptions): Promise<Driver> {
    const writer = telemetryOf(folder).writer("bench");
    if (!writer.present) throw new Error("this process can have no record");
    let n = 0;
    return drivenBy((count) => medianOf(count, () => publishOnce(writer, ++n)));
  },
};

/** 64 bits travel as strings, as JSON that keeps them must have it. */
const toText = (values: TelemetryValues): string =>
  JSON.stringify(values, (_, value) => (typeof value === "bigint" ? String(value) : value));

export const telemetryJson: Contestant = {
  async serve({ folder }: SideOptions): Promise<string> {
    const values = {
      totalCombats: 0n,
      activeCombats: 3,
      totalDamageDealt: 123_456_789n,
      totalDamageReceived: 123_456_000n,
      unitsDestroyed: 4711,
      simulationFps: 60,
      averageTickTimeUs: 0,
      peakTickTimeUs: 999,
      memoryUsageMb: 120,
      totalEntities: 100_000n,
      fleets: 12,
      planets: 40,
      units: 0,
    };
    setInterval(() => {
      values.totalCombats++;
      values.units++;
    }, PERIOD_MS);
    const server = createServer((socket) => {
      socket.on("data", () => socket.write(`${toText(values)}\n`));
    });
    await new Promise<void>((resolve) => server.listen(socketOf(folder), resolve));
    return "";
  },
  async drive({ folder, variant }: SideOptions): Promise<Driver> {
    const socket = createConnection(socketOf(folder));
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    return drivenBy(async (count) => {
      const times = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const start = process.hrtime.bigint();
        socket.write("?\n");
        const { value } = await lines.next();
        const values = JSON.parse(value as string) as { units: number; totalCombats: string };
        sink[0] += values.units + Number(BigInt(values.totalCombats));
        times[i] = Number(process.hrtime.bigint() - start);
      }
      return variant === "p99" ? p99Of(count, times) : times.sort()[count >> 1] * count;
    });
  },
};
