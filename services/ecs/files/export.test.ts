// Method: one world with every kind of field at its extremes is exported and read back by libraries of other people: Parquet by hyparquet
// and DuckDB, Arrow IPC by apache-arrow and, where it is installed, pyarrow. Values are held against the query's own answer.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { foreignPython, lacking, named } from "../../../test/foreign/foreign.ts";
import { defineComponents, exportArrow, exportParquet, openWorld, type World } from "../index.ts";
import { EXTREMES, extremeRows } from "../testing/extremes.ts";
import { openRig, type Rig } from "../testing/rig.ts";

// Threads are started and files are synced: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let rig: Rig;
let world: World<typeof EXTREMES>;
beforeAll(async () => {
  rig = await openRig("local");
  world = await openWorld(rig.bus, defineComponents(EXTREMES));
  await world.createMany([...extremeRows(), ...extremeRows()]);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Everything, in parts of 7 rows, so that dictionaries and row groups are several. */
const QUERY = { select: ["Numbers", "Ids", "Rest"], orderBy: ["-Numbers.i8"] } as const;
const OPTIONS = { batchRows: 7 };
const text = (value: unknown): unknown => {
  if (typeof value === "bigint") return `${value}`;
  if (value === undefined || value === null) return null;
  if (typeof value === "object") return Array.from(value as Iterable<number>, (one) => (one === 0 ? 0 : one));
  return value === 0 ? 0 : value;
};

/** Rows of the query as "path: value", 64-bit values as text. */
async function expected(): Promise<Record<string, unknown>[]> {
  const answer = await world.query(QUERY);
  return Array.from(answer.ids, (id, row) =>
    Object.fromEntries([
      ["id", text(id)],
      ...answer.columns.map(({ path }) => [path, text(answer.column(path as never).at(row))]),
    ]),
  );
}

async function parquet(): Promise<string> {
  const path = join(rig.folder, "world.parquet");
  expect(await exportParquet(world, QUERY, path, OPTIONS)).toMatchObject({ rows: 48 });
  return path;
}
async function arrow(): Promise<string> {
  const path = join(rig.folder, "world.arrow");
  expect(await exportArrow(world, QUERY, path, OPTIONS)).toMatchObject({ rows: 48 });
  return path;
}
const bufferOf = (path: string): ArrayBuffer => {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
};

test("hyparquet reads every value, null, u64 and list of a Parquet file", async () => {
  const file = bufferOf(await parquet());
  const objects = await parquetReadObjects({ file, utf8: false });
  const rows = objects.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, text(value)])));
  expect(rows).toEqual(await expected());
  const { row_groups: groups, schema } = parquetMetadata(file);
  expect(groups).toHaveLength(7);
  const typeOf = (name: string): unknown => schema.find((element) => element.name === name);
  expect(typeOf("Ids.u64")).toMatchObject({ type: "INT64", converted_type: "UINT_64", repetition_type: "OPTIONAL" });
  expect(typeOf("Rest.vector")).toMatchObject({ converted_type: "LIST" });
  expect(typeOf("id")).toMatchObject({ converted_type: "UINT_64", repetition_type: "REQUIRED" });
});

test("DuckDB reads the Parquet file with the same types, values, sums and filters", async () => {
  const path = await parquet();
  const duck = await DuckDBInstance.create(":memory:");
  const connection = await duck.connect();
  const ask = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await connection.runAndReadAll(sql.replace("$", `'${path}'`))).getRowObjects() as never;
  const types = await ask("DESCRIBE SELECT * FROM $");
  const typed = Object.fromEntries(types.map(({ column_name: name, column_type: type }) => [name, type]));
  expect(typed).toMatchObject({
    id: "UBIGINT",
    "Numbers.i8": "TINYINT",
    "Numbers.u16": "USMALLINT",
    "Numbers.u32": "UINTEGER",
    "Numbers.f32": "FLOAT",
    "Numbers.f64": "DOUBLE",
    "Ids.i64": "BIGINT",
    "Ids.u64": "UBIGINT",
    "Rest.text": "VARCHAR",
    "Rest.flag": "BOOLEAN",
    "Rest.vector": "FLOAT[]",
  });
  const rows = await ask("SELECT * FROM $");
  const plain = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, text((value as { items?: unknown } | null)?.items ?? value)]),
    ),
  );
  const wanted = await expected();
  expect(plain).toEqual(wanted);
  // Filters use the statistics of row groups: unsigned values above 2^63 must not be lost there.
  const [{ n }] = (await ask(`SELECT count(*) AS n FROM $ WHERE "Ids.u64" > 9223372036854775808`)) as [{ n: bigint }];
  expect(Number(n)).toBe(wanted.filter((row) => row["Ids.u64"] === `${2n ** 64n - 1n}`).length);
  const [{ m }] = (await ask(`SELECT count(*) AS m FROM $ WHERE "Numbers.u32" > 2147483648`)) as [{ m: bigint }];
  expect(Number(m)).toBe(wanted.filter((row) => row["Numbers.u32"] === 2 ** 32 - 1).length);
  connection.closeSync();
});

