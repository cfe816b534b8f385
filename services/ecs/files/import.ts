/** Imports: new entities from the rows of a Parquet or Arrow IPC file, such as an export writes. */
import { BusError } from "#bus";
import type { CreateGroupInit } from "#generated/ecs";
import type { ComponentDefinition } from "../components/define.ts";
import type { ComponentSpecs } from "../components/fields.ts";
import { mismatch } from "../frame/check.ts";
import { type ColumnData, columnOf, isThere, valueAt } from "../frame/column.ts";
import { toWire } from "../frame/wire.ts";
import { WorkerCalls } from "../worker/calls.ts";
import { failuresOf, throwFirst } from "../world/errors.ts";
import type { Names } from "../world/types.ts";
import type { World } from "../world/world.ts";
import type { FileColumn, ReadTable } from "./table-file.ts";
import type { ReadFile } from "./worker.ts";

export interface ImportReport {
  readonly rows: number;
  /** Of the new entities, row by row. */
  readonly ids: BigUint64Array;
  /** Column "id" of the file, row by row: what the entities were called where they came from. Undefined when it has none. */
  readonly idsInFile: BigUint64Array | undefined;
  readonly version: bigint;
}

export interface ImportOptions<S extends ComponentSpecs> {
  /** Components without fields, which no file can show: every new entity gets them. */
  readonly tags?: readonly Names<S>[];
  /** Rows of a request. Default 16,384. */
  readonly batchRows?: number;
}

/**
 * Makes an entity of each row of a Parquet file. Columns are called "Component.field" and have exactly the field's type, as an export
 * writes it; "id" is told and not used. A row has a component when one of the component's columns has a value there. Values of entity
 * fields are taken as they are. The whole file is read and checked before anything is made, and kept in memory meanwhile.
 * @throws (rejects) BusError ecs/no-store (no such file), ecs/bad-file (no Parquet file); ecs/unknown-name, ecs/type-mismatch,
 *   ecs/malformed naming the column; errors of the requests, after which what was made is deleted again
 */
export const importParquet = <S extends ComponentSpecs>(
  world: World<S>,
  path: string,
  options: ImportOptions<S> = {},
): Promise<ImportReport> => importFrom("parquet", world, path, options);

/**
 * The same from an Arrow IPC file: fixed-size lists for vectors, texts plain or in dictionaries.
 * @throws (rejects) as `importParquet`; ecs/no-store also when apache-arrow is missing
 */
export const importArrow = <S extends ComponentSpecs>(
  world: World<S>,
  path: string,
  options: ImportOptions<S> = {},
): Promise<ImportReport> => importFrom("arrow", world, path, options);

async function importFrom<S extends ComponentSpecs>(
  format: ReadFile["format"],
  world: World<S>,
  path: string,
  { tags = [], batchRows = 16_384 }: ImportOptions<S>,
): Promise<ImportReport> {
  for (const name of tags) world.components.component(name);
  if (!Number.isInteger(batchRows) || batchRows < 1)
    throw malformed("batchRows", `${batchRows} is no whole number above 0`);
  const table = await read(format, world.components.list, path);
  const columns = new Map(table.columns.map((column) => [column.path, column]));
  if (columns.size < table.columns.length) throw malformed(path, "two of its columns have one name");
  const idsInFile = columns.get("id")?.values as BigUint64Array | undefined;
  const parts = componentsIn(path, world.components.list, columns, table.rows);
  const ids = new BigUint64Array(table.rows);
  let version = 0n;
  let made = 0;
  try {
    for (let first = 0; first < table.rows; first += batchRows) {
      const last = Math.min(table.rows, first + batchRows);
      const { groups, rows } = groupsOf(parts, tags, first, last);
      const reply = await world.ecs.createEntities({ groups });
      for (const [item, row] of rows.entries()) ids[row] = reply.ids[item] ?? 0n;
      made = last;
      version = reply.version;
      throwFirst(failuresOf(reply.errors, (item) => rows[item]!));
    }
  } catch (error) {
    await takeBack(world, ids.subarray(0, made), batchRows);
    throw error;
  }
  return { rows: table.rows, ids, idsInFile, version };
}

