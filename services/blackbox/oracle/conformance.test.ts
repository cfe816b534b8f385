// Method: the inputs of the MCAP format's conformance suite, in every combination of its features, are made byte by byte. @mcap/core reads
// each, which shows that they are what the format means; then our readers must find the same messages in each, and nothing wrong.
import { McapStreamReader, type McapTypes } from "@mcap/core";
import { describe, expect, test } from "vitest";
import { recoverSource } from "../care/recover.ts";
import { verifySource } from "../care/verify.ts";
import { MemorySink } from "../file/sink.ts";
import { memorySource, openSources, type RecordedEvent } from "../index.ts";
import { INPUTS, type Input, type Variant, variants } from "../testing/conformance.ts";
import { war } from "../testing/war.ts";
import { foreign } from "../testing/written.ts";

const lineOf = (topic: string, sequence: unknown, time: unknown, published: unknown, data: Iterable<number>): string =>
  [topic, sequence, time, published, [...data].join(" ")].join("\t");

/** What a reader has to find, in the order of the file. */
const linesOf = ({ messages, channels, schemas }: Input): string[] =>
  messages.map(({ channel, sequence, logTime, publishTime, data }) => {
    const { schema, topic } = channels.find(({ id }) => id === channel)!;
    return lineOf(schemas.find(({ id }) => id === schema)?.name ?? topic, sequence, logTime, publishTime, data);
  });

const byTime = (lines: readonly string[]): string[] =>
  [...lines].sort((a, b) => Number(a.split("\t")[2]) - Number(b.split("\t")[2]));

async function linesFrom(events: AsyncIterable<RecordedEvent>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { type, sequence, time, published, payload } of events)
    lines.push(lineOf(type, sequence, time, published, payload));
  return lines;
}

/** By @mcap/core, all CRCs of chunks looked at. */
function linesOfCore(file: Uint8Array): { lines: string[]; others: string[] } {
  const reader = new McapStreamReader({ validateCrcs: true });
  reader.append(file);
  const names = new Map<number, string>();
  const schemas = new Map<number, string>();
  const lines: string[] = [];
  const others: string[] = [];
  for (let record: McapTypes.TypedMcapRecord | undefined; (record = reader.nextRecord()) !== undefined; )
    if (record.type === "Schema") schemas.set(record.id, record.name);
    else if (record.type === "Channel") names.set(record.id, schemas.get(record.schemaId) ?? record.topic);
    else if (record.type === "Message")
      lines.push(
        lineOf(names.get(record.channelId)!, record.sequence, record.logTime, record.publishTime, record.data),
      );
    else others.push(record.type);
  expect(reader.done()).toBe(true);
  return { lines, others };
}

const MARKS = {
  mx: "MessageIndex",
  st: "Statistics",
  ax: "AttachmentIndex",
  mdx: "MetadataIndex",
  chx: "ChunkIndex",
  sum: "SummaryOffset",
} as const;

/** Whether statistics say how many messages there are, or what is seen where the file has to be gone through. */
function isTold(has: Variant["has"], { schemas }: Input): boolean {
  const isIndexed = has.has("chx") && has.has("rch") && (schemas.length === 0 || has.has("rsh"));
  return has.has("st") || (!isIndexed && (!has.has("ch") || has.has("mx")));
}