test("apache-arrow reads the Arrow file: schema, one dictionary per column, values", async () => {
  const table = tableFromIPC(readFileSync(await arrow()));
  expect(table.batches).toHaveLength(7);
  const types = Object.fromEntries(
    table.schema.fields.map(({ name, type, nullable }) => [name, `${type}${nullable ? "?" : ""}`]),
  );
  expect(types).toMatchObject({
    id: "Uint64",
    "Ids.u64": "Uint64?",
    "Numbers.f32": "Float32?",
    "Rest.flag": "Bool?",
    "Rest.text": "Dictionary<Int32, Utf8>?",
    "Rest.vector": "FixedSizeList[3]<Float32>?",
  });
  const rows = Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(table.schema.fields.map(({ name }) => [name, text(table.getChild(name)!.get(row))])),
  );
  expect(rows).toEqual(await expected());
});

const python = foreignPython();
const PROGRAM = `
import json, sys, pyarrow as pa, pyarrow.parquet as pq
def plain(v): return str(v) if isinstance(v, int) and not isinstance(v, bool) and abs(v) > 2**32 else v
with pa.memory_map(sys.argv[1]) as source:
    table = pa.ipc.open_file(source).read_all()
    table.validate(full=True)
    other = pq.read_table(sys.argv[2])
    json.dump({"types": {f.name: str(f.type) for f in table.schema},
               "rows": [{k: (None if v is None else v) for k, v in row.items()} for row in
                        ({k: plain(v) for k, v in row.items()} for row in table.to_pylist())],
               "parquet": {f.name: str(f.type) for f in other.schema}, "parquet_rows": other.num_rows}, sys.stdout)
`;
test.skipIf(lacking(python))(
  named("pyarrow reads the Arrow and the Parquet file", python),
  { timeout: 60_000 },
  async () => {
    const script = join(rig.folder, "read.py");
    writeFileSync(script, PROGRAM);
    const files = [await arrow(), await parquet()];
    const { stdout, stderr, status } = spawnSync(python.path ?? "", [script, ...files], { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    const { types, rows, parquet: second, parquet_rows: count } = JSON.parse(stdout);
    expect(types).toMatchObject({
      "Ids.entity": "uint64",
      "Rest.text": "dictionary<values=string, indices=int32, ordered=0>",
      "Rest.vector": "fixed_size_list<item: float not null>[3]",
      "Rest.perhaps": "bool",
    });
    expect(second).toMatchObject({
      "Ids.u64": "uint64",
      "Rest.text": "string",
      "Rest.vector": "list<element: float not null>",
    });
    expect(count).toBe(48);
    const short = (row: Record<string, unknown>): Record<string, string> =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, JSON.stringify(text(value)).replaceAll('"', "")]),
      );
    const zero = (row: Record<string, string>): string[] =>
      Object.entries(row).map(([key, value]) => `${key} ${value.replace("-0.0", "0")}`);
    expect(rows.map(short).map(zero)).toEqual((await expected()).map(short).map(zero));
  },
);

test("an empty answer is a file with the schema; a place that cannot be written is named, and nothing is left there", async () => {
  const none = { all: ["Numbers", "Ids", "Rest", "Tag"], where: [["Numbers.i8", "=", 5]] } as const;
  const path = join(rig.folder, "none");
  expect(await exportArrow(world, none, `${path}.arrow`)).toMatchObject({ rows: 0 });
  expect(tableFromIPC(readFileSync(`${path}.arrow`)).schema.fields).toHaveLength(1 + 8 + 4 + 7);
  expect(await exportParquet(world, none, `${path}.parquet`)).toMatchObject({ rows: 0 });
  expect(await parquetReadObjects({ file: bufferOf(`${path}.parquet`) })).toEqual([]);
  for (const write of [exportArrow, exportParquet] as const) {
    const inside = join(rig.folder, "not-there", "x");
    await expect(write(world, none, inside)).rejects.toMatchObject({ code: "ecs/no-store", details: { path: inside } });
  }
  expect(existsSync(join(rig.folder, "not-there"))).toBe(false);
  expect(readdirSync(rig.folder).filter((name) => name.includes("writing"))).toEqual([]);
});
