/**
 * The same entities and queries in SQLite, written down independently of the service: a table of ids, a table per component, SQL for
 * conditions, order and pages. What SQLite answers is what the service must answer.
 */
import { createRequire } from "node:module";
import type { Database as Sqlite } from "better-sqlite3";
import type { ComponentDefinition, FieldDefinition } from "../components/define.ts";
import { widthOf } from "../components/fields.ts";
import type { AnyQuery } from "../world/query.ts";
import { name, type OracleAnswer, sqlOf } from "./oracle-sql.ts";

export type OracleValue = boolean | number | bigint | string | ArrayLike<number> | null;
export type OracleEntity = Readonly<Record<string, Readonly<Record<string, OracleValue>>>>;
/** What another database needs to hold the same. */
export interface OracleContents {
  readonly ids: readonly bigint[];
  readonly components: readonly { readonly component: ComponentDefinition; readonly rows: readonly OracleValue[][] }[];
}
type Stored = number | bigint | string | Buffer | null;

const Database = createRequire(import.meta.url)("better-sqlite3") as new (path: string) => Sqlite;
const HALF = 2n ** 63n;

/** u64 and ids are moved down by 2^63, so that SQLite's signed integers have their order. */
function stored({ type }: FieldDefinition, value: OracleValue): Stored {
  if (value === null) return null;
  if (type === "bool") return value === true ? 1n : 0n;
  if (type === "u64" || type === "entity") return (value as bigint) - HALF;
  if (typeof value === "object") return Buffer.from(Float32Array.from(value).buffer);
  if (typeof value === "boolean") return value ? 1n : 0n;
  return type.startsWith("i") || type.startsWith("u8") || type === "u16" || type === "u32"
    ? BigInt(value as number)
    : value;
}

function read({ type }: FieldDefinition, value: Stored): OracleValue {
  if (value === null) return null;
  if (type === "bool") return value === 1n;
  if (type === "u64" || type === "entity") return (value as bigint) + HALF;
  if (widthOf(type) > 1)
    return new Float32Array(
      (value as Buffer).buffer.slice(
        (value as Buffer).byteOffset,
        (value as Buffer).byteOffset + (value as Buffer).length,
      ),
    );
  return type === "i64" || type === "utf8" ? (value as bigint | string) : Number(value);
}

export class SqliteOracle {
  readonly #database: Sqlite = new Database(":memory:");
  readonly #fields: Map<string, FieldDefinition> = new Map();
  readonly #components: Map<string, ComponentDefinition> = new Map();

  constructor(components: readonly ComponentDefinition[]) {
    this.#database.defaultSafeIntegers();
    this.#database.exec("CREATE TABLE entities (id INTEGER PRIMARY KEY)");
    for (const component of components) {
      this.#components.set(component.name, component);
      const columns = component.fields.map((field) => {
        this.#fields.set(`${component.name}.${field.name}`, field);
        return `${name(field.name)} ANY`;
      });
      this.#database.exec(
        `CREATE TABLE ${name(component.name)} (${["id INTEGER PRIMARY KEY", ...columns].join(", ")}) STRICT`,
      );
    }
  }

  create(id: bigint, entity: OracleEntity): void {
    this.#database.prepare("INSERT INTO entities VALUES (?)").run(id - HALF);
    for (const [component, values] of Object.entries(entity)) this.#put(id, component, values);
  }

  /** @returns whether the entity is there */
  has(id: bigint): boolean {
    return this.#database.prepare("SELECT 1 FROM entities WHERE id = ?").get(id - HALF) !== undefined;
  }

  hasComponent(id: bigint, component: string): boolean {
    return this.#database.prepare(`SELECT 1 FROM ${name(component)} WHERE id = ?`).get(id - HALF) !== undefined;
  }

  set(id: bigint, component: string, values: OracleEntity[string]): void {
    for (const [field, value] of Object.entries(values)) {
      const sql = `UPDATE ${name(component)} SET ${name(field)} = ? WHERE id = ?`;
      this.#database.prepare(sql).run(stored(this.#fields.get(`${component}.${field}`)!, value), id - HALF);
    }
  }

  add(id: bigint, component: string, values: OracleEntity[string]): void {
    this.remove(id, component);
    this.#put(id, component, values);
  }

  remove(id: bigint, component: string): void {
    this.#database.prepare(`DELETE FROM ${name(component)} WHERE id = ?`).run(id - HALF);
  }

  delete(id: bigint): void {
    this.#database.prepare("DELETE FROM entities WHERE id = ?").run(id - HALF);
    for (const component of this.#components.keys()) this.remove(id, component);
  }

  #put(id: bigint, component: string, values: OracleEntity[string]): void {
    const { fields } = this.#components.get(component)!;
    const marks = new Array(fields.length + 1).fill("?").join(", ");
    const row = fields.map((field) => stored(field, values[field.name] ?? null));
    this.#database.prepare(`INSERT INTO ${name(component)} VALUES (${marks})`).run(id - HALF, ...row);
  }

  /** Rows as lists: id, then the selected fields in order; and the number of all matches. */
  query(query: AnyQuery, select: readonly string[]): OracleAnswer {
    const parameters: Stored[] = [];
    const sql = sqlOf(query, select, this.#components.keys(), (path, value) => {
      parameters.push(stored(this.#fields.get(path)!, value));
      return "?";
    });
    const rows = this.#database
      .prepare(sql.rows)
      .raw()
      .all(...parameters) as Stored[][];
    const total = this.#database
      .prepare(sql.total)
      .pluck()
      .get(...parameters) as bigint;
    const fields = select.map((path) => this.#fields.get(path)!);
    return { total: Number(total), rows: rows.map((row) => readRow(fields, row)) };
  }

  /** Everything that is there: ids of all entities, and of each component its rows, as lists of id and fields. */
  contents(): OracleContents {
    const all = (table: string): Stored[][] =>
      this.#database
        .prepare(`SELECT * FROM ${name(table)}`)
        .raw()
        .all() as never;
    return {
      ids: all("entities").map(([id]) => (id as bigint) + HALF),
      components: [...this.#components.values()].map((component) => ({
        component,
        rows: all(component.name).map((row) => readRow(component.fields, row)),
      })),
    };
  }

  close(): void {
    this.#database.close();
  }
}

const readRow = (fields: readonly FieldDefinition[], [id, ...values]: Stored[]): OracleValue[] => [
  (id as bigint) + HALF,
  ...values.map((value, i) => read(fields[i]!, value)),
];
