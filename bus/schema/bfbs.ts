import { checkSchema } from "./bfbs-check.ts";
import { BfbsReader, type BfbsTable, malformedSchema } from "./bfbs-reader.ts";
import {
  Base,
  type BinarySchema,
  type SchemaCall,
  type SchemaEnum,
  type SchemaEnumValue,
  type SchemaField,
  type SchemaObject,
  type SchemaService,
  type SchemaType,
} from "./model.ts";

/**
 * Loads a binary schema made by `flatc -b --schema` (with `--bfbs-builtins`, or streaming and bit_flags go unseen).
 * @param bytes not kept; may come from a peer: work is bounded by a small multiple of its length
 * @throws BusError `schema/bad-schema`
 * @source reflection.fbs of FlatBuffers 25.9.23
 */
export function loadBinarySchema(bytes: Uint8Array): BinarySchema {
  const identified = bytes.length >= 12 && String.fromCharCode(...bytes.subarray(4, 8)) === "BFBS";
  if (!identified) throw malformedSchema("it does not carry the identifier BFBS");
  const root = new BfbsReader(bytes).root();
  const objects = root.tables(0).map(readObject);
  const enums = root.tables(1).map(readEnum);
  const services = root.tables(5).map(readService);
  const schema: BinarySchema = {
    objects,
    enums,
    services,
    object: byName(objects),
    enum: byName(enums),
    service: byName(services),
    identifier: root.text(2) || undefined,
    root: root.table(4)?.text(0),
  };
  checkSchema(schema);
  return schema;
}

const cache = new Map<string, BinarySchema>();
const CACHED_MAX = 32;

/**
 * The schema in base64, as bindings carry it; loaded once per text. The oldest of more than 32 is forgotten.
 * @throws BusError `schema/bad-schema`
 */
export function schemaFromBase64(text: string): BinarySchema {
  let schema = cache.get(text);
  if (schema === undefined) {
    schema = loadBinarySchema(Buffer.from(text, "base64"));
    if (cache.size >= CACHED_MAX) cache.delete(cache.keys().next().value as string);
    cache.set(text, schema);
  }
  return schema;
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    if (map.has(item.name)) throw malformedSchema(`${item.name} is there twice`);
    map.set(item.name, item);
  }
  return map;
}

const nameOf = (table: BfbsTable): string => {
  const name = table.text(0);
  if (name === undefined) throw malformedSchema("a part has no name");
  return name;
};

const NO_TYPE: SchemaType = { base: Base.none, element: Base.none, index: -1, fixedLength: 0 };

const readType = (table: BfbsTable | undefined): SchemaType =>
  table === undefined
    ? NO_TYPE
    : {
        base: table.i8(0, 0) as Base,
        element: table.i8(1, 0) as Base,
        index: table.i32(2, -1),
        fixedLength: table.u16(3, 0),
      };

const readAttributes = (table: BfbsTable, slot: number): ReadonlyMap<string, string> =>
  new Map(table.tables(slot).map((entry) => [nameOf(entry), entry.text(1) ?? ""]));

/** The file keeps every integer as a signed 64-bit one. */
const asUnsigned = (base: number, value: bigint): bigint => (base === Base.ulong ? BigInt.asUintN(64, value) : value);

function readField(table: BfbsTable): SchemaField {
  const type = readType(table.table(1));
  return {
    name: nameOf(table),
    type,
    id: table.u16(2, 0),
    offset: table.u16(3, 0),
    defaultInteger: asUnsigned(type.base, table.i64(4)),
    defaultReal: table.f64(5),
    deprecated: table.bool(6),
    required: table.bool(7),
    optional: table.bool(11),
    attributes: readAttributes(table, 9),
    documentation: table.texts(10),
  };
}

function readObject(table: BfbsTable, index: number): SchemaObject {
  // The compiler sorts fields by name; every user wants them by slot.
  const fields = table
    .tables(1)
    .map(readField)
    .sort((a, b) => a.id - b.id);
  return {
    name: nameOf(table),
    index,
    isStruct: table.bool(2),
    minAlign: table.i32(3, 0),
    byteSize: table.i32(4, 0),
    fields,
    field: byName(fields),
    attributes: readAttributes(table, 5),
    documentation: table.texts(6),
    file: table.text(7),
  };
}

const readEnumValue = (table: BfbsTable, underlying: SchemaType): SchemaEnumValue => {
  const type = readType(table.table(3));
  return {
    name: nameOf(table),
    value: asUnsigned(underlying.base, table.i64(1)),
    type: type.base === Base.none ? undefined : type,
    documentation: table.texts(4),
  };
};

function readEnum(table: BfbsTable, index: number): SchemaEnum {
  const underlying = readType(table.table(3));
  const values = table.tables(1).map((value) => readEnumValue(value, underlying));
  return {
    name: nameOf(table),
    index,
    isUnion: table.bool(2),
    bitFlags: readAttributes(table, 4).has("bit_flags"),
    underlying,
    values,
    byName: byName(values),
    byValue: new Map(values.map((value) => [value.value, value])),
    documentation: table.texts(5),
    file: table.text(6),
  };
}

function readCall(table: BfbsTable): SchemaCall {
  const request = table.table(1);
  const response = table.table(2);
  if (request === undefined || response === undefined) throw malformedSchema(`call ${nameOf(table)} lacks a type`);
  const streamingMode = readAttributes(table, 3).get("streaming") ?? "none";
  return {
    name: nameOf(table),
    request: nameOf(request),
    response: nameOf(response),
    streaming: streamingMode === "server",
    streamingMode,
    documentation: table.texts(4),
  };
}

const readService = (table: BfbsTable): SchemaService => {
  const calls = table.tables(1).map(readCall);
  byName(calls);
  return { name: nameOf(table), calls, documentation: table.texts(3), file: table.text(4) };
};
