import { createHash } from "node:crypto";
import { BusError, suggestion } from "#wire";
import {
  BASE_NAMES,
  Base,
  type BinarySchema,
  isFloat,
  isScalar,
  type SchemaEnum,
  type SchemaField,
  type SchemaObject,
  type SchemaType,
} from "./model.ts";

/**
 * Table `name` of the schema.
 * @throws BusError `schema/unknown-type`, with the closest name
 */
export function tableOf(schema: BinarySchema, name: string): SchemaObject {
  const object = schema.object.get(name);
  if (object !== undefined && !object.isStruct) return object;
  const tables = schema.objects.filter((other) => !other.isStruct).map((other) => other.name);
  throw new BusError("schema/unknown-type", { details: { type: name, suggestion: suggestion(name, tables) } });
}

/** Type as schema files write it: "ulong", "[galaxy.Fleet]", "[short:3]". */
export function typeText(schema: BinarySchema, type: SchemaType): string {
  if (type.base === Base.vector) return `[${nameOf(schema, type.element, type.index)}]`;
  if (type.base === Base.array) return `[${nameOf(schema, type.element, type.index)}:${type.fixedLength}]`;
  return nameOf(schema, type.base, type.index);
}

function nameOf(schema: BinarySchema, base: number, index: number): string {
  if (base === Base.object) return schema.objects[index].name;
  if (base === Base.utype) return `${schema.enums[index].name}.tag`;
  return index >= 0 ? schema.enums[index].name : BASE_NAMES[base];
}

/** Default of a scalar as text; undefined where absence is a value of its own (optional scalars, everything by offset). */
export function defaultText(field: SchemaField): string | undefined {
  const { base } = field.type;
  if (!isScalar(base) || base === Base.utype || field.optional) return undefined;
  if (isFloat(base)) return Object.is(field.defaultReal, -0) ? "-0" : String(field.defaultReal);
  return String(field.defaultInteger);
}

/** Full names of the tables, structs, enums and unions that `typeName` is made of, itself included, sorted by code unit. */
export function closureOf(schema: BinarySchema, typeName: string): string[] {
  const seen = new Set<string>();
  const waiting: (SchemaObject | SchemaEnum)[] = [tableOf(schema, typeName)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.name)) continue;
    seen.add(next.name);
    const types = "fields" in next ? next.fields.map((field) => field.type) : next.values.map((value) => value.type);
    for (const type of types) {
      const part = type === undefined ? undefined : referenceOf(schema, type);
      if (part !== undefined) waiting.push(part);
    }
  }
  return [...seen].sort();
}

function referenceOf(schema: BinarySchema, type: SchemaType): SchemaObject | SchemaEnum | undefined {
  if (type.index < 0) return undefined;
  const inner = type.base === Base.vector || type.base === Base.array ? type.element : type.base;
  return inner === Base.object ? schema.objects[type.index] : schema.enums[type.index];
}

/**
 * Everything that decides how bytes of `typeName` are read, a line per part, sorted. Comments, spaces, files and tables
 * that the type does not use leave it as it is.
 * @throws BusError `schema/unknown-type`
 */
export function canonicalText(schema: BinarySchema, typeName: string): string {
  const lines = closureOf(schema, typeName).map((name) => {
    const object = schema.object.get(name);
    return object === undefined ? enumLine(schema, schema.enum.get(name) as SchemaEnum) : objectLine(schema, object);
  });
  return `${typeName}\n${lines.join("\n")}\n`;
}

const objectLine = (schema: BinarySchema, object: SchemaObject): string =>
  object.isStruct
    ? `struct ${object.name} ${object.byteSize} ${object.minAlign} {${object.fields.map((field) => `${field.offset} ${field.name}:${typeText(schema, field.type)}`).join(";")}}`
    : `table ${object.name} {${object.fields.map((field) => fieldText(schema, field)).join(";")}}`;

function fieldText(schema: BinarySchema, field: SchemaField): string {
  const value = defaultText(field);
  const flags = `${field.optional && isScalar(field.type.base) ? " optional" : ""}${field.required ? " required" : ""}${field.deprecated ? " deprecated" : ""}`;
  return `${field.id} ${field.name}:${typeText(schema, field.type)}${value === undefined ? "" : `=${value}`}${flags}`;
}

function enumLine(schema: BinarySchema, type: SchemaEnum): string {
  const values = [...type.values]
    .sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
    .map(
      (value) => `${value.value}=${value.name}${value.type === undefined ? "" : `:${typeText(schema, value.type)}`}`,
    );
  const kind = type.isUnion ? "union" : `enum ${BASE_NAMES[type.underlying.base]}${type.bitFlags ? " bit_flags" : ""}`;
  return `${kind} ${type.name} {${values.join(";")}}`;
}

/**
 * Schema fingerprint of a table: first 8 bytes of SHA-256 over "busfp1", a line feed and its canonical text.
 * @returns 16 hex digits, first byte of the digest first
 * @throws BusError `schema/unknown-type`
 * @source docs/wire.md, section 4
 */
export function fingerprintOf(schema: BinarySchema, typeName: string): string {
  return createHash("sha256")
    .update(`busfp1\n${canonicalText(schema, typeName)}`)
    .digest("hex")
    .slice(0, 16);
}
