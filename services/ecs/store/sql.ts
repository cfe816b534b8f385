/** What snapshots need of an SQLite library. One implementation today (better-sqlite3); Node's own fits the same members. */
export type SqlValue = number | bigint | string | Uint8Array | null;

export interface SqlStatement {
  run(values: readonly SqlValue[]): void;
  /** Rows as lists in the order of the columns, one at a time. */
  rows(values?: readonly SqlValue[]): IterableIterator<readonly SqlValue[]>;
  /** The same, all at once. */
  all(values: readonly SqlValue[]): readonly (readonly SqlValue[])[];
}

export interface SqlDatabase {
  exec(sql: string): void;
  /** @param integers what those of its rows come as. Default bigint; numbers are exact up to 2^53 */
  prepare(sql: string, integers?: "bigint" | "number"): SqlStatement;
  close(): void;
}

/** Opens a file. @throws BusError ecs/no-store when the library is not there or the file cannot be opened */
export type OpenSql = (path: string, mode: "create" | "read") => SqlDatabase;

/** A name in SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
