/**
 * For tests: the inputs of the MCAP format's conformance suite, made from a description. Inputs and features have the names they have
 * there; `crc` and `few` are ours. @source foxglove/mcap, tests/conformance
 */
import { crc32 } from "../file/crc.ts";
import * as bytes from "./record-bytes.ts";

export const FEATURES = {
  ch: "schemas, channels and messages lie in a chunk",
  mx: "with message indexes behind it",
  st: "statistics",
  rsh: "schemas again in the summary",
  rch: "channels again in the summary",
  ax: "attachment index",
  mdx: "metadata index",
  chx: "chunk index",
  sum: "summary offsets",
  pad: "bytes of a later version of the format behind the fields of each record",
  crc: "CRCs of chunks, data and summary",
  few: "three messages to a chunk; schemas and channels in the first one alone",
} as const;
export type Feature = keyof typeof FEATURES;

export interface Input {
  readonly name: string;
  readonly schemas: readonly bytes.Schema[];
  readonly channels: readonly bytes.Channel[];
  readonly messages: readonly bytes.Message[];
  readonly attachments: readonly bytes.Attachment[];
  readonly metadata: readonly bytes.Metadata[];
}
export interface Variant {
  /** The input's with the features in order: `OneMessage-ch-mx`. */
  readonly name: string;
  readonly has: ReadonlySet<Feature>;
  readonly file: Uint8Array;
}

const NONE: Input = { name: "NoData", schemas: [], channels: [], messages: [], attachments: [], metadata: [] };
const EXAMPLE = {
  schemas: [{ id: 1, name: "Example", encoding: "c", data: [4, 5, 6] }],
  channels: [{ id: 1, schema: 1, topic: "example", encoding: "a", metadata: { foo: "bar" } }],
};
const ONE: bytes.Message = { channel: 1, sequence: 10, logTime: 2, publishTime: 1, data: [1, 2, 3] };

export const INPUTS: readonly Input[] = [
  NONE,
  {
    ...NONE,
    name: "OneSchemalessMessage",
    channels: [{ id: 1, schema: 0, topic: "example", encoding: "text", metadata: {} }],
    messages: [ONE],
  },
  { ...NONE, ...EXAMPLE, name: "OneMessage", messages: [ONE] },
  {
    ...NONE,
    name: "OneAttachment",
    attachments: [
      { name: "myFile", mediaType: "application/octet-stream", logTime: 2, createTime: 1, data: [1, 2, 3] },
    ],
  },
  { ...NONE, name: "OneMetadata", metadata: [{ name: "myMetadata", entries: { foo: "bar" } }] },
  {
    ...NONE,
    ...EXAMPLE,
    name: "TenMessages",
    messages: [0, 2, 1, 3, 3, 5, 4, 7, 8, 9].map((time, sequence) => ({
      ...ONE,
      sequence,
      logTime: time,
      publishTime: time,
    })),
  },
];

/** One for each combination of features that makes a difference to this input. */
export function* variants(input: Input): Generator<Variant, void> {
  const features = Object.keys(FEATURES) as Feature[];
  for (let mask = 0; mask < 2 ** features.length; mask++) {
    const has = new Set(features.filter((_, i) => ((mask >> i) & 1) === 1));
    if (isSensible(input, has))
      yield { name: [input.name, ...[...has].sort()].join("-"), has, file: fileOf(input, has) };
  }
}

function isSensible(input: Input, has: ReadonlySet<Feature>): boolean {
  const needs: Readonly<Record<Feature, boolean>> = {
    ch: input.channels.length > 0,
    mx: has.has("ch"),
    chx: has.has("ch"),
    few: has.has("ch") && input.messages.length > 3,
    rsh: input.schemas.length > 0,
    rch: input.channels.length > 0,
    ax: input.attachments.length > 0,
    mdx: input.metadata.length > 0,
    sum: (["chx", "rsh", "rch", "mdx", "ax", "st"] as const).some((feature) => has.has(feature)),
    st: true,
    pad: true,
    crc: true,
  };
  return [...has].every((feature) => needs[feature]);
}

const { u8, u16, u32, u64, text, texts, sized, join } = bytes;
type Part = readonly number[];

