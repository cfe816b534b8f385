// Method: recordings of known content are cut at every byte, flipped at drawn places and crashed with a journal beside them; what
// recovery gives must be exactly what was whole, and its report must say the rest. No damage may hang or crash a reader.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { McapIndexedReader } from "@mcap/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BusError } from "#bus";
import { crc32 } from "../file/crc.ts";
import { JOURNAL_MAGIC } from "../file/journal.ts";
import { MemorySink } from "../file/sink.ts";
import { memorySource, open, openSources, type Recording } from "../index.ts";
import { RecordingFile } from "../recording/file.ts";
import { dice, type Recorded, war } from "../testing/war.ts";
import { foreign, written } from "../testing/written.ts";
import { copyTo, merge } from "./merge.ts";
import { everything, messagesOf } from "./messages.ts";
import { type RecoverSourceOptions, type RecoveryReport, recover, recoverSource } from "./recover.ts";
import { verifySource } from "./verify.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "care-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inMemory = (bytes: Uint8Array): Promise<Recording> => openSources([memorySource(bytes, "events-000001.mcap")]);

async function recovered(
  bytes: Uint8Array,
  options: RecoverSourceOptions = {},
  journal?: Uint8Array,
): Promise<{ report: RecoveryReport; bytes: Uint8Array }> {
  const sink = new MemorySink();
  const beside = journal === undefined ? undefined : memorySource(journal, "journal");
  const report = await recoverSource(memorySource(bytes, "events-000001.mcap"), beside, sink, options);
  return { report, bytes: sink.bytes };
}

async function payloads(bytes: Uint8Array): Promise<string[]> {
  await using recording = await inMemory(bytes);
  const list: string[] = [];
  for await (const event of recording.arrivals()) list.push(hex(event.payload));
  return list;
}

