// Method: a world with every kind of field at its extremes is saved, changed and loaded; files are damaged, cut, made foreign and
// newer on purpose; a process is killed in the middle of a save.
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Database as Sqlite } from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineComponents, loadSnapshot, openWorld, saveSnapshot, type World } from "../index.ts";
import { EXTREMES, extremeRows } from "../testing/extremes.ts";
import { openRig, type Rig } from "../testing/rig.ts";
import { openBetterSqlite3 } from "./better-sqlite3.ts";
import { SnapshotReader } from "./read-file.ts";

const Database = createRequire(import.meta.url)("better-sqlite3") as new (path: string) => Sqlite;
const components = defineComponents(EXTREMES);
// Threads are started and files are synced: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let rig: Rig;
let world: World<typeof EXTREMES>;
let path: string;
beforeEach(async () => {
  rig = await openRig("local");
  world = await openWorld(rig.bus, components);
  path = join(rig.folder, "world.sqlite");
});
afterEach(() => rig[Symbol.asyncDispose]());

/** Reads a file in this thread. @throws what is wrong with it */
async function readAll(file: string): Promise<undefined> {
  const reader = new SnapshotReader(openBetterSqlite3, file);
  try {
    for (const part of reader.parts(reader.meta())) expect(Object.keys(part)).toHaveLength(1);
  } finally {
    reader.close();
  }
}
const load = (file: string): Promise<unknown> => loadSnapshot(world.ecs, file).catch((caught: unknown) => caught);

const everything = async (): Promise<unknown> => {
  const { ids } = await world.query({});
  return (await world.getMany(ids)).entities;
};

async function fill(): Promise<BigUint64Array> {
  const { ids, failures } = await world.createMany(extremeRows());
  expect(failures).toEqual([]);
  await world.deleteMany([ids[1]!, ids[4]!]);
  await world.create({ Tag: {} });
  return ids;
}

test("what is loaded is what was saved: every bit of every kind, ids, free indexes, hash", async () => {
  const ids = await fill();
  const [before, hash] = [await everything(), await world.hash()];
  const saved = await saveSnapshot(world.ecs, path);
  expect(saved).toMatchObject({ hash, entities: ids.length - 1 });
  await world.deleteMany(ids.slice(5));
  await world.createMany(extremeRows());
  expect(await world.hash()).not.toBe(hash);
  expect(await loadSnapshot(world.ecs, path)).toEqual(saved);
  expect(await everything()).toEqual(before);
  expect(await world.hash()).toBe(hash);
  // The free index is used next, with a new generation; the old id stays stale.
  const next = await world.create({ Tag: {} });
  expect(next & 0xffffffffn).toBe(ids[4]! & 0xffffffffn);
  expect(next >> 32n).toBe((ids[4]! >> 32n) + 1n);
  await expect(world.get(ids[4]!)).rejects.toMatchObject({ code: "ecs/stale-id" });
  expect(readdirSync(rig.folder).filter((name) => name.includes("saving"))).toEqual([]);
});

test("the file can be read by SQL: a table per archetype in row order, values under their own names", async () => {
  await fill();
  await saveSnapshot(world.ecs, path);
  const sql = new Database(path);
  const tables = sql.prepare("SELECT name, components, rows FROM tables ORDER BY position").all() as {
    name: string;
    components: string;
    rows: number;
  }[];
  const whole = tables.find(({ components }) => components === '["Ids","Numbers","Rest"]')!;
  const rows = sql.prepare(`SELECT * FROM ${whole.name} ORDER BY row`).all() as Record<string, unknown>[];
  expect(rows).toHaveLength(whole.rows);
  expect(rows.map((row) => row.row)).toEqual(rows.map((_, i) => i));
  expect(rows[0]).toMatchObject({ "Numbers.i8": -128, "Numbers.f64": 5e-324, "Rest.text": "", "Rest.maybe": null });
  const sum = sql.prepare(`SELECT count(*) AS n, max("Numbers.u32") AS most FROM ${whole.name}`).get();
  expect(sum).toEqual({ n: whole.rows, most: 4294967295 });
  expect(sql.pragma("integrity_check", { simple: true })).toBe("ok");
  sql.close();
});

