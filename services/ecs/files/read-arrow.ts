/** Arrow IPC files into columns; each column has to have the type of its field. */
import { readFileSync } from "node:fs";
import type { DataType, Vector } from "apache-arrow";
import { arrayOf, type FieldKind, type TypedArray, widthOf } from "../components/fields.ts";
import { mismatch } from "../frame/check.ts";
import type { ColumnData } from "../frame/column.ts";
import { library } from "./arrow.ts";
import { type FileColumn, fieldFor, listColumn, type ReadTable } from "./table-file.ts";

const NAMES: Readonly<Record<string, string>> = {
  bool: "Bool",
  i8: "Int8",
  i16: "Int16",
  i32: "Int32",
  i64: "Int64",
  u8: "Uint8",
  u16: "Uint16",
  u32: "Uint32",
  u64: "Uint64",
  entity: "Uint64",
  f32: "Float32",
  f64: "Float64",
  utf8: "Utf8",
};
/** Columns without nulls are taken as arrays. */
const PLAIN: ReadonlySet<string> = new Set([
  "i8",
  "i16",
  "i32",
  "i64",
  "u8",
  "u16",
  "u32",
  "u64",
  "entity",
  "f32",
  "f64",
]);

/** @throws BusError ecs/unknown-name, ecs/type-mismatch naming file and column; ecs/no-store; Error for what is no Arrow file */
export async function readArrow(path: string, fields: readonly FileColumn[]): Promise<ReadTable> {
  const arrow = await library(path);
  const table = arrow.tableFromIPC(readFileSync(path));
  const rows = table.numRows;
  const columns = table.schema.fields.map(({ name, type }): ColumnData => {
    const field = fieldFor(path, name, fields);
    if (!isOf(type, field.kind)) throw mismatch(`${path}: column '${name}'`, `${type}`, field.kind);
    const vector = table.getChild(name)!;
    return plainOf(field, vector, rows) ?? listColumn(path, field, rows, (row) => plainAt(vector, row));
  });
  return { rows, columns };
}

const isOf = (type: DataType, kind: FieldKind): boolean => {
  const name = `${type}`;
  if (widthOf(kind) > 1) return name === `FixedSizeList[${widthOf(kind)}]<Float32>`;
  return name === NAMES[kind] || (kind === "utf8" && /^Dictionary<\w+, Utf8>$/.test(name));
};

function plainOf({ path, kind }: FileColumn, vector: Vector, rows: number): ColumnData | undefined {
  if (!PLAIN.has(kind) || vector.nullCount > 0) return undefined;
  const values = vector.toArray() as TypedArray;
  if (values.constructor !== arrayOf(kind) || values.length !== rows) return undefined;
  // In memory of its own: batches of a file share theirs.
  return { path, kind, nullable: false, length: rows, values: values.slice(), validity: undefined, dictionary: [] };
}

function plainAt(vector: Vector, row: number): unknown {
  const value: unknown = vector.get(row);
  return typeof value === "object" && value !== null ? (value as Vector).toArray() : value;
}
