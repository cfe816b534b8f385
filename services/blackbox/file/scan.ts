import { BusError } from "#bus";
import { Bytes, unreadable } from "./bytes.ts";
import { boundChunk, chunkRecords } from "./chunk.ts";
import {
  type ChunkIndexRecord,
  MAGIC,
  MESSAGE_HEAD_BYTES,
  Op,
  parseAttachment,
  parseChunkHead,
  parseMessageIndex,
  parseMetadata,
  RECORD_HEAD_BYTES,
} from "./records.ts";
import type { Source } from "./source.ts";
import { addChannel, addSchema, emptySummary, type Summary } from "./summary.ts";
import { isBarelyBegun, type RecordHead, requireMagic, Walker } from "./walk.ts";

/** Messages outside of chunks are read together up to here. */
const BARE_BYTES = 1024 * 1024;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Makes the summary of a file that has none by going from record to record: heads and message indexes are read, the bodies of
 * chunks are not. Can be carried on when the file has grown.
 */
export class Scan {
  readonly summary: Summary;
  /** Why it stopped before the end; undefined when all records were whole. */
  fault: BusError | undefined;
  /** What is wrong with records that hold no messages, which are left out. */
  readonly oddities: BusError[] = [];
  /** Messages by channel, as the message indexes have them, and messages outside of chunks. */
  readonly perChannel: Map<number, bigint> = new Map();
  /** It came to the end of the data, so the file was closed. */
  ended = false;
  readonly #source: Source;
  readonly #walker: Walker;
  #last: Mutable<ChunkIndexRecord> | undefined;
  /** Messages outside of chunks, while they follow one another. */
  #bare: Mutable<ChunkIndexRecord> | undefined;

  constructor(source: Source) {
    this.summary = emptySummary(MAGIC.length);
    this.#source = source;
    this.#walker = new Walker(source, MAGIC.length, 0);
  }

  /** Bytes behind the last whole record. */
  get torn(): number {
    return this.#walker.torn;
  }

