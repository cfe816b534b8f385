import { Builder } from "flatbuffers";
import { BusError, suggestion } from "#wire";
import { defaultText, tableOf } from "./canonical.ts";
import { camelCase, fieldKey } from "./codec/names.ts";
import { isJsonObject } from "./json.ts";
import {
  BASE_BYTES,
  Base,
  type BinarySchema,
  isScalar,
  type SchemaField,
  type SchemaObject,
  type SchemaType,
} from "./model.ts";
import { Misfit, scalarFromJson, show } from "./scalar-json.ts";
import { DEPTH_MAX } from "./verify.ts";

/**
 * The payload that a JSON value describes; what `decodeJson` gives is taken back unchanged. Fields may be named as in the
 * schema or in camelCase; those left out, or null, are absent.
 * @returns bytes of their own, at the start of an ArrayBuffer; the length is a multiple of 4
 * @throws BusError `schema/bad-json` naming the place ("units[2].hp"), `schema/unknown-type`
 */
export function encodeJson(schema: BinarySchema, typeName: string, json: unknown): Uint8Array<ArrayBuffer> {
  const writer = new JsonWriter(schema, typeName);
  return writer.finish(writer.table(tableOf(schema, typeName), json, "", 1));
}

const badJson = (path: string, problem: string): BusError =>
  new BusError("schema/bad-json", { details: { path, problem } });

/** Writes a field that was prepared before its table was begun. */
type Slot = () => void;

class JsonWriter {
  readonly #schema: BinarySchema;
  readonly #root: string;
  readonly #builder: Builder = new Builder(256);

  constructor(schema: BinarySchema, root: string) {
    this.#schema = schema;
    this.#root = root;
  }

  finish(root: number): Uint8Array<ArrayBuffer> {
    this.#builder.finish(root);
    return new Uint8Array(this.#builder.asUint8Array());
  }

  table(table: SchemaObject, json: unknown, path: string, depth: number): number {
    if (depth > DEPTH_MAX) throw this.#bad(path, `has more than ${DEPTH_MAX} nested tables`);
    const values = this.#fieldsOf(table, json, path);
    const slots: Slot[] = [];
    for (const field of table.fields) {
      const value = values.get(field);
      const place = join(path, field.name);
      if (value !== undefined) slots.push(this.#slot(field, value, place, depth));
      else if (field.required) throw this.#bad(place, "is missing, and required");
    }
    const builder = this.#builder;
    builder.startObject(table.fields.length === 0 ? 0 : table.fields[table.fields.length - 1].id + 1);
    for (const write of slots) write();
    return builder.endObject();
  }

  /** Values by field; null counts as absent where absence is possible. */
  #fieldsOf(object: SchemaObject, json: unknown, path: string): Map<SchemaField, unknown> {
    if (!isJsonObject(json)) throw this.#bad(path, `${show(json)} is not an object, as ${object.name} wants`);
    const keys = keysOf(object);
    const values = new Map<SchemaField, unknown>();
    for (const [key, value] of Object.entries(json)) {
      const field = keys.get(key);
      if (field === undefined) throw this.#bad(join(path, key), this.#unknownKey(object, key));
      if (values.has(field)) throw this.#bad(join(path, key), "is given twice");
      if (value === undefined) continue;
      if (value !== null) values.set(field, value);
      else if (object.isStruct || (isScalar(field.type.base) && !field.optional)) {
        throw this.#bad(join(path, key), "is null, but has to have a value; leave it out for the default");
      }
    }
    return values;
  }

  #unknownKey(object: SchemaObject, key: string): string {
    const field = object.field.get(key);
    if (field?.deprecated) return "is deprecated";
    if (field !== undefined) return `is not written by itself; write {"type": ..., "value": ...} for the union`;
    const names = [...new Set(keysOf(object).values())].map((other) => other.name);
    return `is not a field of ${object.name}${suggestion(key, names)}`;
  }

  #slot(field: SchemaField, value: unknown, path: string, depth: number): Slot {
    const builder = this.#builder;
    const { type, id } = field;
    if (isScalar(type.base)) {
      const scalar = this.#scalar(type, type.base, value, path);
      return () => {
        if (this.#isDefault(field, scalar)) return;
        addScalar(builder, type.base, scalar);
        builder.slot(id);
      };
    }
    if (type.base === Base.union) return this.#unionSlot(field, value, path, depth);
    if (type.base === Base.object && this.#schema.objects[type.index].isStruct) {
      const struct = this.#schema.objects[type.index];
      const bytes = this.#struct(struct, value, path);
      return () => {
        builder.prep(struct.minAlign, bytes.length);
        putBytes(builder, bytes);
        builder.slot(id);
      };
    }
    if (type.base === Base.vector && type.element === Base.union) return this.#unionsSlot(field, value, path, depth);
    const offset = this.#reference(type, value, path, depth);
    return () => builder.addFieldOffset(id, offset, 0);
  }

