// Method: events go over a bus to the native writer; what lies in its files is read by two foreign readers, by @mcap/core and by
// our own, and compared line by line and with what was published.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { McapStreamReader, type McapTypes } from "@mcap/core";
import { decompress } from "fzstd";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DamageDealt, type DamageDealtInit, EventType, TurnStart } from "#generated/blackbox";
import { GameResult } from "#generated/tournament";
import { Memory } from "#schema";
import { type Found, foreignPython, lacking, named, rustProgram } from "../../../test/foreign/foreign.ts";
import { open, verify } from "../index.ts";
import { openRecorder, type RecorderRig } from "../testing/recorder-rig.ts";

const python = foreignPython();
const rust = rustProgram("blackbox-oracle");

const damageOf = (i: number): DamageDealtInit => ({
  header: {
    timestamp: BigInt(i) * 10n,
    sequence: BigInt(i),
    factionId: BigInt(i % 3),
    turnNumber: 1 + Math.floor(i / 1000),
    eventType: EventType.damageDealt,
  },
  combatId: `combat-${i % 40}-${"x".repeat(i % 200)}`,
  sourceEntity: 2n ** 60n + BigInt(i),
  targetEntity: 7n,
  damageAmount: i / 4,
});

const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const texts = (map: ReadonlyMap<string, string>): string =>
  [...map]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join("\t");

const ask = (tool: Found, script: readonly string[], path: string): string[] => {
  const child = spawnSync(tool.path ?? "", script, { input: `${path}\n`, encoding: "utf8", maxBuffer: 2 ** 28 });
  expect(child.status, child.stderr).toBe(0);
  return child.stdout.trimEnd().split("\n");
};
const READ_PY = join(import.meta.dirname, "read.py");
const askPython = (path: string): string[] => ask(python, [READ_PY], path);
const askRust = (path: string): string[] => ask(rust, [], path);

/** The lines of README.md by @mcap/core, without what only an indexed reader knows. */
function linesOfCore(path: string): string[] {
  const reader = new McapStreamReader({
    validateCrcs: true,
    decompressHandlers: { zstd: (data, size) => decompress(data, new Uint8Array(Number(size))) },
  });
  reader.append(readFileSync(path));
  const lines: string[] = [];
  const said = new Map<string, number>();
  const say = (line: string): unknown => said.set(line, (said.get(line) ?? 0) + 1);
  let messages = 0;
  for (let record: McapTypes.TypedMcapRecord | undefined; (record = reader.nextRecord()) !== undefined; ) {
    if (record.type === "Schema") say(["schema", record.id, record.name, record.encoding, hex(record.data)].join("\t"));
    if (record.type === "Channel") {
      const { id, schemaId, topic, messageEncoding, metadata } = record;
      say(["channel", id, schemaId, topic, messageEncoding, texts(metadata)].join("\t"));
    }
    if (record.type === "Message") {
      messages++;
      const { channelId, sequence, logTime, publishTime, data } = record;
      lines.push(["message", channelId, sequence, logTime, publishTime, hex(data)].join("\t"));
    }
    if (record.type === "Metadata") lines.push(`metadata\t${record.name}\t${texts(record.metadata)}`);
    if (record.type === "Statistics") {
      lines.push(["statistics", record.messageCount, record.schemaCount, record.channelCount].join("\t"));
      const counts = [...record.channelMessageCounts].sort(([a], [b]) => a - b);
      for (const [channel, count] of counts) lines.push(`of channel\t${channel}\t${count}`);
    }
  }
  expect(reader.done()).toBe(true);
  for (const [line, times] of [...said].sort(([a], [b]) => (a < b ? -1 : 1))) lines.push(`${line}\ttimes=${times}`);
  lines.push(`in order\t${messages}`);
  return lines;
}

const isIndexed = (line: string): boolean => /^(indexed metadata|by summary)\t/.test(line);
const aligned = (data: Uint8Array): Memory => {
  const bytes = new Uint8Array((data.length + 7) & ~7);
  bytes.set(data);
  return new Memory(bytes.buffer);
};

interface Case {
  readonly name: string;
  readonly config?: string;
  readonly events: number;
  /** Recordings: events fill turns 1 to 3. */
  readonly files: number;
  /** Messages also of a type without an event header, on a topic. */
  readonly results: number;
}
const CASES: readonly Case[] = [
  { name: "uncompressed", events: 3000, files: 1, results: 5 },
  { name: "zstd", config: 'compression = "zstd"', events: 3000, files: 1, results: 5 },
  { name: "rolled and journalled", config: "roll_turns = 1, journal = true", events: 3000, files: 3, results: 0 },
  {
    name: "rolled, journalled, zstd, small chunks",
    config: 'roll_turns = 2, journal = true, compression = "zstd", chunk_kib = 64, fsync = "turn"',
    events: 3000,
    files: 2,
    results: 0,
  },
];