  /** Reads on to `size`. Damage ends the scan and is kept in `fault`. */
  async advance(size: number): Promise<void> {
    if (this.ended) return;
    this.#walker.extend(size);
    // What was told of a file that grows stays as it was told.
    this.#bare = undefined;
    try {
      for (let head = await this.#walker.next(); head !== undefined; head = await this.#walker.next()) {
        if (head.op === Op.dataEnd || head.op === Op.footer) {
          this.ended = true;
          break;
        }
        await this.#take(head);
        this.summary.dataEnd = this.#walker.offset;
      }
      if (this.#last?.channels.length === 0) await this.#lookIntoIfSound(this.#last);
    } catch (error) {
      const fault = BusError.from(error);
      if (!fault.code.startsWith("blackbox/")) throw error;
      this.fault = fault;
    }
  }

  async #take(head: RecordHead): Promise<void> {
    const { summary } = this;
    if (head.op === Op.schema) addSchema(summary.schemas, await this.#walker.content(head));
    else if (head.op === Op.channel) addChannel(summary.channels, await this.#walker.content(head));
    else if (head.op === Op.message) await this.#message(head);
    else if (head.op === Op.chunk) {
      // Nothing says any more what channels it brought.
      if (this.#last?.channels.length === 0) await this.#lookIntoIfSound(this.#last);
      const chunk = parseChunkHead(await this.#walker.chunkHead(head), head.length);
      this.#last = {
        start: chunk.start,
        end: chunk.end,
        offset: head.offset,
        length: RECORD_HEAD_BYTES + head.length,
        channels: new Uint8Array(0),
        indexLength: 0,
        compression: chunk.compression,
        compressed: chunk.compressed,
        uncompressed: chunk.uncompressed,
      };
      summary.chunks.push(this.#last);
    } else if (head.op === Op.messageIndex && this.#last !== undefined) {
      const chunk = this.#last;
      const index = parseMessageIndex(await this.#walker.content(head));
      this.perChannel.set(index.channel, (this.perChannel.get(index.channel) ?? 0n) + BigInt(index.count));
      if (!summary.channels.has(index.channel)) await this.#lookIntoIfSound(chunk);
      const pair = new DataView(new ArrayBuffer(10));
      pair.setUint16(0, index.channel, true);
      pair.setBigUint64(2, BigInt(head.offset), true);
      chunk.channels = Buffer.concat([chunk.channels, new Uint8Array(pair.buffer)]);
      chunk.indexLength += RECORD_HEAD_BYTES + head.length;
    } else if (head.op === Op.metadata) {
      const { name } = parseMetadata(await this.#walker.content(head));
      summary.metadata.push({ offset: head.offset, length: RECORD_HEAD_BYTES + head.length, name });
    } else if (head.op === Op.attachment) {
      await this.#attachment(head);
    }
  }

  /** Messages behind it are worth more than an attachment that says nonsense of itself. */
  async #attachment(head: RecordHead): Promise<void> {
    const place = { offset: head.offset, length: RECORD_HEAD_BYTES + head.length };
    try {
      this.summary.attachments.push(parseAttachment(await this.#walker.beginning(head), place));
    } catch (error) {
      const fault = BusError.from(error);
      if (!fault.code.startsWith("blackbox/")) throw error;
      this.oddities.push(fault);
    }
  }

  /** One that lies in no chunk. */
  async #message(head: RecordHead): Promise<void> {
    const { name } = this.#source;
    boundChunk(name, head.offset, head.length);
    if (head.length < MESSAGE_HEAD_BYTES) throw unreadable(name, head.offset, "a message is shorter than its head");
    const bytes = await this.#walker.bytes(head.offset + RECORD_HEAD_BYTES, MESSAGE_HEAD_BYTES);
    const channel = bytes.u16("a channel");
    bytes.skip(4, "a sequence");
    const time = bytes.u64("a time");
    this.perChannel.set(channel, (this.perChannel.get(channel) ?? 0n) + 1n);
    const length = RECORD_HEAD_BYTES + head.length;
    const run = this.#bare;
    if (run !== undefined && run.offset + run.length === head.offset && run.length + length <= BARE_BYTES) {
      if (time < run.start) run.start = time;
      if (time > run.end) run.end = time;
      run.compressed = run.uncompressed = run.length += length;
      return;
    }
    this.#bare = {
      start: time,
      end: time,
      offset: head.offset,
      length,
      channels: new Uint8Array(0),
      indexLength: 0,
      compression: "",
      compressed: length,
      uncompressed: length,
      bare: true,
    };
    this.summary.chunks.push(this.#bare);
  }

  /** What is wrong with a chunk is said when its messages are asked for. */
  async #lookIntoIfSound(chunk: ChunkIndexRecord): Promise<void> {
    try {
      await this.#lookInto(chunk);
    } catch (error) {
      if (!BusError.from(error).code.startsWith("blackbox/")) throw error;
    }
  }

  /** Other writers put schemas and channels into the chunks that use them first. */
  async #lookInto(chunk: ChunkIndexRecord): Promise<void> {
    const { name } = this.#source;
    boundChunk(name, chunk.offset, chunk.length);
    const bytes = new Bytes(name, chunk.offset, await this.#source.read(chunk.offset, chunk.length));
    bytes.at = RECORD_HEAD_BYTES;
    const head = parseChunkHead(bytes, chunk.length);
    const records = new Bytes(
      name,
      chunk.offset,
      chunkRecords(name, chunk.offset, head, bytes.data.subarray(bytes.at)),
    );
    while (records.left > 0) {
      const op = records.u8("an opcode");
      const content = records.bytes(records.size("a record's length"), "a record");
      if (op === Op.schema) addSchema(this.summary.schemas, new Bytes(name, chunk.offset, content));
      else if (op === Op.channel) addChannel(this.summary.channels, new Bytes(name, chunk.offset, content));
    }
  }
}

/** @throws BusError blackbox/unreadable when it is no MCAP file */
export async function scanFile(source: Source, size: number): Promise<Scan> {
  const scan = new Scan(source);
  if (await isBarelyBegun(source, size)) return scan;
  await requireMagic(source, size);
  await scan.advance(size);
  return scan;
}
