/** Layout of a snapshot file: an SQLite database that other programs may read, too. */
import type { FieldDefinition } from "../components/define.ts";
import { quoted } from "./sql.ts";

/** "BBEC", in the place that SQLite has for it: `file` says what the file is. */
export const MAGIC = 0x42424543;
/** `user_version`. A file of another one is refused. */
export const FILE_VERSION = 1;
export const WHAT = "ecs snapshot";

/**
 * `meta` has one row per key. `free` are the indexes that no entity has, each with the generation of its next one (0: never again).
 * `texts` are those that utf8 columns had so far, by code. `tables` says which `archetype_<n>` holds which
 * components; their `row` is the order of rows in the store. Lists of components are JSON.
 */
export const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE components (position INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE fields (component TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
  nullable INTEGER NOT NULL, index_kind TEXT NOT NULL, PRIMARY KEY (component, position)) STRICT, WITHOUT ROWID;
CREATE TABLE archetypes (position INTEGER PRIMARY KEY, name TEXT NOT NULL, components TEXT NOT NULL) STRICT;
CREATE TABLE free ("index" INTEGER PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
CREATE TABLE texts (code INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE tables (position INTEGER PRIMARY KEY, name TEXT NOT NULL, components TEXT NOT NULL, rows INTEGER NOT NULL) STRICT;
`;

export const tableName = (table: number): string => `archetype_${table}`;

/**
 * Type of a column. Floats are ANY, since REAL would turn -0 into 0; u64 and ids are the same 64 bits as INTEGER, so those above
 * 2^63-1 are negative there; vectors are their f32 as bytes, little endian.
 */
export function columnSql(path: string, { type, nullable }: FieldDefinition): string {
  const sql = type === "utf8" ? "TEXT" : type.startsWith("f32x") ? "BLOB" : type.startsWith("f") ? "ANY" : "INTEGER";
  return `${quoted(path)} ${sql}${nullable ? "" : " NOT NULL"}`;
}

/** A field with its path. */
export interface PathField {
  readonly path: string;
  readonly field: FieldDefinition;
}

export const createTableSql = (table: number, fields: readonly PathField[]): string => {
  const columns = fields.map(({ path, field }) => columnSql(path, field));
  return `CREATE TABLE ${tableName(table)} (${["row INTEGER PRIMARY KEY", "id INTEGER NOT NULL", ...columns].join(", ")}) STRICT`;
};
