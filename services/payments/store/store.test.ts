// Method: a store in a file of its own; what comes back is what was put in; files and rows damaged on purpose are refused.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database as Sqlite } from "better-sqlite3";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Store } from "./store.ts";

const Database = createRequire(import.meta.url)("better-sqlite3") as new (path: string) => Sqlite;
const folder = mkdtempSync(join(tmpdir(), "payments-store-"));
afterAll(() => rmSync(folder, { recursive: true }));

let path = "";
let files = 0;
beforeEach(() => {
  path = join(folder, `store-${files++}.sqlite`);
});
const checkpoint = (bytes: Uint8Array, more: object = {}) => ({
  simId: 3,
  label: "noon",
  tick: 50,
  configHash: 2n ** 64n - 1n,
  stateHash: 7n,
  version: 1,
  bytes,
  ...more,
});
const random = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + 7) & 255);

test("a checkpoint comes back with every byte, after the file was closed and opened again", () => {
  const bytes = random(100_000);
  const first = Store.open(path, () => 1234);
  const saved = first.saveCheckpoint(checkpoint(bytes));
  expect(saved).toEqual({
    id: 1,
    simId: 3,
    label: "noon",
    tick: 50,
    configHash: 2n ** 64n - 1n,
    stateHash: 7n,
    bytes: 100_000,
    createdMs: 1234n,
  });
  first.close();
  first.close();
  const second = Store.open(path);
  const { state, version, ...rest } = second.loadCheckpoint(1);
  expect(rest).toEqual(saved);
  expect(version).toBe(1);
  expect(Buffer.compare(state, bytes)).toBe(0);
  second.close();
});

test("lists are newest first, by simulation, in pages; ids are not given twice", () => {
  const store = Store.open(path);
  for (let i = 0; i < 5; i++) store.saveCheckpoint(checkpoint(random(i), { simId: i % 2, label: `${i}` }));
  const labels = (options: { simId?: number; limit: number; offset: number }): string[] =>
    store.listCheckpoints(options).checkpoints.map(({ label }) => label ?? "");
  expect(labels({ limit: 0, offset: 0 })).toEqual(["4", "3", "2", "1", "0"]);
  expect(labels({ simId: 0, limit: 0, offset: 0 })).toEqual(["4", "2", "0"]);
  expect(labels({ limit: 2, offset: 1 })).toEqual(["3", "2"]);
  expect(store.listCheckpoints({ simId: 1, limit: 1, offset: 0 }).total).toBe(2);
  expect([store.deleteCheckpoint(5), store.deleteCheckpoint(5)]).toEqual([true, false]);
  expect(store.saveCheckpoint(checkpoint(random(1))).id).toBe(6);
  expect(() => store.loadCheckpoint(5)).toThrow(/payments\/not-found: there is no checkpoint 5/);
  store.close();
});

test("bytes that changed in the file are refused", () => {
  const store = Store.open(path);
  store.saveCheckpoint(checkpoint(random(500)));
  store.record({ label: "r", ticks: 3, configHash: 1n, runHash: "ab" }, [random(10), random(20)], 5n);
  store.close();
  const raw = new Database(path);
  raw.exec("UPDATE checkpoints SET bytes = zeroblob(500)");
  raw.exec("DELETE FROM recording_pages WHERE page = 0");
  raw.close();
  const again = Store.open(path);
  expect(() => again.loadCheckpoint(1)).toThrow(/payments\/corrupt-state: .*checkpoint 1 is not what was stored/);
  expect(() => again.readRecording(1)).toThrow(/payments\/corrupt-state: .*recording 1 is not what was stored/);
  again.close();
});

test("recordings keep their pages in order, and go with all of them", () => {
  const store = Store.open(path, () => 9);
  const pages = [random(30), random(0), random(7)];
  const made = store.record({ label: "run", ticks: 12, configHash: 5n, runHash: "ff" }, pages, 2n ** 40n);
  expect(store.listRecordings()).toEqual([made]);
  const read = store.readRecording(made.id);
  expect(read.recording).toEqual({ ...made, events: 2n ** 40n });
  expect(read.pages.map((page) => [...page])).toEqual(pages.map((page) => [...page]));
  expect([store.deleteRecording(made.id), store.deleteRecording(made.id)]).toEqual([true, false]);
  expect(() => store.readRecording(made.id)).toThrow(/there is no recording 1/);
  store.close();
  const raw = new Database(path);
  expect(raw.prepare("SELECT count(*) FROM recording_pages").pluck().get()).toBe(0);
  raw.close();
});

test("a file of another program, of another version, or no database at all is refused and left alone", () => {
  const other = new Database(path);
  other.exec("CREATE TABLE mine (x)");
  other.close();
  expect(() => Store.open(path)).toThrow(/payments\/no-store: .*it is a database of another program/);
  const newer = join(folder, "newer.sqlite");
  Store.open(newer).close();
  const raw = new Database(newer);
  raw.pragma("user_version = 2");
  raw.close();
  expect(() => Store.open(newer)).toThrow(
    /payments\/unsupported-version: version 2 is not supported; this service reads 1/,
  );
  const text = join(folder, "text.sqlite");
  writeFileSync(text, "no database, but long enough to look at its first bytes, which are not SQLite's".repeat(20));
  expect(() => Store.open(text)).toThrow(/payments\/no-store: .*not a database/);
  expect(() => Store.open(join(text, "inside.sqlite"))).toThrow(/payments\/no-store/);
});

test("two stores of one file see each other's checkpoints", () => {
  const a = Store.open(path);
  const b = Store.open(path);
  a.saveCheckpoint(checkpoint(random(4)));
  expect(b.loadCheckpoint(1).label).toBe("noon");
  expect(b.saveCheckpoint(checkpoint(random(4))).id).toBe(2);
  a.close();
  b.close();
});
