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

/** Values bound by one statement: with fewer, calling it costs more than what it does. SQLite takes some 32,000. */
const VALUES = 250;

interface Insert {
  readonly table: number;
  readonly fields: readonly PathField[];
  /** Rows that `many` inserts. */
  readonly step: number;
  readonly many: SqlStatement;
  readonly one: SqlStatement;
}

/** Puts the values of `count` rows from `row` on into every `stride`th place of a list, from `at` on. */
type Fill = (list: SqlValue[], at: number, stride: number, row: number, count: number) => void;

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
    const { fields, step, many, one } = this.#statement(table);
    if (first !== this.#received[table])
      throw outOfOrder(`row ${first} of table ${table} came after ${this.#received[table]}`);
    this.#received[table] = first + ids.length;
    const fills: Fill[] = [
      filling((row) => first + row),
      fillingFrom(signedOf(ids)),
      ...fields.map(({ path }) => {
        const column = columns.find((one) => one.path === path);
        if (column === undefined) throw outOfOrder(`table ${table} came without ${path}`);
        return fillOf(column, this.#texts);
      }),
    ];
    const insert = (statement: SqlStatement, values: SqlValue[], row: number, count: number): void => {
      for (let i = 0; i < fills.length; i++) fills[i]!(values, i, fills.length, row, count);
      statement.run(values);
    };
    let row = 0;
    const values: SqlValue[] = new Array(fills.length * step);
    for (; row + step <= ids.length; row += step) insert(many, values, row, step);
    const last: SqlValue[] = new Array(fills.length);
    for (; row < ids.length; row++) insert(one, last, row, 1);
  }

  /** The file is then at its place. */
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
    const width = fields.length + 2;
    const step = Math.max(1, Math.floor(VALUES / width));
    const marks = `(${new Array(width).fill("?").join(", ")})`;
    const insert = (rows: number): SqlStatement =>
      this.#database.prepare(`INSERT INTO ${tableName(table)} VALUES ${new Array(rows).fill(marks).join(", ")}`);
    return (this.#insert = { table, fields, step, many: insert(step), one: insert(1) });
  }
}

const filling =
  (sqlOf: (row: number) => SqlValue): Fill =>
  (list, at, stride, row, count) => {
    for (let i = 0; i < count; i++, at += stride) list[at] = sqlOf(row + i);
  };

/** The loop by itself: an array is read without a call per value. */
const fillingFrom =
  (values: ArrayLike<number | bigint>): Fill =>
  (list, at, stride, row, count) => {
    for (let i = 0; i < count; i++, at += stride) list[at] = values[row + i]!;
  };

/** Values as SQLite stores them. */
function fillOf(column: ColumnData, texts: readonly string[]): Fill {
  const { kind, values, validity } = column;
  const plain = kind === "u64" || kind === "entity" ? signedOf(values as BigUint64Array) : values;
  const wide = kind.startsWith("f32x");
  if (validity === undefined && kind !== "utf8" && kind !== "bool" && !wide) return fillingFrom(plain);
  const sqlOf = ((): ((row: number) => SqlValue) => {
    if (kind === "utf8") return (row) => texts[values[row] as number]!;
    if (kind === "bool") return (row) => (valueAt(column, row) === true ? 1 : 0);
    if (wide) return (row) => bytesOf(valueAt(column, row) as Float32Array);
    return (row) => plain[row]!;
  })();
  return filling(validity === undefined ? sqlOf : (row) => (isThere(column, row) ? sqlOf(row) : null));
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