describe.each(CASES)("$name", ({ config, events, files, results }) => {
  let rig: RecorderRig;
  beforeAll(async () => {
    const types = ["blackbox.DamageDealt", "blackbox.TurnStart", "tournament.GameResult"];
    rig = await openRecorder({ placement: "local", types, ...(config === undefined ? {} : { config }) });
    await rig.blackbox.version({ caller: "1.0" });
    const hits = rig.bus.publisher(DamageDealt);
    const turns = rig.bus.publisher(TurnStart);
    const other = rig.bus.publisher(GameResult);
    const header = { timestamp: 1n, sequence: 0n, factionId: 9n, turnNumber: 1, eventType: EventType.turnStart };
    await turns.publish({ header, turnNumber: 1, actions: ["move", "größer"] });
    await turns.flush();
    for (let i = 0; i < events; i++) await hits.publish(damageOf(i));
    await hits.flush();
    for (let i = 0; i < results; i++)
      await other.publish({ index: i, genome: "war", players: [] }, { topic: "finals" });
    await other.flush();
    await rig.blackbox.flush({});
    expect(await rig.blackbox.stats({})).toMatchObject({ written: BigInt(events + results + 1), refused: [] });
    await rig.blackbox.roll({});
  }, 60_000);
  afterAll(async () => rig[Symbol.asyncDispose]());

  test("our reader finds what was published, @mcap/core the same bytes, in sound files", async () => {
    expect(rig.files()).toHaveLength(files);
    const core = rig.files().flatMap(linesOfCore);
    const bytesOfCore = core.filter((line) => line.startsWith("message\t")).map((line) => line.split("\t").at(-1));
    for (const path of rig.files()) {
      expect(await verify(path)).toMatchObject({ sound: true, complete: true, problems: [] });
      expect(existsSync(`${path}.journal`)).toBe(false);
    }
    await using recording = await open(rig.dir);
    const ours: string[] = [];
    let damage = 0;
    for await (const event of recording.arrivals()) {
      ours.push(hex(event.payload));
      if (event.type !== "blackbox.DamageDealt") continue;
      const memory = aligned(event.payload);
      expect(DamageDealt.verify(memory, 0, event.payload.length)).toBe(true);
      const decoded = DamageDealt.decode(memory, 0);
      if (damage % 97 === 0) expect(decoded).toMatchObject(damageOf(damage));
      expect([event.time, event.sequence === 0n ? 0n : decoded.header.sequence]).toEqual([
        BigInt(damage) * 10n,
        event.sequence === 0n ? 0n : BigInt(damage),
      ]);
      damage++;
    }
    expect(damage).toBe(events);
    expect(ours).toHaveLength(events + results + 1);
    expect(ours).toEqual(bytesOfCore);
  });

  for (const [name, tool, asked] of [
    ["the Python package mcap", python, askPython],
    ["the crate mcap", rust, askRust],
  ] as const) {
    test.skipIf(lacking(tool))(named(`${name} reads the same, all CRCs good`, tool), { timeout: 60_000 }, () => {
      let inOrder = 0;
      for (const path of rig.files()) {
        const theirs = asked(path);
        expect(theirs.filter((line) => !isIndexed(line))).toEqual(linesOfCore(path));
        const count = Number(theirs.find((line) => line.startsWith("in order\t"))?.split("\t")[1]);
        const [, chunks, indexed] = theirs.at(-1)!.split("\t");
        expect(Number(indexed)).toBe(count);
        expect(Number(chunks)).toBeGreaterThan(0);
        expect(theirs.filter((line) => line.startsWith("indexed metadata\t")).sort()).toEqual([
          "indexed metadata\tbusbar.account",
          "indexed metadata\tbusbar.recording",
          "indexed metadata\tbusbar.sources",
          "indexed metadata\tbusbar.turns",
        ]);
        // Each schema and channel stands before its chunk and once more in the summary.
        for (const line of theirs) if (/^(schema|channel)\t/.test(line)) expect(line).toMatch(/\ttimes=2$/);
        inOrder += count;
      }
      expect(inOrder).toBe(events + results + 1);
    });

    test.skipIf(lacking(tool))(named(`${name} sees a damaged byte`, tool), () => {
      const bytes = readFileSync(rig.files()[0]);
      const damaged = join(rig.dir, "damaged");
      bytes[Math.floor(bytes.length / 3)] ^= 1;
      writeFileSync(damaged, bytes);
      expect(() => asked(damaged)).toThrow();
    });
  }
});
