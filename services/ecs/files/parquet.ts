/** Parquet files from columns, one row group per part. */
import type { SchemaElement } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { type FieldKind, widthOf } from "../components/fields.ts";
import { type ColumnData, valueAt } from "../frame/column.ts";
import type { FileColumn, TableFile } from "./table-file.ts";

type Physical = Pick<SchemaElement, "type" | "converted_type">;

/** Of fields that are one value. */
export const TYPES: Readonly<Record<string, Physical>> = {
  bool: { type: "BOOLEAN" },
  i8: { type: "INT32", converted_type: "INT_8" },
  i16: { type: "INT32", converted_type: "INT_16" },
  i32: { type: "INT32" },
  i64: { type: "INT64" },
  u8: { type: "INT32", converted_type: "UINT_8" },
  u16: { type: "INT32", converted_type: "UINT_16" },
  u32: { type: "INT32", converted_type: "UINT_32" },
  u64: { type: "INT64", converted_type: "UINT_64" },
  entity: { type: "INT64", converted_type: "UINT_64" },
  f32: { type: "FLOAT" },
  f64: { type: "DOUBLE" },
  utf8: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

/** Vectors are lists in the three levels that the format asks for. */
function elementsOf({ path: name, kind, nullable }: FileColumn): SchemaElement[] {
  const repetition_type = nullable ? "OPTIONAL" : "REQUIRED";
  if (widthOf(kind) === 1) return [{ name, repetition_type, ...TYPES[kind] }];
  return [
    { name, repetition_type, converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", type: "FLOAT" },
  ];
}

/** @param path of the file; it is written over */
export function parquetFile(path: string, columns: readonly FileColumn[]): TableFile {
  const writer = fileWriter(path);
  const schema = [{ name: "root", num_children: columns.length }, ...columns.flatMap(elementsOf)];
  const parquet = new ParquetWriter({ writer, schema, createdBy: "busbar" });
  return {
    write(data, rows) {
      if (rows === 0) return;
      const columnData = data.map((column) => ({
        name: column.path,
        data: plainOf(column, rows),
        // A dictionary of the library takes -0 for 0.
        ...(hasNegativeZero(column) ? { encoding: "PLAIN" as const } : {}),
      }));
      return parquet.write({ columnData, rowGroupSize: rows });
    },
    finish: () => parquet.finish(),
  };
}

/** Arrays as they are where the writer takes them; else one value after the other. */
function plainOf(column: ColumnData, rows: number) {
  const { kind, values, validity } = column;
  // Not u32: the writer turns its large values into the format's signed ones in lists only.
  const asIs: readonly FieldKind[] = ["i32", "i64", "u64", "entity", "f32", "f64"];
  if (validity === undefined && asIs.includes(kind)) return values as never;
  if (validity === undefined && kind === "utf8") {
    const texts: string[] = new Array(rows);
    for (let row = 0; row < rows; row++) texts[row] = column.dictionary[values[row] as number]!;
    return texts as never;
  }
  const wide = widthOf(kind) > 1;
  return Array.from({ length: rows }, (_, row) => {
    const value = valueAt(column, row);
    return wide && value !== null ? Array.from(value as Float32Array) : value;
  }) as never;
}

function hasNegativeZero({ kind, values }: ColumnData): boolean {
  if (kind !== "f64" && kind !== "f32" && widthOf(kind) === 1) return false;
  for (let i = 0; i < values.length; i++) if (values[i] === 0 && 1 / (values[i] as number) < 0) return true;
  return false;
}
