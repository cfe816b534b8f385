/** Columns as they travel (schema/service/ecs/columns.fbs), to ours and back. Arrays are passed on, never copied. */
import { BusError } from "#bus";
import {
  type Column,
  type ColumnInit,
  FieldType,
  IndexKind,
  type ComponentDefinition as WireComponent,
  type ComponentDefinitionInit as WireComponentInit,
} from "#generated/ecs";
import type { ComponentDefinition, FieldDefinition } from "../components/define.ts";
import { type FieldKind, type TypedArray, WIDTH_MAX, widthOf } from "../components/fields.ts";
import { bitmapBytes, type ColumnData, elementsOf } from "./column.ts";

type ArrayField = "bits" | "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "f32" | "f64" | "codes";

/** Kind, type on the wire, vector that carries it. */
const TABLE: readonly (readonly [FieldKind, FieldType, ArrayField])[] = [
  ["bool", FieldType.boolean, "bits"],
  ["i8", FieldType.i8, "i8"],
  ["i16", FieldType.i16, "i16"],
  ["i32", FieldType.i32, "i32"],
  ["i64", FieldType.i64, "i64"],
  ["u8", FieldType.u8, "u8"],
  ["u16", FieldType.u16, "u16"],
  ["u32", FieldType.u32, "u32"],
  ["u64", FieldType.u64, "u64"],
  ["f32", FieldType.f32, "f32"],
  ["f64", FieldType.f64, "f64"],
  ["utf8", FieldType.utf8, "codes"],
  ["entity", FieldType.entity, "u64"],
];
const BY_KIND = new Map(TABLE.map(([kind, type, array]) => [kind as string, { type, array }]));
const BY_TYPE = new Map(TABLE.map(([kind, type, array]) => [type as number, { kind, array }]));
const VECTOR = { type: FieldType.f32Vector, array: "f32" } as const;

const onWire = (kind: FieldKind): { type: FieldType; array: ArrayField } => BY_KIND.get(kind) ?? VECTOR;

export function kindOf(type: number, width: number): FieldKind {
  const known = BY_TYPE.get(type);
  if (known !== undefined) return known.kind;
  if (type === FieldType.f32Vector && width >= 2 && width <= WIDTH_MAX) return `f32x${width}`;
  throw malformed(`type ${type}`, `no field of width ${width} is known by this version`);
}

export function toWire({ path, kind, values, validity, dictionary }: ColumnData): ColumnInit {
  const { type, array } = onWire(kind);
  const width = type === FieldType.f32Vector ? widthOf(kind) : 0;
  const column: ColumnInit = { field: path, type, width, validity: validity ?? null };
  Object.assign(column, { [array]: values });
  if (kind === "utf8") column.dictionary = dictionary;
  return column;
}

/**
 * @param rows of the answer that the column is part of
 * @param texts of a snapshot, which its codes count over; else the column has a dictionary of its own
 * @throws BusError ecs/malformed when the vectors are shorter than the rows want, or a code is beyond the dictionary
 */
export function fromWire(column: Column, rows: number, texts?: { readonly length: number }): ColumnData {
  const path = column.field ?? "";
  const kind = kindOf(column.type, column.width);
  const values: TypedArray = column[onWire(kind).array];
  const wanted = elementsOf(kind, rows);
  if (values.length !== wanted) throw malformed(path, `${values.length} values came where ${wanted} are wanted`);
  const validity = column.validity.length === 0 && rows > 0 ? undefined : column.validity;
  if (validity !== undefined && validity.length < bitmapBytes(rows))
    throw malformed(path, `${validity.length} bytes of validity came for ${rows} rows`);
  const dictionary = kind === "utf8" ? column.dictionary : [];
  if (kind === "utf8") checkCodes(path, values as Int32Array, (texts ?? dictionary).length, validity !== undefined);
  return { path, kind, nullable: validity !== undefined, length: rows, values, validity, dictionary };
}

/** Rows without a value have code 0, which need not be in the dictionary. */
function checkCodes(path: string, codes: Int32Array, size: number, nulls: boolean): void {
  const limit = nulls ? Math.max(size, 1) : size;
  for (const code of codes)
    if (code < 0 || code >= limit) throw malformed(path, `code ${code} is beyond a dictionary of ${size} texts`);
}

const INDEXES = ["none", "hash", "sorted"] as const satisfies readonly (keyof typeof IndexKind)[];

export function definitionToWire({ name, fields }: ComponentDefinition): WireComponentInit {
  return {
    name,
    fields: fields.map((field) => {
      const { type } = onWire(field.type);
      const width = type === FieldType.f32Vector ? widthOf(field.type) : 0;
      return { name: field.name, type, width, nullable: field.nullable, index: IndexKind[field.index] };
    }),
  };
}

export const definitionFromWire = ({ name, fields }: WireComponent): ComponentDefinition => ({
  name,
  fields: fields.map(
    (field): FieldDefinition => ({
      name: field.name,
      type: kindOf(field.type, field.width),
      nullable: field.nullable,
      index: INDEXES[field.index] ?? "none",
    }),
  ),
});

const malformed = (path: string, problem: string): BusError =>
  new BusError("ecs/malformed", { details: { path, problem: `is refused: ${problem}` } });
