/** The thread that writes Parquet and Arrow files. */
import { parentPort } from "node:worker_threads";
import { BusError } from "#bus";
import type { ColumnData } from "../frame/column.ts";
import { answerCalls } from "../worker/calls.ts";
import { besideOf, discard, type FileColumn, place, type TableFile } from "./table-file.ts";

export interface OpenFile {
  readonly path: string;
  readonly format: "parquet" | "arrow";
  readonly columns: readonly FileColumn[];
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

answerCalls(parentPort!, {
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
