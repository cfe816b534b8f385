/** Queries as callers write them, to queries as they travel. */
import { BusError } from "#bus";
import { Bound, type FilterInit, FilterKind, type QueryInit } from "#generated/ecs";
import type { Components, FieldDefinition } from "../components/define.ts";
import type { ComponentSpecs } from "../components/fields.ts";
import { checkValue } from "../frame/check.ts";
import { columnOf } from "../frame/column.ts";
import { toWire } from "../frame/wire.ts";
import type { Names, Query, Selection } from "./types.ts";

// biome-ignore lint/suspicious/noExplicitAny: any declaration; the door of the world has the types
export type AnyQuery = Query<any, any, any>;
type AnyCondition = readonly [path: string, operator: string, ...values: unknown[]];

/** Fields of an answer to `select`, in its order; a component stands for all of its fields, in theirs. */
export function selectedFields<S extends ComponentSpecs>(
  components: Components<S>,
  { all = [], select = all }: { readonly all?: readonly Names<S>[]; readonly select?: readonly Selection<S>[] },
): string[] {
  const paths = new Set<string>();
  for (const one of select as readonly string[]) {
    if (one.includes(".")) {
      components.field(one);
      paths.add(one);
    } else for (const { name } of components.component(one).fields) paths.add(`${one}.${name}`);
  }
  return [...paths];
}

/** @throws BusError ecs/unknown-name, ecs/type-mismatch, ecs/malformed before anything is sent */
export function queryToWire<S extends ComponentSpecs>(components: Components<S>, query: AnyQuery): QueryInit {
  const { all = [], anyOf = [], where = [], orderBy = [], limit = 0, offset = 0, wantTotal = false } = query;
  for (const name of [...all, ...anyOf]) components.component(name);
  checkCount("limit", limit);
  checkCount("offset", offset);
  const wire: QueryInit = {
    components: all as string[],
    anyOf: anyOf as string[],
    filters: [],
    groups: [],
    orderBy: (orderBy as string[]).map((key) => {
      const field = key.startsWith("-") ? key.slice(1) : key;
      components.field(field);
      return { field, descending: field !== key };
    }),
    limit,
    offset,
    select: selectedFields(components, query),
    wantTotal,
  };
  const filters: FilterInit[] = [];
  const groups: { any: FilterInit[] }[] = [];
  for (const [i, condition] of (where as readonly (AnyCondition | { any: readonly AnyCondition[] })[]).entries()) {
    if ("any" in condition)
      groups.push({ any: condition.any.map((one, j) => filterOf(components, `where[${i}].any[${j}]`, one)) });
    else filters.push(filterOf(components, `where[${i}]`, condition));
  }
  return { ...wire, filters, groups };
}

/** Which ends of a range an operator gives, and how. */
const RANGES: Readonly<Record<string, readonly [low: Bound, high: Bound]>> = {
  "<": [Bound.open, Bound.exclusive],
  "<=": [Bound.open, Bound.inclusive],
  ">": [Bound.exclusive, Bound.open],
  ">=": [Bound.inclusive, Bound.open],
  between: [Bound.inclusive, Bound.inclusive],
};

function filterOf<S extends ComponentSpecs>(
  components: Components<S>,
  place: string,
  [path, operator, ...rest]: AnyCondition,
): FilterInit {
  if (operator === "exists" || operator === "not exists") {
    if (path.includes(".")) components.field(path);
    else components.component(path);
    return { field: path, kind: operator === "exists" ? FilterKind.exists : FilterKind.notExists };
  }
  const field = components.field(path);
  if (operator === "=") return { field: path, kind: FilterKind.exact, values: literals(place, field, rest, 1) };
  if (operator === "in") {
    const list = Array.from(rest[0] as ArrayLike<unknown>);
    return { field: path, kind: FilterKind.inSet, values: literals(place, field, list, list.length) };
  }
  const range = RANGES[operator];
  if (range === undefined) throw malformed(place, `'${operator}' is no operator`);
  const [low, high] = range;
  const ends = operator === "between" ? rest : [rest[0], rest[0]];
  return { field: path, kind: FilterKind.range, low, high, values: literals(place, field, ends, 2) };
}

function literals(place: string, field: FieldDefinition, values: readonly unknown[], count: number) {
  if (values.length !== count) throw malformed(place, `${values.length} values were given where ${count} are wanted`);
  for (const value of values) checkValue(place, field.type, false, value);
  return { ...toWire(columnOf("", field, count, (row) => values[row])), rows: count };
}

function checkCount(path: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 2 ** 32 - 1)
    throw malformed(path, `${value} is no whole number from 0 to 2^32-1`);
}

const malformed = (path: string, problem: string): BusError =>
  new BusError("ecs/malformed", { details: { path, problem: `is refused: ${problem}` } });
