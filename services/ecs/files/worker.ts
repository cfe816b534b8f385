/** The thread that writes and reads Parquet and Arrow files. */
import { parentPort } from "node:worker_threads";
import { BusError } from "#bus";
import type { ColumnData } from "../frame/column.ts";
import { answerCalls } from "../worker/calls.ts";
import { besideOf, discard, type FileColumn, place, type ReadTable, type TableFile } from "./table-file.ts";

export interface OpenFile {
  readonly path: string;
  readonly format: "parquet" | "arrow";
  readonly columns: readonly FileColumn[];
}

export interface ReadFile {
  readonly path: string;
  readonly format: OpenFile["format"];
  /** What its columns may be. */
  readonly fields: readonly FileColumn[];
}

let file: TableFile | undefined;
let path = "";
let beside = "";

/** Each format's library is loaded when a file of it is written. */
async function open({ path: to, format, columns }: OpenFile): Promise<TableFile> {
  [path, beside] = [to, besideOf(to)];
  if (format === "parquet") return (await import("./parquet.ts")).parquetFile(beside, columns);
  return (await import("./arrow.ts")).arrowFile(beside, columns);
}

const failing = async (work: () => void | Promise<void>): Promise<object> => {
  try {
    await work();
    return {};
  } catch (error) {
    if (error instanceof BusError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new BusError("ecs/no-store", { details: { path, reason }, cause: error });
  }
};

const WHAT = { parquet: "Parquet file", arrow: "Arrow IPC file" } as const;

async function read({ path, format, fields }: ReadFile): Promise<ReadTable> {
  try {
    if (format === "parquet") return await (await import("./read-parquet.ts")).readParquet(path, fields);
    return await (await import("./read-arrow.ts")).readArrow(path, fields);
  } catch (error) {
    if (error instanceof BusError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    // Of the file system: it has a system call; anything else is what a library says of the bytes.
    if ((error as NodeJS.ErrnoException).syscall !== undefined)
      throw new BusError("ecs/no-store", { details: { path, reason }, cause: error });
    throw new BusError("ecs/bad-file", { details: { path, what: WHAT[format], reason }, cause: error });
  }
}

answerCalls(parentPort!, {
  async read(what: ReadFile) {
    const table = await read(what);
    const buffers = table.columns.flatMap(({ values, validity }) => [
      values.buffer,
      ...(validity === undefined ? [] : [validity.buffer]),
    ]);
    return { value: table, transfer: buffers };
  },
  open: (what: OpenFile) =>
    failing(async () => {
      file = await open(what);
    }),
  write: ({ columns, rows }: { columns: readonly ColumnData[]; rows: number }) =>
    failing(() => file!.write(columns, rows)),
  finish: () =>
    failing(async () => {
      await file!.finish();
      place(beside, path);
    }),
  abort() {
    if (beside !== "") discard(beside);
    return {};
  },
});
