// Method: the writer is another process, which publishes, stands in an update, ends, or is killed; the reader is ours.
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BusError } from "#bus";
import { sourcesIn, TelemetryFeed, type TelemetrySnapshot } from "#telemetry";
import { WriterProcess } from "./testing/writer-process.ts";

let process_: WriterProcess;
beforeEach(() => {
  process_ = new WriterProcess();
});
afterEach(() => process_.close());

const feedOf = (): Promise<TelemetryFeed> => TelemetryFeed.open(sourcesIn(process_.folder));
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};

/** Whether all fields are those of one publish, and of the one that the sequence names. */
const whole = ({ sequence, values }: TelemetrySnapshot): boolean => {
  const n = sequence / 2n - 1n;
  const low = Number(n % 2n ** 32n);
  return Object.values(values).every((value) => (typeof value === "bigint" ? value === n : value === low));
};

test("no torn value is read from a process that publishes at full speed, with or without CRC", async () => {
  await process_.start("equal", "--crc");
  using feed = await feedOf();
  const reader = feed.reader("combat");
  let seen = 0;
  let torn = 0;
  let last = 0n;
  for (let looks = 0; seen < 20_000 && looks < 2_000_000; looks++) {
    let snapshot: TelemetrySnapshot;
    try {
      snapshot = reader.read();
    } catch (error) {
      expect((error as BusError).code).toBe("telemetry/no-value");
      continue;
    }
    if (snapshot.stale) continue;
    seen++;
    torn += whole(snapshot) && snapshot.sequence >= last ? 0 : 1;
    last = snapshot.sequence;
  }
  expect({ torn, enough: seen >= 1000 }).toEqual({ torn: 0, enough: true });
});

test("updates of another process are waited for", async () => {
  await process_.start("equal");
  using feed = await feedOf();
  const reader = feed.reader("combat");
  const first = await reader.waitForUpdate(0n, { timeoutMs: 20_000 });
  const second = await reader.waitForUpdate(first?.sequence ?? 0n, { timeoutMs: 20_000 });
  expect(second!.sequence).toBeGreaterThan(first!.sequence);
});

test("a writer that was killed is shown as dead with its last values, and waiting for more of it is an error", async () => {
  const pid = await process_.start("still");
  using feed = await feedOf();
  const reader = feed.reader("combat");
  expect(reader.read()).toMatchObject({ process: "core", pid, writer: "alive", values: { units: 1 } });
  const waiting = reader.waitForUpdate(reader.read().sequence, { timeoutMs: 30_000 });
  process.kill(pid, "SIGKILL");
  await expect(waiting).rejects.toThrow(`telemetry/writer-dead: process core (${pid}) died`);
  await feed.refresh();
  expect(feed.reader("combat")).toBe(reader);
  expect(reader.read()).toMatchObject({ writer: "dead", stale: false, values: { units: 1, totalCombats: 1n } });
});

test("a writer that stands in an update has no value for who comes new, and is dead in it when it is killed", async () => {
  const pid = await process_.start("stopped");
  using feed = await feedOf();
  const reader = feed.reader("combat");
  expect(() => reader.read()).toThrow("telemetry/no-value: no whole value of the record of combat in 64 tries");
  process.kill(pid, "SIGKILL");
  await until(() => reader.writer === "dead");
  expect(() => reader.read()).toThrow("telemetry/writer-dead");
  expect(reader.last).toBeUndefined();
});

test("a stopped process is alive, and its record readable", async () => {
  const pid = await process_.start("still");
  using feed = await feedOf();
  process.kill(pid, "SIGSTOP");
  expect(feed.reader("combat").read()).toMatchObject({ writer: "alive", values: { units: 1 } });
  // It answers until the signal has reached it.
  while (feed.silent.length === 0) await feed.refresh();
  expect(feed.silent).toMatchObject([{ process: "core" }]);
  expect(feed.readers.length).toBe(1); // what is known stays
  {
    using late = await feedOf();
    expect(late.silent).toMatchObject([{ process: "core" }]);
    expect(late.readers).toEqual([]);
    process.kill(pid, "SIGCONT");
    await late.refresh();
    expect(late.silent).toEqual([]);
    expect(late.reader("combat").read().values.units).toBe(1);
  }
});

test("an orderly end is no death", async () => {
  await process_.start("still");
  using feed = await feedOf();
  const reader = feed.reader("combat");
  await process_.end();
  await until(() => reader.read().writer === "ended");
  expect(await reader.waitForUpdate(reader.read().sequence, { timeoutMs: 30_000 })).toBeUndefined();
});

test("a record of another version is refused by name, one with more fields is read", async () => {
  await process_.start("wrong-version");
  {
    using feed = await feedOf();
    expect(() => feed.reader("combat").read()).toThrow("has version 9, this reader reads 1");
  }
  await process_.end();
  await process_.start("grown");
  using feed = await feedOf();
  expect(feed.reader("combat").read()).toMatchObject({ stale: false, values: { units: 1 } });
});

test("the next process of that name takes over from one that was killed", async () => {
  const first = await process_.start("still");
  using feed = await feedOf();
  const reader = feed.reader("combat");
  process.kill(first, "SIGKILL");
  await until(() => reader.writer === "dead");
  const second = await process_.start("still");
  await feed.refresh();
  expect(feed.reader("combat").pid).toBe(second);
});
