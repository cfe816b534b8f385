/** Values of callers, held against the kind of their field: a typed array would wrap them in silence. */
import { BusError } from "#bus";
import { type FieldKind, type TypedArray, widthOf } from "../components/fields.ts";

const INTEGERS: Readonly<Record<string, readonly [number, number]>> = {
  i8: [-(2 ** 7), 2 ** 7 - 1],
  i16: [-(2 ** 15), 2 ** 15 - 1],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u8: [0, 2 ** 8 - 1],
  u16: [0, 2 ** 16 - 1],
  u32: [0, 2 ** 32 - 1],
};
const LONE_SURROGATE = /\p{Surrogate}/u;
const U64_MAX = 2n ** 64n - 1n;
const I64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const F32_MAX = 2 ** 128 - 2 ** 103;

/** What fits, said in words; undefined when the value fits. */
function misfit(kind: FieldKind, value: unknown): string | undefined {
  switch (kind) {
    case "bool":
      return typeof value === "boolean" ? undefined : "a boolean";
    case "utf8":
      return typeof value === "string" && !LONE_SURROGATE.test(value) ? undefined : "a text without lone surrogates";
    case "i64":
      return typeof value === "bigint" && value >= I64[0] && value <= I64[1] ? undefined : "a bigint of 64 bits";
    case "u64":
    case "entity":
      return typeof value === "bigint" && value >= 0n && value <= U64_MAX ? undefined : "a bigint from 0 to 2^64-1";
    case "f32":
      return isReal(value, F32_MAX) ? undefined : "a finite number within f32";
    case "f64":
      return isReal(value, Number.MAX_VALUE) ? undefined : "a finite number";
  }
  const range = INTEGERS[kind];
  if (range !== undefined) {
    const fits = Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1];
    return fits ? undefined : `a whole number from ${range[0]} to ${range[1]}`;
  }
  const width = widthOf(kind);
  const list = value as ArrayLike<unknown> | null;
  const fits =
    typeof list === "object" &&
    list !== null &&
    list.length === width &&
    Array.from(list).every((element) => isReal(element, F32_MAX));
  return fits ? undefined : `${width} finite numbers within f32`;
}

const isReal = (value: unknown, most: number): boolean => typeof value === "number" && value >= -most && value <= most;

/** @throws BusError ecs/type-mismatch naming the place, the value and what is wanted */
export function checkValue(path: string, kind: FieldKind, nullable: boolean, value: unknown): void {
  const isNull = value === null || value === undefined;
  const wanted = isNull ? (nullable ? undefined : "not nullable") : misfit(kind, value);
  if (wanted !== undefined) throw mismatch(path, shown(value), `${kind} (${wanted})`);
}

/** @throws BusError ecs/type-mismatch when `values` is another array than the kind has, or its length differs */
export function checkArray(
  path: string,
  kind: FieldKind,
  values: TypedArray,
  wanted: TypedArray,
  length: number,
): void {
  if (values.constructor !== wanted.constructor)
    throw mismatch(path, `a ${values.constructor.name}`, `${kind} (a ${wanted.constructor.name})`);
  if (values.length !== length) throw mismatch(path, `a list of ${values.length}`, `${kind} (a list of ${length})`);
}

const shown = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "object" || typeof value === "string" ? JSON.stringify(value).slice(0, 80) : String(value);
};

export const mismatch = (path: string, given: string, type: string): BusError =>
  new BusError("ecs/type-mismatch", { details: { path, type, given } });
