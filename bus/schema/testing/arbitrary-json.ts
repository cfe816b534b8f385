import fc from "fast-check";
import type { JsonValue } from "../json.ts";
import { Base, type BinarySchema, isLong, type SchemaField, type SchemaObject, type SchemaType } from "../model.ts";

type Values = fc.Arbitrary<JsonValue>;

/** Random values of a table in their canonical JSON form: what decodeJson would give for them. */
export function arbitraryJson(
  schema: BinarySchema,
  typeName: string,
  depth = 4,
): fc.Arbitrary<Record<string, JsonValue>> {
  return tableValues(schema, schema.object.get(typeName) as SchemaObject, depth);
}

function tableValues(
  schema: BinarySchema,
  table: SchemaObject,
  depth: number,
): fc.Arbitrary<Record<string, JsonValue>> {
  const model: Record<string, Values> = {};
  const required: string[] = [];
  for (const field of table.fields) {
    if (field.deprecated || field.type.base === Base.utype || field.type.element === Base.utype) continue;
    const values = fieldValues(schema, field, depth);
    if (values === undefined) continue;
    model[field.name] = values;
    const always = field.type.base < Base.string && !field.optional;
    if (always || field.required) required.push(field.name);
  }
  return fc.record(model, { requiredKeys: required, noNullPrototype: true }) as fc.Arbitrary<Record<string, JsonValue>>;
}

/** undefined where the depth is used up, so that recursive types end. */
function fieldValues(schema: BinarySchema, field: SchemaField, depth: number): Values | undefined {
  const { type } = field;
  if (type.base === Base.vector) return vectorValues(schema, type, depth);
  if (type.base === Base.union) return unionValues(schema, type, depth - 1);
  return inlineValues(schema, type, type.base, depth);
}

function inlineValues(schema: BinarySchema, type: SchemaType, base: number, depth: number): Values | undefined {
  if (base === Base.string) return text();
  if (base !== Base.object) return scalarValues(schema, type, base);
  const object = schema.objects[type.index];
  if (object.isStruct) return structValues(schema, object);
  return depth <= 1 ? undefined : tableValues(schema, object, depth - 1);
}

function vectorValues(schema: BinarySchema, type: SchemaType, depth: number): Values | undefined {
  if (type.element === Base.ubyte && type.index < 0) {
    return fc.uint8Array({ maxLength: 9 }).map((bytes) => ({ $base64: Buffer.from(bytes).toString("base64") }));
  }
  const item =
    type.element === Base.union
      ? unionValues(schema, type, depth - 1)
      : inlineValues(schema, type, type.element, depth);
  return item === undefined ? undefined : fc.array(item, { maxLength: 4 });
}

function unionValues(schema: BinarySchema, type: SchemaType, depth: number): Values | undefined {
  const members = schema.enums[type.index].values.flatMap((member): Values[] => {
    const value = member.type === undefined ? undefined : inlineValues(schema, member.type, member.type.base, depth);
    return value === undefined ? [] : [fc.record({ type: fc.constant(member.name), value }, { noNullPrototype: true })];
  });
  return members.length === 0 ? undefined : fc.oneof(...members);
}

const structValues = (schema: BinarySchema, struct: SchemaObject): Values =>
  fc.record(
    Object.fromEntries(
      struct.fields.map(({ name, type }): [string, Values] => {
        const base = type.base === Base.array ? type.element : type.base;
        const one = inlineValues(schema, type, base, 1) as Values;
        const length = type.fixedLength;
        return [name, type.base === Base.array ? fc.array(one, { minLength: length, maxLength: length }) : one];
      }),
    ),
    { noNullPrototype: true },
  );

const text = (): fc.Arbitrary<string> =>
  fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: "grapheme", maxLength: 40 }));

function scalarValues(schema: BinarySchema, type: SchemaType, base: number): Values {
  if (base === Base.bool) return fc.boolean();
  if (type.index >= 0) {
    const values = schema.enums[type.index].values.map((value) => value.name);
    return fc.constantFrom(...values);
  }
  if (base === Base.float) return fc.float().map(special);
  if (base === Base.double) return fc.double().map(special);
  if (isLong(base)) {
    const [min, max] = base === Base.long ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    return fc.bigInt({ min, max }).map(String);
  }
  const [min, max] = INTEGERS[base];
  return fc.integer({ min, max });
}

const special = (value: number): JsonValue => (Number.isFinite(value) ? value : String(value));

const INTEGERS: Readonly<Record<number, readonly [number, number]>> = {
  [Base.byte]: [-128, 127],
  [Base.ubyte]: [0, 255],
  [Base.short]: [-32768, 32767],
  [Base.ushort]: [0, 65535],
  [Base.int]: [-2147483648, 2147483647],
  [Base.uint]: [0, 4294967295],
};
