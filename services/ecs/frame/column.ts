/** One column of an answer, a table or a file, in Arrow layout: values, validity bits (least first), dictionary of texts. */
import { arrayOf, type FieldKind, type TypedArray, widthOf } from "../components/fields.ts";

export interface ColumnData {
  /** "Component.field". */
  readonly path: string;
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** Rows. */
  readonly length: number;
  /** `length` values, or `length` times the width of a vector; codes into `dictionary` for utf8, bits for bool. */
  readonly values: TypedArray;
  /** Bit `row` tells whether there is a value; absent when there is one in every row. */
  readonly validity: Uint8Array | undefined;
  /** Of utf8, else empty. Each text once. */
  readonly dictionary: readonly string[];
}

export type Value = boolean | number | bigint | string | Float32Array | null;

/** Bytes of a bitmap over `rows`. */
export const bitmapBytes = (rows: number): number => (rows + 7) >> 3;
const bitOf = (bits: TypedArray, row: number): boolean => ((Number(bits[row >> 3]) || 0) & (1 << (row & 7))) !== 0;
/** Whether the row has a value. */
export const isThere = ({ validity }: Pick<ColumnData, "validity">, row: number): boolean =>
  validity === undefined || bitOf(validity, row);

/** Elements of the array that holds `rows` values. */
export const elementsOf = (kind: FieldKind, rows: number): number =>
  kind === "bool" ? bitmapBytes(rows) : rows * widthOf(kind);

/** @param row below `length`; a vector is a view over the column, not a copy */
export function valueAt(column: ColumnData, row: number): Value {
  if (!isThere(column, row)) return null;
  const { kind, values } = column;
  if (kind === "bool") return bitOf(values, row);
  if (kind === "utf8") return column.dictionary[Number(values[row])] ?? null;
  const width = widthOf(kind);
  if (width === 1) return values[row] ?? null;
  return (values as Float32Array).subarray(row * width, (row + 1) * width);
}

/**
 * A column from values, one per row.
 * @param at value of a row that fits the kind; null and undefined are null
 */
export function columnOf(
  path: string,
  { type: kind, nullable }: { readonly type: FieldKind; readonly nullable: boolean },
  length: number,
  at: (row: number) => unknown,
): ColumnData {
  const width = widthOf(kind);
  const values = new (arrayOf(kind))(elementsOf(kind, length));
  const codes = new Map<string, number>();
  let validity: Uint8Array | undefined;
  for (let row = 0; row < length; row++) {
    const value = at(row) ?? null;
    if (value === null) {
      validity ??= fullBitmap(length);
      validity[row >> 3]! &= ~(1 << (row & 7));
    } else if (kind === "bool") {
      if (value === true) (values as Uint8Array)[row >> 3]! |= 1 << (row & 7);
    } else if (kind === "utf8") {
      const text = value as string;
      let code = codes.get(text);
      if (code === undefined) codes.set(text, (code = codes.size));
      values[row] = code;
    } else if (width > 1) (values as Float32Array).set(value as ArrayLike<number>, row * width);
    else values[row] = value as never;
  }
  return { path, kind, nullable, length, values, validity, dictionary: [...codes.keys()] };
}

/** A bitmap of ones. Bits beyond the last row are 0, so that equal columns have equal bytes. */
export function fullBitmap(rows: number): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(rows)).fill(0xff);
  if ((rows & 7) !== 0) bits[rows >> 3]! &= (1 << (rows & 7)) - 1;
  return bits;
}
