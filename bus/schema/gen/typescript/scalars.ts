import { Base, type SchemaField } from "../../model.ts";

/** How TypeScript holds, reads and checks one scalar base type. */
export interface Scalar {
  /** Array of Memory. */
  readonly array: string;
  /** log2 of its size. */
  readonly shift: number;
  readonly ts: "number" | "bigint" | "boolean";
  /** Owned form of a vector of it, and the suffix of its helpers. */
  readonly list: string;
  readonly suffix: string;
  /** Condition under which local `v` may be stored as it is. */
  readonly fits: (v: string) => string;
}

const scalar = (
  array: string,
  shift: number,
  ts: Scalar["ts"],
  list: string,
  suffix: string,
  fits: Scalar["fits"],
): Scalar => ({ array, shift, ts, list, suffix, fits });

const isNumber = (v: string): string => `typeof ${v} === "number"`;
const isBigint = (v: string): string => `typeof ${v} === "bigint"`;

const SCALARS: ReadonlyMap<number, Scalar> = new Map([
  [Base.utype, scalar("u8", 0, "number", "Uint8Array", "U8s", (v) => `${v} === (${v} & 255)`)],
  [Base.bool, scalar("u8", 0, "boolean", "boolean[]", "Bools", (v) => `typeof ${v} === "boolean"`)],
  [Base.byte, scalar("i8", 0, "number", "Int8Array", "I8s", (v) => `${v} === (${v} << 24) >> 24`)],
  [Base.ubyte, scalar("u8", 0, "number", "Uint8Array", "U8s", (v) => `${v} === (${v} & 255)`)],
  [Base.short, scalar("i16", 1, "number", "Int16Array", "I16s", (v) => `${v} === (${v} << 16) >> 16`)],
  [Base.ushort, scalar("u16", 1, "number", "Uint16Array", "U16s", (v) => `${v} === (${v} & 65535)`)],
  [Base.int, scalar("i32", 2, "number", "Int32Array", "I32s", (v) => `${v} === (${v} | 0)`)],
  [Base.uint, scalar("u32", 2, "number", "Uint32Array", "U32s", (v) => `${v} === ${v} >>> 0`)],
  [Base.long, scalar("i64", 3, "bigint", "BigInt64Array", "I64s", isBigint)],
  [Base.ulong, scalar("u64", 3, "bigint", "BigUint64Array", "U64s", isBigint)],
  [Base.float, scalar("f32", 2, "number", "Float32Array", "F32s", isNumber)],
  [Base.double, scalar("f64", 3, "number", "Float64Array", "F64s", isNumber)],
]);

export const scalarOf = (base: number): Scalar => SCALARS.get(base) as Scalar;

/** The default of a scalar field as TypeScript writes it. */
export function defaultOf(field: SchemaField): string {
  const { base } = field.type;
  if (base === Base.bool) return field.defaultInteger === 0n ? "false" : "true";
  if (base === Base.float || base === Base.double) return numberText(field.defaultReal);
  if (base === Base.ulong) return `${BigInt.asUintN(64, field.defaultInteger)}n`;
  return base === Base.long ? `${field.defaultInteger}n` : `${field.defaultInteger}`;
}

const numberText = (value: number): string =>
  Number.isNaN(value)
    ? "Number.NaN"
    : Number.isFinite(value)
      ? Object.is(value, -0)
        ? "-0"
        : String(value)
      : `${value < 0 ? "-" : ""}Number.POSITIVE_INFINITY`;
