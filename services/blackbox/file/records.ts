/** Records of an MCAP file, one function each. @source the MCAP specification, version 0 */
import type { Bytes } from "./bytes.ts";

export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a);

export const Op = {
  header: 1,
  footer: 2,
  schema: 3,
  channel: 4,
  message: 5,
  chunk: 6,
  messageIndex: 7,
  chunkIndex: 8,
  attachment: 9,
  attachmentIndex: 10,
  statistics: 11,
  metadata: 12,
  metadataIndex: 13,
  summaryOffset: 14,
  dataEnd: 15,
} as const;

/** Opcode and length. */
export const RECORD_HEAD_BYTES = 9;
/** Of a message record, before its payload: channel, sequence, log time, publish time. */
export const MESSAGE_HEAD_BYTES = 22;
/** Of a chunk record, before its compression and records: times, size, CRC. */
export const CHUNK_HEAD_BYTES = 28;
/** A footer record, its head included, and the magic behind it. */
export const TAIL_BYTES: number = RECORD_HEAD_BYTES + 20 + MAGIC.length;

/** Behind an attachment's data. */
export const CRC_BYTES = 4;

export interface SchemaRecord {
  readonly id: number;
  readonly name: string;
  readonly encoding: string;
  readonly data: Uint8Array;
}

