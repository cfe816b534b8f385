import { BusError } from "#wire";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Largest binary schema; that of ten thousand fields with comments is about 1 MiB. */
export const SCHEMA_BYTES_MAX: number = 4 * 1024 * 1024;

/** The error of everything that is wrong inside a binary schema. */
export const malformedSchema = (reason: string): BusError => new BusError("schema/bad-schema", { details: { reason } });

/**
 * Reads the FlatBuffer that a binary schema is, with every access checked. A schema may come from a peer, so the work is
 * bounded too: tables and text bytes are charged to budgets that grow with the size of the file, which stops small files
 * whose offsets all point to one large part.
 */
export class BfbsReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #tables: number;
  #text: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length > SCHEMA_BYTES_MAX)
      throw malformedSchema(`it has ${bytes.length} bytes, ${SCHEMA_BYTES_MAX} are allowed`);
    // The compiler shares no tables, and the smallest takes more than 8 bytes with the offset that leads to it.
    this.#tables = Math.max(64, bytes.length >> 3);
    this.#text = Math.max(65536, bytes.length * 4);
  }

  root(): BfbsTable {
    return this.table(this.follow(0));
  }

  table(at: number): BfbsTable {
    if (--this.#tables < 0) throw malformedSchema("it refers to more tables than its size allows");
    const vtable = at - this.i32(at);
    const bytes = this.u16(vtable);
    if (bytes < 4 || vtable + bytes > this.#bytes.length) throw malformedSchema(`bad vtable at byte ${at}`);
    return new BfbsTable(this, at, vtable, bytes);
  }

  /** Where the offset stored at `at` leads. */
  follow(at: number): number {
    return at + this.u32(at);
  }

  text(at: number): string {
    const length = this.u32(at);
    this.#text -= length;
    if (this.#text < 0) throw malformedSchema("it refers to more text than its size allows");
    if (at + 4 + length > this.#bytes.length) throw malformedSchema(`text at byte ${at} leaves the file`);
    try {
      return utf8.decode(this.#bytes.subarray(at + 4, at + 4 + length));
    } catch (cause) {
      throw new BusError("schema/bad-schema", { details: { reason: `text at byte ${at} is not UTF-8` }, cause });
    }
  }

  i8(at: number): number {
    return this.#guard(at, 1).getInt8(at);
  }
  u16(at: number): number {
    return this.#guard(at, 2).getUint16(at, true);
  }
  i32(at: number): number {
    return this.#guard(at, 4).getInt32(at, true);
  }
  u32(at: number): number {
    return this.#guard(at, 4).getUint32(at, true);
  }
  i64(at: number): bigint {
    return this.#guard(at, 8).getBigInt64(at, true);
  }
  f64(at: number): number {
    return this.#guard(at, 8).getFloat64(at, true);
  }

  #guard(at: number, bytes: number): DataView {
    if (at < 0 || at + bytes > this.#bytes.length)
      throw malformedSchema(`an offset leads to byte ${at}, outside the file`);
    return this.#view;
  }
}

/** One table of the binary schema; `slot` numbers are the field ids of reflection.fbs. */
export class BfbsTable {
  readonly #reader: BfbsReader;
  readonly #at: number;
  readonly #vtable: number;
  readonly #bytes: number;

  constructor(reader: BfbsReader, at: number, vtable: number, bytes: number) {
    this.#reader = reader;
    this.#at = at;
    this.#vtable = vtable;
    this.#bytes = bytes;
  }

  bool(slot: number): boolean {
    return this.i8(slot, 0) !== 0;
  }
  i8(slot: number, absent: number): number {
    const at = this.#find(slot);
    return at === 0 ? absent : this.#reader.i8(at);
  }
  u16(slot: number, absent: number): number {
    const at = this.#find(slot);
    return at === 0 ? absent : this.#reader.u16(at);
  }
  i32(slot: number, absent: number): number {
    const at = this.#find(slot);
    return at === 0 ? absent : this.#reader.i32(at);
  }
  i64(slot: number): bigint {
    const at = this.#find(slot);
    return at === 0 ? 0n : this.#reader.i64(at);
  }
  f64(slot: number): number {
    const at = this.#find(slot);
    return at === 0 ? 0 : this.#reader.f64(at);
  }
  text(slot: number): string | undefined {
    const at = this.#find(slot);
    return at === 0 ? undefined : this.#reader.text(this.#reader.follow(at));
  }
  table(slot: number): BfbsTable | undefined {
    const at = this.#find(slot);
    return at === 0 ? undefined : this.#reader.table(this.#reader.follow(at));
  }
  tables(slot: number): BfbsTable[] {
    return this.#vector(slot, (at) => this.#reader.table(this.#reader.follow(at)));
  }
  texts(slot: number): string[] {
    return this.#vector(slot, (at) => this.#reader.text(this.#reader.follow(at)));
  }

  #vector<T>(slot: number, read: (at: number) => T): T[] {
    const at = this.#find(slot);
    if (at === 0) return [];
    const start = this.#reader.follow(at);
    const count = this.#reader.u32(start);
    const items: T[] = [];
    // A forged count ends at the first read outside the file or when the budget is used up.
    for (let i = 0; i < count; i++) items.push(read(start + 4 + 4 * i));
    return items;
  }

  #find(slot: number): number {
    const entry = 4 + 2 * slot;
    if (entry + 2 > this.#bytes) return 0;
    const offset = this.#reader.u16(this.#vtable + entry);
    return offset === 0 ? 0 : this.#at + offset;
  }
}
