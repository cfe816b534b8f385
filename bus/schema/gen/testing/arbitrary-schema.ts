/** Random schema files: every kind of field in random company, so that layouts come up that nobody thought of. */
import fc from "fast-check";

const INTEGERS = ["byte", "ubyte", "short", "ushort", "int", "uint", "long", "ulong"] as const;
const SCALARS = [...INTEGERS, "float", "double", "bool"] as const;
/** Fields of one table; more than 64 would make files slow to compile and find nothing new. */
const FIELDS_MAX = 14;
const TABLES = 4;
const STRUCTS = 2;

interface Kinds {
  readonly scalar: string;
  readonly enumeration: string;
  readonly struct: string;
  readonly table: string;
}

const kinds: fc.Arbitrary<Kinds> = fc.record({
  scalar: fc.constantFrom(...SCALARS),
  enumeration: fc.constantFrom("Colour", "Wide"),
  struct: fc.integer({ min: 0, max: STRUCTS - 1 }).map((i) => `S${i}`),
  // Tables refer to themselves and to one another, in both directions.
  table: fc.integer({ min: 0, max: TABLES - 1 }).map((i) => `T${i}`),
});

const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  bool: ["true", "false"],
  float: ["1.5", "-0.25"],
  double: ["1e300", "-2.5"],
};

/** One field of a table without its name. */
const field: fc.Arbitrary<string> = fc
  .tuple(kinds, fc.integer({ min: 0, max: 13 }), fc.nat(1))
  .map(([kind, which, pick]) => {
    const { scalar, enumeration, struct, table } = kind;
    switch (which) {
      case 0:
      case 1:
        return scalar;
      case 2:
        return `${scalar} = ${(DEFAULTS[scalar] ?? ["7", "100"])[pick]}`;
      case 3:
        return `${scalar} = null`;
      case 4:
        return "string";
      case 5:
        return "string (required)";
      case 6:
        return struct;
      case 7:
        return table;
      case 8:
        return `[${scalar}]`;
      case 9:
        return "[string]";
      case 10:
        return `[${struct}]`;
      case 11:
        return `[${table}]`;
      case 12:
        return pick === 0 ? enumeration : `[${enumeration}]`;
      default:
        return "Any";
    }
  });

const struct = fc
  .array(
    fc
      .tuple(fc.constantFrom(...SCALARS), fc.integer({ min: 0, max: 3 }))
      .map(([scalar, length]) => (length < 2 ? scalar : `[${scalar}:${length}]`)),
    { minLength: 1, maxLength: 5 },
  )
  .map((fields) => fields.map((type, i) => `f${i}: ${type};`).join(" "));

/** Text of one schema file in the namespace `random`, with the tables T0 to T3. */
export const schemaText: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(struct, { minLength: STRUCTS, maxLength: STRUCTS }),
    fc.array(fc.array(field, { maxLength: FIELDS_MAX }), { minLength: TABLES, maxLength: TABLES }),
  )
  .map(([structs, tables]) =>
    [
      "namespace random;",
      "enum Colour : ubyte { red = 0, green = 1, blue = 5 }",
      "enum Wide : long { none = 0, low = -9007199254740993, high = 9007199254740993 }",
      ...structs.map((fields, i) => `struct S${i} { ${fields} }`),
      `union Any { ${tables.map((_, i) => `T${i}`).join(", ")} }`,
      ...tables.map((fields, i) => `table T${i} { ${fields.map((type, k) => `f${k}: ${type};`).join(" ")} }`),
      "",
    ].join("\n"),
  );
