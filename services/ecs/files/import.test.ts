// Method: a world with every kind of field at its extremes is exported and imported again, and each new entity has to be what the old one
// is, bit by bit; DuckDB and apache-arrow write files, too. Files with wrong columns, damaged and foreign ones are refused by name.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  type ComponentSpecs,
  defineComponents,
  exportArrow,
  exportParquet,
  importArrow,
  importParquet,
  openWorld,
  type World,
} from "../index.ts";
import { EXTREMES, extremeRows } from "../testing/extremes.ts";
import { openRig, type Rig } from "../testing/rig.ts";
import { readArrow } from "./read-arrow.ts";
import { readParquet } from "./read-parquet.ts";
import type { FileColumn } from "./table-file.ts";

// Threads are started: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let rig: Rig;
let world: World<typeof EXTREMES>;
const QUERY = { select: ["Numbers", "Ids", "Rest"] } as const;
const FORMATS = [
  ["arrow", exportArrow, importArrow],
  ["parquet", exportParquet, importParquet],
] as const;
beforeAll(async () => {
  rig = await openRig("local");
  world = await openWorld(rig.bus, defineComponents(EXTREMES));
  await world.createMany(extremeRows());
});
afterAll(() => rig[Symbol.asyncDispose]());

const file = (name: string): string => join(rig.folder, name);
const openOther = async <S extends ComponentSpecs>(specs: S, config = "") => {
  const other = await openRig("local", { config });
  return { other, world: await openWorld(other.bus, defineComponents(specs)) };
};

for (const [format, write, read] of FORMATS) {
  test(`${format}: what is imported is what was exported: components, every bit of every kind, nulls`, async () => {
    const path = file(`all.${format}`);
    await write(world, QUERY, path, { batchRows: 7 });
    const old = await world.query(QUERY);
    const report = await read(world, path, { batchRows: 10 });
    expect(report).toMatchObject({ rows: old.length, idsInFile: old.ids });
    expect(new Set([...old.ids, ...report.ids]).size).toBe(2 * old.length);
    const [before, after] = [await world.getMany(old.ids), await world.getMany(report.ids)];
    for (let row = 0; row < old.length; row++) {
      const { id: _, components, ...values } = before.entities[row]!;
      const made = after.entities[row]!;
      // A tag has no column.
      expect(made.components, `row ${row}`).toEqual(components.filter((name) => name !== "Tag"));
      const { Tag: __, ...rest } = values as Record<string, unknown>;
      const { id: ___, components: ____, ...have } = made;
      expect(have).toEqual(rest);
    }
    await world.deleteMany(report.ids);
    const tagged = await read(world, path, { tags: ["Tag"] });
    for (const entity of (await world.getMany(tagged.ids)).entities) expect(entity!.components).toContain("Tag");
    await world.deleteMany(tagged.ids);
  });

  test(`${format}: a column of another name or type, or one that is missing, is refused, and nothing is made`, async () => {
    const path = file(`wrong.${format}`);
    await write(world, { all: ["Numbers"] }, path);
    const refused = async (specs: ComponentSpecs, code: string, text: RegExp): Promise<void> => {
      const { other, world: its } = await openOther(specs);
      await using _ = other;
      const error: unknown = await read(its, path).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code });
      expect(String(error)).toMatch(text);
      expect((await its.query({})).length).toBe(0);
    };
    const { Numbers } = EXTREMES;
    const { f64: _, ...fewer } = Numbers;
    await refused({ Numbers: { ...Numbers, f32: "f64" } }, "ecs/type-mismatch", /column 'Numbers.f32' is f64/);
    await refused({ Numbers: { ...Numbers, u32: "i32" } }, "ecs/type-mismatch", /column 'Numbers.u32' is i32/);
    await refused({ Numbers: { ...Numbers, i8: "f32x3" } }, "ecs/type-mismatch", /column 'Numbers.i8' is f32x3/);
    await refused({ Numbers: fewer }, "ecs/unknown-name", /'Numbers.f64'/);
    await refused({ Numbers: { ...Numbers, more: "i8" } }, "ecs/malformed", /column 'Numbers.more' .* missing/);
  });

  test(`${format}: a file that is damaged or none is refused by name, whichever byte it is`, async () => {
    const path = file(`flipped.${format}`);
    await write(world, QUERY, path);
    const bytes = readFileSync(path);
    const fields = world.components.list.flatMap(({ name, fields }) =>
      fields.map(
        (field): FileColumn => ({ path: `${name}.${field.name}`, kind: field.type, nullable: field.nullable }),
      ),
    );
    const all: FileColumn[] = [{ path: "id", kind: "entity", nullable: false }, ...fields];
    const reader = format === "arrow" ? readArrow : readParquet;
    let refused = 0;
    for (let at = 1; at < bytes.length; at += 211) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x55;
      writeFileSync(path, damaged);
      const { columns, rows } = await reader(path, all).catch(() => {
        refused++;
        return { columns: [], rows: 0 };
      });
      for (const column of columns) expect(column.length).toBe(rows);
    }
    expect(refused).toBeGreaterThan(0);
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    await expect(read(world, path)).rejects.toMatchObject({ code: "ecs/bad-file", details: { path } });
    writeFileSync(path, "no table at all");
    await expect(read(world, path)).rejects.toMatchObject({ code: "ecs/bad-file" });
    await expect(read(world, file("none"))).rejects.toMatchObject({ code: "ecs/no-store" });
    await expect(read(world, file("none"), { batchRows: 0 })).rejects.toMatchObject({ code: "ecs/malformed" });
  });
}

