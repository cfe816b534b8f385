/** The rows of the SQLite oracle in DuckDB, where integers of 64 bits are unsigned or signed as the field says. */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { FieldDefinition } from "../components/define.ts";
import { widthOf } from "../components/fields.ts";
import type { AnyQuery } from "../world/query.ts";
import { name, type OracleAnswer, sqlOf } from "./oracle-sql.ts";
import type { OracleContents, OracleValue } from "./sqlite-oracle.ts";

const TYPES: Readonly<Record<string, string>> = {
  bool: "BOOLEAN",
  i8: "TINYINT",
  i16: "SMALLINT",
  i32: "INTEGER",
  i64: "BIGINT",
  u8: "UTINYINT",
  u16: "USMALLINT",
  u32: "UINTEGER",
  u64: "UBIGINT",
  entity: "UBIGINT",
  f32: "FLOAT",
  f64: "DOUBLE",
  utf8: "VARCHAR",
};
const typeOf = ({ type }: FieldDefinition): string => TYPES[type] ?? `FLOAT[${widthOf(type)}]`;

/** By way of text: a literal without it would be a decimal, or an integer of a type of DuckDB's choice. */
function literal(field: FieldDefinition, value: OracleValue): string {
  if (value === null) return "NULL";
  const text = typeof value === "object" ? `[${Array.from(value).join(", ")}]` : String(value);
  return `CAST('${text.replaceAll("'", "''")}' AS ${typeOf(field)})`;
}

export class DuckDbOracle {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  #fields: ReadonlyMap<string, FieldDefinition> = new Map();
  #components: readonly string[] = [];

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<DuckDbOracle> {
    // One thread: worlds are small, and tests run side by side.
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    return new DuckDbOracle(instance, await instance.connect());
  }

  /** Holds these rows from now on, and nothing else. */
  async load({ ids, components }: OracleContents): Promise<void> {
    const fill = (table: string, rows: readonly string[]): string[] =>
      rows.length === 0 ? [] : [`INSERT INTO ${table} VALUES ${rows.map((row) => `(${row})`).join(", ")}`];
    const statements = [
      "CREATE OR REPLACE TABLE entities (id UBIGINT)",
      ...fill("entities", ids.map(String)),
      ...components.flatMap(({ component, rows }) => {
        const columns = component.fields.map((field) => `${name(field.name)} ${typeOf(field)}`);
        return [
          `CREATE OR REPLACE TABLE ${name(component.name)} (${["id UBIGINT", ...columns].join(", ")})`,
          ...fill(
            name(component.name),
            rows.map(([id, ...values]) =>
              [`${id}`, ...values.map((value, i) => literal(component.fields[i]!, value))].join(", "),
            ),
          ),
        ];
      }),
    ];
    await this.#connection.run(statements.join(";\n"));
    this.#components = components.map(({ component }) => component.name);
    this.#fields = new Map(
      components.flatMap(({ component }) =>
        component.fields.map((field) => [`${component.name}.${field.name}`, field] as const),
      ),
    );
  }

  /** As the query of the SQLite oracle. */
  async query(query: AnyQuery, select: readonly string[]): Promise<OracleAnswer> {
    const sql = sqlOf(query, select, this.#components, (path, value) => literal(this.#fields.get(path)!, value));
    const rows = (await this.#connection.runAndReadAll(sql.rows)).getRows();
    const [[total]] = (await this.#connection.runAndReadAll(sql.total)).getRows() as [[bigint]];
    return { total: Number(total), rows: rows.map((row) => row.map(plainOf)) };
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

/** Vectors come as an object around a list. */
const plainOf = (value: unknown): OracleValue =>
  typeof value === "object" && value !== null
    ? Float32Array.from((value as { items: readonly number[] }).items)
    : (value as OracleValue);
