import { BusError } from "#bus";
import { Bytes, unreadable } from "./bytes.ts";
import { ChunkIndexes } from "./chunk-indexes.ts";
import { crc32 } from "./crc.ts";
import {
  type AttachmentRecord,
  type ChannelRecord,
  type ChunkIndexRecord,
  MAGIC,
  type MetadataIndexRecord,
  Op,
  parseChannel,
  parseFooter,
  parseMetadataIndex,
  parseSchema,
  parseStatistics,
  RECORD_HEAD_BYTES,
  type SchemaRecord,
  type Statistics,
  TAIL_BYTES,
} from "./records.ts";
import type { Source } from "./source.ts";

/** What is known of a file without reading its chunks. */
export interface Summary {
  readonly schemas: Map<number, SchemaRecord>;
  readonly channels: Map<number, ChannelRecord>;
  /** All of them; of a file with a summary they are made when they are first asked for. */
  readonly chunks: ChunkIndexRecord[];
  /** The same, to choose from; undefined when the file was scanned. */
  readonly indexes: ChunkIndexes | undefined;
  readonly metadata: MetadataIndexRecord[];
  /** Of other writers; only those that a scan has found. */
  readonly attachments: AttachmentRecord[];
  statistics: Statistics | undefined;
  /** Where the records that are data end. */
  dataEnd: number;
}

export const emptySummary = (dataEnd: number): Summary => ({
  schemas: new Map(),
  channels: new Map(),
  chunks: [],
  indexes: undefined,
  metadata: [],
  attachments: [],
  statistics: undefined,
  dataEnd,
});

/** A summary of two million chunks takes less. */
const SUMMARY_BYTES_MAX = 512 * 1024 * 1024;

/**
 * The summary that the footer points to.
 * @returns undefined when the file has no footer (crashed, or being written); an empty one when the footer says that there is none
 * @throws BusError blackbox/unreadable when there is a footer and what it points to is no summary; blackbox/too-large
 */
export async function readSummary(source: Source, size: number): Promise<Summary | undefined> {
  if (size < MAGIC.length + TAIL_BYTES) return undefined;
  const tailAt = size - TAIL_BYTES;
  const tail = new Bytes(source.name, tailAt, await source.read(tailAt, TAIL_BYTES));
  if (!MAGIC.every((byte, i) => tail.data[TAIL_BYTES - MAGIC.length + i] === byte)) return undefined;
  if (tail.u8("an opcode") !== Op.footer || tail.size("the footer's length") !== 20) return undefined;
  const footer = parseFooter(tail);
  if (footer.summaryStart === 0) return emptySummary(MAGIC.length);
  if (footer.summaryStart < MAGIC.length || footer.summaryStart > tailAt)
    throw unreadable(source.name, tailAt, `the footer says that the summary begins at byte ${footer.summaryStart}`);
  const length = tailAt - footer.summaryStart;
  if (length > SUMMARY_BYTES_MAX)
    throw new BusError("blackbox/too-large", {
      details: {
        what: `the summary of ${source.name}`,
        bytes: length,
        limit: SUMMARY_BYTES_MAX,
        cure: "busbar log recover writes it anew",
      },
    });
  // The CRC goes over the footer's first fields too.
  const bytes = await source.read(footer.summaryStart, length + RECORD_HEAD_BYTES + 16);
  if (footer.summaryCrc !== 0 && crc32(bytes) !== footer.summaryCrc)
    throw unreadable(source.name, footer.summaryStart, "the summary does not fit its CRC");
  return parseSummary(new Bytes(source.name, footer.summaryStart, bytes.subarray(0, length)));
}

/**
 * Whether a summary tells all that is needed to read messages. Each part of it may be left out by other writers, and messages may
 * lie outside of chunks, where no index shows them.
 */
export function suffices({ statistics, indexes, channels, schemas }: Summary): boolean {
  if (statistics?.messages === 0n) return true;
  const chunks = indexes?.count ?? 0;
  if (chunks === 0 || channels.size === 0) return false;
  if (statistics !== undefined && statistics.channels > channels.size) return false;
  for (const { schemaId } of channels.values()) if (schemaId !== 0 && !schemas.has(schemaId)) return false;
  return true;
}

function parseSummary(bytes: Bytes): Summary {
  const indexes = new ChunkIndexes(bytes, bytes.base);
  const summary: Summary = {
    ...emptySummary(bytes.base),
    get chunks() {
      return indexes.all;
    },
    indexes,
  };
  while (bytes.left > 0) {
    const op = bytes.u8("an opcode");
    const length = bytes.size("a record's length");
    const at = bytes.at;
    bytes.skip(length, "a record of the summary");
    if (op === Op.chunkIndex) {
      indexes.add(at, length);
      continue;
    }
    const record = new Bytes(bytes.file, bytes.base + at, bytes.data.subarray(at, at + length));
    if (op === Op.schema) addSchema(summary.schemas, record);
    else if (op === Op.channel) addChannel(summary.channels, record);
    else if (op === Op.metadataIndex) {
      const index = parseMetadataIndex(record);
      if (index.offset + index.length > bytes.base) throw record.fail("a metadata record lies behind the data");
      summary.metadata.push(index);
    } else if (op === Op.statistics) summary.statistics = parseStatistics(record);
  }
  return summary;
}

/** The same schema may come again; another one under its id may not. */
export function addSchema(schemas: Map<number, SchemaRecord>, record: Bytes): void {
  const schema = parseSchema(record);
  const had = schemas.get(schema.id);
  if (had !== undefined && (had.name !== schema.name || Buffer.compare(had.data, schema.data) !== 0))
    throw record.fail(`the schema ${schema.id} is there twice and different`);
  schemas.set(schema.id, had ?? schema);
}

export function addChannel(channels: Map<number, ChannelRecord>, record: Bytes): void {
  const channel = parseChannel(record);
  const had = channels.get(channel.id);
  if (had !== undefined && (had.topic !== channel.topic || had.schemaId !== channel.schemaId))
    throw record.fail(`the channel ${channel.id} is there twice and different`);
  channels.set(channel.id, had ?? channel);
}
