import { Bytes, unreadable } from "./bytes.ts";
import { boundChunk } from "./chunk.ts";
import { CHUNK_HEAD_BYTES, MAGIC, Op, RECORD_HEAD_BYTES } from "./records.ts";
import type { Source } from "./source.ts";

/** Head of one record; its content is read when asked for. */
export interface RecordHead {
  readonly op: number;
  /** Of the record in the file, its head included. */
  readonly offset: number;
  /** Of the content behind the head. */
  readonly length: number;
}

/** What is read at once: the indexes of a chunk and the head of the next, or many small records; chunk bodies are hopped over. */
const WINDOW_BYTES = 16 * 1024;

/** Goes from record to record without reading what is in between. Positions never go back. */
export class Walker {
  readonly source: Source;
  /** Of the record that comes next. */
  offset: number;
  #end: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(source: Source, offset: number, end: number) {
    this.source = source;
    this.offset = offset;
    this.#end = end;
  }

  /** The file has grown. */
  extend(end: number): void {
    this.#end = end;
  }

  /** @returns undefined at the end, and where what is left is too short for the record that begins there (`torn`) */
  async next(): Promise<RecordHead | undefined> {
    if (this.#end - this.offset < RECORD_HEAD_BYTES) return undefined;
    const bytes = await this.bytes(this.offset, RECORD_HEAD_BYTES);
    const op = bytes.u8("an opcode");
    const length = bytes.size("a record's length");
    if (op === 0) throw unreadable(this.source.name, this.offset, "a record has the opcode 0");
    if (length > this.#end - this.offset - RECORD_HEAD_BYTES) return undefined;
    const head = { op, offset: this.offset, length };
    this.offset += RECORD_HEAD_BYTES + length;
    return head;
  }

  /** Bytes left behind the last whole record. */
  get torn(): number {
    return this.#end - this.offset;
  }

  /** The content of a record. A copy may be kept; small ones share a window. @throws BusError blackbox/too-large */
  async content(head: RecordHead): Promise<Bytes> {
    boundChunk(this.source.name, head.offset, head.length);
    return await this.bytes(head.offset + RECORD_HEAD_BYTES, head.length);
  }

  /** The beginning of a chunk: enough for its head, whatever its compression is called. */
  async chunkHead(head: RecordHead): Promise<Bytes> {
    return await this.bytes(head.offset + RECORD_HEAD_BYTES, Math.min(head.length, CHUNK_HEAD_BYTES + 4 + 256 + 8));
  }

  /** The beginning of an attachment, which is as long as it likes: names that do not fit in here are refused when they are read. */
  async beginning(head: RecordHead): Promise<Bytes> {
    return await this.bytes(head.offset + RECORD_HEAD_BYTES, Math.min(head.length, WINDOW_BYTES / 2));
  }

  async bytes(offset: number, length: number): Promise<Bytes> {
    const inWindow = offset >= this.#windowAt && offset + length <= this.#windowAt + this.#window.length;
    if (!inWindow) {
      const wanted = Math.max(length, Math.min(WINDOW_BYTES, this.#end - offset));
      this.#window = await this.source.read(offset, wanted);
      this.#windowAt = offset;
    }
    const from = offset - this.#windowAt;
    return new Bytes(this.source.name, offset, this.#window.subarray(from, from + length));
  }
}

/** A file that was made and not yet begun: empty, or cut off in its first bytes. */
export async function isBarelyBegun(source: Source, size: number): Promise<boolean> {
  if (size >= MAGIC.length) return false;
  return (await source.read(0, size)).every((byte, i) => byte === MAGIC[i]);
}

/** @throws BusError blackbox/unreadable when the file does not begin as an MCAP file does */
export async function requireMagic(source: Source, size: number): Promise<void> {
  const have = await source.read(0, Math.min(size, MAGIC.length));
  if (have.length === MAGIC.length && MAGIC.every((byte, i) => have[i] === byte)) return;
  throw unreadable(source.name, 0, "it does not begin as an MCAP file does");
}

export const isSmall = (head: RecordHead): boolean => head.op !== Op.chunk && head.op !== Op.attachment;
