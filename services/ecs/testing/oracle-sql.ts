/** Queries of the service as SQL that SQLite and DuckDB read alike. How a value is written is theirs to say. */
import type { AnyQuery } from "../world/query.ts";
import type { OracleValue } from "./sqlite-oracle.ts";

/** More rows than any random world has: no limit. */
const ALL_ROWS = 1_000_000;

export const name = (path: string): string => `"${path}"`;
export const columnOf = (path: string): string => path.split(".").map(name).join(".");

/** One answer: ids with the fields that were asked for, and the number of all matches. */
export interface OracleAnswer {
  readonly rows: OracleValue[][];
  readonly total: number;
}

export interface QuerySql {
  readonly rows: string;
  readonly total: string;
}

/**
 * @param components all there are: a table each, keyed by id, beside a table of ids
 * @param literal how a value of a field is written
 */
export function sqlOf(
  { all = [], anyOf = [], where = [], orderBy = [], limit, offset }: AnyQuery,
  select: readonly string[],
  components: Iterable<string>,
  literal: (path: string, value: OracleValue) => string,
): QuerySql {
  const has = (component: unknown): string => `${name(String(component))}.id IS NOT NULL`;
  const terms = (all as string[]).map(has);
  if (anyOf.length > 0) terms.push(`(${(anyOf as string[]).map(has).join(" OR ")})`);
  for (const condition of where as readonly (Condition | { any: readonly Condition[] })[]) {
    const group = "any" in condition ? condition.any : [condition];
    terms.push(group.length === 0 ? "0 = 1" : `(${group.map((one) => termOf(one, literal)).join(" OR ")})`);
  }
  const joins = [...components].map((one) => `LEFT JOIN ${name(one)} ON ${name(one)}.id = e.id`).join(" ");
  const from = `FROM entities e ${joins}${terms.length === 0 ? "" : ` WHERE ${terms.join(" AND ")}`}`;
  const order = (orderBy as string[]).flatMap((key) => {
    const column = columnOf(key.replace(/^-/, ""));
    return [`${column} IS NULL`, `${column}${key.startsWith("-") ? " DESC" : ""}`];
  });
  const columns = ["e.id", ...select.map(columnOf)].join(", ");
  const page = `LIMIT ${limit || ALL_ROWS} OFFSET ${offset ?? 0}`;
  return {
    rows: `SELECT ${columns} ${from} ORDER BY ${[...order, "e.id"].join(", ")} ${page}`,
    total: `SELECT count(*) ${from}`,
  };
}

type Condition = readonly [string, string, ...unknown[]];

function termOf([path, operator, ...values]: Condition, literal: (path: string, value: OracleValue) => string): string {
  const column = path.includes(".") ? columnOf(path) : `${name(path)}.id`;
  if (operator === "exists") return `${column} IS NOT NULL`;
  if (operator === "not exists") return `${column} IS NULL`;
  const list = ((operator === "in" ? values[0] : values) as readonly OracleValue[]).map((one) => literal(path, one));
  if (operator === "in") return `${column} IN (${list.join(", ")})`;
  return operator === "between" ? `${column} BETWEEN ${list[0]} AND ${list[1]}` : `${column} ${operator} ${list[0]}`;
}
