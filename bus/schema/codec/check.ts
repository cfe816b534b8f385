import { BusError } from "#wire";
import { schemaFromBase64 } from "../bfbs.ts";
import { Base, type BinarySchema, isScalar, type SchemaField, type SchemaObject, type SchemaType } from "../model.ts";
import { DEPTH_MAX } from "../verify.ts";
import { fieldKey } from "./names.ts";

/** Path (".hp", "[2].name") and problem; undefined when all is well. */
interface Fault {
  path: string;
  problem: string;
}
type Check = (value: unknown, depth: number) => Fault | undefined;

/** What `check` and the errors of encoders know a type by: its full name and the binary schema that holds it. */
export interface TypeRef {
  readonly name: string;
  readonly schema: string;
}

const show = (value: unknown): string => {
  if (value === undefined) return "missing";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "an array" : `an object of ${value.constructor?.name ?? "no class"}`;
};
const isNot = (value: unknown, what: string): Fault => ({
  path: "",
  problem: value === undefined ? "is missing" : `is ${show(value)}, not ${what}`,
});
const within = (path: string, fault: Fault): Fault => ({ path: path + fault.path, problem: fault.problem });

const INTEGERS: ReadonlyMap<number, readonly [what: string, min: number, max: number]> = new Map([
  [Base.utype, ["a ubyte", 0, 255]],
  [Base.byte, ["a byte", -128, 127]],
  [Base.ubyte, ["a ubyte", 0, 255]],
  [Base.short, ["a short", -32768, 32767]],
  [Base.ushort, ["a ushort", 0, 65535]],
  [Base.int, ["an int", -2147483648, 2147483647]],
  [Base.uint, ["a uint", 0, 4294967295]],
]);

