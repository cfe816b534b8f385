/** Parquet files into columns; each column has to have the type of its field. */
import { readFileSync } from "node:fs";
import { parquetMetadata, parquetRead, parquetSchema, type SchemaElement, type SchemaTree } from "hyparquet";
import { type FieldKind, widthOf } from "../components/fields.ts";
import { mismatch } from "../frame/check.ts";
import type { ColumnData } from "../frame/column.ts";
import { TYPES } from "./parquet.ts";
import { type FileColumn, fieldFor, listColumn, type ReadTable } from "./table-file.ts";

/** @throws BusError ecs/unknown-name, ecs/type-mismatch naming file and column; Error for what is no Parquet file */
export async function readParquet(path: string, fields: readonly FileColumn[]): Promise<ReadTable> {
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = parquetMetadata(file);
  const columns = parquetSchema(metadata).children.map((tree) => {
    const field = fieldFor(path, tree.element.name, fields);
    if (!isOf(tree, field.kind)) throw mismatch(`${path}: column '${field.path}'`, given(tree), field.kind);
    return field;
  });
  const rows = Number(metadata.num_rows);
  let values: unknown[][] = [];
  // Texts are those that the schema calls so.
  await parquetRead({ file, metadata, utf8: false, onComplete: (all) => void (values = all as unknown[][]) });
  if (values.length !== rows) throw new Error(`it has ${values.length} rows, its footer says ${rows}`);
  return {
    rows,
    columns: columns.map((field, i): ColumnData => listColumn(path, field, rows, (row) => values[row]![i])),
  };
}

function isOf({ element, children }: SchemaTree, kind: FieldKind): boolean {
  if (widthOf(kind) === 1) return children.length === 0 && nameOf(element) === nameOf(TYPES[kind]!);
  const item = children[0]?.children[0]?.element;
  return nameOf(element).endsWith("LIST") && item?.type === "FLOAT";
}

/** Physical type and what it stands for; the newer way to say that wins over the older one, which says the same. */
function nameOf({ type: physical, converted_type, logical_type }: Partial<SchemaElement>): string {
  const type: string = physical ?? "group";
  // What a physical type is anyway.
  if (converted_type === "INT_32" || converted_type === "INT_64") return type;
  if (converted_type !== undefined) return `${type} ${converted_type}`;
  if (logical_type?.type === "STRING") return `${type} UTF8`;
  if (logical_type?.type === "INTEGER") {
    const { bitWidth, isSigned } = logical_type;
    return isSigned && bitWidth >= 32 ? type : `${type} ${isSigned ? "" : "U"}INT_${bitWidth}`;
  }
  return logical_type === undefined ? type : `${type} ${logical_type.type}`;
}

const given = (tree: SchemaTree): string => {
  const item = tree.children[0]?.children[0]?.element;
  return item === undefined ? nameOf(tree.element) : `${nameOf(tree.element)} of ${nameOf(item)}`;
};
