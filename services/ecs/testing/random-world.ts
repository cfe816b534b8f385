/** Random schemas, changes and queries for fast-check: plain data, so that a failure shrinks to its smallest. */
import * as fc from "fast-check";
import type { ComponentSpecs, FieldKind } from "../components/fields.ts";
import { widthOf } from "../components/fields.ts";
import type { OracleValue } from "./sqlite-oracle.ts";

/** Few values per kind, so that rows collide, with those at the ends and around 2^53 and 2^63 among them. */
const VALUES: Readonly<Record<string, readonly OracleValue[]>> = {
  bool: [false, true],
  i8: [-128, -1, 0, 1, 127],
  i16: [-32768, -1, 0, 1, 32767],
  i32: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
  i64: [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  u8: [0, 1, 2, 128, 255],
  u16: [0, 1, 32768, 65535],
  u32: [0, 1, 2 ** 31, 2 ** 32 - 1],
  u64: [0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
  f32: [-(2 ** 100), -1.5, -0, 0, 0.1, 2 ** -149].map(Math.fround),
  f64: [-1e300, -1.5, -0, 0, 0.1, 5e-324],
  utf8: ["", "a", "B", "b", "ä", "z", "日本", "\ue000", "🜁"],
  entity: [0n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 63n + 5n],
};
const KINDS: readonly FieldKind[] = [...(Object.keys(VALUES) as FieldKind[]), "f32x3"];

/** The value of a kind that a number stands for. */
export function valueFor(kind: FieldKind, n: number): OracleValue {
  const width = widthOf(kind);
  if (width > 1) return Float32Array.from({ length: width }, (_, i) => (n + i) % 5);
  const values = VALUES[kind]!;
  return values[n % values.length]!;
}

const field = fc.record({
  type: fc.constantFrom(...KINDS),
  nullable: fc.boolean(),
  index: fc.constantFrom<("hash" | "sorted" | undefined)[]>(undefined, undefined, "hash", "sorted"),
});

/** Components C0, C1, … of fields f0, f1, …; a component may be a tag. */
export const schema: fc.Arbitrary<ComponentSpecs> = fc
  .array(fc.array(field, { maxLength: 3 }), { minLength: 1, maxLength: 4 })
  .map((components) =>
    Object.fromEntries(
      components.map((fields, i) => [
        `C${i}`,
        Object.fromEntries(
          fields.map(({ type, nullable, index }, j) => {
            const indexed = index !== undefined && widthOf(type) === 1;
            return [`f${j}`, { type, nullable, ...(indexed ? { index } : {}) }];
          }),
        ),
      ]),
    ),
  );

const n = fc.nat({ max: 1000 });
const seeds = fc.array(n, { minLength: 1, maxLength: 6 });

/** Numbers choose among what there is when the step is taken: components, ids ever given out, values. */
export type Step =
  | { readonly do: "create"; readonly many: readonly { readonly set: number; readonly seeds: readonly number[] }[] }
  | { readonly do: "update"; readonly at: number; readonly component: number; readonly seeds: readonly number[] }
  | { readonly do: "add"; readonly at: number; readonly component: number; readonly seeds: readonly number[] }
  | { readonly do: "remove"; readonly at: number; readonly component: number }
  | { readonly do: "delete"; readonly many: readonly number[] }
  | { readonly do: "snapshot" }
  | { readonly do: "query"; readonly query: RandomQuery };

export interface RandomCondition {
  readonly field: number;
  readonly operator: "=" | "<" | "<=" | ">" | ">=" | "between" | "in" | "exists" | "not exists";
  readonly seeds: readonly number[];
  readonly whole: boolean;
}
export interface RandomQuery {
  readonly all: readonly number[];
  readonly anyOf: readonly number[];
  readonly where: readonly (readonly RandomCondition[])[];
  readonly orderBy: readonly { readonly field: number; readonly descending: boolean }[];
  readonly limit: number;
  readonly offset: number;
}

const condition: fc.Arbitrary<RandomCondition> = fc.record({
  field: n,
  operator: fc.constantFrom("=", "<", "<=", ">", ">=", "between", "in", "exists", "not exists"),
  seeds,
  whole: fc.boolean(),
});
const query: fc.Arbitrary<RandomQuery> = fc.record({
  all: fc.array(n, { maxLength: 1 }),
  anyOf: fc.array(n, { maxLength: 2 }),
  where: fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  orderBy: fc.array(fc.record({ field: n, descending: fc.boolean() }), { maxLength: 3 }),
  limit: fc.constantFrom(0, 1, 2, 5, 100),
  offset: fc.constantFrom(0, 0, 0, 1, 3, 50),
});

const entity = fc.record({ set: n, seeds });
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("create" as const),
        many: fc.array(entity, { minLength: 1, maxLength: 20 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("update" as const), at: n, component: n, seeds }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("add" as const), at: n, component: n, seeds }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), at: n, component: n }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("delete" as const), many: fc.array(n, { minLength: 1, maxLength: 4 }) }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("query" as const), query }) },
  ),
  { minLength: 4, maxLength: 30 },
);