const SIMPLE = { Unit: { name: "utf8", hp: "i32", at: "f32x2?" } } as const;

test("files that DuckDB and apache-arrow wrote are read, and a null where none may be is named by its row", async () => {
  const { other, world: its } = await openOther(SIMPLE);
  await using _ = other;
  const duck = await DuckDBInstance.create(":memory:");
  const connection = await duck.connect();
  const copy = (values: string, path: string): Promise<unknown> =>
    connection.run(`COPY (SELECT col0::VARCHAR AS "Unit.name", col1::INTEGER AS "Unit.hp" FROM (VALUES ${values}))
      TO '${path}' (FORMAT parquet)`);
  await copy("('a', 1), ('grün', 2), (NULL, NULL)", file("duck.parquet"));
  const { ids, idsInFile } = await importParquet(its, file("duck.parquet"));
  expect(idsInFile).toBeUndefined();
  expect(await its.get(ids[1]!)).toMatchObject({ Unit: { name: "grün", hp: 2, at: null } });
  expect((await its.get(ids[2]!)).components).toEqual([]);
  await copy("('a', 1), ('b', NULL)", file("null.parquet"));
  const error: unknown = await importParquet(its, file("null.parquet")).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "ecs/type-mismatch" });
  expect(String(error)).toMatch(/row 1 of 'Unit.hp' is i32 .*null/);
  connection.closeSync();

  const table = arrow.tableFromArrays({ "Unit.name": ["x", "y"], "Unit.hp": Int32Array.of(7, 8) });
  writeFileSync(file("arrays.arrow"), arrow.tableToIPC(table, "file"));
  const made = await importArrow(its, file("arrays.arrow"));
  expect(await its.get(made.ids[1]!)).toMatchObject({ Unit: { name: "y", hp: 8, at: null } });
});

const unitsFile = (name: string, second: (i: number) => number): string => {
  const hp = Int32Array.from({ length: 50 }, (_, i) => i);
  const list = new arrow.FixedSizeList(2, new arrow.Field("item", new arrow.Float32(), false));
  const table = new arrow.Table({
    "Unit.name": arrow.vectorFromArray(Array.from(hp, String), new arrow.Utf8()),
    "Unit.hp": arrow.makeVector(hp),
    "Unit.at": arrow.vectorFromArray(
      Array.from(hp, (i) => [i, second(i)]),
      list,
    ),
  });
  writeFileSync(file(name), arrow.tableToIPC(table, "file"));
  return file(name);
};

test("a value that no field can hold is named by its row; what a service refuses half-way leaves nothing behind", async () => {
  const { other, world: its } = await openOther(SIMPLE, "{ entities_max = 20 }");
  await using _ = other;
  const nan = unitsFile("nan.arrow", (i) => (i === 30 ? Number.NaN : 0));
  const error: unknown = await importArrow(its, nan, { batchRows: 8 }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "ecs/type-mismatch" });
  expect(String(error)).toMatch(/row 30 of 'Unit.at'/);
  const many = unitsFile("many.arrow", (i) => i / 2);
  await expect(importArrow(its, many, { batchRows: 8 })).rejects.toMatchObject({ code: "ecs/limit-exceeded" });
  expect((await its.query({})).length).toBe(0);
});
