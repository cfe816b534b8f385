/** Exports: what a query finds, as Parquet or Arrow IPC files. */
import type { ComponentSpecs } from "../components/fields.ts";
import type { ColumnData } from "../frame/column.ts";
import { WorkerCalls } from "../worker/calls.ts";
import { Frame } from "../world/answer.ts";
import { type AnyQuery, queryToWire } from "../world/query.ts";
import type { Names, Query, Selection } from "../world/types.ts";
import type { World } from "../world/world.ts";
import type { FileColumn } from "./table-file.ts";
import type { OpenFile } from "./worker.ts";

export interface ExportReport {
  readonly rows: number;
  /** Of the state that was exported: all rows are of one state. */
  readonly version: bigint;
}

export interface ExportOptions {
  /** Rows of a part, which is a row group or record batch of the file. Default: as the service cuts them, 65,536 at most. */
  readonly batchRows?: number;
}

/**
 * Writes what a query finds into a Parquet file: column "id" (u64), then one column per selected field, "Component.field". u64 and
 * entity stay unsigned, utf8 is dictionary coded, vectors are lists of f32; rows without a value are null. `limit` and `offset` hold.
 * @throws (rejects) BusError ecs/no-store when the file cannot be written; errors of the query
 */
export const exportParquet = <
  S extends ComponentSpecs,
  const All extends Names<S> = never,
  const Sel extends Selection<S> = All,
>(
  world: World<S>,
  query: Query<S, All, Sel>,
  path: string,
  options: ExportOptions = {},
): Promise<ExportReport> => exportTo("parquet", world, query, path, options);

/**
 * The same as an Arrow IPC file, from the buffers as they came: fixed-size lists for vectors, dictionaries for utf8.
 * @throws (rejects) BusError ecs/no-store when apache-arrow is missing or the file cannot be written; errors of the query
 */
export const exportArrow = <
  S extends ComponentSpecs,
  const All extends Names<S> = never,
  const Sel extends Selection<S> = All,
>(
  world: World<S>,
  query: Query<S, All, Sel>,
  path: string,
  options: ExportOptions = {},
): Promise<ExportReport> => exportTo("arrow", world, query, path, options);

async function exportTo<S extends ComponentSpecs>(
  format: OpenFile["format"],
  { ecs, components }: World<S>,
  query: AnyQuery,
  path: string,
  { batchRows = 0 }: ExportOptions,
): Promise<ExportReport> {
  const wire = queryToWire(components, query);
  const demanded = new Set<string>(query.all ?? []);
  const fields = (wire.select ?? []).map((field): FileColumn => {
    const { type, nullable } = components.field(field);
    return { path: field, kind: type, nullable: nullable || !demanded.has(field.split(".")[0]!) };
  });
  const id: FileColumn = { path: "id", kind: "entity", nullable: false };
  await using worker = new WorkerCalls(new URL("./worker.js", import.meta.url));
  try {
    await worker.call("open", { path, format, columns: [id, ...fields] } satisfies OpenFile);
    let rows = 0;
    let version = 0n;
    let writing: Promise<unknown> = Promise.resolve();
    for await (const part of ecs.scan({ query: wire, batchRows })) {
      const frame = new Frame<S>(part.rows);
      const { ids, length } = frame;
      version = part.version;
      rows += length;
      await writing;
      if (length === 0) continue;
      const columns: ColumnData[] = [
        { ...id, length, values: ids, validity: undefined, dictionary: [] },
        ...fields.map((field) => frame.columns.find((column) => column.path === field.path)!),
      ];
      writing = worker.call("write", { columns, rows: length });
      writing.catch(() => {});
    }
    await writing;
    await worker.call("finish", undefined);
    return { rows, version };
  } catch (error) {
    await worker.call("abort", undefined);
    throw error;
  }
}