/** Payloads that nobody wrote; read without looking at schemas, which have no CRC. */
async function foreignPayloads(bytes: Uint8Array, known: ReadonlySet<string>): Promise<string[]> {
  const { file } = await RecordingFile.salvage(memorySource(bytes), () => undefined);
  const list: string[] = [];
  for (const chunk of file.summary.chunks)
    for (const event of messagesOf(everything(file), chunk, file.chunkRecords(chunk, await file.chunkBytes(chunk))))
      if (!known.has(hex(event.payload))) list.push(hex(event.payload));
  return list;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Few types and short chunks: schemas take most of the file. */
async function smallFile(): Promise<{
  bytes: Uint8Array;
  messages: Recorded[];
  chunks: { end: number; upTo: number }[];
}> {
  const messages = war({ seed: 5, turns: 3, perTurn: 8 }).filter(({ type }) => /Turn|Damage/.test(type));
  const bytes = await written(messages, { perChunk: 4 });
  await using recording = await inMemory(bytes);
  const chunks = recording.files[0]!.summary.chunks.map(({ offset, length }, i) => ({
    end: offset + length,
    upTo: Math.min(4 * (i + 1), messages.length),
  }));
  return { bytes, messages, chunks };
}

test("cut anywhere, the whole chunks are recovered, and the new file is sound", { timeout: 120_000 }, async () => {
  const { bytes, messages, chunks } = await smallFile();
  const firstChunk = chunks[0]!.end - 700;
  let cuts = 0;
  for (
    let cut = 8;
    cut <= bytes.length;
    cut += cut < 60 || (cut > firstChunk && cut < chunks.at(-1)!.end + 60) ? 7 : 1999
  ) {
    const whole = chunks.filter(({ end }) => end <= cut).at(-1)?.upTo ?? 0;
    const { report, bytes: out } = await recovered(bytes.subarray(0, cut));
    expect(report.messages, `cut at ${cut}`).toBe(whole);
    expect(report.complete).toBe(cut === bytes.length);
    cuts++;
    if (cuts % 10 !== 0) continue;
    expect(await payloads(out)).toEqual(messages.slice(0, whole).map(({ payload }) => hex(payload)));
    expect(await verifySource(memorySource(out))).toMatchObject({ sound: true, problems: [] });
  }
  expect(cuts).toBeGreaterThan(100);
  await expect(recovered(bytes.subarray(0, 7))).rejects.toMatchObject({ code: "blackbox/unreadable" });
});

test("a flipped byte anywhere gives the readable part and an account, in recovery, queries and verification", {
  timeout: 120_000,
}, async () => {
  const { bytes, messages, chunks } = await smallFile();
  const known = new Set(messages.map(({ payload }) => hex(payload)));
  const roll = dice(77);
  const from = chunks[0]!.end - 700;
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const flipped = bytes.slice();
    // Every second one among the chunks.
    const at = i % 2 === 0 ? from + roll(chunks.at(-1)!.end - from) : 8 + roll(bytes.length - 8);
    flipped[at] = flipped[at]! ^ (1 << roll(8));
    const { report, bytes: out } = await recovered(flipped, { pastDamage: i % 3 === 0 });
    if (i % 4 === 0) expect(await foreignPayloads(out, known), `byte ${at}`).toEqual([]);
    if (report.messages < messages.length) expect(report.damage.length, `byte ${at}`).toBeGreaterThan(0);
    const verified = await verifySource(memorySource(flipped, "flipped"));
    if (verified.messages < messages.length) expect(verified.sound).toBe(false);
    try {
      await using recording = await inMemory(flipped);
      for await (const event of recording.query({ turns: [2] })) event.value();
    } catch (error) {
      expect(error, `byte ${at}`).toBeInstanceOf(BusError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(50);
});

test("noise that begins like a recording is refused or read as far as it goes", async () => {
  const { bytes } = await smallFile();
  const roll = dice(99);
  for (let i = 0; i < 300; i++) {
    const noise = Uint8Array.from({ length: 200 + roll(400) }, (_, at) =>
      at < 40 ? bytes[at]! : roll(i % 2 === 0 ? 256 : 16),
    );
    const { report } = await recovered(noise);
    expect(report.messages).toBe(0);
    expect((await verifySource(memorySource(noise))).sound).toBe(false);
  }
});

test("a damaged chunk is the end without a footer, and a hole with one; the holes are named", async () => {
  const messages = war({ seed: 6, turns: 6, others: false });
  const bytes = await written(messages, { perChunk: 50 });
  await using recording = await inMemory(bytes);
  const [, second] = recording.files[0]!.summary.chunks;
  const flipped = bytes.slice();
  flipped[second!.offset + 200]! ^= 4;
  const hole = [{ from: 51n, to: 100n }];

  const whole = await recovered(flipped);
  expect(whole.report).toMatchObject({ complete: false, messages: messages.length - 50 });
  expect(whole.report.missing).toMatchObject({ events: 50, sequences: hole });
  expect(whole.report.damage[0]).toMatch(/does not fit its CRC/);

  const torn = flipped.subarray(0, flipped.length - 40);
  expect((await recovered(torn)).report).toMatchObject({ messages: 50 });
  expect((await recovered(torn)).report).toMatchObject({ stoppedAtDamage: true });
  const past = await recovered(torn, { pastDamage: true });
  expect(past.report.stoppedAtDamage).toBe(false);
  expect(past.report.missing.sequences).toEqual(hole);
  expect((await recovered(torn, { next: BigInt(messages.length) + 1n })).report.missing.events).toBe(
    messages.length - 50,
  );
});

test("of a file that was closed and lost its summary, nothing is missing", async () => {
  const messages = war({ seed: 8, turns: 4 });
  const bytes = await written(messages, { perChunk: 30 });
  await using recording = await inMemory(bytes);
  const { dataEnd, chunks } = recording.files[0]!.summary;
  const { report } = await recovered(bytes.subarray(0, bytes.length - 30));
  expect(report).toMatchObject({ messages: messages.length, missing: { events: 0, sequences: [] } });
  expect(report.missing.by).toMatch(/all its messages were read/);
  // Where the end of the data is gone too, who knows.
  for (const end of [dataEnd - 1, chunks.at(-1)!.offset])
    expect((await recovered(bytes.subarray(0, end))).report.missing.events).toBeUndefined();
});

test("a journal gives the chunk that was never written", async () => {
  const messages = war({ seed: 8, turns: 4, others: false });
  const bytes = await written(messages, { perChunk: 30 });
  await using recording = await inMemory(bytes);
  const [, , third] = recording.files[0]!.summary.chunks;
  const crashed = bytes.subarray(0, third!.offset + 100);
  const rest = messages.slice(60, 85);
  const channelOf = new Map([...recording.files[0]!.channels.values()].map(({ record }) => [record.topic, record.id]));
  const entries = rest.map((m) => entryOf(messageRecord(m, channelOf.get(`${m.type}/${m.faction}`)!)));
  const journal = Buffer.concat([headOf(third!.offset, 61n), ...entries]);

  const full = await recovered(crashed, {}, journal);
  expect(full.report).toMatchObject({ journal: 25, messages: 85 });
  expect(full.report.missing).toMatchObject({ events: 0, sequences: [] });
  expect(await payloads(full.bytes)).toEqual(messages.slice(0, 85).map(({ payload }) => hex(payload)));
  expect(await verifySource(memorySource(full.bytes))).toMatchObject({ sound: true, problems: [] });

  // Cut anywhere, the entries before the cut are there.
  let at = 24;
  for (const [i, entry] of entries.entries()) {
    const cut = journal.subarray(0, at + entry.length - 1 - (i % entry.length));
    expect((await recovered(crashed, {}, cut)).report.messages).toBe(60 + i);
    at += entry.length;
  }
  // A journal of a chunk that is in the file already says nothing new.
  expect((await recovered(bytes, {}, journal)).report).toMatchObject({ journal: undefined, messages: messages.length });
  const noise = await recovered(crashed, {}, Buffer.from("not a journal, whatever it is"));
  expect(noise.report).toMatchObject({ journal: undefined, messages: 60 });
  expect(noise.report.damage.join()).toMatch(/does not begin as a journal does/);
});

test("recover works on files, names the new one and overwrites nothing", async () => {
  const messages = war({ seed: 8, turns: 2 });
  const path = join(folder, "events-000001.mcap");
  const bytes = await written(messages, { perChunk: 30 });
  writeFileSync(path, bytes.subarray(0, bytes.length - 1));
  const report = await recover(path);
  expect(report.out).toBe(join(folder, "events-000001.recovered.mcap"));
  await expect(recover(path)).rejects.toMatchObject({ code: "blackbox/exists" });
  await expect(recover(folder)).rejects.toThrow(/^blackbox\/no-recording: .* it is a folder; name one of its files$/);
  // The folder now stands for the recovered file alone.
  await using recording = await open(folder);
  expect(recording.files.map((file) => file.path)).toEqual([report.out]);
  expect((await recording.stats()).messages).toBe(messages.length);
});

test("what a killed recorder took with it is told by the file of its next life, where publishers count", async () => {
  const messages = war({ seed: 8, turns: 4, others: false });
  const bytes = await written(messages, { perChunk: 30 });
  await using recording = await inMemory(bytes);
  const inside = mkdtempSync(join(folder, "lives-"));
  const path = join(inside, "events-000001.mcap");
  writeFileSync(path, bytes.subarray(0, recording.files[0]!.summary.chunks[2]!.offset + 100));
  const held = messages.slice(0, 60);
  const gone = messages.slice(60, 73);
  const put = async (from: readonly Recorded[]): Promise<void> =>
    writeFileSync(join(inside, "events-000002.mcap"), await written(from, { perChunk: 30, number: 2 }));

  await put(messages.slice(73));
  const { missing } = await recover(path, { out: join(inside, "one.mcap") });
  expect(missing.events).toBe(gone.length);
  expect(missing.sequences).toEqual([{ from: gone[0]!.sequence, to: gone.at(-1)!.sequence }]);
  expect(missing.by).toContain(`another life of the recorder, begins with sequence ${messages[73]!.sequence} `);
  // Killed before its first chunk: the next file's count begins with 1 as well, and does not say that nothing is missing.
  writeFileSync(path, bytes.subarray(0, recording.files[0]!.summary.chunks[0]!.offset + 100));
  const none = (await recover(path, { out: join(inside, "none.mcap") })).missing;
  expect(none).toMatchObject({ events: undefined, sequences: [] });
  expect(none.by).toContain(`those of the next file begin with ${messages[73]!.sequence}`);
  // A run that begins anew says nothing of the one before it.
  writeFileSync(path, bytes.subarray(0, recording.files[0]!.summary.chunks[2]!.offset + 100));
  await put(held);
  expect((await recover(path, { out: join(inside, "two.mcap") })).missing.events).toBeUndefined();
});

/** Attachments as another reader finds them by the summary. */
async function attachmentsOf(bytes: Uint8Array): Promise<Record<string, string>> {
  const readable = {
    size: () => Promise.resolve(BigInt(bytes.length)),
    read: (offset: bigint, size: bigint) => Promise.resolve(bytes.subarray(Number(offset), Number(offset + size))),
  };
  const reader = await McapIndexedReader.Initialize({ readable });
  const found: Record<string, string> = {};
  for await (const { name, data } of reader.readAttachments()) found[name] = Buffer.from(data).toString();
  return found;
}

const besides = {
  attachments: [
    { name: "orders.txt", data: Buffer.from("attack at dawn") },
    { name: "map.txt", data: Buffer.alloc(3_000_000, "map ") },
  ],
  metadata: { mission: { name: "Ultima" } },
};

test("attachments and metadata of other writers are taken over, and what of them is damaged is told", async () => {
  const messages = war({ seed: 14, turns: 4 });
  const bytes = await foreign(messages, true, besides);
  const all = { "orders.txt": "attack at dawn", "map.txt": besides.attachments[1]!.data.toString() };
  expect(await verifySource(memorySource(bytes))).toMatchObject({ sound: true, messages: messages.length });

  const whole = await recovered(bytes);
  expect(whole.report).toMatchObject({ complete: true, attachments: 2, metadata: 1, damage: [] });
  expect(await attachmentsOf(whole.bytes)).toEqual(all);
  expect(await verifySource(memorySource(whole.bytes))).toMatchObject({ sound: true, messages: messages.length });
  await using again = await inMemory(whole.bytes);
  expect(Object.fromEntries((await again.files[0]!.metadata("mission"))!)).toEqual(besides.metadata.mission);

  // No end, so that they are found by going from record to record.
  const crashed = await foreign(messages, false, besides);
  expect((await recovered(crashed)).report).toMatchObject({ complete: false, attachments: 2, metadata: 1 });
  const at = Buffer.from(crashed).indexOf("map map ");
  const cut = await recovered(crashed.subarray(0, at + 1000));
  expect(cut.report).toMatchObject({ complete: false, attachments: 1, metadata: 1 });
  expect(await attachmentsOf(cut.bytes)).toEqual({ "orders.txt": "attack at dawn" });

  // One flipped byte: the attachment is named and left out, the messages are all there.
  for (const file of [bytes, crashed]) {
    const flipped = file.slice();
    flipped[Buffer.from(file).indexOf("map map ") + 2_000_000]! ^= 1;
    const { report, bytes: rest } = await recovered(flipped);
    expect(report.attachments).toBe(1);
    expect(report.damage).toEqual([expect.stringContaining("the attachment 'map.txt' does not fit its CRC")]);
    expect(await attachmentsOf(rest)).toEqual({ "orders.txt": "attack at dawn" });
    expect(report.messages).toBe((await recovered(file)).report.messages);
    const { problems } = await verifySource(memorySource(flipped));
    expect(problems.join("\n")).toContain("the attachment 'map.txt' does not fit its CRC");
  }
  // A chunk's head that says nonsense ends the walk to what is beside the messages, which is told; the index still leads to the other chunks.
  await using sound = await inMemory(bytes);
  const headless = bytes.slice();
  headless[sound.files[0]!.summary.chunks[0]!.offset + 9 + 28]! ^= 0x40;
  const behind = (await recovered(headless)).report;
  expect(behind.attachments).toBe(1);
  expect(behind.damage.at(-1)).toMatch(/attachments and metadata behind it were not looked for$/);
  // A size that the record has no room for: messages behind it are still read.
  const lying = crashed.slice();
  lying[at - 3]! ^= 0x80;
  const { report } = await recovered(lying);
  expect(report.damage.join("\n")).toMatch(/an attachment says \d+ bytes of data, which do not fit its record/);
  expect(report.messages).toBe((await recovered(crashed)).report.messages);
});

test("merging gives all messages of all files in the order of time and sequence, whoever wrote them", async () => {
  const messages = war({ seed: 12, turns: 8, jitter: 40_000 });
  const odd = messages.filter((_, i) => i % 2 === 1);
  const even = messages.filter((_, i) => i % 2 === 0);
  const a = join(folder, "a.mcap");
  const b = join(folder, "b.mcap");
  writeFileSync(a, await written(odd, { perChunk: 20, first: 1n }));
  writeFileSync(b, await foreign(even));
  const out = join(folder, "merged.mcap");
  expect(await merge([a, b], out)).toMatchObject({ files: 2, messages: messages.length });
  await using merged = await open(out);
  await using both = await open([a, b]);
  const list = async (recording: Recording): Promise<string[]> => {
    const lines: string[] = [];
    for await (const event of recording.query())
      lines.push(`${event.time} ${event.sequence} ${event.type} ${hex(event.payload)}`);
    return lines;
  };
  expect(await list(merged)).toEqual(await list(both));
  const sink = new MemorySink();
  await copyTo(both, sink, { query: { turns: [3] } });
  expect(await verifySource(memorySource(sink.bytes))).toMatchObject({
    sound: true,
    messages: messages.filter(({ turn }) => turn === 3).length,
  });
  await expect(merge([a], out)).rejects.toMatchObject({ code: "blackbox/exists" });
  const aborted = AbortSignal.abort(new Error("enough"));
  await expect(merge([a], join(folder, "never.mcap"), { signal: aborted })).rejects.toThrow("enough");
});

function messageRecord(m: Recorded, channel: number): Buffer {
  const record = Buffer.alloc(31 + m.payload.length);
  record.writeUInt8(5);
  record.writeBigUInt64LE(BigInt(22 + m.payload.length), 1);
  record.writeUInt16LE(channel, 9);
  record.writeUInt32LE(Number(m.sequence), 11);
  record.writeBigUInt64LE(m.time, 15);
  record.writeBigUInt64LE(m.published, 23);
  record.set(m.payload, 31);
  return record;
}

function entryOf(record: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(record.length);
  head.writeUInt32LE(crc32(record), 4);
  return Buffer.concat([head, record]);
}

function headOf(chunkStart: number, first: bigint): Buffer {
  const head = Buffer.alloc(24);
  head.write(JOURNAL_MAGIC, "latin1");
  head.writeBigUInt64LE(BigInt(chunkStart), 8);
  head.writeBigUInt64LE(first, 16);
  return head;
}