  #isDefault(field: SchemaField, scalar: number | bigint): boolean {
    const text = defaultText(field);
    if (text === undefined) return false;
    return field.type.base === Base.bool
      ? Number(scalar) === Number(text)
      : (Object.is(scalar, -0) ? "-0" : String(scalar)) === text;
  }

  #reference(type: SchemaType, value: unknown, path: string, depth: number): number {
    if (type.base === Base.string) return this.#string(value, path);
    if (type.base === Base.vector) return this.#vector(type, value, path, depth);
    return this.table(this.#schema.objects[type.index], value, path, depth + 1);
  }

  #string(value: unknown, path: string): number {
    if (typeof value !== "string") throw this.#bad(path, `${show(value)} is not a string`);
    if (/\p{Surrogate}/u.test(value)) throw this.#bad(path, "holds half of a character pair, which UTF-8 cannot say");
    return this.#builder.createString(value);
  }

  #vector(type: SchemaType, value: unknown, path: string, depth: number): number {
    const builder = this.#builder;
    if (type.element === Base.ubyte && type.index < 0 && isJsonObject(value)) {
      return builder.createByteVector(this.#base64(value, path));
    }
    const items = this.#list(value, path);
    if (isScalar(type.element)) return this.#scalars(type, items, path);
    const object = type.element === Base.object ? this.#schema.objects[type.index] : undefined;
    if (object?.isStruct) {
      const structs = items.map((item, i) => this.#struct(object, item, `${path}[${i}]`));
      builder.startVector(object.byteSize, structs.length, object.minAlign);
      for (let i = structs.length - 1; i >= 0; i--) putBytes(builder, structs[i]);
      return builder.endVector();
    }
    const element: SchemaType = { ...type, base: type.element, element: Base.none };
    return this.#offsets(items.map((item, i) => this.#reference(element, item, `${path}[${i}]`, depth)));
  }

  #scalars(type: SchemaType, items: readonly unknown[], path: string): number {
    const size = BASE_BYTES[type.element];
    const scalars = items.map((item, i) => this.#scalar(type, type.element, item, `${path}[${i}]`));
    this.#builder.startVector(size, scalars.length, size);
    for (let i = scalars.length - 1; i >= 0; i--) addScalar(this.#builder, type.element, scalars[i]);
    return this.#builder.endVector();
  }

  #offsets(offsets: readonly number[]): number {
    this.#builder.startVector(4, offsets.length, 4);
    for (let i = offsets.length - 1; i >= 0; i--) this.#builder.addOffset(offsets[i]);
    return this.#builder.endVector();
  }

  #unionSlot(field: SchemaField, value: unknown, path: string, depth: number): Slot {
    const { tag, offset } = this.#member(field.type, value, path, depth);
    return () => {
      this.#builder.addFieldInt8(field.id - 1, tag, 0);
      this.#builder.addFieldOffset(field.id, offset, 0);
    };
  }

  #unionsSlot(field: SchemaField, value: unknown, path: string, depth: number): Slot {
    const members = this.#list(value, path).map((item, i) => this.#member(field.type, item, `${path}[${i}]`, depth));
    const tags = this.#builder.createByteVector(Uint8Array.from(members, (member) => member.tag));
    const values = this.#offsets(members.map((member) => member.offset));
    return () => {
      this.#builder.addFieldOffset(field.id - 1, tags, 0);
      this.#builder.addFieldOffset(field.id, values, 0);
    };
  }

  #member(type: SchemaType, value: unknown, path: string, depth: number): { tag: number; offset: number } {
    const union = this.#schema.enums[type.index];
    if (!isJsonObject(value)) throw this.#bad(path, `${show(value)} is not {"type": ..., "value": ...}`);
    for (const key of Object.keys(value)) {
      if (key !== "type" && key !== "value")
        throw this.#bad(join(path, key), 'is unknown; a union is {"type": ..., "value": ...}');
    }
    const names = union.values.filter((member) => member.type !== undefined).map((member) => member.name);
    const member = typeof value.type === "string" ? union.byName.get(value.type) : undefined;
    if (member?.type === undefined) {
      const hint = typeof value.type === "string" ? suggestion(value.type, names) : "";
      throw this.#bad(
        join(path, "type"),
        `${show(value.type)} is not a member of ${union.name}${hint || `; it has ${names.slice(0, 12).join(", ")}`}`,
      );
    }
    const inner = join(path, "value");
    const object = member.type.base === Base.object ? this.#schema.objects[member.type.index] : undefined;
    const offset = object?.isStruct
      ? this.#structOnItsOwn(object, value.value, inner)
      : this.#reference(member.type, value.value, inner, depth);
    return { tag: Number(member.value), offset };
  }

  #structOnItsOwn(struct: SchemaObject, value: unknown, path: string): number {
    const bytes = this.#struct(struct, value, path);
    this.#builder.prep(struct.minAlign, bytes.length);
    putBytes(this.#builder, bytes);
    return this.#builder.offset();
  }

  #struct(struct: SchemaObject, json: unknown, path: string): Uint8Array {
    const view = new DataView(new ArrayBuffer(struct.byteSize));
    this.#fillStruct(view, 0, struct, json, path);
    return new Uint8Array(view.buffer);
  }

  #fillStruct(view: DataView, at: number, struct: SchemaObject, json: unknown, path: string): void {
    const values = this.#fieldsOf(struct, json, path);
    for (const field of struct.fields) {
      const place = join(path, field.name);
      if (!values.has(field)) throw this.#bad(place, "is missing; structs are written whole");
      const { type } = field;
      const value = values.get(field);
      if (type.base !== Base.array) this.#fillInline(view, at + field.offset, type, type.base, value, place);
      else {
        const items = this.#list(value, place);
        if (items.length !== type.fixedLength)
          throw this.#bad(place, `has ${items.length} elements instead of ${type.fixedLength}`);
        const step =
          type.element === Base.object ? this.#schema.objects[type.index].byteSize : BASE_BYTES[type.element];
        items.forEach((item, i) => {
          this.#fillInline(view, at + field.offset + i * step, type, type.element, item, `${place}[${i}]`);
        });
      }
    }
  }

  #fillInline(view: DataView, at: number, type: SchemaType, base: number, value: unknown, path: string): void {
    if (base === Base.object) this.#fillStruct(view, at, this.#schema.objects[type.index], value, path);
    else putScalar(view, at, base, this.#scalar(type, base, value, path));
  }

  #scalar(type: SchemaType, base: number, value: unknown, path: string): number | bigint {
    try {
      return scalarFromJson(this.#schema, type, base, value);
    } catch (error) {
      if (error instanceof Misfit) throw this.#bad(path, error.message);
      throw error;
    }
  }

  #list(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.#bad(path, `${show(value)} is not a list`);
  }

  #base64(value: Readonly<Record<string, unknown>>, path: string): Uint8Array {
    const text = value.$base64;
    const exact = typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
    if (!exact || Object.keys(value).length !== 1)
      throw this.#bad(path, 'is not {"$base64": text} nor a list of numbers');
    return Buffer.from(text, "base64");
  }

  #bad(path: string, problem: string): BusError {
    return badJson(path === "" ? this.#root : path, problem);
  }
}

