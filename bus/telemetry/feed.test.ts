// Method: processes made by hand; what a reader shows is held against what was written.
import { expect, test } from "vitest";
import { BusError } from "#wire";
import { TelemetryFeed } from "./feed.ts";
import { HEADER } from "./layout.ts";
import { ReadStatus } from "./source.ts";
import { ManualSource, manualSources } from "./test-support.ts";

test("a feed has one reader for each service, and new ones after a refresh", async () => {
  const core = new ManualSource("core");
  core.add("combat").set({ totalCombats: 7n, activeCombats: 2, unitsDestroyed: 9 });
  const sources = [core];
  using feed = await TelemetryFeed.open(manualSources(sources));
  const reader = feed.reader("combat");
  const snapshot = reader.read();
  expect(snapshot).toMatchObject({ service: "combat", process: "core", pid: 4711, stale: false, writer: "alive" });
  expect(snapshot.values).toMatchObject({ totalCombats: 7n, activeCombats: 2, unitsDestroyed: 9, units: 0 });
  sources.push(new ManualSource("late"));
  sources[1].add("cards");
  await feed.refresh();
  expect(feed.readers.map(({ service }) => service)).toEqual(["cards", "combat"]);
  expect(feed.reader("combat")).toBe(reader);
});

test("an unknown service is named with what there is", async () => {
  const core = new ManualSource("core");
  core.add("combat");
  using feed = await TelemetryFeed.open(manualSources([core]));
  expect(() => feed.reader("kombat")).toThrow(
    "telemetry/unknown-service: there is no telemetry record of 'kombat'; did you mean 'combat'? (there are: combat)",
  );
});

test("a value that could not be had shows the last one as stale, and a dead writer its last values", async () => {
  const core = new ManualSource("core");
  const record = core.add("combat");
  using feed = await TelemetryFeed.open(manualSources([core]));
  const reader = feed.reader("combat");
  record.status = ReadStatus.noValue;
  expect(() => reader.read()).toThrow("telemetry/no-value");
  record.status = ReadStatus.ok;
  record.set({ units: 5 });
  const { sequence } = reader.read();
  record.status = ReadStatus.stale;
  record.set({ units: 6 });
  expect(reader.read()).toMatchObject({ stale: true, sequence, values: { units: 5 } });
  record.status = ReadStatus.ok;
  record.gone = true;
  expect(reader.read()).toMatchObject({ stale: false, writer: "dead", values: { units: 6 } });
  record.status = ReadStatus.writerDead;
  expect(() => reader.read()).toThrow("telemetry/writer-dead: process core (4711) died while");
  expect(reader.last?.values.units).toBe(6);
});

test("headers that do not fit are named with both values", async () => {
  const core = new ManualSource("core");
  const record = core.add("combat");
  const view = new DataView(record.bytes);
  using feed = await TelemetryFeed.open(manualSources([core]));
  const reader = feed.reader("combat");
  record.status = ReadStatus.badMagic;
  view.setBigUint64(HEADER.magic, 0x1234n, true);
  expect(() => reader.read()).toThrow("starts with 0x1234 instead of 0x564f49445245434b");
  record.status = ReadStatus.badVersion;
  view.setUint32(HEADER.version, 9, true);
  expect(() => reader.read()).toThrow("has version 9, this reader reads 1");
  record.status = ReadStatus.badSize;
  view.setUint32(HEADER.dataSize, 8, true);
  expect(() => reader.read()).toThrow("says that it has 8 bytes of data; version 1 has at least 80");
});

test("waiting for an update gives the next one, nothing when time is up or the writer ended, an error when it died", async () => {
  const core = new ManualSource("core");
  const record = core.add("combat");
  using feed = await TelemetryFeed.open(manualSources([core]));
  const reader = feed.reader("combat");
  const { sequence } = reader.read();
  expect(await reader.waitForUpdate(sequence, { timeoutMs: 5 })).toBeUndefined();
  record.status = ReadStatus.noValue;
  expect(await reader.waitForUpdate(sequence, { timeoutMs: 5 })).toBeUndefined();
  record.status = ReadStatus.ok;
  const waiting = reader.waitForUpdate(sequence, { timeoutMs: 30_000 });
  record.set({ fleets: 3 });
  expect((await waiting)?.values.fleets).toBe(3);
  const aborted = AbortSignal.abort(new Error("enough"));
  await expect(reader.waitForUpdate(99n, { signal: aborted })).rejects.toThrow("enough");
  record.gone = true;
  await expect(reader.waitForUpdate(reader.read().sequence, { timeoutMs: 30_000 })).rejects.toThrow(
    "telemetry/writer-dead",
  );
  record.end();
  expect(await reader.waitForUpdate(reader.read().sequence, { timeoutMs: 30_000 })).toBeUndefined();
});

test("a record that cannot be mapped is a fault of its process; its other records are there, and it is when it can be", async () => {
  const core = new ManualSource("core");
  core.add("cards").set({ units: 1 });
  core.add("combat").set({ units: 2 });
  core.unmappable.add("cards");
  using feed = await TelemetryFeed.open(manualSources([core]));
  expect(feed.readers.map(({ service }) => service)).toEqual(["combat"]);
  expect(feed.faults).toMatchObject([{ process: "core", error: { code: "telemetry/malformed" } }]);
  core.unmappable.clear();
  await feed.refresh();
  expect(feed.reader("cards").read().values.units).toBe(1);
  expect(feed.faults).toEqual([]);
});

test("a process that does not answer is silent since it was first asked, and no fault; what is known of it stays", async () => {
  const core = new ManualSource("core");
  core.add("combat").set({ units: 2 });
  const sources = [core];
  using feed = await TelemetryFeed.open(manualSources(sources));
  expect(feed.silent).toEqual([]);
  core.fault = new BusError("core/timeout", { details: { what: "the telemetry of core", timeout: "2 s" } });
  sources.push(new ManualSource("busy"));
  sources[1].fault = core.fault;
  const before = performance.now();
  await feed.refresh();
  expect(feed.silent.map(({ process }) => process)).toEqual(["busy", "core"]);
  const [{ sinceMs }] = feed.silent;
  expect(sinceMs).toBeGreaterThanOrEqual(before);
  expect(feed.faults).toEqual([]);
  expect(feed.reader("combat").read().values.units).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 2));
  sources[1].fault = undefined;
  await feed.refresh();
  expect(feed.silent).toEqual([{ process: "core", sinceMs }]);
  core.fault = undefined;
  await feed.refresh();
  expect(feed.silent).toEqual([]);
});

test("a record that replaces another one of its service gets a new reader; a living writer is not displaced", async () => {
  const first = new ManualSource("core", 1);
  const record = first.add("combat");
  const sources = [first];
  using feed = await TelemetryFeed.open(manualSources(sources));
  const reader = feed.reader("combat");
  sources.push(new ManualSource("core", 2));
  sources[1].add("combat");
  await feed.refresh();
  expect(feed.reader("combat")).toBe(reader);
  record.gone = true;
  first.isGone = true;
  await feed.refresh();
  expect(feed.reader("combat").pid).toBe(2);
  expect(record.opened).toBe(0);
  expect(() => reader.read()).toThrow("core/closed");
});
