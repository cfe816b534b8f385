// Method: neighbours of 2^53 and 2^63, which are one number each as doubles, are values and ids of entities; they are asked for as JSON on
// the command line, saved and loaded, and exported; filters, orders and sums must tell each from its neighbours.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { SnapshotPart } from "#generated/ecs";
import {
  defineComponents,
  exportArrow,
  exportParquet,
  loadSnapshot,
  openWorld,
  saveSnapshot,
  type World,
} from "./index.ts";
import { highIds } from "./testing/high-ids.ts";
import { CLI, openRig, type Rig } from "./testing/rig.ts";

// Processes and threads are started: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FIELDS = { Long: { u64: "u64", i64: "i64", at: "entity" } } as const;
/** Ascending, distinct, and less than half of them distinct as doubles. */
const UNSIGNED = [2n ** 53n, 2n ** 63n].flatMap((power) => [-2n, -1n, 0n, 1n, 2n, 3n].map((near) => power + near));
const SIGNED = UNSIGNED.map((value) => value - 2n ** 63n);

let rig: Rig;
let world: World<typeof FIELDS>;
/** Of the row with each value. */
let ids: BigUint64Array;
beforeAll(async () => {
  rig = await openRig("ring");
  const empty: SnapshotPart[] = [];
  for await (const part of rig.ecs.snapshot({})) empty.push(part);
  await rig.ecs.restore({ parts: highIds(empty) });
  world = await openWorld(rig.bus, defineComponents(FIELDS));
  // Not in the order of values, so that an order is not there by itself.
  const order = UNSIGNED.map((_, i) => (i * 5) % UNSIGNED.length);
  const made = await world.createMany(
    order.map((i) => ({ Long: { u64: UNSIGNED[i]!, i64: SIGNED[i]!, at: UNSIGNED[i]! } })),
  );
  expect(made.failures).toEqual([]);
  ids = new BigUint64Array(UNSIGNED.length);
  for (const [row, i] of order.entries()) ids[i] = made.ids[row]!;
});
afterAll(() => rig[Symbol.asyncDispose]());

/** The service, asked by `busbar call`: 64-bit numbers are text in its JSON. */
function call(query: object | string): { status: number | null; stderr: string; rows: () => string[][] } {
  const text = typeof query === "string" ? query : JSON.stringify({ queries: [query] });
  const topology = join(rig.folder, "topology.toml");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [CLI, "call", "ecs.Ecs.queryEntities", text, "--topology", topology, "--json"],
    { encoding: "utf8", timeout: 60_000 },
  );
  const rows = (): string[][] => {
    const { ids: found, columns } = JSON.parse(stdout).results[0].rows;
    return [found, ...columns.map((column: { u64?: string[]; i64?: string[] }) => column.u64 ?? column.i64)];
  };
  return { status, stderr, rows };
}
const texts = (list: Iterable<bigint>): string[] => Array.from(list, String);

test("busbar call finds, includes and sorts numbers and ids that are one as doubles", () => {
  const select = ["Long.u64", "Long.i64", "Long.at"];
  const [at, from, to] = [3, 3, 8];
  const is = (field: string, type: string, values: object, kind: string): object => ({
    components: ["Long"],
    filters: [{ field, kind, values: { type, ...values } }],
    order_by: [{ field: "Long.u64", descending: true }],
    select,
  });
  const rowsOf = (first: number, end: number): string[][] =>
    [ids.slice(first, end), UNSIGNED.slice(first, end), SIGNED.slice(first, end), UNSIGNED.slice(first, end)].map(
      (list) => texts(list).reverse(),
    );
  const [u64, i64] = [texts(UNSIGNED), texts(SIGNED)];
  for (const [field, type, key, list] of [
    ["Long.u64", "u64", "u64", u64],
    ["Long.i64", "i64", "i64", i64],
    ["Long.at", "entity", "u64", u64],
  ] as const) {
    expect(call(is(field, type, { [key]: [list[at]] }, "exact")).rows(), field).toEqual(rowsOf(at, at + 1));
    expect(call(is(field, type, { [key]: [list[from], list[to]] }, "range")).rows(), field).toEqual(
      rowsOf(from, to + 1),
    );
    expect(call(is(field, type, { [key]: list.slice(7, 9) }, "in_set")).rows(), field).toEqual(rowsOf(7, 9));
  }
});

test("a JSON number that a double cannot hold is refused with what to write instead", () => {
  const { status, stderr } = call(
    '{"queries": [{"filters": [{"field": "Long.u64", "values": {"type": "u64", "u64": [9007199254740993]}}]}]}',
  );
  expect(status).toBe(1);
  expect(JSON.parse(stderr).error.message).toMatch(
    /u64\[0\].*9007199254740992 is not exact as a number; write it as a string/,
  );
});

test("a snapshot in an SQLite file brings back every id and value", async () => {
  const path = join(rig.folder, "long.sqlite");
  const before = await world.query({ all: ["Long"], select: ["Long"] });
  const { hash } = await saveSnapshot(world.ecs, path);
  await world.deleteMany(ids);
  expect((await loadSnapshot(world.ecs, path)).hash).toBe(hash);
  const after = await world.query({ all: ["Long"], select: ["Long"] });
  expect(after.rows).toEqual(before.rows);
  expect(texts(after.ids)).toEqual(texts([...ids].sort((a, b) => (a < b ? -1 : 1))));
});

test("Arrow and Parquet files have the same sums of ids and values, by DuckDB, hyparquet and apache-arrow", async () => {
  const query = { all: ["Long"], select: ["Long"] } as const;
  const path = join(rig.folder, "long");
  await exportParquet(world, query, `${path}.parquet`, { batchRows: 5 });
  await exportArrow(world, query, `${path}.arrow`, { batchRows: 5 });
  const columns = ["id", "Long.u64", "Long.i64", "Long.at"];
  const sum = (values: Iterable<bigint>): bigint => Array.from(values).reduce((all, one) => all + one, 0n);
  const wanted = [ids, UNSIGNED, SIGNED, UNSIGNED].map(sum);
  const duck = await DuckDBInstance.create(":memory:");
  const connection = await duck.connect();
  const sums = columns.map((name) => `sum("${name}"::HUGEINT)`).join(", ");
  const asked = await connection.runAndReadAll(`SELECT ${sums} FROM '${path}.parquet'`);
  expect(asked.getRows()).toEqual([wanted]);
  connection.closeSync();
  duck.closeSync();
  const bytes = readFileSync(`${path}.parquet`);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const objects = (await parquetReadObjects({ file })) as Record<string, bigint>[];
  expect(columns.map((name) => sum(objects.map((row) => row[name]!)))).toEqual(wanted);
  const table = tableFromIPC(readFileSync(`${path}.arrow`));
  expect(columns.map((name) => sum(table.getChild(name)!))).toEqual(wanted);
});