async function check(input: Input, { name, has, file }: Variant): Promise<void> {
  const wanted = linesOf(input);
  const core = linesOfCore(file);
  expect(core.lines, name).toEqual(wanted);
  for (const [feature, type] of Object.entries(MARKS))
    expect(core.others.includes(type), `${name}: ${type}`).toBe(has.has(feature as keyof typeof MARKS));

  const chunks = !has.has("ch") ? 0 : has.has("few") ? Math.ceil(wanted.length / 3) : 1;
  await using recording = await openSources([memorySource(file, name)]);
  expect(await linesFrom(recording.arrivals()), name).toEqual(wanted);
  expect(await linesFrom(recording.query()), name).toEqual(byTime(wanted));
  const [type] = recording.types;
  expect(
    await linesFrom(recording.query({ from: 3n, to: 6n, ...(type === undefined ? {} : { types: [type] }) })),
  ).toEqual(byTime(wanted).filter((line) => /^[3-5]$/.test(line.split("\t")[2]!)));
  expect((await recording.stats()).files, name).toMatchObject([
    { complete: true, chunks, torn: 0, messages: isTold(has, input) ? wanted.length : undefined },
  ]);
  expect(recording.files[0]!.complete, name).toBe(true);

  expect(await verifySource(memorySource(file, name))).toMatchObject({
    file: name,
    sound: true,
    complete: true,
    chunks,
    messages: wanted.length,
    problems: [],
  });

  const sink = new MemorySink();
  const report = await recoverSource(memorySource(file, name), undefined, sink);
  expect(report).toMatchObject({ file: name, chunks, messages: wanted.length, damage: [], lostBytes: 0 });
  expect([report.attachments, report.metadata], name).toEqual([input.attachments.length, input.metadata.length]);
  expect(report.missing, name).toMatchObject({ events: 0, exact: true });
  await using again = await openSources([memorySource(sink.bytes, name)]);
  expect(await linesFrom(again.arrivals()), `${name}, recovered`).toEqual(wanted);
  expect(await verifySource(memorySource(sink.bytes, name))).toMatchObject({ file: name, sound: true, problems: [] });
}

/** Combinations that make a difference, counted by hand: with a feature forgotten there would be fewer. */
const COUNTS: Readonly<Record<string, number>> = {
  NoData: 12,
  OneSchemalessMessage: 148,
  OneMessage: 308,
  OneAttachment: 28,
  OneMetadata: 28,
  TenMessages: 556,
};

describe.each(INPUTS)("$name", (input) => {
  test("all readers find in every variant what is in it", { timeout: 120_000 }, async () => {
    let count = 0;
    for (const variant of variants(input)) {
      await check(input, variant);
      count++;
    }
    expect(count).toBe(COUNTS[input.name]);
  });
});

test("a file of another program whose last chunk was never closed gives all chunks that were", async () => {
  const messages = war({ seed: 44, turns: 12, firstSequence: 5n });
  const lines = messages.map(({ type, sequence, time, published, payload }) =>
    lineOf(type, sequence, time, published, payload),
  );
  const file = await foreign(messages, false);
  const name = "unclosed.mcap";
  const core = new McapStreamReader();
  core.append(file);
  let whole = 0;
  for (let record: McapTypes.TypedMcapRecord | undefined; (record = core.nextRecord()) !== undefined; )
    if (record.type === "Message") whole++;
  expect(core.done()).toBe(false);
  // The last chunk, of 4 KiB, is in the memory of its writer.
  expect(whole).toBeGreaterThan(lines.length / 2);
  expect(whole).toBeLessThan(lines.length);
  const wanted = lines.slice(0, whole);
  for (const tail of [0, 30]) {
    // Without and with the beginning of the next record behind it, which is a chunk's.
    const cut =
      tail === 0 ? file : Buffer.concat([file, Uint8Array.from([6, 0, 16, 0, 0, 0, 0, 0, 0]), Buffer.alloc(tail)]);
    await using recording = await openSources([memorySource(cut, name)]);
    expect(recording.files[0]!.complete).toBe(false);
    expect(await linesFrom(recording.arrivals())).toEqual(wanted);
    expect((await recording.stats()).files).toMatchObject([{ complete: false, torn: tail === 0 ? 0 : tail + 9 }]);
    expect(await verifySource(memorySource(cut, name))).toMatchObject({
      sound: false,
      complete: false,
      messages: whole,
      problems: tail === 0 ? [] : [expect.stringContaining("the file ends inside a record")],
    });
    const sink = new MemorySink();
    const report = await recoverSource(memorySource(cut, name), undefined, sink);
    expect(report).toMatchObject({ complete: false, messages: whole, lostBytes: tail === 0 ? 0 : tail + 9 });
    expect(report.missing).toMatchObject({ exact: false, by: expect.stringMatching(/^nothing tells/) });
    await using again = await openSources([memorySource(sink.bytes, name)]);
    expect(await linesFrom(again.arrivals())).toEqual(wanted);
    expect(await verifySource(memorySource(sink.bytes, name))).toMatchObject({ sound: true, messages: whole });
  }
});
