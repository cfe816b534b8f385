/** Writes a snapshot beside its place and renames it there: whoever dies in between leaves what was there before. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BusError } from "#bus";
import { type ColumnData, isThere, valueAt } from "../frame/column.ts";
import { fieldsOf, type ImageMeta, type ImageRows } from "./image.ts";
import { createTableSql, FILE_VERSION, MAGIC, type PathField, TABLES, tableName } from "./layout.ts";
import type { OpenSql, SqlDatabase, SqlStatement, SqlValue } from "./sql.ts";

const SUFFIX = ".saving";
let files = 0;

interface Insert {
  readonly table: number;
  readonly statement: SqlStatement;
  readonly fields: readonly PathField[];
}

export class SnapshotWriter {
  readonly #path: string;
  readonly #beside: string;
  readonly #database: SqlDatabase;
  #meta: ImageMeta | undefined;
  #insert: Insert | undefined;
  readonly #texts: string[] = [];
  #received: number[] = [];
  #open = true;

  /** @throws BusError ecs/no-store */
  constructor(open: OpenSql, path: string) {
    this.#path = path;
    removeOrphans(path);
    this.#beside = `${path}.${process.pid}-${files++}${SUFFIX}`;
    this.#database = open(this.#beside, "create");
    // Nobody reads the file before it is renamed, so that a journal on disk would protect nothing; it is synced once, at its end.
    this.#database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE");
    this.#database.exec(`PRAGMA application_id = ${MAGIC}; PRAGMA user_version = ${FILE_VERSION}; BEGIN; ${TABLES}`);
  }

  meta(meta: ImageMeta): void {
    this.#meta = meta;
    this.#received = meta.tables.map(() => 0);
    const all = (sql: string, rows: readonly (readonly SqlValue[])[]): void => {
      const statement = this.#database.prepare(sql);
      for (const row of rows) statement.run(row);
    };
    all(
      "INSERT INTO components VALUES (?, ?)",
      meta.components.map(({ name }, i) => [i, name]),
    );
    const fields = meta.components.flatMap(({ name: component, fields }) =>
      fields.map(({ name, type, nullable, index }, i) => [component, i, name, type, nullable ? 1 : 0, index]),
    );
    all("INSERT INTO fields VALUES (?, ?, ?, ?, ?, ?)", fields);
    all(
      "INSERT INTO archetypes VALUES (?, ?, ?)",
      meta.archetypes.map(({ name, components }, i) => [i, name, JSON.stringify(components)]),
    );
    all(
      "INSERT INTO tables VALUES (?, ?, ?, ?)",
      meta.tables.map(({ components, rows }, i) => [i, tableName(i), JSON.stringify(components), rows]),
    );
    all(
      "INSERT INTO free VALUES (?, ?)",
      Array.from(meta.freeIndex, (index, i) => [index, meta.freeGeneration[i]!]),
    );
    for (const [i, table] of meta.tables.entries()) this.#database.exec(createTableSql(i, fieldsOf(meta, table)));
  }

  /** Before all rows; codes go on from the last text. */
  texts(texts: readonly string[]): void {
    const insert = this.#database.prepare("INSERT INTO texts VALUES (?, ?)");
    for (const text of texts) insert.run([this.#texts.push(text) - 1, text]);
  }

  /** Rows of a table come in their order. */
  rows({ table, first, ids, columns }: ImageRows): void {
    const { statement, fields } = this.#statement(table);
    if (first !== this.#received[table])
      throw outOfOrder(`row ${first} of table ${table} came after ${this.#received[table]}`);
    this.#received[table] = first + ids.length;
    const ordered = fields.map(({ path }) => {
      const column = columns.find((one) => one.path === path);
      if (column === undefined) throw outOfOrder(`table ${table} came without ${path}`);
      return sqlValues(column, this.#texts);
    });
    const signed = signedOf(ids);
    const values: SqlValue[] = new Array(ordered.length + 2);
    for (let row = 0; row < ids.length; row++) {
      values[0] = first + row;
      values[1] = signed[row]!;
      for (let i = 0; i < ordered.length; i++) values[i + 2] = ordered[i]!(row);
      statement.run(values);
    }
  }

  /** @returns bytes of the file, which is now at its place */
  finish(): void {
    const meta = this.#meta;
    if (meta === undefined) throw outOfOrder("no meta part came");
    for (const [i, { rows }] of meta.tables.entries())
      if (this.#received[i] !== rows) throw outOfOrder(`table ${i} has ${rows} rows, ${this.#received[i]} came`);
    const insert = this.#database.prepare("INSERT INTO meta VALUES (?, ?)");
    const { format, step, turn, faction, version, hash, indexes } = meta;
    const numbers = { format, step, turn, indexes, version: BigInt.asIntN(64, version), hash: BigInt.asIntN(64, hash) };
    for (const [key, value] of Object.entries(numbers)) insert.run([key, BigInt(value)]);
    insert.run(["faction", faction]);
    this.#database.exec("COMMIT");
    this.#close();
    sync(this.#beside);
    renameSync(this.#beside, this.#path);
    sync(dirname(this.#path));
  }

  /** Gives the save up: the file beside is removed. */
  abort(): void {
    this.#close();
    rmSync(this.#beside, { force: true });
  }

  #close(): void {
    if (this.#open) this.#database.close();
    this.#open = false;
  }

  #statement(table: number): Insert {
    if (this.#insert?.table === table) return this.#insert;
    const meta = this.#meta;
    const its = meta?.tables[table];
    if (meta === undefined || its === undefined) throw outOfOrder(`rows of table ${table} came, which there is not`);
    const fields = fieldsOf(meta, its);
    const marks = new Array(fields.length + 2).fill("?").join(", ");
    const statement = this.#database.prepare(`INSERT INTO ${tableName(table)} VALUES (${marks})`);
    return (this.#insert = { table, statement, fields });
  }
}

/** Value of a row as SQLite stores it; one closure per column, so that nothing is decided per value. */
function sqlValues(column: ColumnData, texts: readonly string[]): (row: number) => SqlValue {
  const { kind, values } = column;
  const present = ((): ((row: number) => SqlValue) => {
    if (kind === "utf8") return (row) => texts[values[row] as number]!;
    if (kind === "bool") return (row) => (valueAt(column, row) === true ? 1 : 0);
    if (kind === "u64" || kind === "entity") {
      const signed = signedOf(values as BigUint64Array);
      return (row) => signed[row]!;
    }
    if (kind.startsWith("f32x")) return (row) => bytesOf(valueAt(column, row) as Float32Array);
    return (row) => values[row] as number | bigint;
  })();
  return column.validity === undefined ? present : (row) => (isThere(column, row) ? present(row) : null);
}

/** The same bits: SQLite's integers are signed. A view, so that no value is made twice. */
const signedOf = (array: BigUint64Array): BigInt64Array =>
  new BigInt64Array(array.buffer, array.byteOffset, array.length);

const bytesOf = (array: Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();

function sync(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Removes what saves of this file left that were killed. Those of living processes stay. */
function removeOrphans(path: string): void {
  const folder = dirname(path);
  const pattern = new RegExp(
    `^${basename(path).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\.(\\d+)-\\d+\\${SUFFIX}(-journal)?$`,
  );
  for (const name of names(folder)) {
    const pid = Number(pattern.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}

const names = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    // Opening the file says what is wrong with the folder.
    return [];
  }
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

const outOfOrder = (reason: string): BusError => new BusError("ecs/corrupt-state", { details: { reason } });
