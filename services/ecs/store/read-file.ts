/** Reads a snapshot file. Nothing in it is believed: types, ranges, counts and names are checked, and any fault is ecs/bad-file. */
import { BusError } from "#bus";
import { definitionsOf, type FieldDefinition } from "../components/define.ts";
import { fieldsOf, type ImageMeta, type ImagePart, type ImageRows, PARTS_FORMAT } from "./image.ts";
import { FILE_VERSION, MAGIC, tableName, WHAT } from "./layout.ts";
import { ColumnReader, NumberSet, type SqlRows, selectOf } from "./read-columns.ts";
import type { OpenSql, SqlDatabase, SqlStatement, SqlValue } from "./sql.ts";

/** A part is ended after so many rows or about so many bytes. */
const PART_ROWS = 65_536;
const PART_BYTES = 4 << 20;
/** Rows that are asked for at once. Few, since each may hold a long text. */
const CHUNK_ROWS = 256;

export class SnapshotReader {
  readonly #path: string;
  readonly #database: SqlDatabase;

  /** @throws BusError ecs/no-store, ecs/bad-file, ecs/unsupported-format */
  constructor(open: OpenSql, path: string) {
    this.#path = path;
    this.#database = open(path, "read");
    try {
      this.#guarded(() => this.#check());
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #check(): void {
    const number = (pragma: string): number => Number(this.#one(`PRAGMA ${pragma}`));
    const magic = number("application_id");
    if (magic !== MAGIC) throw this.#bad("it is a database of another program");
    const theirs = number("user_version");
    if (theirs !== FILE_VERSION)
      throw new BusError("ecs/unsupported-format", { details: { path: this.#path, theirs, ours: FILE_VERSION } });
  }

  meta(): ImageMeta {
    return this.#guarded(() => {
      const number = (key: string): bigint => {
        const value = this.#meta(key);
        return typeof value === "bigint" ? BigInt.asUintN(64, value) : this.#fail(`meta.${key} is no number`);
      };
      const format = Number(number("format"));
      if (format !== PARTS_FORMAT)
        throw new BusError("ecs/unsupported-format", {
          details: { path: this.#path, theirs: format, ours: PARTS_FORMAT },
        });
      const fields = [...this.#database.prepare("SELECT * FROM fields ORDER BY component, position").rows()];
      const components = this.#list("SELECT position, name FROM components").map(([, name]) => ({
        name: name as string,
        fields: fields.filter(([component]) => component === name).map((row) => this.#field(row)),
      }));
      const meta: ImageMeta = {
        format,
        step: number("step"),
        turn: Number(number("turn")),
        faction: this.#meta("faction") as string,
        version: number("version"),
        hash: number("hash"),
        components: definitionsOf(components),
        archetypes: this.#list("SELECT position, name, components FROM archetypes").map(([, name, names]) => ({
          name: name as string,
          components: this.#names(names),
        })),
        indexes: Number(number("indexes")),
        ...this.#free(),
        tables: this.#list("SELECT position, name, components, rows FROM tables").map(
          ([position, name, names, rows]) => {
            if (name !== tableName(Number(position))) throw this.#bad(`table ${position} is called ${name}`);
            return { components: this.#names(names), rows: Number(rows) };
          },
        ),
      };
      const known = new Set(meta.components.map(({ name }) => name));
      for (const { components: names } of [...meta.tables, ...meta.archetypes])
        for (const name of names) if (!known.has(name)) throw this.#bad(`it has no component '${name}'`);
      return meta;
    });
  }

  /** Texts, then all rows, in parts. */
  *parts(meta: ImageMeta): Generator<ImagePart> {
    const all = this.#all(meta);
    for (;;) {
      const { value, done } = this.#guarded(() => all.next());
      if (done === true) return;
      yield value;
    }
  }

  *#all(meta: ImageMeta): Generator<ImagePart, undefined> {
    const codes = new Map<string, number>();
    const texts = this.#database.prepare("SELECT code, text FROM texts ORDER BY code");
    for (const rows of this.#batches(texts)) {
      for (const [code, text] of rows) {
        if (Number(code) !== codes.size || codes.has(text as string))
          throw this.#bad(`text ${code} is missing or there twice`);
        codes.set(text as string, codes.size);
      }
      yield { texts: rows.map(([, text]) => text as string) };
    }
    for (const rows of this.#rows(meta, codes)) yield { rows };
  }