export interface ChannelRecord {
  readonly id: number;
  readonly schemaId: number;
  readonly topic: string;
  readonly encoding: string;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A chunk without its records. */
export interface ChunkHead {
  readonly start: bigint;
  readonly end: bigint;
  readonly uncompressed: number;
  /** 0 = not given. */
  readonly crc: number;
  readonly compression: string;
  readonly compressed: number;
}

export interface ChunkIndexRecord {
  readonly start: bigint;
  readonly end: bigint;
  /** Of the chunk record, its head included. */
  readonly offset: number;
  readonly length: number;
  /** Pairs of channel (u16) and place (u64) of its message index, ten bytes each; empty when the writer gave none. */
  readonly channels: Uint8Array;
  readonly indexLength: number;
  readonly compression: string;
  readonly compressed: number;
  readonly uncompressed: number;
  /** No chunk: messages that follow one another outside of chunks, as other writers may have them, and are read as one. */
  readonly bare?: true;
}

export interface Statistics {
  readonly messages: bigint;
  readonly schemas: number;
  readonly channels: number;
  readonly attachments: number;
  readonly metadata: number;
  readonly chunks: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly perChannel: ReadonlyMap<number, bigint>;
}

export interface MetadataIndexRecord {
  readonly offset: number;
  readonly length: number;
  readonly name: string;
}

/** An attachment without its data: a file that another writer has put beside the messages. */
export interface AttachmentRecord {
  /** Of the attachment record, its head included. */
  readonly offset: number;
  readonly length: number;
  readonly logTime: bigint;
  readonly createTime: bigint;
  readonly name: string;
  readonly mediaType: string;
  readonly dataSize: number;
  /** Place of its CRC, which goes over all before it but the record's head. */
  readonly crcAt: number;
}

export interface Footer {
  readonly summaryStart: number;
  readonly summaryOffsetStart: number;
  /** 0 = not given. */
  readonly summaryCrc: number;
}

export const parseHeader = (b: Bytes): { profile: string; library: string } => ({
  profile: b.text("the profile"),
  library: b.text("the library"),
});

export const parseFooter = (b: Bytes): Footer => ({
  summaryStart: b.size("the start of the summary"),
  summaryOffsetStart: b.size("the start of the summary offsets"),
  summaryCrc: b.u32("the CRC of the summary"),
});

export function parseSchema(b: Bytes): SchemaRecord {
  const id = b.u16("a schema's id");
  const name = b.text("a schema's name");
  const encoding = b.text("a schema's encoding");
  if (id === 0) throw b.fail("a schema has the id 0, which means none");
  // A copy: schemas live as long as the recording, the bytes they came in do not.
  return { id, name, encoding, data: b.bytes(b.u32("a schema"), "a schema").slice() };
}

export const parseChannel = (b: Bytes): ChannelRecord => ({
  id: b.u16("a channel's id"),
  schemaId: b.u16("a channel's schema"),
  topic: b.text("a channel's topic"),
  encoding: b.text("a channel's encoding"),
  metadata: b.textMap("a channel's metadata"),
});

/** @param length of the whole record's content, which the head must fit */
export function parseChunkHead(b: Bytes, length: number): ChunkHead {
  const start = b.u64("a chunk's start");
  const end = b.u64("a chunk's end");
  const uncompressed = b.size("a chunk's size");
  const crc = b.u32("a chunk's CRC");
  const compression = b.text("a chunk's compression");
  const compressed = b.size("a chunk's records");
  if (b.at + compressed !== length)
    throw b.fail(`a chunk says ${compressed} bytes of records, its record holds ${length - b.at}`);
  return { start, end, uncompressed, crc, compression, compressed };
}

export function parseMessageIndex(b: Bytes): { channel: number; entries: Bytes; count: number } {
  const channel = b.u16("a message index's channel");
  const entries = b.block("a message index");
  if (entries.data.length % 16 !== 0) throw b.fail("a message index is no list of 16 bytes each");
  return { channel, entries, count: entries.data.length / 16 };
}

export function parseChunkIndex(b: Bytes): ChunkIndexRecord {
  const start = b.u64("a chunk's start");
  const end = b.u64("a chunk's end");
  const offset = b.size("a chunk's place");
  const length = b.size("a chunk's length");
  const channels = b.block("a chunk's channels").data;
  if (channels.length % 10 !== 0) throw b.fail("the channels of a chunk are no list of ten bytes each");
  return {
    start,
    end,
    offset,
    length,
    channels,
    indexLength: b.size("the length of a chunk's message indexes"),
    compression: b.text("a chunk's compression"),
    compressed: b.size("a chunk's compressed size"),
    uncompressed: b.size("a chunk's size"),
  };
}

export function parseStatistics(b: Bytes): Statistics {
  const messages = b.u64("the number of messages");
  const schemas = b.u16("the number of schemas");
  const channels = b.u32("the number of channels");
  const attachments = b.u32("the number of attachments");
  const metadata = b.u32("the number of metadata records");
  const chunks = b.u32("the number of chunks");
  const start = b.u64("the start");
  const end = b.u64("the end");
  const block = b.block("the numbers per channel");
  const perChannel = new Map<number, bigint>();
  while (block.left > 0) perChannel.set(block.u16("a channel"), block.u64("its number of messages"));
  return { messages, schemas, channels, attachments, metadata, chunks, start, end, perChannel };
}

/** @param at the record's place, which it does not say itself */
export function parseAttachment(b: Bytes, at: { readonly offset: number; readonly length: number }): AttachmentRecord {
  const logTime = b.u64("an attachment's time");
  const createTime = b.u64("an attachment's time of making");
  const name = b.text("an attachment's name");
  const mediaType = b.text("an attachment's media type");
  const dataSize = b.size("an attachment's data");
  const crcAt = at.offset + RECORD_HEAD_BYTES + b.at + dataSize;
  if (crcAt + CRC_BYTES > at.offset + at.length)
    throw b.fail(`an attachment says ${dataSize} bytes of data, which do not fit its record`);
  return { ...at, logTime, createTime, name, mediaType, dataSize, crcAt };
}

export const parseMetadata = (b: Bytes): { name: string; entries: Map<string, string> } => ({
  name: b.text("a metadata record's name"),
  entries: b.textMap("a metadata record"),
});

export const parseMetadataIndex = (b: Bytes): MetadataIndexRecord => ({
  offset: b.size("the place of a metadata record"),
  length: b.size("the length of a metadata record"),
  name: b.text("a metadata record's name"),
});
