import { malformedSchema } from "./bfbs-reader.ts";
import {
  BASE_BYTES,
  Base,
  type BinarySchema,
  isScalar,
  type SchemaEnum,
  type SchemaField,
  type SchemaObject,
  type SchemaType,
} from "./model.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const SLOT_MAX = 32_763; // the vtable is counted in u16 bytes: (65534 - 4) / 2 entries, less one for a union's tag
const STRUCT_BYTES_MAX = 1 << 20;

/**
 * Refuses a schema whose parts do not fit together. What passes is safe for plans that index without looking: each type
 * names an existing thing of the right sort, struct fields lie inside their struct, structs contain no cycle.
 * @throws BusError `schema/bad-schema`
 */
export function checkSchema(schema: BinarySchema): void {
  for (const object of schema.objects) {
    checkName(object.name);
    if (schema.enum.has(object.name)) throw malformedSchema(`${object.name} is both an enum and a table`);
    if (object.isStruct) checkStruct(schema, object);
    else checkTable(schema, object);
  }
  for (const type of schema.enums) checkEnum(schema, type);
  const depths = new Int8Array(schema.objects.length);
  for (const object of schema.objects) if (object.isStruct) structDepth(schema, object, depths);
  checkServices(schema);
}

function checkServices(schema: BinarySchema): void {
  for (const service of schema.services) {
    checkName(service.name);
    for (const call of service.calls) {
      checkName(call.name);
      for (const name of [call.request, call.response]) {
        const object = schema.object.get(name);
        if (object === undefined || object.isStruct) throw malformedSchema(`${service.name}: ${name} is no table`);
      }
    }
  }
  if (schema.root !== undefined && !schema.object.has(schema.root)) throw malformedSchema("its root type is missing");
}

// Names become keys of plain objects in the JSON form, so the one that objects treat specially is out.
function checkName(name: string): void {
  if (!NAME.test(name) || name === "__proto__") throw malformedSchema(`'${name.slice(0, 80)}' is not a name`);
}

function checkTable(schema: BinarySchema, table: SchemaObject): void {
  let before: SchemaField | undefined;
  for (const field of table.fields) {
    const place = `${table.name}.${field.name}`;
    checkName(field.name);
    if (field.id === before?.id || field.id > SLOT_MAX)
      throw malformedSchema(`${place} has an impossible id ${field.id}`);
    if (field.type.base === Base.array || !isFieldType(schema, field.type)) {
      throw malformedSchema(`${place} has no sound type`);
    }
    if (hasTag(field.type) && !isTagOf(before, field)) throw malformedSchema(`${place} has no type field before it`);
    if (field.required && isScalar(field.type.base)) {
      throw malformedSchema(`${place} is a scalar and cannot be required`);
    }
    before = field;
  }
}

const hasTag = (type: SchemaType): boolean =>
  type.base === Base.union || (type.base === Base.vector && type.element === Base.union);

function isTagOf(tag: SchemaField | undefined, field: SchemaField): boolean {
  if (tag === undefined || tag.id !== field.id - 1 || tag.type.index !== field.type.index) return false;
  return field.type.base === Base.union
    ? tag.type.base === Base.utype
    : tag.type.base === Base.vector && tag.type.element === Base.utype;
}

/** Whether the type of a table's field names something that exists. */
function isFieldType(schema: BinarySchema, type: SchemaType): boolean {
  const { base, element, index } = type;
  if (base === Base.vector) return element !== Base.vector && element !== Base.array && isSound(schema, element, index);
  return isSound(schema, base, index);
}

function isSound(schema: BinarySchema, base: number, index: number): boolean {
  if (base === Base.string) return true;
  if (base === Base.object) return index >= 0 && index < schema.objects.length;
  if (base === Base.union || base === Base.utype) return schema.enums[index]?.isUnion === true;
  if (!isScalar(base)) return false;
  if (index === -1) return true;
  const type: SchemaEnum | undefined = schema.enums[index];
  return type !== undefined && !type.isUnion && type.underlying.base === base && base < Base.float;
}

