/** Values of a snapshot file as columns. A loop per kind takes what is right; what is not goes to the check that says what is wrong. */
import type { FieldDefinition } from "../components/define.ts";
import { arrayOf, type FieldKind, type TypedArray } from "../components/fields.ts";
import { checkValue, mismatch } from "../frame/check.ts";
import { bitmapBytes, type ColumnData, columnOf, type Value } from "../frame/column.ts";
import { quoted, type SqlValue } from "./sql.ts";

export type SqlRows = readonly (readonly SqlValue[])[];

const isLong = (kind: FieldKind): boolean => kind === "i64" || kind === "u64" || kind === "entity";

/**
 * Columns that a field is read as: 64 bits come as two halves, since a bigint per value costs more than the rest of it. SQLite
 * would halve texts and fractions as well; instead of the lower half of such a one comes the name of its type.
 */
export const selectOf = (path: string, kind: FieldKind): string[] => {
  const name = quoted(path);
  if (!isLong(kind)) return [name];
  return [`${name} >> 32`, `iif(typeof(${name}) = 'integer', ${name} & 4294967295, typeof(${name}))`];
};

/** Whether a number fits, by kind; of what is stored as it is. */
const FITS: Readonly<Record<string, (value: number) => boolean>> = {
  i8: (value) => (value << 24) >> 24 === value,
  i16: (value) => (value << 16) >> 16 === value,
  i32: (value) => (value | 0) === value,
  u8: (value) => (value & 0xff) === value,
  u16: (value) => (value & 0xffff) === value,
  u32: (value) => value >>> 0 === value,
  // A double that is no f32 was not written here.
  f32: (value) => Math.fround(value) === value && value - value === 0,
  f64: (value) => value - value === 0,
};

/** A column that grows chunk by chunk, so that rows are garbage before the collector has moved them. */
export class ColumnReader {
  readonly #path: string;
  readonly #kind: FieldKind;
  readonly #nullable: boolean;
  readonly #at: number;
  readonly #codeOf: (text: string) => number;
  readonly #values: TypedArray;
  /** Of kinds without a loop of their own. */
  readonly #others: Value[] = [];
  #validity: Uint8Array | undefined;
  #length = 0;

  /**
   * @param at column of the rows
   * @param capacity rows at most
   * @param codeOf a text's code
   */
  constructor(
    path: string,
    { type, nullable }: Pick<FieldDefinition, "type" | "nullable">,
    at: number,
    capacity: number,
    codeOf: (text: string) => number,
  ) {
    this.#path = path;
    this.#kind = type;
    this.#nullable = nullable;
    this.#at = at;
    this.#codeOf = codeOf;
    this.#values = new (arrayOf(type))(isOther(type) ? 0 : capacity);
  }

  /** @throws BusError ecs/type-mismatch for a value that the field cannot hold; what `codeOf` throws */
  take(rows: SqlRows): void {
    if (isLong(this.#kind)) this.#longs(rows);
    else if (isOther(this.#kind)) this.#rest(rows);
    else if (this.#kind === "utf8") this.#texts(rows);
    else this.#numbers(rows, FITS[this.#kind]!);
    this.#length += rows.length;
  }

  #longs(rows: SqlRows): void {
    const at = this.#at;
    const halves = new Uint32Array(this.#values.buffer);
    for (let row = 0, to = 2 * this.#length; row < rows.length; row++, to += 2) {
      const values = rows[row]!;
      const low = values[at + 1];
      if (typeof low === "number") {
        halves[to] = low;
        halves[to + 1] = values[at] as number;
      } else if (values[at] === null) this.#null(row);
      else throw mismatch(this.#path, `a value of type ${low}`, this.#kind);
    }
  }

  #numbers(rows: SqlRows, fits: (value: number) => boolean): void {
    const at = this.#at;
    const to = this.#values;
    for (let row = 0; row < rows.length; row++) {
      const value = rows[row]![at];
      if (typeof value === "number" && fits(value)) to[this.#length + row] = value;
      else if (value === null) this.#null(row);
      // A number that is no f32 would pass the check of its kind, which rounds.
      else this.#refuse(fits === FITS.f32 ? String(value) : value);
    }
  }

  #texts(rows: SqlRows): void {
    for (let row = 0; row < rows.length; row++) {
      const value = rows[row]![this.#at];
      if (typeof value === "string") this.#values[this.#length + row] = this.#codeOf(value);
      else if (value === null) this.#null(row);
      else this.#refuse(value);
    }
  }

  #rest(rows: SqlRows): void {
    const read = this.#kind === "bool" ? boolOf : vectorOf;
    for (const row of rows) {
      const value = row[this.#at]!;
      const one = value === null ? null : read(value);
      checkValue(this.#path, this.#kind, this.#nullable, one);
      this.#others.push(one as Value);
    }
  }

  #null(row: number): void {
    checkValue(this.#path, this.#kind, this.#nullable, null);
    const place = this.#length + row;
    this.#validity ??= new Uint8Array(bitmapBytes(this.#values.length)).fill(0xff);
    this.#validity[place >> 3]! &= ~(1 << (place & 7));
  }

  #refuse(value: unknown): never {
    checkValue(this.#path, this.#kind, this.#nullable, value);
    throw mismatch(this.#path, String(value), this.#kind);
  }

  /** What was taken, in memory of its own. */
  made(): ColumnData {
    const [path, kind, nullable, length] = [this.#path, this.#kind, this.#nullable, this.#length];
    if (isOther(kind)) return columnOf(path, { type: kind, nullable }, length, (row) => this.#others[row]);
    const full = length === this.#values.length;
    const values = full ? this.#values : this.#values.slice(0, length);
    return { path, kind, nullable, length, values, validity: this.#bitmap(), dictionary: [] };
  }

  #bitmap(): Uint8Array | undefined {
    const validity = this.#validity?.slice(0, bitmapBytes(this.#length));
    // Bits beyond the last row are 0, so that equal columns have equal bytes.
    if (validity !== undefined && (this.#length & 7) !== 0)
      validity[this.#length >> 3]! &= (1 << (this.#length & 7)) - 1;
    return validity;
  }
}

const isOther = (kind: FieldKind): boolean => kind === "bool" || kind.startsWith("f32x");
const boolOf = (value: SqlValue): unknown => (value === 1 ? true : value === 0 ? false : value);
const vectorOf = (value: SqlValue): unknown =>
  value instanceof Uint8Array && value.length % 4 === 0 ? new Float32Array(value.slice().buffer) : value;

/** A set of numbers up to 2^32 whose memory follows those that are in it, whatever a file says of how many there are. */
export class NumberSet {
  readonly #pages: Map<number, Uint8Array> = new Map();
  size = 0;

  /** @returns whether it is new */
  add(number: number): boolean {
    const page = number >>> 12;
    let taken = this.#pages.get(page);
    if (taken === undefined) this.#pages.set(page, (taken = new Uint8Array(4096)));
    if (taken[number & 4095] === 1) return false;
    taken[number & 4095] = 1;
    this.size++;
    return true;
  }
}
