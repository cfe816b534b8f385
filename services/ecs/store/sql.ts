/** What snapshots need of an SQLite library. One implementation today (better-sqlite3); Node's own fits the same six members. */
export type SqlValue = number | bigint | string | Uint8Array | null;

export interface SqlStatement {
  run(values: readonly SqlValue[]): void;
  /** Rows as lists in the order of the columns; integers as bigint. */
  rows(values?: readonly SqlValue[]): IterableIterator<readonly SqlValue[]>;
}

export interface SqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

/** Opens a file. @throws BusError ecs/no-store when the library is not there or the file cannot be opened */
export type OpenSql = (path: string, mode: "create" | "read") => SqlDatabase;

/** A name in SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
