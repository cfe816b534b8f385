/** The SQLite file of checkpoints and recordings: opening, its magic and version, closing. */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";
import { BusError } from "#bus";
import { makeFolders } from "#schema";

/** "BBPY", in the place that SQLite has for it: `file` says what the file is. */
const MAGIC = 0x42425059;
/** Tables of this version. A store of another one is refused, not changed. */
export const STORE_VERSION = 1;

const TABLES = `
CREATE TABLE checkpoints (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sim_id INTEGER NOT NULL,
  label TEXT NOT NULL,
  tick INTEGER NOT NULL,
  config_hash TEXT NOT NULL,
  state_hash TEXT NOT NULL,
  format INTEGER NOT NULL,
  digest TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX checkpoints_by_simulation ON checkpoints (sim_id, id);
CREATE TABLE recordings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  label TEXT NOT NULL,
  ticks INTEGER NOT NULL,
  events INTEGER NOT NULL,
  config_hash TEXT NOT NULL,
  run_hash TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE recording_pages (
  recording INTEGER NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
  page INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (recording, page)
) STRICT, WITHOUT ROWID;
`;

/**
 * Opens or makes the file.
 * @param path of the file; ":memory:" keeps nothing
 * @throws BusError payments/no-store; payments/unsupported-version when the file was written by another version
 */
export function openDatabase(path: string): Database {
  const refuse = (reason: string, cause?: unknown): BusError =>
    new BusError("payments/no-store", { details: { path, reason }, cause });
  const Sqlite = sqlite(refuse);
  let database: Database;
  try {
    if (path !== ":memory:") makeFolders(dirname(path), 0o777);
    database = new Sqlite(path, { timeout: 5000 });
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  try {
    database.pragma("journal_mode = WAL");
    // Answered means written: a checkpoint survives the machine, not only the process.
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
    // Two processes may make the same file at once; the second one finds the tables.
    database.transaction(() => prepare(database, path)).immediate();
    return database;
  } catch (error) {
    database.close();
    throw error instanceof BusError ? error : refuse(messageOf(error), error);
  }
}

function prepare(database: Database, path: string): void {
  const magic = database.pragma("application_id", { simple: true }) as number;
  const version = database.pragma("user_version", { simple: true }) as number;
  const tables = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() as number;
  if (tables === 0 && magic === 0) {
    database.exec(TABLES);
    database.pragma(`application_id = ${MAGIC}`);
    database.pragma(`user_version = ${STORE_VERSION}`);
    return;
  }
  if (magic !== MAGIC)
    throw new BusError("payments/no-store", { details: { path, reason: "it is a database of another program" } });
  if (version !== STORE_VERSION)
    throw new BusError("payments/unsupported-version", { details: { theirs: version, ours: STORE_VERSION } });
}

/** Loaded when a store is opened: everything else works without SQLite, which is a package of the user's own. */
function sqlite(
  refuse: (reason: string, cause: unknown) => BusError,
): new (
  path: string,
  options: { timeout: number },
) => Database {
  try {
    return createRequire(import.meta.url)("better-sqlite3");
  } catch (error) {
    throw refuse("the package better-sqlite3 is not there; run `npm install better-sqlite3@12.11.1`", error);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
