import { suggestion } from "#wire";
import type { JsonValue } from "./json.ts";
import { BASE_NAMES, Base, type BinarySchema, isFloat, isLong, type SchemaEnum, type SchemaType } from "./model.ts";

/**
 * How scalars look in JSON: 64-bit integers as decimal strings, enums by the name of their value, NaN and the infinities
 * as strings, everything else as itself.
 */
export function scalarToJson(schema: BinarySchema, type: SchemaType, base: number, value: number | bigint): JsonValue {
  if (base === Base.bool) return Number(value) !== 0;
  if (type.index >= 0 && base !== Base.utype) return enumToJson(schema.enums[type.index], value);
  if (typeof value === "bigint") return value.toString();
  return Number.isFinite(value) ? value : String(value);
}

/** Names joined by "|" for flags; the number when this schema has no name for it. */
function enumToJson(type: SchemaEnum, value: number | bigint): JsonValue {
  const wanted = BigInt(value);
  const name = type.byValue.get(wanted)?.name;
  if (name !== undefined) return name;
  const names = type.bitFlags ? flagNames(type, wanted) : undefined;
  return names ?? (typeof value === "bigint" ? value.toString() : value);
}

function flagNames(type: SchemaEnum, value: bigint): string | undefined {
  let rest = value;
  const names: string[] = [];
  for (const flag of type.values) {
    if (flag.value === 0n || (rest & flag.value) !== flag.value) continue;
    names.push(flag.name);
    rest &= ~flag.value;
  }
  return rest === 0n && names.length > 0 ? names.join("|") : undefined;
}

/** Smallest and largest value of the integer bases. */
const RANGES: Readonly<Record<number, readonly [bigint, bigint]>> = {
  [Base.utype]: [0n, 255n],
  [Base.byte]: [-128n, 127n],
  [Base.ubyte]: [0n, 255n],
  [Base.short]: [-32768n, 32767n],
  [Base.ushort]: [0n, 65535n],
  [Base.int]: [-2147483648n, 2147483647n],
  [Base.uint]: [0n, 4294967295n],
  [Base.long]: [-(2n ** 63n), 2n ** 63n - 1n],
  [Base.ulong]: [0n, 2n ** 64n - 1n],
};
const FLOAT_MAX = 3.4028234663852886e38;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};
const DECIMAL = /^-?\d{1,20}$/;

/** Thrown with what is wrong; the caller, who knows the path, makes a BusError of it. */
export class Misfit extends Error {}

/**
 * The reverse of scalarToJson. 64-bit integers may also be JSON numbers as long as those are exact, enums the number.
 * @returns bigint for long and ulong, else a number; booleans as 0 and 1
 * @throws Misfit
 */
export function scalarFromJson(schema: BinarySchema, type: SchemaType, base: number, value: unknown): number | bigint {
  if (base === Base.bool) {
    if (typeof value === "boolean") return value ? 1 : 0;
    throw new Misfit(`${show(value)} is not true or false`);
  }
  if (isFloat(base)) return floatFromJson(base, value);
  const integer =
    type.index >= 0 && typeof value === "string" && !DECIMAL.test(value)
      ? enumFromJson(schema.enums[type.index], value)
      : integerFromJson(base, value);
  return isLong(base) ? integer : Number(integer);
}

function floatFromJson(base: number, value: unknown): number {
  const number = typeof value === "string" ? SPECIAL[value] : value;
  if (typeof number !== "number") throw new Misfit(`${show(value)} is not a number`);
  if (base === Base.float && Number.isFinite(number) && !Number.isFinite(Math.fround(number))) {
    throw new Misfit(`${show(value)} is too large for a float (at most ${FLOAT_MAX})`);
  }
  return number;
}

function integerFromJson(base: number, value: unknown): bigint {
  const wide = isLong(base);
  let integer: bigint | undefined;
  if (typeof value === "number" && Number.isInteger(value)) {
    if (!Number.isSafeInteger(value)) throw new Misfit(`${value} is not exact as a number; write it as a string`);
    integer = BigInt(value);
  } else if (typeof value === "bigint") integer = value;
  else if (typeof value === "string" && DECIMAL.test(value)) integer = BigInt(value);
  if (integer === undefined) {
    throw new Misfit(`${show(value)} is not ${wide ? "an integer or a string of digits" : "an integer"}`);
  }
  const [least, most] = RANGES[base];
  if (integer < least || integer > most) {
    throw new Misfit(`${integer} does not fit ${BASE_NAMES[base]} (${least} to ${most})`);
  }
  return integer;
}

function enumFromJson(type: SchemaEnum, text: string): bigint {
  const parts = type.bitFlags ? text.split("|") : [text];
  return parts.reduce((sum, part) => {
    const value = type.byName.get(part.trim());
    if (value !== undefined) return sum | value.value;
    throw new Misfit(
      `${show(text)} is not a value of ${type.name}${suggestion(part, type.byName.keys()) || `; it has ${[...type.byName.keys()].slice(0, 12).join(", ")}`}`,
    );
  }, 0n);
}

/** A short picture of a value for sentences. */
export function show(value: unknown): string {
  const text = typeof value === "bigint" ? value.toString() : (JSON.stringify(value) ?? String(value));
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