function checkStruct(schema: BinarySchema, struct: SchemaObject): void {
  const { minAlign, byteSize, name } = struct;
  // A payload starts at a multiple of 8, so no larger alignment could be kept.
  if (![1, 2, 4, 8].includes(minAlign))
    throw malformedSchema(`struct ${name} has alignment ${minAlign}; 8 is the most`);
  if (byteSize <= 0 || byteSize > STRUCT_BYTES_MAX || byteSize % minAlign !== 0) {
    throw malformedSchema(`struct ${name} has an impossible size ${byteSize}`);
  }
  let end = 0;
  for (const field of struct.fields) {
    checkName(field.name);
    const [bytes, align] = inlineLayout(schema, field.type);
    if (
      bytes <= 0 ||
      field.offset < end ||
      field.offset % align !== 0 ||
      align > minAlign ||
      field.offset + bytes > byteSize
    ) {
      throw malformedSchema(`struct ${name}.${field.name} does not lie inside its struct`);
    }
    end = field.offset + bytes;
  }
  if (end === 0) throw malformedSchema(`struct ${name} is empty`);
}

/** Size and alignment of what lies in place in a struct; size 0 for anything that cannot. */
function inlineLayout(schema: BinarySchema, type: SchemaType): readonly [bytes: number, align: number] {
  const base = type.base === Base.array ? type.element : type.base;
  const count = type.base === Base.array ? type.fixedLength : 1;
  if (base === Base.object) {
    const inner = schema.objects[type.index];
    return inner?.isStruct === true ? [inner.byteSize * count, inner.minAlign] : [0, 1];
  }
  const sound = isScalar(base) && base !== Base.utype && isSound(schema, base, type.index);
  return sound ? [BASE_BYTES[base] * count, BASE_BYTES[base]] : [0, 1];
}

const VISITING = -1;
const STRUCT_DEPTH_MAX = 32;

/** Levels of structs in structs; a struct inside itself could only be endless. */
function structDepth(schema: BinarySchema, struct: SchemaObject, depths: Int8Array): number {
  const known = depths[struct.index];
  if (known > 0) return known;
  if (known === VISITING) throw malformedSchema(`struct ${struct.name} contains itself`);
  depths[struct.index] = VISITING;
  let depth = 1;
  for (const { type } of struct.fields) {
    const inner = type.base === Base.object || type.element === Base.object ? schema.objects[type.index] : undefined;
    if (inner !== undefined) depth = Math.max(depth, 1 + structDepth(schema, inner, depths));
  }
  if (depth > STRUCT_DEPTH_MAX) throw malformedSchema(`struct ${struct.name} is nested too deep`);
  depths[struct.index] = depth;
  return depth;
}

function checkEnum(schema: BinarySchema, type: SchemaEnum): void {
  checkName(type.name);
  const base = type.underlying.base;
  if (type.isUnion ? base !== Base.utype : !isScalar(base) || base >= Base.float || base === Base.utype) {
    throw malformedSchema(`${type.name} has an impossible underlying type`);
  }
  for (const value of type.values) {
    checkName(value.name);
    if (!type.isUnion) continue;
    if (value.value < 0n || value.value > 255n) throw malformedSchema(`${type.name}.${value.name} does not fit a tag`);
    if (value.value === 0n) {
      if (value.type !== undefined) throw malformedSchema(`${type.name}.${value.name} has tag 0, which means none`);
    } else if (value.type === undefined || !isMember(schema, value.type)) {
      throw malformedSchema(`${type.name}.${value.name} has no sound type`);
    }
  }
}

const isMember = (schema: BinarySchema, type: SchemaType): boolean =>
  type.base === Base.string || (type.base === Base.object && type.index >= 0 && type.index < schema.objects.length);
