import { BusError, Memory } from "#wire";
import { tableOf } from "./canonical.ts";
import { getString } from "./codec/read.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import {
  BASE_BYTES,
  Base,
  type BinarySchema,
  isFloat,
  isLong,
  isScalar,
  type SchemaField,
  type SchemaObject,
  type SchemaType,
} from "./model.ts";
import { scalarToJson } from "./scalar-json.ts";
import { makeVerifier, type Verifier } from "./verify.ts";

type Writable = Record<string, JsonValue>;

/**
 * Canonical JSON value of a payload, by the binary schema alone: field names as in the schema, scalars with their default
 * when absent, 64-bit integers as decimal strings, enums by name, [ubyte] as {"$base64": text}, unions as
 * {"type", "value"}; absent strings, tables, vectors, unions, optional scalars and all deprecated fields are left out.
 * @param bytes the payload and nothing else; verified first, not kept
 * @throws BusError `schema/unknown-type`, `wire/malformed-payload`
 */
export function decodeJson(schema: BinarySchema, typeName: string, bytes: Uint8Array): JsonObject {
  const memory = Memory.copyOf(bytes);
  const reason = verifierOf(schema, typeName)(memory, 0, bytes.length);
  if (reason !== undefined) throw new BusError("wire/malformed-payload", { details: { type: typeName, reason } });
  return decodeJsonAt(schema, typeName, memory, 0);
}

/**
 * The same for a payload at `offset` (a multiple of 8) that was verified before; reading any other is not safe.
 * @throws BusError `schema/unknown-type`; `wire/malformed-payload` when it stands for more than 4 million fields
 */
export function decodeJsonAt(schema: BinarySchema, typeName: string, memory: Memory, offset: number): JsonObject {
  fieldsLeft = FIELDS_MAX;
  return tableToJson(schema, tableOf(schema, typeName), memory, offset + memory.i32[offset >> 2]);
}

/** Fields that one message may stand for: its tables may be nearly empty, and each gives all fields with a default. */
export const FIELDS_MAX = 4_000_000;
let fieldsLeft = 0;

const verifiers = new WeakMap<BinarySchema, Map<string, Verifier>>();

/** The verifier of a type, made once per schema and type. */
export function verifierOf(schema: BinarySchema, typeName: string): Verifier {
  let known = verifiers.get(schema);
  if (known === undefined) verifiers.set(schema, (known = new Map()));
  let verifier = known.get(typeName);
  if (verifier === undefined) known.set(typeName, (verifier = makeVerifier(schema, typeName)));
  return verifier;
}

const follow = (m: Memory, at: number): number => at + m.i32[at >> 2];

function tableToJson(schema: BinarySchema, table: SchemaObject, m: Memory, at: number): JsonObject {
  const vtable = at - m.i32[at >> 2];
  const entries = m.u16[vtable >> 1];
  const json: Writable = {};
  fieldsLeft -= requireFields(table, 1);
  for (const field of table.fields) {
    if (field.deprecated || isTag(field.type)) continue;
    const entry = 4 + 2 * field.id;
    const offset = entry < entries ? m.u16[(vtable + entry) >> 1] : 0;
    const value =
      offset === 0
        ? absentToJson(schema, field)
        : fieldToJson(schema, field, m, at + offset, () => tagAt(m, at, vtable, field.id - 1));
    if (value !== undefined) json[field.name] = value;
  }
  return json;
}

/** @returns fields of `count` tables. @throws when the message would stand for too many */
function requireFields(table: SchemaObject, count: number): number {
  const fields = table.fields.length * count;
  if (fields <= fieldsLeft) return fields;
  const reason = `it stands for more than ${FIELDS_MAX} fields`;
  throw new BusError("wire/malformed-payload", { details: { type: table.name, reason } });
}

const isTag = (type: SchemaType): boolean => type.base === Base.utype || type.element === Base.utype;
const tagAt = (m: Memory, at: number, vtable: number, id: number): number => at + m.u16[(vtable + 4 + 2 * id) >> 1];

/** What an absent field reads as; undefined when it is left out. */
function absentToJson(schema: BinarySchema, field: SchemaField): JsonValue | undefined {
  const { base } = field.type;
  if (!isScalar(base) || field.optional) return undefined;
  if (isFloat(base))
    return scalarToJson(
      schema,
      field.type,
      base,
      base === Base.float ? Math.fround(field.defaultReal) : field.defaultReal,
    );
  const value = field.defaultInteger;
  return scalarToJson(schema, field.type, base, isLong(base) ? value : Number(value));
}

