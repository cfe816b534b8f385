/**
 * All typed-array views over one block of bytes, made once and kept: creating views per message is what costs.
 * Offsets everywhere in Busbar are byte offsets into such a block, so callers index with `offset >> 2` and the like.
 */
export class Memory {
  readonly buffer: ArrayBuffer;
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly i8: Int8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly i16: Int16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly i32: Int32Array<ArrayBuffer>;
  readonly f32: Float32Array<ArrayBuffer>;
  readonly f64: Float64Array<ArrayBuffer>;
  readonly i64: BigInt64Array<ArrayBuffer>;
  readonly u64: BigUint64Array<ArrayBuffer>;
  /** Node Buffer over the same bytes, for utf8Write / utf8Slice. */
  readonly text: Buffer;
  readonly size: number;
  /** Where a generated encoder leaves the position of the table it wrote last. Scratch, meaningless between calls. */
  table = 0;
  /** Remaining tables and strings a generated verifier may visit. Scratch. */
  budget = 0;

  /** @param buffer whole block; its length in bytes must be a multiple of 8 */
  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.size = buffer.byteLength;
    this.u8 = new Uint8Array(buffer);
    this.i8 = new Int8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i64 = new BigInt64Array(buffer);
    this.u64 = new BigUint64Array(buffer);
    this.text = Buffer.from(buffer);
  }

  static allocate(bytes: number): Memory {
    return new Memory(new ArrayBuffer((bytes + 7) & ~7));
  }

  /** A copy of `bytes` at offset 0 of a block of its own; alignment is then right whatever the source was. */
  static copyOf(bytes: Uint8Array): Memory {
    const memory = Memory.allocate(bytes.length);
    memory.u8.set(bytes);
    return memory;
  }
}