const join = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

const keys = new WeakMap<SchemaObject, ReadonlyMap<string, SchemaField>>();

/** The fields that JSON may name, under each of their names. A name of the schema wins over another's camelCase. */
function keysOf(object: SchemaObject): ReadonlyMap<string, SchemaField> {
  let known = keys.get(object);
  if (known === undefined) {
    const named = object.fields.filter(
      ({ type, deprecated }) => !deprecated && type.base !== Base.utype && type.element !== Base.utype,
    );
    known = new Map([
      ...named.flatMap((field): [string, SchemaField][] => [
        [camelCase(field.name), field],
        [fieldKey(field.name), field],
      ]),
      ...named.map((field): [string, SchemaField] => [field.name, field]),
    ]);
    keys.set(object, known);
  }
  return known;
}

/** Builders write from back to front; the caller has made room. */
function putBytes(builder: Builder, bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) builder.writeInt8(bytes[i]);
}

function addScalar(builder: Builder, base: number, value: number | bigint): void {
  if (base === Base.float) builder.addFloat32(value as number);
  else if (base === Base.double) builder.addFloat64(value as number);
  else if (typeof value === "bigint") builder.addInt64(value);
  else if (BASE_BYTES[base] === 1) builder.addInt8(value);
  else if (BASE_BYTES[base] === 2) builder.addInt16(value);
  else builder.addInt32(value);
}

function putScalar(view: DataView, at: number, base: number, value: number | bigint): void {
  if (base === Base.float) view.setFloat32(at, value as number, true);
  else if (base === Base.double) view.setFloat64(at, value as number, true);
  else if (typeof value === "bigint") view.setBigInt64(at, value, true);
  else if (BASE_BYTES[base] === 1) view.setUint8(at, value);
  else if (BASE_BYTES[base] === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
}