function fieldToJson(schema: BinarySchema, field: SchemaField, m: Memory, at: number, tag: () => number): JsonValue {
  const { type } = field;
  switch (type.base) {
    case Base.string:
      return getString(m, at);
    case Base.object: {
      const object = schema.objects[type.index];
      return object.isStruct ? structToJson(schema, object, m, at) : tableToJson(schema, object, m, follow(m, at));
    }
    case Base.union:
      return unionToJson(schema, type, m, m.u8[tag()], at);
    case Base.vector:
      return type.element === Base.union
        ? unionsToJson(schema, type, m, follow(m, tag()), follow(m, at))
        : vectorToJson(schema, type, m, follow(m, at));
    default:
      return scalarToJson(schema, type, type.base, readScalar(m, type.base, at));
  }
}

/** @param slot where the offset to the value is stored */
function unionToJson(schema: BinarySchema, type: SchemaType, m: Memory, tag: number, slot: number): JsonValue {
  const member = schema.enums[type.index].byValue.get(BigInt(tag));
  // From a newer writer: its number is all that can be said.
  if (member?.type === undefined) return { type: tag };
  if (member.type.base === Base.string) return { type: member.name, value: getString(m, slot) };
  const object = schema.objects[member.type.index];
  const at = follow(m, slot);
  return {
    type: member.name,
    value: object.isStruct ? structToJson(schema, object, m, at) : tableToJson(schema, object, m, at),
  };
}

function unionsToJson(schema: BinarySchema, type: SchemaType, m: Memory, tags: number, values: number): JsonValue {
  const list: JsonValue[] = [];
  for (let i = 0; i < m.u32[values >> 2]; i++) {
    const tag = m.u8[tags + 4 + i];
    list.push(tag === 0 ? null : unionToJson(schema, type, m, tag, values + 4 + 4 * i));
  }
  return list;
}

function vectorToJson(schema: BinarySchema, type: SchemaType, m: Memory, at: number): JsonValue {
  const count = m.u32[at >> 2];
  if (type.element === Base.ubyte && type.index < 0) {
    return { $base64: m.text.toString("base64", at + 4, at + 4 + count) };
  }
  const list: JsonValue[] = [];
  const object = type.element === Base.object ? schema.objects[type.index] : undefined;
  const step = object?.isStruct ? object.byteSize : BASE_BYTES[type.element];
  // Before the first of them is made.
  if (object?.isStruct === false) requireFields(object, count);
  for (let i = 0, place = at + 4; i < count; i++, place += step) {
    if (type.element === Base.string) list.push(getString(m, place));
    else if (object === undefined)
      list.push(scalarToJson(schema, type, type.element, readScalar(m, type.element, place)));
    else if (object.isStruct) list.push(structToJson(schema, object, m, place));
    else list.push(tableToJson(schema, object, m, follow(m, place)));
  }
  return list;
}

function structToJson(schema: BinarySchema, struct: SchemaObject, m: Memory, at: number): JsonObject {
  const json: Writable = {};
  for (const { name, type, offset } of struct.fields) {
    const place = at + offset;
    if (type.base === Base.array) json[name] = arrayToJson(schema, type, m, place);
    else if (type.base === Base.object) json[name] = structToJson(schema, schema.objects[type.index], m, place);
    else json[name] = scalarToJson(schema, type, type.base, readScalar(m, type.base, place));
  }
  return json;
}

function arrayToJson(schema: BinarySchema, type: SchemaType, m: Memory, at: number): JsonValue {
  const object = type.element === Base.object ? schema.objects[type.index] : undefined;
  const step = object?.byteSize ?? BASE_BYTES[type.element];
  return Array.from({ length: type.fixedLength }, (_, i) =>
    object === undefined
      ? scalarToJson(schema, type, type.element, readScalar(m, type.element, at + i * step))
      : structToJson(schema, object, m, at + i * step),
  );
}

function readScalar(m: Memory, base: number, at: number): number | bigint {
  switch (base) {
    case Base.byte:
      return m.i8[at];
    case Base.short:
      return m.i16[at >> 1];
    case Base.ushort:
      return m.u16[at >> 1];
    case Base.int:
      return m.i32[at >> 2];
    case Base.uint:
      return m.u32[at >> 2];
    case Base.long:
      return m.i64[at >> 3];
    case Base.ulong:
      return m.u64[at >> 3];
    case Base.float:
      return m.f32[at >> 2];
    case Base.double:
      return m.f64[at >> 3];
    default:
      return m.u8[at];
  }
}