async function read(
  format: ReadFile["format"],
  components: readonly ComponentDefinition[],
  path: string,
): Promise<ReadTable> {
  const fields = components.flatMap(({ name, fields }) =>
    fields.map((field): FileColumn => ({ path: `${name}.${field.name}`, kind: field.type, nullable: field.nullable })),
  );
  const id: FileColumn = { path: "id", kind: "entity", nullable: false };
  await using worker = new WorkerCalls(new URL("./worker.js", import.meta.url));
  return await worker.call<ReadTable>("read", { path, format, fields: [id, ...fields] } satisfies ReadFile);
}

/** A component with the columns that the file has of it. */
interface Part {
  readonly name: string;
  readonly columns: readonly ColumnData[];
  /** Undefined: every row has it. */
  readonly rows: Uint8Array | undefined;
}

function componentsIn(
  file: string,
  components: readonly ComponentDefinition[],
  columns: ReadonlyMap<string, ColumnData>,
  rows: number,
): Part[] {
  return components.flatMap(({ name, fields }): Part[] => {
    const its = fields.flatMap((field) => columns.get(`${name}.${field.name}`) ?? []);
    if (its.length === 0) return [];
    const here = its.every(({ validity }) => validity !== undefined) ? new Uint8Array(rows) : undefined;
    if (here !== undefined)
      for (let row = 0; row < rows; row++) here[row] = its.some((column) => isThere(column, row)) ? 1 : 0;
    for (const field of fields) {
      const path = `${name}.${field.name}`;
      const column = columns.get(path);
      if (field.nullable || (column !== undefined && column.validity === undefined)) continue;
      if (column === undefined)
        throw malformed(`${file}: column '${path}'`, `it is missing, and ${name} has no null there`);
      for (let row = 0; row < rows; row++) {
        if (here?.[row] === 0 || isThere(column, row)) continue;
        throw mismatch(`${file}: row ${row} of '${path}'`, "null", `${field.type} (not nullable)`);
      }
    }
    return [{ name, columns: its, rows: here }];
  });
}

/** Rows [first, last) by their sets of components, and which row each item of the request is. */
function groupsOf(
  parts: readonly Part[],
  tags: readonly string[],
  first: number,
  last: number,
): { groups: CreateGroupInit[]; rows: number[] } {
  const bySet = new Map<string, { has: readonly Part[]; rows: number[] }>();
  for (let row = first; row < last; row++) {
    const has = parts.filter(({ rows }) => rows === undefined || rows[row] === 1);
    const key = has.map(({ name }) => name).join();
    const group = bySet.get(key);
    if (group === undefined) bySet.set(key, { has, rows: [row] });
    else group.rows.push(row);
  }
  const groups = [...bySet.values()].map(
    ({ has, rows }): CreateGroupInit => ({
      components: [...has.map(({ name }) => name), ...tags],
      count: rows.length,
      columns: has.flatMap(({ columns }) =>
        columns.map((column) => {
          const { path, kind, nullable } = column;
          const at = (row: number): unknown => valueAt(column, rows[row]!);
          return toWire(columnOf(path, { type: kind, nullable }, rows.length, at));
        }),
      ),
    }),
  );
  return { groups, rows: [...bySet.values()].flatMap(({ rows }) => rows) };
}

/** An import happens wholly or not at all, unless the service is gone; then it has nothing of it anyway. */
async function takeBack<S extends ComponentSpecs>(world: World<S>, ids: BigUint64Array, batch: number): Promise<void> {
  const made = ids.filter((id) => id !== 0n);
  for (let first = 0; first < made.length; first += batch) {
    await world.deleteMany(made.subarray(first, first + batch)).catch(() => {});
  }
}

const malformed = (path: string, problem: string): BusError =>
  new BusError("ecs/malformed", { details: { path, problem: `is refused: ${problem}` } });