function scalarCheck(base: number): Check {
  if (base === Base.bool) return (v) => (typeof v === "boolean" ? undefined : isNot(v, "a boolean"));
  if (base === Base.float || base === Base.double) {
    return (v) => (typeof v === "number" ? undefined : isNot(v, "a number"));
  }
  if (base === Base.long) {
    return (v) => (typeof v === "bigint" && BigInt.asIntN(64, v) === v ? undefined : isNot(v, "a long (bigint)"));
  }
  if (base === Base.ulong) {
    return (v) => (typeof v === "bigint" && BigInt.asUintN(64, v) === v ? undefined : isNot(v, "a ulong (bigint)"));
  }
  const [what, min, max] = INTEGERS.get(base) ?? ["a number", Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return (v) => (Number.isInteger(v) && (v as number) >= min && (v as number) <= max ? undefined : isNot(v, what));
}

/** Typed arrays whose elements cannot be out of range, by base. */
const SAFE_ARRAYS: ReadonlyMap<number, unknown> = new Map<number, unknown>([
  [Base.byte, Int8Array],
  [Base.ubyte, Uint8Array],
  [Base.short, Int16Array],
  [Base.ushort, Uint16Array],
  [Base.int, Int32Array],
  [Base.uint, Uint32Array],
  [Base.long, BigInt64Array],
  [Base.ulong, BigUint64Array],
  [Base.float, Float32Array],
  [Base.double, Float64Array],
]);

function listCheck(element: Check, what: string, length?: number, safe?: unknown): Check {
  return (v, depth) => {
    if (typeof v !== "object" || v === null || !Number.isInteger((v as ArrayLike<unknown>).length))
      return isNot(v, what);
    const list = v as ArrayLike<unknown>;
    if (length !== undefined && list.length !== length) {
      return { path: "", problem: `has ${list.length} elements, not ${length}` };
    }
    if (safe !== undefined && list.constructor === safe) return undefined;
    for (let i = 0; i < list.length; i++) {
      const fault = element(list[i], depth);
      if (fault !== undefined) return within(`[${i}]`, fault);
    }
    return undefined;
  };
}

/** Checks values against one binary schema; plans are made once per type, on first use. */
class Checker {
  readonly #schema: BinarySchema;
  readonly #objects = new Map<number, Check>();

  constructor(schema: BinarySchema) {
    this.#schema = schema;
  }

  object(object: SchemaObject): Check {
    const known = this.#objects.get(object.index);
    if (known !== undefined) return known;
    const fields: { key: string; check: Check }[] = [];
    const what = `${object.isStruct ? "a struct" : "a table"} ${object.name}`;
    const check: Check = (value, depth) => {
      if (typeof value !== "object" || value === null) return isNot(value, what);
      if (depth > DEPTH_MAX) return { path: "", problem: `is nested deeper than ${DEPTH_MAX} tables` };
      for (const { key, check } of fields) {
        const fault = check((value as Record<string, unknown>)[key], depth);
        if (fault !== undefined) return within(`.${key}`, fault);
      }
      return undefined;
    };
    // Before the fields, so that a type that contains itself finds itself.
    this.#objects.set(object.index, check);
    for (const field of object.fields) {
      if (field.deprecated || field.type.base === Base.utype || field.type.element === Base.utype) continue;
      fields.push({ key: fieldKey(field.name), check: this.#field(object, field) });
    }
    return check;
  }

  #field(object: SchemaObject, field: SchemaField): Check {
    const check = this.#value(field.type);
    if (object.isStruct || field.required) return check;
    const nullable = field.optional || !isScalar(field.type.base);
    return (value, depth) => (value === undefined || (nullable && value === null) ? undefined : check(value, depth));
  }

  #value({ base, element, index, fixedLength }: SchemaType): Check {
    if (base === Base.string) return (v) => (typeof v === "string" ? undefined : isNot(v, "a string"));
    if (base === Base.object) return this.#table(index);
    if (base === Base.union) return this.#union(index);
    if (base === Base.vector || base === Base.array) {
      const length = base === Base.array ? fixedLength : undefined;
      const one = this.#value({ base: element, element: Base.none, index, fixedLength: 0 });
      return listCheck(one, "a list", length, SAFE_ARRAYS.get(element));
    }
    return scalarCheck(base);
  }

  #table(index: number): Check {
    const object = this.#schema.objects[index];
    const check = this.object(object);
    return object.isStruct ? check : (value, depth) => check(value, depth + 1);
  }

  #union(index: number): Check {
    const union = this.#schema.enums[index];
    const members = union.values.filter((value) => value.type !== undefined);
    const checks = new Map(members.map(({ name, type }) => [name, this.#value(type as SchemaType)]));
    return (value, depth) => {
      if (typeof value !== "object" || value === null) return isNot(value, `a { type, value } of ${union.name}`);
      const { type, value: inner } = value as { type: unknown; value: unknown };
      const check = typeof type === "string" ? checks.get(type) : undefined;
      if (check === undefined) return within(".type", isNot(type, `one of ${[...checks.keys()].join(", ")}`));
      const fault = check(inner, depth);
      return fault && within(".value", fault);
    };
  }
}

const checkers = new WeakMap<BinarySchema, Checker>();

/** By type and not by text: equal texts that are not one string are compared letter by letter, which takes longer than to encode. */
const checks = new WeakMap<TypeRef, Check>();

function checkOf({ name, schema: text }: TypeRef): Check {
  const schema = schemaFromBase64(text);
  let checker = checkers.get(schema);
  if (checker === undefined) {
    checker = new Checker(schema);
    checkers.set(schema, checker);
  }
  const object = schema.object.get(name);
  if (object === undefined) throw new BusError("core/internal", { details: { reason: `no ${name} in its schema` } });
  return checker.object(object);
}

function faultOf(type: TypeRef, value: unknown): Fault | undefined {
  let check = checks.get(type);
  if (check === undefined) {
    check = checkOf(type);
    checks.set(type, check);
  }
  return check(value, 1);
}

/** Path without the leading dot and problem of the first field that does not fit, or undefined. */
export function checkValue(type: TypeRef, value: unknown): string | undefined {
  const fault = faultOf(type, value);
  return fault && `${fault.path.replace(/^\./, "") || "value"} ${fault.problem}`;
}

/**
 * Ends an encoder that met a value it cannot write. Slow on purpose: the reason is looked for only now.
 * @throws BusError core/type-mismatch for what is missing or too deep, TypeError for the rest
 */
export function unfit(type: TypeRef, value: unknown, depth = 0): never {
  const deep = depth >= DEPTH_MAX ? { path: "", problem: `is nested deeper than ${DEPTH_MAX} tables` } : undefined;
  const fault = deep ?? faultOf(type, value) ?? { path: "", problem: "changed while it was encoded" };
  const path = fault.path.replace(/^\./, "") || "value";
  if (fault.problem === "is missing" || fault.problem.startsWith("is nested") || fault.problem.startsWith("is null")) {
    throw new BusError("core/type-mismatch", { details: { type: type.name, path, problem: fault.problem } });
  }
  throw new TypeError(`${type.name}: ${path} ${fault.problem}`);
}

/** What an encoder does with a STOP of one of its parts: full is a result, unfit an error. */
export function stop(code: number, type: TypeRef, value: unknown): -1 {
  if (code === -1) return -1;
  return unfit(type, value);
}

/**
 * Ends a decoder that met a payload without a required field, which no verifier lets through.
 * @throws BusError core/type-mismatch
 */
export function absent(type: TypeRef, path: string): never {
  throw new BusError("core/type-mismatch", { details: { type: type.name, path, problem: "is missing" } });
}
