/** Arrow IPC files from columns. Buffers are those that came; only codes of utf8 are written anew, since each part has its own dictionary. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Data, DataType, Field, RecordBatch } from "apache-arrow";
import { BusError } from "#bus";
import { type FieldKind, widthOf } from "../components/fields.ts";
import { bitmapBytes, type ColumnData } from "../frame/column.ts";
import type { FileColumn, TableFile } from "./table-file.ts";

type Arrow = typeof import("apache-arrow");

/** Loaded here, in the worker, and at first use: it is large, and a package of the user's own. */
export async function library(path: string): Promise<Arrow> {
  try {
    return await import("apache-arrow");
  } catch (cause) {
    const reason = "the package apache-arrow is not there; run `npm install apache-arrow@21.2.0`";
    throw new BusError("ecs/no-store", { details: { path, reason }, cause });
  }
}

/** One dictionary for all parts of a column, as the format wants it: batches of a file share it. */
class Texts {
  readonly list: string[] = [];
  readonly #codes: Map<string, number> = new Map();

  /** Codes of a part, in this dictionary; those that came when they are the same. */
  translate({ values, dictionary }: ColumnData): Int32Array {
    const from = values as Int32Array;
    const codes = Int32Array.from(dictionary, (text) => {
      let code = this.#codes.get(text);
      if (code === undefined) this.#codes.set(text, (code = this.list.push(text) - 1));
      return code;
    });
    if (codes.every((code, i) => code === i)) return from;
    const to = new Int32Array(from.length);
    // Rows without a value have code 0, which need not be in the dictionary.
    if (codes.length > 0) for (let row = 0; row < to.length; row++) to[row] = codes[from[row]!]!;
    return to;
  }
}

/** @param path of the file; it is written over. Parts are kept until `finish`, since dictionaries stand first in the file. */
export async function arrowFile(path: string, columns: readonly FileColumn[]): Promise<TableFile> {
  const arrow = await library(path);
  const texts = columns.map(() => new Texts());
  const fields = columns.map(
    ({ path: name, kind, nullable }, i) => new arrow.Field(name, typeOf(arrow, kind, i), nullable),
  );
  const parts: { readonly rows: number; readonly columns: readonly ColumnData[] }[] = [];
  return {
    write(data, rows) {
      const translated = data.map((column, i) =>
        column.kind === "utf8" ? { ...column, values: texts[i]!.translate(column), dictionary: [] } : column,
      );
      parts.push({ rows, columns: translated });
    },
    finish() {
      const dictionaries = texts.map(({ list }, i) =>
        columns[i]!.kind === "utf8" ? arrow.vectorFromArray(list, new arrow.Utf8()) : undefined,
      );
      const schema = new arrow.Schema(fields);
      const batches = parts.map(({ rows, columns: data }): RecordBatch => {
        const children = data.map((column, i) => dataOf(arrow, fields[i]!, column, rows, dictionaries[i]));
        const struct = new arrow.Struct(fields);
        return new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: rows, nullCount: 0, children }));
      });
      const writer = new arrow.RecordBatchFileWriter();
      // A file without a part has a schema all the same.
      writer.writeAll(new arrow.Table(schema, batches));
      const file = openSync(path, "w");
      try {
        writeSync(file, writer.toUint8Array(true));
      } finally {
        closeSync(file);
      }
    },
  };
}

function typeOf(arrow: Arrow, kind: FieldKind, id: number): DataType {
  const width = widthOf(kind);
  if (width > 1) return new arrow.FixedSizeList(width, new arrow.Field("item", new arrow.Float32(), false));
  const simple: Readonly<Record<string, () => DataType>> = {
    bool: () => new arrow.Bool(),
    i8: () => new arrow.Int8(),
    i16: () => new arrow.Int16(),
    i32: () => new arrow.Int32(),
    i64: () => new arrow.Int64(),
    u8: () => new arrow.Uint8(),
    u16: () => new arrow.Uint16(),
    u32: () => new arrow.Uint32(),
    u64: () => new arrow.Uint64(),
    entity: () => new arrow.Uint64(),
    f32: () => new arrow.Float32(),
    f64: () => new arrow.Float64(),
    utf8: () => new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), id),
  };
  return simple[kind]!();
}

function dataOf(arrow: Arrow, { type }: Field, column: ColumnData, rows: number, dictionary: unknown): Data {
  const { kind, values, validity } = column;
  const nullBitmap = validity ?? null;
  const nullCount = validity === undefined ? 0 : rows - countBits(validity, rows);
  const common = { type, length: rows, nullCount, nullBitmap };
  if (widthOf(kind) > 1) {
    const child = arrow.makeData({
      type: new arrow.Float32(),
      length: values.length,
      nullCount: 0,
      data: values as Float32Array,
    });
    return arrow.makeData({ ...common, child } as never);
  }
  if (kind === "utf8") return arrow.makeData({ ...common, data: values, dictionary } as never);
  return arrow.makeData({ ...common, data: values } as never);
}

function countBits(bits: Uint8Array, rows: number): number {
  let count = 0;
  for (let i = 0; i < bitmapBytes(rows); i++) {
    const left = rows - i * 8;
    for (let byte = bits[i]! & (left >= 8 ? 255 : (1 << left) - 1); byte !== 0; byte &= byte - 1) count++;
  }
  return count;
}