  /** Also checks that each index has one entity or is free. */
  *#rows(meta: ImageMeta, codes: ReadonlyMap<string, number>): Generator<ImageRows> {
    const used = new NumberSet();
    for (const index of meta.freeIndex) used.add(index);
    const codeOf = (text: string): number => codes.get(text) ?? this.#fail(`'${text}' is not in its table of texts`);
    for (const [table, its] of meta.tables.entries()) {
      const fields = fieldsOf(meta, its);
      const sources = [ID, ...fields].map(({ path, field }) => ({ path, field, sql: selectOf(path, field.type) }));
      const sql = `SELECT row, ${sources.flatMap(({ sql }) => sql).join(", ")} FROM ${tableName(table)}`;
      const chunks = this.#chunks(
        this.#database.prepare(`${sql} WHERE row >= ? ORDER BY row LIMIT ${CHUNK_ROWS}`, "number"),
      );
      let next = chunks.next();
      for (let first = 0; ; ) {
        const capacity = Math.max(CHUNK_ROWS, Math.min(PART_ROWS, its.rows - first));
        let place = 1;
        const [ids, ...columns] = sources.map(({ path, field, sql }) => {
          const column = new ColumnReader(path, field, place, capacity, codeOf);
          place += sql.length;
          return column;
        });
        let rows = 0;
        for (
          let bytes = 0;
          next.done !== true && rows + CHUNK_ROWS <= capacity && bytes < PART_BYTES;
          next = chunks.next()
        ) {
          const chunk = next.value;
          for (let i = 0; i < chunk.length; i++) {
            if (chunk[i]![0] !== first + rows + i)
              throw this.#bad(`row ${first + rows + i} of table ${table} is missing`);
            bytes += bytesOf(chunk[i]!);
          }
          ids!.take(chunk);
          for (const column of columns) column.take(chunk);
          rows += chunk.length;
        }
        if (rows === 0) {
          if (first !== its.rows) throw this.#bad(`table ${table} has ${first} rows instead of ${its.rows}`);
          break;
        }
        const part = {
          table,
          first,
          ids: ids!.made().values as BigUint64Array,
          columns: columns.map((one) => one.made()),
        };
        this.#use(part, meta, used);
        yield part;
        first += rows;
      }
    }
    if (used.size !== meta.indexes)
      throw this.#bad(`${used.size} of its ${meta.indexes} indexes have an entity or are free`);
  }

  #use({ table, ids }: ImageRows, { indexes }: ImageMeta, used: NumberSet): void {
    const halves = new Uint32Array(ids.buffer);
    for (let i = 0; i < ids.length; i++) {
      const index = halves[2 * i]!;
      if (index >= indexes || halves[2 * i + 1] === 0 || !used.add(index))
        throw this.#bad(`entity ${ids[i]} of table ${table} has an index that is free, taken, or none`);
    }
  }

  /** Rows of a table, some at a time: a call per row costs more than the row. */
  *#chunks(statement: SqlStatement): Generator<SqlRows, undefined> {
    // Below all, so that rows that ought not to be there are seen.
    for (let from: SqlValue = Number.MIN_SAFE_INTEGER; ; ) {
      const chunk = statement.all([from]);
      if (chunk.length > 0) yield chunk;
      const last = chunk.at(-1)?.[0];
      if (chunk.length < CHUNK_ROWS || typeof last !== "number") return;
      from = last + 1;
    }
  }

  *#batches(statement: SqlStatement): Generator<(readonly SqlValue[])[]> {
    let rows: (readonly SqlValue[])[] = [];
    let bytes = 0;
    for (const row of statement.rows()) {
      rows.push(row);
      bytes += bytesOf(row);
      if (rows.length < PART_ROWS && bytes < PART_BYTES) continue;
      yield rows;
      rows = [];
      bytes = 0;
    }
    if (rows.length > 0) yield rows;
  }

  close(): void {
    this.#database.close();
  }

  #list(sql: string): (readonly SqlValue[])[] {
    const rows = [...this.#database.prepare(`${sql} ORDER BY position`).rows()];
    for (const [i, [position]] of rows.entries()) if (Number(position) !== i) throw this.#bad(`'${sql}' lacks ${i}`);
    return rows;
  }

  #field([, , name, type, nullable, index]: readonly SqlValue[]): FieldDefinition {
    return { name, type, nullable: nullable === 1n, index } as FieldDefinition;
  }

  #names(json: SqlValue | undefined): string[] {
    const names: unknown = JSON.parse(json as string);
    if (!Array.isArray(names) || names.some((name) => typeof name !== "string"))
      throw this.#bad("a list of names is none");
    return names as string[];
  }

  #meta(key: string): SqlValue {
    const [row] = this.#database.prepare("SELECT value FROM meta WHERE key = ?").rows([key]);
    return row?.[0] ?? this.#fail(`meta.${key} is missing`);
  }

  #free(): Pick<ImageMeta, "freeIndex" | "freeGeneration"> {
    const rows = [...this.#database.prepare('SELECT "index", generation FROM free ORDER BY "index"').rows()];
    const u32s = (at: number): Uint32Array =>
      Uint32Array.from(rows, (row) => {
        const value = Number(row[at]);
        return value >= 0 && value < 2 ** 32 ? value : this.#fail(`${value} in its free list is no u32`);
      });
    return { freeIndex: u32s(0), freeGeneration: u32s(1) };
  }

  #one(sql: string): SqlValue {
    const [row] = this.#database.prepare(sql).rows();
    return row?.[0] ?? null;
  }

  /** Whatever SQLite finds, or a check further down, is a fault of this file. */
  #guarded<Made>(work: () => Made): Made {
    try {
      return work();
    } catch (error) {
      if (error instanceof BusError && (error.code === "ecs/bad-file" || error.code === "ecs/unsupported-format"))
        throw error;
      throw this.#bad(error instanceof Error ? error.message : String(error), error);
    }
  }

  #bad(reason: string, cause?: unknown): BusError {
    return new BusError("ecs/bad-file", { details: { path: this.#path, what: WHAT, reason }, cause });
  }

  #fail(reason: string): never {
    throw this.#bad(reason);
  }
}

const ID = { path: "id", field: { type: "entity", nullable: false } } as const;

/** What a row weighs, about. */
function bytesOf(row: readonly SqlValue[]): number {
  let bytes = row.length * 8;
  for (const value of row) {
    if (typeof value === "string") bytes += value.length * 3;
    else if (value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}