test("saving again replaces the file, and an empty world is a file too", async () => {
  const empty = await world.hash();
  await saveSnapshot(world.ecs, path);
  await fill();
  await saveSnapshot(world.ecs, join(rig.folder, "full.sqlite"));
  await loadSnapshot(world.ecs, path);
  expect([await world.hash(), (await world.query({})).length]).toEqual([empty, 0]);
  await fill();
  const hash = await world.hash();
  await saveSnapshot(world.ecs, path);
  await loadSnapshot(world.ecs, join(rig.folder, "full.sqlite"));
  expect((await loadSnapshot(world.ecs, path)).hash).toBe(hash);
});

test("a damaged, cut, foreign or newer file is refused by name, and the world stays as it is", async () => {
  await fill();
  await saveSnapshot(world.ecs, path);
  const hash = await world.hash();
  const changed = async (name: string, change: (sql: Sqlite) => void, code: string, text: RegExp): Promise<void> => {
    const file = join(rig.folder, `${name}.sqlite`);
    copyFileSync(path, file);
    const sql = new Database(file);
    change(sql);
    sql.close();
    await refused(file, code, text);
  };
  const refused = async (file: string, code: string, text: RegExp): Promise<void> => {
    // What reading refuses needs no thread of its own to be tried; the rest is for the service to refuse.
    const error: unknown = (await readAll(file).catch((caught: unknown) => caught)) ?? (await load(file));
    expect(error, file).toMatchObject({ code });
    expect(String(error)).toMatch(text);
    expect(await world.hash()).toBe(hash);
  };
  const table = (sql: Sqlite): string =>
    sql.prepare(`SELECT name FROM tables WHERE components = '["Ids","Numbers","Rest"]'`).pluck().get() as string;
  const set = (what: string) => (sql: Sqlite) => void sql.exec(`UPDATE ${table(sql)} SET ${what} WHERE row = 1`);
  await changed(
    "newer",
    (sql) => void sql.pragma("user_version = 2"),
    "ecs/unsupported-format",
    /format 2; this version reads 1/,
  );
  await changed(
    "parts",
    (sql) => void sql.exec("UPDATE meta SET value = 9 WHERE key = 'format'"),
    "ecs/unsupported-format",
    /9/,
  );
  await changed("foreign", (sql) => void sql.pragma("application_id = 7"), "ecs/bad-file", /of another program/);
  await changed("range", set('"Numbers.i8" = 128'), "ecs/bad-file", /128/);
  await changed("fraction", set('"Numbers.f32" = 0.1'), "ecs/bad-file", /Numbers.f32/);
  await changed("text", set(`"Numbers.f64" = 'x'`), "ecs/bad-file", /Numbers.f64/);
  await changed("vector", set('"Rest.vector" = zeroblob(8)'), "ecs/bad-file", /3 finite numbers/);
  // As a file of another program may be: what STRICT keeps out of a column is in it.
  const loose = (what: string) => (sql: Sqlite) => {
    sql.unsafeMode();
    sql.pragma("writable_schema = ON");
    sql.exec("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')')");
    sql.pragma("writable_schema = RESET");
    set(what)(sql);
  };
  await changed("long text", loose(`"Ids.i64" = 'x'`), "ecs/bad-file", /Ids.i64.*type text/);
  await changed("long fraction", loose('"Ids.u64" = 1.5'), "ecs/bad-file", /Ids.u64.*type real/);
  await changed("id text", loose("id = 'x'"), "ecs/bad-file", /id.*type text/);
  await changed("index", set("id = id + 1"), "ecs/bad-file", /free, taken, or none/);
  await changed("generation", set("id = id + 4294967296"), "ecs/corrupt-state", /hash/);
  await changed(
    "gone",
    (sql) => void sql.exec(`DELETE FROM ${table(sql)} WHERE row = 0`),
    "ecs/bad-file",
    /row 0 .* missing/,
  );
  await changed("fewer", (sql) => void sql.exec("UPDATE tables SET rows = rows + 1"), "ecs/bad-file", /instead of/);
  await changed("table", (sql) => void sql.exec(`DROP TABLE ${table(sql)}`), "ecs/bad-file", /no such table/);
  await changed(
    "free",
    (sql) => void sql.exec("DELETE FROM free"),
    "ecs/bad-file",
    /indexes have an entity or are free/,
  );
  await changed(
    "text",
    (sql) => void sql.exec("DELETE FROM texts WHERE text = 'red'"),
    "ecs/bad-file",
    /text \d+ is missing/,
  );
  await changed(
    "meta",
    (sql) => void sql.exec("DELETE FROM meta WHERE key = 'hash'"),
    "ecs/bad-file",
    /meta.hash is missing/,
  );
  await changed(
    "kind",
    (sql) => void sql.exec("UPDATE fields SET type = 'f99' WHERE name = 'f64'"),
    "ecs/bad-file",
    /f99/,
  );
  await changed("value", set('"Numbers.i8" = 7'), "ecs/corrupt-state", /hash/);
  const cut = join(rig.folder, "cut.sqlite");
  copyFileSync(path, cut);
  truncateSync(cut, 6000);
  await refused(cut, "ecs/bad-file", /malformed|disk image|not a database/);
  const noise = join(rig.folder, "noise.sqlite");
  writeFileSync(noise, "this is no database, however long its first line may be".repeat(50));
  await refused(noise, "ecs/bad-file", /not a database/);
  await refused(join(rig.folder, "none.sqlite"), "ecs/no-store", /unable to open|does not exist/);
  await expect(saveSnapshot(world.ecs, join(noise, "inside.sqlite"))).rejects.toMatchObject({ code: "ecs/no-store" });
});

