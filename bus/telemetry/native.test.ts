// Method: writer, desk and reader in one process over real shared memory; then through the socket with damaged questions.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAddon } from "#transport/ring";
import { errorCodeOf } from "#wire";
import { TelemetryFeed } from "./feed.ts";
import { FIELDS, type TelemetryField } from "./layout.ts";
import { DESK_SUFFIX, sourcesIn } from "./native-source.ts";
import { ProcessTelemetry } from "./process-telemetry.ts";

let folder = "";
const logged: string[] = [];
const log = {
  debug: (_fields: object, text: string) => void logged.push(text),
  warn: (_fields: object, text: string) => void logged.push(text),
};
const processOf = (name: string): ProcessTelemetry =>
  new ProcessTelemetry({ process: name, path: join(folder, `${name}${DESK_SUFFIX}`), log });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "busbar-tele-"));
  logged.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Of an answer, as latin1. */
const codeOf = (answer: string | undefined) => errorCodeOf(Buffer.from(answer ?? "", "latin1").readUInt16LE(6));

/** What `condition` waits for is brought by the event loop. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test("every field that is written is read, with its width", async () => {
  const core = processOf("core");
  const writer = core.writer("combat");
  expect(writer.present).toBe(true);
  const wide = 2n ** 53n - 1n;
  for (const [name, { kind, bits }] of Object.entries(FIELDS)) {
    const value = bits === 64 ? wide - BigInt(FIELDS[name as TelemetryField].offset) : 2 ** 32 - 1;
    if (kind === "counter") writer.add(name as never, value);
    else writer.set(name as never, value);
  }
  writer.publish();
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  const { values, sequence, ...rest } = feed.reader("combat").read();
  expect(rest).toEqual({
    service: "combat",
    process: "core",
    pid: process.pid,
    stale: false,
    writer: "alive",
    flags: 0,
  });
  expect(sequence).toBe(4n);
  for (const [name, { offset, bits }] of Object.entries(FIELDS))
    expect([name, values[name as TelemetryField]]).toEqual([name, bits === 64 ? wide - BigInt(offset) : 2 ** 32 - 1]);
  core.close();
});

test("totals add up over the carry, those of 32 bits wrap, and nothing is seen before publish", async () => {
  const core = processOf("core");
  const writer = core.writer("combat");
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  const reader = feed.reader("combat");
  writer.add("totalCombats", 2 ** 32 - 1);
  writer.add("totalCombats", 5n);
  writer.add("unitsDestroyed", 2 ** 32 - 1);
  writer.add("unitsDestroyed", 3);
  expect(reader.read().values.totalCombats).toBe(0n);
  writer.publish();
  expect(reader.read().values).toMatchObject({ totalCombats: 2n ** 32n + 4n, unitsDestroyed: 2 });
  const { sequence } = reader.read();
  writer.publish();
  expect(reader.read().sequence).toBe(sequence);
  for (const wrong of [-1, 0.5, 2 ** 53, Number.NaN, 2n ** 64n])
    expect(() => writer.add("totalCombats", wrong)).toThrow(RangeError);
  expect(() => writer.set("units", 2 ** 32)).toThrow("telemetry: units takes an integer from 0 to 4294967295");
  core.close();
});

test("a closed record is shown as ended, with its last values; so is one of an orderly end before anybody looked", async () => {
  const core = processOf("core");
  core.writer("combat").set("units", 3);
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  const reader = feed.reader("combat");
  expect(reader.read()).toMatchObject({ writer: "alive", values: { units: 0 } });
  core.close();
  expect(reader.read()).toMatchObject({ writer: "ended", values: { units: 3 } });
  await feed.refresh();
  expect(feed.reader("combat")).toBe(reader);
  const again = processOf("core");
  again.writer("combat").set("units", 4);
  await until(() => {
    void feed.refresh();
    return feed.reader("combat") !== reader;
  });
  expect(feed.reader("combat").read().values.units).toBe(0);
  again.close();
});

test("a process that only its writers hold stays open for readers", async () => {
  const writer = processOf("core").writer("combat");
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  collect();
  await new Promise((resolve) => setTimeout(resolve, 20));
  collect();
  writer.set("units", 8);
  writer.publish();
  await feed.refresh();
  expect(feed.reader("combat").read()).toMatchObject({ writer: "alive", values: { units: 8 } });
});

test("a process has 64 records; the next service is told and works without one", async () => {
  const core = processOf("core");
  for (let i = 0; i < 64; i++) expect(core.writer(`s${i}`).present).toBe(true);
  const one = core.writer("one-more");
  expect(one.present).toBe(false);
  one.add("totalCombats", 1);
  one.publish();
  expect(logged).toEqual([
    "telemetry/limit-exceeded: process core has 64 telemetry records and takes no more; one-more gets none",
  ]);
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  expect(feed.readers.length).toBe(64);
  core.close();
});

test("a folder without sockets, and one that is not there, have no records", async () => {
  using empty = await TelemetryFeed.open(sourcesIn(folder));
  expect(empty.readers).toEqual([]);
  using missing = await TelemetryFeed.open(sourcesIn(join(folder, "missing")));
  expect(missing.readers).toEqual([]);
});

test("what is no question is answered by name and then hung up on; nobody else notices", async () => {
  const core = processOf("core");
  core.writer("combat");
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  const addon = openAddon();
  // A peer of the ring handshake can say anything.
  const stranger = addon.connectPeer(join(folder, `core${DESK_SUFFIX}`));
  const said: (string | undefined)[] = [];
  addon.watchPeer(stranger, (bytes) => said.push(bytes?.toString("latin1")));
  addon.sendPacket(stranger, Buffer.from("GET / HTTP/1.1\r\n\r\n"), false);
  await until(() => said.length === 2);
  expect(codeOf(said[0])).toBe("telemetry/malformed");
  expect(said[0]).toContain("it does not begin as a question does");
  expect(said[1]).toBeUndefined();
  const asker = addon.connectPeer(join(folder, `core${DESK_SUFFIX}`));
  addon.watchPeer(asker, (bytes) => said.push(bytes?.toString("latin1")));
  addon.sendPacket(asker, Buffer.from("BBTQ\x01\x00\x06\x00kombat", "latin1"), false);
  await until(() => said.length === 3);
  expect(codeOf(said[2])).toBe("telemetry/unknown-service");
  expect(said[2]).toContain("no record of 'kombat' here (there are: combat)");
  expect(feed.reader("combat").read().writer).toBe("alive");
  addon.closePeer(stranger);
  addon.closePeer(asker);
  core.close();
});

test.each([
  ["nonsense", "BBTA\x01\x00nonsense, and no descriptor"],
  ["something else's greeting", "GET / HTTP/1.1\r\n\r\n"],
  ["the first half of an answer", "BBTA\x01"],
])("a desk that answers %s is named, and hides no other", async (_, answer) => {
  const addon = openAddon();
  const good = processOf("good");
  good.writer("combat").set("units", 3);
  const listener = addon.listenPeers(join(folder, `bad${DESK_SUFFIX}`), (peer) => {
    addon.watchPeer(peer!, (bytes) => {
      if (bytes !== undefined) addon.sendPacket(peer!, Buffer.from(answer, "latin1"), false);
    });
  });
  using feed = await TelemetryFeed.open(sourcesIn(folder));
  for (let i = 0; i < 3; i++) {
    expect(feed.readers.map(({ service }) => service)).toEqual(["combat"]);
    expect(feed.faults.map(({ process, error }) => [process, error.code])).toEqual([["bad", "telemetry/malformed"]]);
    await feed.refresh();
  }
  expect(feed.faults[0]!.error.message).toMatch(/^telemetry\/malformed: process bad sent something/);
  addon.closeListener(listener);
  // Nobody listens there any more.
  await feed.refresh();
  expect(feed.faults).toEqual([]);
  good.close();
});
