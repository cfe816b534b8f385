// Method: exports are read back by somebody else (hyparquet, JSON.parse) or by our own import, and compared with the messages that were
// recorded; streams that are cut or flipped are refused with the entry and byte.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BusError } from "#bus";
import { MemorySink } from "../file/sink.ts";
import { plainZstd } from "../file/zstd.ts";
import { memorySource, openSources, type Recording } from "../index.ts";
import { dice, type Recorded, war } from "../testing/war.ts";
import { written } from "../testing/written.ts";
import { exportEntries, importEntries } from "./entries.ts";
import { exportJsonLines } from "./json-lines.ts";
import { exportParquet } from "./parquet.ts";

let folder: string;
let messages: Recorded[];
let recording: Recording;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "exchange-"));
  messages = war({ seed: 41, turns: 6 });
  recording = await openSources([memorySource(await written(messages, { perChunk: 40 }))]);
});
afterAll(async () => {
  await recording.close();
  rmSync(folder, { recursive: true, force: true });
});

test("JSON lines hold every message with its value", async () => {
  let text = "";
  const count = await exportJsonLines(recording, {}, async (part) => {
    text += String(part);
  });
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(count).toBe(messages.length);
  expect(lines.map(({ type, sequence }) => `${type} ${sequence}`)).toEqual(
    [...messages]
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.sequence < b.sequence ? -1 : 1))
      .map((m) => `${m.type} ${m.sequence}`),
  );
  for (const line of lines.slice(0, 50))
    expect(
      messages.some(
        (m) => m.type === line.type && JSON.stringify(sorted(m.value)) === JSON.stringify(sorted(line.value)),
      ),
    ).toBe(true);
});

/** Keys in order; vectors that are empty read as absent ones, as in the generated bindings. */
const sorted = (value: unknown): unknown =>
  Array.isArray(value) || typeof value !== "object" || value === null
    ? value
    : Object.fromEntries(
        Object.entries(value)
          .filter(([, part]) => !(Array.isArray(part) && part.length === 0))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, part]) => [key, sorted(part)]),
      );

test("Parquet files are read by hyparquet with the same rows, 64-bit ids whole", async () => {
  const rows = await exportParquet(recording, { types: ["DamageDealt", "CombatStart"] }, folder, () => false);
  expect(Object.keys(rows)).toHaveLength(2);
  const bytes = readFileSync(join(folder, "blackbox.DamageDealt.parquet"));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const read = await parquetReadObjects({ file });
  const wanted = messages.filter(({ type }) => type === "blackbox.DamageDealt");
  expect(read).toHaveLength(wanted.length);
  for (const [i, row] of read.entries()) {
    const { value, time, sequence, turn } = wanted[i]!;
    expect(row).toMatchObject({
      time,
      sequence,
      combat_id: value.combat_id,
      source_entity: BigInt(String(value.source_entity)),
      damage_amount: value.damage_amount,
      damage_type: value.damage_type,
      "header.turn_number": turn,
    });
  }
  const start = readFileSync(join(folder, "blackbox.CombatStart.parquet"));
  const [first] = await parquetReadObjects({
    file: start.buffer.slice(start.byteOffset, start.byteOffset + start.length) as ArrayBuffer,
  });
  expect(first!.participants).toEqual(messages.find(({ type }) => type === "blackbox.CombatStart")!.value.participants);
  await expect(exportParquet(recording, {}, folder, () => true)).rejects.toMatchObject({ code: "blackbox/exists" });
});

async function entriesOf(): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const { entries, left } = await exportEntries(recording, {}, async (part) => {
    parts.push(part as Uint8Array);
  });
  expect(entries + left).toBe(messages.length);
  return Buffer.concat(parts);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("a stream of entries comes back as the same events, however it is cut into pieces", async () => {
  const bytes = await entriesOf();
  for (const size of [7, 4096, bytes.length]) {
    const sink = new MemorySink();
    const count = await importEntries(inPieces(bytes, size), sink);
    await using again = await openSources([memorySource(sink.bytes)]);
    const list: string[] = [];
    for await (const event of again.query())
      list.push(`${event.time} ${event.sequence} ${event.turn} ${JSON.stringify(sorted(event.value()))}`);
    const events = messages.filter(({ turn }) => turn !== undefined);
    expect(count).toBe(events.length);
    expect(list).toEqual(events.map((m) => `${m.time} ${m.sequence} ${m.turn} ${JSON.stringify(sorted(m.value))}`));
  }
});

test("a cut or flipped stream is refused with the entry, and nothing else happens", async () => {
  const bytes = (await entriesOf()).subarray(0, 1500);
  const roll = dice(5);
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const hostile = Buffer.from(i % 2 === 0 ? bytes.subarray(0, roll(bytes.length)) : bytes);
    if (i % 2 === 1) hostile[roll(hostile.length)]! ^= 1 << roll(8);
    try {
      await importEntries(inPieces(hostile, 64), new MemorySink());
    } catch (error) {
      expect(error).toBeInstanceOf(BusError);
      expect((error as BusError).code).toBe("blackbox/bad-entry");
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
});

test("zstd data that asks for hours of work, or is noise, ends with an error", () => {
  const roll = dice(6);
  // A frame head, one compressed block with RLE tables: 98,302 sequences whose lengths have the largest codes.
  const body = Buffer.from([0x00, 0xff, 0xff, 0xff, 0x54, 0x23, 0x00, 0x34, 0x80]);
  const block = Buffer.alloc(3);
  block.writeUIntLE((body.length << 3) | (2 << 1) | 1, 0, 3);
  const bomb = Buffer.concat([Buffer.from("28b52ffda000000200", "hex"), block, body]);
  expect(() => plainZstd(bomb, 131_072)).toThrow();
  for (let i = 0; i < 200; i++) {
    const noise = Buffer.concat([bomb.subarray(0, 12), Buffer.from(Array.from({ length: 40 }, () => roll(256)))]);
    try {
      expect(plainZstd(noise, 1000)).toHaveLength(1000);
    } catch (error) {
      // Errors of the script's own realm are no instances of ours.
      expect(String(error)).toMatch(/Error|zstd|invalid|range/i);
    }
  }
});
