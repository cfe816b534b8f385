import { McapRecordBuilder } from "@mcap/core";
import { crc32 } from "./crc.ts";
import { halves } from "./halves.ts";
import { MessageIndexes } from "./message-indexes.ts";
import {
  type AttachmentRecord,
  type ChannelRecord,
  type ChunkIndexRecord,
  MAGIC,
  MESSAGE_HEAD_BYTES,
  Op,
  RECORD_HEAD_BYTES,
  type SchemaRecord,
} from "./records.ts";
import type { Sink } from "./sink.ts";
import { type Noted, TurnTable } from "./turn-table.ts";

export interface MessageToWrite {
  readonly channel: number;
  /** Undefined: it belongs to no turn. */
  readonly turn: number | undefined;
  readonly sequence: bigint;
  /** ns */
  readonly time: bigint;
  /** Full name. */
  readonly type: string;
  /** ns since 1970 */
  readonly published: bigint;
  readonly payload: Uint8Array;
}

/** The messages of a chunk that is copied as it is, one at hand at a time. */
export interface CopiedMessages extends Noted {
  /** With the one at hand. */
  readonly left: number;
  advance(): void;
  readonly channel: number;
  /** Of its record in the chunk's records. */
  readonly offset: number;
}

const CHUNK_BYTES = 128 * 1024;

/**
 * Writes a recording with the conventions of the native writer, for tools that make files of files: chunks of 128 KiB, not
 * compressed, indexes and summary. Schemas and channels come before the first message of theirs.
 */
export class RecordingWriter {
  readonly #sink: Sink;
  readonly #builder = new McapRecordBuilder();
  readonly #turns = new TurnTable();
  readonly #schemas = new Map<number, SchemaRecord>();
  readonly #channels = new Map<number, ChannelRecord>();
  readonly #chunks: (ChunkIndexRecord & { readonly indexOffsets: Map<number, bigint> })[] = [];
  readonly #metadata: { name: string; offset: number; length: number }[] = [];
  readonly #attachments: AttachmentRecord[] = [];
  readonly #counts = new Map<number, number>();
  #position = 0;
  #records = new Uint8Array(CHUNK_BYTES + 4096);
  #view = new DataView(this.#records.buffer);
  #filled = 0;
  readonly #index = new MessageIndexes();
  #start = 0n;
  #end = 0n;
  #noted: Noted[] = [];

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Messages so far. */
  messages = 0;

  /** @param recording content of `busbar.recording` */
  async begin(library: string, recording: ReadonlyMap<string, string>): Promise<void> {
    this.#builder.writeMagic();
    this.#builder.writeHeader({ profile: "busbar", library });
    await this.#flush();
    if (recording.size > 0) await this.metadata("busbar.recording", recording);
  }

