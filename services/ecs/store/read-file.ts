/** Reads a snapshot file. Nothing in it is believed: types, ranges, counts and names are checked, and any fault is ecs/bad-file. */
import { BusError } from "#bus";
import { definitionsOf, type FieldDefinition } from "../components/define.ts";
import { widthOf } from "../components/fields.ts";
import { checkValue } from "../frame/check.ts";
import { type ColumnData, columnOf } from "../frame/column.ts";
import { fieldsOf, type ImageMeta, type ImagePart, type ImageRows, PARTS_FORMAT } from "./image.ts";
import { FILE_VERSION, MAGIC, tableName, WHAT } from "./layout.ts";
import { type OpenSql, quoted, type SqlDatabase, type SqlStatement, type SqlValue } from "./sql.ts";

/** A part is ended after so many rows or about so many bytes. */
const PART_ROWS = 65_536;
const PART_BYTES = 4 << 20;

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
    const used = new Set<number>(meta.freeIndex);
    for (const [table, its] of meta.tables.entries()) {
      const fields = fieldsOf(meta, its);
      const columns = ["row", "id", ...fields.map(({ path }) => path)].map(quoted).join(", ");
      const statement = this.#database.prepare(`SELECT ${columns} FROM ${tableName(table)} ORDER BY row`);
      let first = 0;
      for (const rows of this.#batches(statement)) {
        const ids = BigUint64Array.from(rows, ([, id]) => BigInt.asUintN(64, id as bigint));
        for (const [i, id] of ids.entries()) {
          const index = Number(id & 0xffffffffn);
          if (Number(rows[i]![0]) !== first + i) throw this.#bad(`row ${first + i} of table ${table} is missing`);
          if (index >= meta.indexes || id >> 32n === 0n || used.has(index))
            throw this.#bad(`entity ${id} of table ${table} has an index that is free, taken, or none`);
          used.add(index);
        }
        const made = fields.map(({ path, field }, i) => this.#column(path, field, rows, i + 2, codes));
        yield { table, first, ids, columns: made };
        first += rows.length;
      }
      if (first !== its.rows) throw this.#bad(`table ${table} has ${first} rows instead of ${its.rows}`);
    }
    if (used.size !== meta.indexes)
      throw this.#bad(`${used.size} of its ${meta.indexes} indexes have an entity or are free`);
  }

  *#batches(statement: SqlStatement): Generator<(readonly SqlValue[])[]> {
    const iterator = statement.rows();
    let rows: (readonly SqlValue[])[] = [];
    let bytes = 0;
    for (;;) {
      const { value, done } = iterator.next();
      if (done === true) break;
      rows.push(value);
      for (const one of value)
        bytes += typeof one === "string" ? one.length * 3 : one instanceof Uint8Array ? one.length : 8;
      if (rows.length < PART_ROWS && bytes < PART_BYTES) continue;
      yield rows;
      rows = [];
      bytes = 0;
    }
    if (rows.length > 0) yield rows;
  }

  #column(
    path: string,
    field: FieldDefinition,
    rows: readonly (readonly SqlValue[])[],
    at: number,
    codes: ReadonlyMap<string, number>,
  ): ColumnData {
    const read = fromSql(field);
    const { type, nullable } = field;
    const text = type === "utf8";
    const made = columnOf(path, { type: text ? "i32" : type, nullable }, rows.length, (row) => {
      const value = rows[row]![at]!;
      const one = value === null ? null : read(value);
      checkValue(path, type, nullable, one);
      if (!text || one === null) return one;
      return codes.get(one as string) ?? this.#fail(`${path} has a text that is not in its table of texts`);
    });
    return { ...made, kind: type };
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

/** Integers come as bigint; a value of another type is passed on, and the check of its kind refuses it. */
function fromSql({ type }: FieldDefinition): (value: SqlValue) => unknown {
  if (type === "bool") return (value) => (value === 1n ? true : value === 0n ? false : value);
  if (type === "u64" || type === "entity")
    return (value) => (typeof value === "bigint" ? BigInt.asUintN(64, value) : value);
  if (type === "i64") return (value) => value;
  if (widthOf(type) > 1)
    return (value) =>
      value instanceof Uint8Array && value.length % 4 === 0 ? new Float32Array(value.slice().buffer) : value;
  // A double that is no f32 was not written here.
  if (type === "f32")
    return (value) => (typeof value === "number" && Math.fround(value) === value ? value : String(value));
  return (value) => (typeof value === "bigint" ? Number(value) : value);
}
