import { BusError } from "#bus";

/** What is wrong with a file, and where; callers that look for damage catch it, everybody else lets it through. */
export const unreadable = (file: string, offset: number, problem: string): BusError =>
  new BusError("blackbox/unreadable", { details: { file, offset, problem } });

const decoder = new TextDecoder();

/**
 * Takes little-endian values out of bytes that may come from anywhere. Every length is held against what is left before
 * anything is read or allocated; the error says the byte of the file.
 */
export class Bytes {
  readonly file: string;
  /** Place of `data[0]` in the file, for messages. */
  readonly base: number;
  readonly data: Uint8Array;
  readonly view: DataView;
  at = 0;

  constructor(file: string, base: number, data: Uint8Array) {
    this.file = file;
    this.base = base;
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get left(): number {
    return this.data.length - this.at;
  }

  fail(problem: string): BusError {
    return unreadable(this.file, this.base + this.at, problem);
  }

  /** @returns where the `count` bytes begin */
  #take(count: number, what: string): number {
    if (count > this.left) throw this.fail(`${what} takes ${count} bytes, ${this.left} are left`);
    const at = this.at;
    this.at += count;
    return at;
  }

  u8(what: string): number {
    return this.view.getUint8(this.#take(1, what));
  }
  u16(what: string): number {
    return this.view.getUint16(this.#take(2, what), true);
  }
  u32(what: string): number {
    return this.view.getUint32(this.#take(4, what), true);
  }
  u64(what: string): bigint {
    return this.view.getBigUint64(this.#take(8, what), true);
  }
  /** A u64 that is a place or a length: exact as a number, or refused. */
  size(what: string): number {
    const at = this.#take(8, what);
    const high = this.view.getUint32(at + 4, true);
    // Halves, because a bigint per number is what reading an index would cost most.
    if (high > 0x1f_ffff) throw this.fail(`${what} is ${this.view.getBigUint64(at, true)}, which no file has`);
    return this.view.getUint32(at, true) + 0x1_0000_0000 * high;
  }
  skip(count: number, what: string): void {
    this.#take(count, what);
  }
  /** In place: valid as long as the bytes under it. */
  bytes(count: number, what: string): Uint8Array {
    const at = this.#take(count, what);
    return this.data.subarray(at, at + count);
  }
  text(what: string): string {
    return decoder.decode(this.bytes(this.u32(what), what));
  }
  /** A vector with its length in bytes before it. */
  block(what: string): Bytes {
    const bytes = this.u32(what);
    const at = this.#take(bytes, what);
    return new Bytes(this.file, this.base + at, this.data.subarray(at, at + bytes));
  }
  textMap(what: string): Map<string, string> {
    const block = this.block(what);
    const map = new Map<string, string>();
    while (block.left > 0) {
      const key = block.text(`a key of ${what}`);
      if (map.has(key)) throw block.fail(`${what} has the key '${key}' twice`);
      map.set(key, block.text(`a value of ${what}`));
    }
    return map;
  }
}