test("every byte of the pages may be damaged: the file is refused, or nothing in it had changed", async () => {
  await fill();
  await saveSnapshot(world.ecs, path);
  const hash = await world.hash();
  const bytes = readFileSync(path);
  const file = join(rig.folder, "flipped.sqlite");
  let refused = 0;
  let loaded = 0;
  // A prime, so that headers, cells and values of all pages are met.
  for (let at = 18; at < bytes.length; at += 331) {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x55;
    writeFileSync(file, damaged);
    const first = await readAll(file).then(
      () => undefined,
      (error: { code?: string }) => error.code ?? String(error),
    );
    if (first !== undefined) {
      expect(["ecs/bad-file", "ecs/unsupported-format"], `byte ${at}: ${first}`).toContain(first);
      refused++;
    } else if (loaded++ < 5) {
      const result = await loadSnapshot(world.ecs, file).then(
        (info) => info.hash,
        (error: { code: string }) => error.code,
      );
      expect([hash, "ecs/corrupt-state"], `byte ${at}: ${result}`).toContain(result);
    }
  }
  expect(refused).toBeGreaterThan(0);
  await loadSnapshot(world.ecs, path);
  expect(await world.hash()).toBe(hash);
}, 120_000);

test("kill -9 in the middle of a save leaves the former file whole; the next save takes the rest away", async () => {
  await fill();
  const { hash } = await saveSnapshot(world.ecs, path);
  const former = readFileSync(path);
  const program = join(import.meta.dirname, "..", "..", "..", "dist", "services", "ecs", "testing", "save-forever.js");
  expect(existsSync(program), "npm run build").toBe(true);
  for (const afterRows of [1, 90_000]) {
    const child = spawn(process.execPath, [program, path, String(afterRows)], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(readdirSync(rig.folder).filter((name) => name.includes(".saving"))).toEqual([
      `world.sqlite.${child.pid}-0.saving`,
    ]);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    expect(Buffer.compare(readFileSync(path), former)).toBe(0);
  }
  expect((await loadSnapshot(world.ecs, path)).hash).toBe(hash);
  await saveSnapshot(world.ecs, path);
  expect(readdirSync(rig.folder).filter((name) => name.includes(".saving"))).toEqual([]);
});
