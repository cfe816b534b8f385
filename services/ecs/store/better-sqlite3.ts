import { createRequire } from "node:module";
import type { Database } from "better-sqlite3";
import { BusError } from "#bus";
import type { OpenSql } from "./sql.ts";

type Open = new (path: string, options: { readonly: boolean; fileMustExist: boolean }) => Database;

/** Loaded at first use: whoever saves nothing needs no SQLite, which is a package of the user's own. */
function library(path: string): Open {
  try {
    return createRequire(import.meta.url)("better-sqlite3");
  } catch (cause) {
    const reason = "the package better-sqlite3 is not there; run `npm install better-sqlite3@12.11.1`";
    throw new BusError("ecs/no-store", { details: { path, reason }, cause });
  }
}

export const openBetterSqlite3: OpenSql = (path, mode) => {
  const Sqlite = library(path);
  let database: Database;
  try {
    database = new Sqlite(path, { readonly: mode === "read", fileMustExist: mode === "read" });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BusError("ecs/no-store", { details: { path, reason }, cause });
  }
  return {
    exec: (sql) => void database.exec(sql),
    prepare(sql, integers = "bigint") {
      const statement = database.prepare<unknown[]>(sql);
      if (statement.reader) statement.raw().safeIntegers(integers === "bigint");
      return {
        run: (values) => void statement.run(values),
        all: (values) => statement.all(values) as never,
        rows: (values = []) => statement.iterate(values) as IterableIterator<never>,
      };
    },
    close: () => void database.close(),
  };
};