function fileOf(input: Input, has: ReadonlySet<Feature>): Uint8Array {
  const file: number[] = [...bytes.MAGIC];
  const padded = (opcode: number, ...parts: readonly Part[]): Part =>
    bytes.record(opcode, ...parts, has.has("pad") ? [1, 255, 255] : []);
  const sum = (of: Part): number => (has.has("crc") ? crc32(Uint8Array.from(of)) : 0);
  /** @returns where it begins, and its length */
  const put = (record: Part): { readonly offset: number; readonly length: number } => {
    const offset = file.length;
    file.push(...record);
    return { offset, length: record.length };
  };

  const schemas = input.schemas.map((s) => padded(3, u16(s.id), text(s.name), text(s.encoding), sized(s.data)));
  const channels = input.channels.map((c) =>
    padded(4, u16(c.id), u16(c.schema), text(c.topic), text(c.encoding), texts(c.metadata)),
  );
  put(padded(1, text(""), text("")));
  const chunkIndexes: Part[] = [];
  const head = [...schemas, ...channels];
  if (!has.has("ch")) put(join(...head, ...input.messages.map(bytes.message)));
  else {
    const perChunk = has.has("few") ? 3 : Number.POSITIVE_INFINITY;
    for (let from = 0; from < input.messages.length; from += perChunk) {
      const messages = input.messages.slice(from, from + perChunk);
      chunkIndexes.push(chunk(from === 0 ? join(...head) : [], messages));
    }
  }
  const attachmentIndexes = input.attachments.map((a) => {
    const fields = join(u64(a.logTime), u64(a.createTime), text(a.name), text(a.mediaType), u64(a.data.length), a.data);
    const { offset, length } = put(padded(9, fields, u32(sum(fields))));
    const about = [u64(a.logTime), u64(a.createTime), u64(a.data.length), text(a.name), text(a.mediaType)];
    return padded(10, u64(offset), u64(length), ...about);
  });
  const metadataIndexes = input.metadata.map((m) => {
    const { offset, length } = put(padded(12, text(m.name), texts(m.entries)));
    return padded(13, u64(offset), u64(length), text(m.name));
  });
  put(bytes.record(15, u32(sum(file))));

  const summaryStart = file.length;
  const groups: { readonly opcode: number; readonly offset: number; readonly length: number }[] = [];
  const group = (feature: Feature, opcode: number, records: readonly Part[]): void => {
    if (has.has(feature) && records.length > 0) groups.push({ opcode, ...put(join(...records)) });
  };
  group("rsh", 3, schemas);
  group("rch", 4, channels);
  group("st", 11, [statistics()]);
  group("mdx", 13, metadataIndexes);
  group("ax", 10, attachmentIndexes);
  group("chx", 8, chunkIndexes);
  const offsets = has.has("sum") ? file.length : 0;
  if (has.has("sum"))
    for (const { opcode, offset, length } of groups) put(padded(14, u8(opcode), u64(offset), u64(length)));
  // The CRC of the summary goes over the first fields of the footer too.
  const footer = [...u8(2), ...u64(20), ...u64(file.length === summaryStart ? 0 : summaryStart), ...u64(offsets)];
  put([...footer, ...u32(groups.length === 0 ? 0 : sum([...file.slice(summaryStart), ...footer]))]);
  put(bytes.MAGIC);
  return Uint8Array.from(file);

  /** Writes one with its message indexes; @returns its index */
  function chunk(before: Part, messages: readonly bytes.Message[]): Part {
    const records = [...before];
    const places = new Map<number, Part[]>();
    for (const m of messages) {
      places.set(m.channel, [...(places.get(m.channel) ?? []), join(u64(m.logTime), u64(records.length))]);
      records.push(...bytes.message(m));
    }
    const logTimes = messages.map(({ logTime }) => logTime);
    const times = [...u64(Math.min(...logTimes)), ...u64(Math.max(...logTimes))];
    const stored = [u64(records.length), u32(sum(records)), text(""), u64(records.length), records];
    const { offset, length } = put(bytes.record(6, times, ...stored));
    const indexes = has.has("mx") ? [...places] : [];
    const from = file.length;
    const offsetsOf = indexes.flatMap(([channel, list]) => [
      ...u16(channel),
      ...u64(put(padded(7, u16(channel), sized(join(...list)))).offset),
    ]);
    const sizes = [text(""), u64(records.length), u64(records.length)];
    return padded(8, times, u64(offset), u64(length), sized(offsetsOf), u64(file.length - from), ...sizes);
  }

  function statistics(): Part {
    const times = input.messages.map(({ logTime }) => logTime);
    const [first, last] = times.length === 0 ? [0, 0] : [Math.min(...times), Math.max(...times)];
    const perChannel = input.channels.flatMap(({ id }) => [
      ...u16(id),
      ...u64(input.messages.filter(({ channel }) => channel === id).length),
    ]);
    const { schemas, channels, attachments, metadata, messages } = input;
    return padded(
      11,
      u64(messages.length),
      u16(schemas.length),
      ...[channels, attachments, metadata, chunkIndexes].map(({ length }) => u32(length)),
      u64(first),
      u64(last),
      sized(perChannel),
    );
  }
}
