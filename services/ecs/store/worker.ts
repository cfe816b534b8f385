/** The thread that reads and writes snapshot files. */
import { parentPort } from "node:worker_threads";
import { answerCalls } from "../worker/calls.ts";
import { openBetterSqlite3 } from "./better-sqlite3.ts";
import type { ImageMeta, ImagePart, ImageRows } from "./image.ts";
import { SnapshotReader } from "./read-file.ts";
import { SnapshotWriter } from "./write-file.ts";

let writer: SnapshotWriter | undefined;
let reader: SnapshotReader | undefined;
let parts: Iterator<ImagePart> | undefined;

answerCalls(parentPort!, {
  create(path: string) {
    writer = new SnapshotWriter(openBetterSqlite3, path);
    return {};
  },
  meta(meta: ImageMeta) {
    writer!.meta(meta);
    return {};
  },
  texts(texts: readonly string[]) {
    writer!.texts(texts);
    return {};
  },
  rows(rows: ImageRows) {
    writer!.rows(rows);
    return {};
  },
  finish() {
    writer!.finish();
    return {};
  },
  abort() {
    writer?.abort();
    return {};
  },
  open(path: string) {
    reader = new SnapshotReader(openBetterSqlite3, path);
    const meta = reader.meta();
    parts = reader.parts(meta);
    return { value: meta };
  },
  next() {
    const { value, done } = parts!.next();
    if (done === true) return { value: undefined };
    const part = value as ImagePart;
    if ("texts" in part) return { value: part };
    const { rows } = part;
    const arrays = rows.columns.flatMap(({ values, validity }) => [
      values.buffer,
      ...(validity ? [validity.buffer] : []),
    ]);
    return { value: part, transfer: [rows.ids.buffer, ...arrays] };
  },
  close() {
    reader?.close();
    return {};
  },
});