  async schema(record: SchemaRecord): Promise<void> {
    if (this.#schemas.has(record.id)) return;
    this.#schemas.set(record.id, record);
    this.#builder.writeSchema(record);
    await this.#flush();
  }

  async channel(record: ChannelRecord): Promise<void> {
    if (this.#channels.has(record.id)) return;
    this.#channels.set(record.id, record);
    // What stands outside chunks must stand before the chunk that uses it; the open one may not use it yet.
    this.#builder.writeChannel(channelFor(record));
    await this.#flush();
  }

  async message(message: MessageToWrite): Promise<void> {
    const { payload, time, turn, type } = message;
    const [timeHigh, timeLow] = halves(time);
    const [sequenceHigh, sequenceLow] = halves(message.sequence);
    const bytes = RECORD_HEAD_BYTES + MESSAGE_HEAD_BYTES + payload.length;
    if (this.#filled > 0 && this.#filled + bytes > CHUNK_BYTES) await this.endChunk();
    if (this.#filled + bytes > this.#records.length) this.#grow(bytes);
    const at = this.#filled;
    const view = this.#view;
    view.setUint8(at, Op.message);
    view.setBigUint64(at + 1, BigInt(MESSAGE_HEAD_BYTES + payload.length), true);
    view.setUint16(at + 9, message.channel, true);
    view.setUint32(at + 11, sequenceLow, true);
    view.setBigUint64(at + 15, time, true);
    view.setBigUint64(at + 23, message.published, true);
    this.#records.set(payload, at + RECORD_HEAD_BYTES + MESSAGE_HEAD_BYTES);
    this.#filled += bytes;
    this.#noted.push({ turn, type, sequenceHigh, sequenceLow, timeHigh, timeLow });
    if (this.#noted.length === 1) this.#start = this.#end = time;
    if (time < this.#start) this.#start = time;
    if (time > this.#end) this.#end = time;
    this.#index.add(message.channel, timeHigh, timeLow, at);
    this.messages++;
  }

  /** Writes the open chunk, if it holds anything. */
  async endChunk(): Promise<void> {
    if (this.#filled === 0) return;
    const records = this.#records.subarray(0, this.#filled);
    const offset = this.#position;
    this.#builder.writeChunk({
      messageStartTime: this.#start,
      messageEndTime: this.#end,
      uncompressedSize: BigInt(records.length),
      uncompressedCrc: crc32(records),
      compression: "",
      records,
    });
    const length = this.#builder.length;
    await this.#flush();
    for (const noted of this.#noted) this.#turns.add(noted, offset);
    await this.#indexes(offset, length, "", records.length, records.length);
    this.#noted = [];
    this.#filled = 0;
  }

  /** A chunk record as it stands in another file, whose schemas and channels have the same ids here. */
  async copyChunk(bytes: Uint8Array, chunk: ChunkIndexRecord, messages: CopiedMessages): Promise<void> {
    await this.endChunk();
    const offset = this.#position;
    this.#start = chunk.start;
    this.#end = chunk.end;
    for (; messages.left > 0; messages.advance()) {
      this.#turns.add(messages, offset);
      this.#index.add(messages.channel, messages.timeHigh, messages.timeLow, messages.offset);
      this.messages++;
    }
    await this.#write(bytes);
    await this.#indexes(offset, bytes.length, chunk.compression, chunk.compressed, chunk.uncompressed);
  }

  async metadata(name: string, entries: ReadonlyMap<string, string>): Promise<void> {
    const offset = this.#position;
    this.#builder.writeMetadata({ name, metadata: new Map(entries) });
    this.#metadata.push({ name, offset, length: this.#builder.length });
    await this.#flush();
  }

  /** An attachment record as it stands in another file. @param parts its bytes, in order */
  async copyAttachment(record: AttachmentRecord, parts: AsyncIterable<Uint8Array>): Promise<void> {
    this.#attachments.push({ ...record, offset: this.#position });
    for await (const part of parts) await this.#write(part);
  }

  /** Turn index, summary, footer; the file is then complete and closed. */
  async end(): Promise<void> {
    await this.endChunk();
    await this.metadata("busbar.turns", this.#turns.metadata);
    this.#builder.writeDataEnd({ dataSectionCrc: 0 });
    await this.#flush();
    await this.#write(this.#summary(this.#position));
    await this.#sink.close(true);
  }

  /** Removes what was written: half a file helps nobody. */
  async abandon(): Promise<void> {
    await this.#sink.close(false);
  }

  async #indexes(
    offset: number,
    length: number,
    compression: string,
    compressed: number,
    uncompressed: number,
  ): Promise<void> {
    const from = this.#position;
    const indexOffsets = new Map<number, bigint>();
    for (const { channel, messages, record } of this.#index.take()) {
      indexOffsets.set(channel, BigInt(this.#position));
      this.#counts.set(channel, (this.#counts.get(channel) ?? 0) + messages);
      await this.#write(record);
    }
    this.#chunks.push({
      start: this.#start,
      end: this.#end,
      offset,
      length,
      channels: new Uint8Array(0),
      indexLength: this.#position - from,
      compression,
      compressed,
      uncompressed,
      indexOffsets,
    });
  }

  #grow(bytes: number): void {
    const records = new Uint8Array(this.#filled + bytes);
    records.set(this.#records.subarray(0, this.#filled));
    this.#records = records;
    this.#view = new DataView(records.buffer);
  }

  #summary(start: number): Uint8Array {
    const b = this.#builder;
    const groups: { op: number; from: number; length: number }[] = [];
    const group = (op: number, write: () => void): void => {
      const from = b.length;
      write();
      if (b.length > from) groups.push({ op, from: start + from, length: b.length - from });
    };
    group(Op.schema, () => {
      for (const schema of this.#schemas.values()) b.writeSchema(schema);
    });
    group(Op.channel, () => {
      for (const channel of this.#channels.values()) b.writeChannel(channelFor(channel));
    });
    group(Op.statistics, () => {
      b.writeStatistics(this.#statistics());
    });
    group(Op.chunkIndex, () => {
      for (const chunk of this.#chunks)
        b.writeChunkIndex({
          messageStartTime: chunk.start,
          messageEndTime: chunk.end,
          chunkStartOffset: BigInt(chunk.offset),
          chunkLength: BigInt(chunk.length),
          messageIndexOffsets: chunk.indexOffsets,
          messageIndexLength: BigInt(chunk.indexLength),
          compression: chunk.compression,
          compressedSize: BigInt(chunk.compressed),
          uncompressedSize: BigInt(chunk.uncompressed),
        });
    });
    group(Op.attachmentIndex, () => {
      for (const { offset, length, dataSize, crcAt: _, ...about } of this.#attachments)
        b.writeAttachmentIndex({
          ...about,
          offset: BigInt(offset),
          length: BigInt(length),
          dataSize: BigInt(dataSize),
        });
    });
    group(Op.metadataIndex, () => {
      for (const { name, offset, length } of this.#metadata)
        b.writeMetadataIndex({ name, offset: BigInt(offset), length: BigInt(length) });
    });
    const offsets = start + b.length;
    for (const { op, from, length } of groups)
      b.writeSummaryOffset({ groupOpcode: op, groupStart: BigInt(from), groupLength: BigInt(length) });
    const tail = new DataView(new ArrayBuffer(RECORD_HEAD_BYTES + 20 + MAGIC.length));
    tail.setUint8(0, Op.footer);
    tail.setBigUint64(1, 20n, true);
    tail.setBigUint64(9, BigInt(start), true);
    tail.setBigUint64(17, BigInt(offsets), true);
    const bytes = Buffer.concat([b.buffer, new Uint8Array(tail.buffer)]);
    const crcAt = bytes.length - MAGIC.length - 4;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, crcAt)), crcAt);
    bytes.set(MAGIC, crcAt + 4);
    b.reset();
    return bytes;
  }

  #statistics(): Parameters<McapRecordBuilder["writeStatistics"]>[0] {
    let [start, end] = [this.#chunks[0]?.start ?? 0n, 0n];
    for (const chunk of this.#chunks) {
      if (chunk.start < start) start = chunk.start;
      if (chunk.end > end) end = chunk.end;
    }
    return {
      messageCount: BigInt(this.messages),
      schemaCount: this.#schemas.size,
      channelCount: this.#channels.size,
      attachmentCount: this.#attachments.length,
      metadataCount: this.#metadata.length,
      chunkCount: this.#chunks.length,
      messageStartTime: start,
      messageEndTime: end,
      channelMessageCounts: new Map([...this.#counts].map(([channel, count]) => [channel, BigInt(count)])),
    };
  }

  async #flush(): Promise<void> {
    await this.#write(this.#builder.buffer);
    this.#builder.reset();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#sink.write(bytes);
    this.#position += bytes.length;
  }
}

const channelFor = (record: ChannelRecord): Parameters<McapRecordBuilder["writeChannel"]>[0] => ({
  id: record.id,
  schemaId: record.schemaId,
  topic: record.topic,
  messageEncoding: record.encoding,
  metadata: new Map(record.metadata),
});
