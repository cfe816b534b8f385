// Method: recordings of events and of messages without a sequence are cut off as a kill does it; what recovery says is missing is
// held against what was left out, type by type.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TALLY_MAGIC } from "../file/tally.ts";
import { memorySource, openSources } from "../index.ts";
import { type Recorded, war } from "../testing/war.ts";
import { written } from "../testing/written.ts";
import { type RecoveryReport, recover } from "./recover.ts";

const PER_CHUNK = 30;
const UNCOUNTED = "blackbox.Refused";
let folder: string;
let messages: Recorded[];
let bytes: Uint8Array;
let chunks: number[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "missing-"));
  messages = war({ seed: 9, turns: 6 });
  bytes = await written(messages, { perChunk: PER_CHUNK });
  await using recording = await openSources([memorySource(bytes)]);
  chunks = recording.files[0]!.summary.chunks.map(({ offset }) => offset);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As the recorder keeps it. */
function tallyOf(received: readonly Recorded[], source = { first: 0n, last: 0n }): Buffer {
  const counts = countsOf(received);
  const sequences = received.filter(({ turn }) => turn !== undefined).map(({ sequence }) => sequence);
  const head = Buffer.alloc(24);
  const sources = Buffer.alloc(2 * 32);
  sources.writeUInt32LE(7);
  sources.writeUInt32LE(9, 4);
  sources.writeBigUInt64LE(source.first, 8);
  sources.writeBigUInt64LE(source.last, 16);
  sources.writeBigUInt64LE(source.last === 0n ? 0n : source.last - source.first + 1n, 24);
  head.writeBigUInt64LE(sequences.at(-1) ?? 0n);
  // Types of which nothing came are in it, too.
  const entries = [...Object.entries(counts), ["game.Never", 0] as const];
  head.writeBigUInt64LE(BigInt(entries.length), 8);
  head.writeBigUInt64LE(2n, 16);
  const numbers = Buffer.from(BigUint64Array.from(entries, ([, count]) => BigInt(count)).buffer);
  return Buffer.concat([
    Buffer.from(TALLY_MAGIC),
    head,
    numbers,
    sources,
    Buffer.from(entries.map(([name]) => `${name}\n`).join("")),
  ]);
}

function countsOf(list: readonly Recorded[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of list) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

let cases = 0;
/** The report of a file that holds so many whole chunks, and of what is beside it. */
async function reportOf(
  whole: number,
  beside: { tally?: Uint8Array; next?: Uint8Array; nextTally?: Uint8Array } = {},
): Promise<{ report: RecoveryReport; held: readonly Recorded[] }> {
  const inside = join(folder, String(++cases));

  mkdirSync(inside);
  const path = join(inside, "events-000001.mcap");
  writeFileSync(path, bytes.subarray(0, chunks[whole]! + 100));
  if (beside.tally !== undefined) writeFileSync(`${path}.tally`, beside.tally);
  if (beside.next !== undefined) writeFileSync(join(inside, "events-000002.mcap"), beside.next);
  if (beside.nextTally !== undefined) writeFileSync(join(inside, "events-000002.mcap.tally"), beside.nextTally);
  const report = await recover(path);
  return { report, held: messages.slice(0, whole * PER_CHUNK) };
}

test("a tally tells to the message what a kill took, also of types without a sequence and without a next file", async () => {
  for (const [whole, received] of [
    [3, 3 * PER_CHUNK],
    [3, 3 * PER_CHUNK + 17],
    [2, 3 * PER_CHUNK - 1],
    [0, 12],
  ] as const) {
    const { report, held } = await reportOf(whole, { tally: tallyOf(messages.slice(0, received)) });
    const lost = messages.slice(held.length, received);
    const { missing } = report;
    expect(missing).toMatchObject({ events: lost.length, exact: true, uncounted: [] });
    expect(missing.types).toEqual(countsOf(lost));
    expect(missing.by).toBe(`the tally beside the file counted ${received} that came`);
    const counted = lost.filter(({ turn }) => turn !== undefined).map(({ sequence }) => sequence);
    if (held.length > 0)
      expect(missing.sequences).toEqual(counted.length === 0 ? [] : [{ from: counted[0], to: counted.at(-1) }]);
  }
  const lost = messages.slice(2 * PER_CHUNK, 3 * PER_CHUNK - 1);
  expect(countsOf(lost)[UNCOUNTED], "one without a sequence is among them").toBeGreaterThan(0);
});

test("without a tally what publishers count is the least that is missing, and the types that nobody counts are named", async () => {
  const lost = messages.slice(2 * PER_CHUNK, 2 * PER_CHUNK + 25);
  const next = await written(messages.slice(2 * PER_CHUNK + 25), { perChunk: PER_CHUNK, number: 2 });
  const { missing } = (await reportOf(2, { next })).report;
  const counted = lost.filter(({ turn }) => turn !== undefined);
  expect(counted.length).toBeLessThan(lost.length);
  expect(missing).toMatchObject({ events: counted.length, exact: false, uncounted: [UNCOUNTED] });
});

test("without anything that tells the number, the most that a kill takes is told", async () => {
  const { missing } = (await reportOf(2)).report;
  expect(missing).toMatchObject({ events: undefined, exact: false });
  expect(missing.by).toMatch(
    /^nothing tells how many messages came after the last one that was read; a recorder that was killed had at most one chunk open: 131072 bytes, about \d+ messages of the size of these, or one larger message$/,
  );
  expect(Number(/about (\d+)/.exec(missing.by)?.[1])).toBeGreaterThan(500);
});

test("a tally that is damaged, empty or of another file is not believed", async () => {
  const sound = tallyOf(messages.slice(0, 70));
  for (const tally of [sound.subarray(0, 30), Buffer.from("not a tally"), sound.subarray(0, sound.length - 1)]) {
    const { report } = await reportOf(2, { tally });
    expect(report.missing).toMatchObject({ events: undefined, exact: false });
    expect(report.damage.join()).toMatch(/events-000001\.mcap\.tally/);
  }
  for (const tally of [Buffer.alloc(0), tallyOf(messages.slice(0, 20))])
    expect((await reportOf(2, { tally })).report.missing.exact).toBe(false);
});

test("what was on its way when the recorder ended is told by the numbers of the bus, and not by those of another life of a publisher", async () => {
  const received = messages.slice(0, 70);
  const tally = tallyOf(received, { first: 5n, last: 74n });
  const next = await written(messages.slice(80), { perChunk: PER_CHUNK, number: 2 });
  for (const [first, onTheWay] of [
    [75n, 0],
    [85n, 10],
    [1n, undefined],
  ] as const) {
    const nextTally = tallyOf(messages.slice(80), { first, last: first + 1n });
    const { missing } = (await reportOf(2, { tally, next, nextTally })).report;
    expect(missing).toMatchObject({ events: 10, exact: true, onTheWay });
  }
  expect((await reportOf(2, { tally, next })).report.missing.onTheWay).toBeUndefined();
});
