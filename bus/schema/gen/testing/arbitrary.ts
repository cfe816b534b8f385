import fc from "fast-check";
import { fieldKey } from "../../codec/names.ts";
import {
  Base,
  type BinarySchema,
  isScalar,
  type SchemaField,
  type SchemaObject,
  type SchemaType,
} from "../../model.ts";

const INTEGERS: Readonly<Record<number, readonly [number, number]>> = {
  [Base.byte]: [-128, 127],
  [Base.ubyte]: [0, 255],
  [Base.short]: [-32768, 32767],
  [Base.ushort]: [0, 65535],
  [Base.int]: [-2147483648, 2147483647],
  [Base.uint]: [0, 4294967295],
};

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ minLength: 28, maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constant("é".repeat(31)),
);

function scalar(schema: BinarySchema, base: number, index: number): fc.Arbitrary<unknown> {
  if (index >= 0 && base !== Base.bool) {
    const big = base === Base.long || base === Base.ulong;
    return fc.constantFrom(...schema.enums[index].values.map(({ value }) => (big ? value : Number(value))));
  }
  if (base === Base.bool) return fc.boolean();
  // The official Builder takes -0 for the default 0 and leaves it out.
  if (base === Base.float) return fc.float({ noNaN: true }).map((value) => value || 0);
  if (base === Base.double) return fc.double({ noNaN: true }).map((value) => value || 0);
  if (base === Base.long) return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (base === Base.ulong) return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const [min, max] = INTEGERS[base];
  return fc.integer({ min, max });
}

/** Objects of a table or struct as publishers may write them: what may be left out sometimes is, or is null. */
export function initOf(schema: BinarySchema, typeName: string, depth = 0): fc.Arbitrary<unknown> {
  return objectOf(schema, schema.object.get(typeName) as SchemaObject, depth);
}

function objectOf(schema: BinarySchema, object: SchemaObject, depth: number): fc.Arbitrary<unknown> {
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of object.fields) {
    if (field.deprecated || field.type.base === Base.utype) continue;
    shape[fieldKey(field.name)] = fieldOf(schema, object, field, depth);
  }
  // What is undefined here is left out altogether.
  return fc
    .record(shape)
    .map((value) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)));
}

function fieldOf(schema: BinarySchema, object: SchemaObject, field: SchemaField, depth: number): fc.Arbitrary<unknown> {
  const tooDeep = depth > 4 && !object.isStruct && !field.required && refersToTable(schema, field.type);
  if (tooDeep) return fc.constantFrom(undefined, null);
  const value = anyOf(schema, field.type, depth);
  if (object.isStruct || field.required) return value;
  const nullable = field.optional || !isScalar(field.type.base);
  return fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 1, arbitrary: fc.constantFrom(undefined, nullable ? null : undefined) },
  );
}

const refersToTable = (schema: BinarySchema, { base, element, index }: SchemaType): boolean =>
  base === Base.union || ((base === Base.object || element === Base.object) && !schema.objects[index].isStruct);

function anyOf(schema: BinarySchema, type: SchemaType, depth: number): fc.Arbitrary<unknown> {
  const { base, element, index, fixedLength } = type;
  if (base === Base.string) return text;
  if (base === Base.object) return objectOf(schema, schema.objects[index], depth + 1);
  if (base === Base.union) {
    const members = schema.enums[index].values.filter((one) => one.type !== undefined);
    return fc.oneof(
      ...members.map((one) =>
        fc.record({ type: fc.constant(one.name), value: anyOf(schema, one.type as SchemaType, depth + 1) }),
      ),
    );
  }
  if (base === Base.vector || base === Base.array) {
    const one = anyOf(schema, { base: element, element: Base.none, index, fixedLength: 0 }, depth);
    const small = depth > 1 ? 2 : 5;
    return base === Base.array
      ? fc.array(one, { minLength: fixedLength, maxLength: fixedLength })
      : fc.array(one, { maxLength: isScalar(element) ? 24 : small });
  }
  return scalar(schema, base, index);
}
