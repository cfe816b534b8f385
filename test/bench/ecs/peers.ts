/** Other ways to keep and ask a million entities, where they are installed. Each case prepares itself and returns what is timed. */

import { median } from "../row.ts";
import { arrowSnapshot, sqliteSnapshot } from "./snapshot-peers.ts";
import { now } from "./timed.ts";
import { ENTITIES, expectedSum, factionOf, HP_BELOW, HP_FROM, hpOf, LIMIT, STEP, WANTED, xOf } from "./workload.ts";

/** Does `count` units. @returns ns of the part that counts */
export type Work = (count: number) => Promise<number>;

/** As many rounds of `units` as `count` asks for; ns for `count`, by the median round, as `repeat` of ecs_bench.cc. */
const inRounds =
  (units: number, once: () => Promise<number> | number): Work =>
  async (count) => {
    const rounds: number[] = [];
    for (let i = Math.max(1, Math.floor(count / units)); i > 0; i--) rounds.push(await once());
    return (median(rounds) / units) * count;
  };

const check = (found: number): void => {
  if (found !== expectedSum()) throw new Error(`found ${found} instead of ${expectedSum()}`);
};

const bitecsWorld = async () => {
  const { createWorld, addEntity, addComponent, removeComponent, query } = await import("bitecs");
  const world = createWorld();
  const two = () => ({ x: new Float32Array(ENTITIES + 1), y: new Float32Array(ENTITIES + 1) });
  const [position, velocity, tag] = [two(), two(), {}];
  const create = (): void => {
    for (let i = 0; i < ENTITIES; i++) {
      const id = addEntity(world);
      addComponent(world, id, position);
      addComponent(world, id, velocity);
      position.x[id] = i % 1000;
      position.y[id] = i % 1000;
      velocity.x[id] = i % 1000;
      velocity.y[id] = i % 1000;
    }
  };
  return { world, position, velocity, tag, create, query, addComponent, removeComponent };
};

const FILTER = `faction = '${WANTED}' AND hp >= ${HP_FROM} AND hp < ${HP_BELOW}`;
const FIRST = `SELECT id, hp, x FROM units WHERE ${FILTER} ORDER BY x, id LIMIT ${LIMIT}`;
const TOTAL = `SELECT count(*) AS total FROM units WHERE ${FILTER}`;

const sqlite = async (): Promise<Work> => {
  const { default: Database } = await import("better-sqlite3");
  const database = new Database(":memory:");
  database.exec("CREATE TABLE units (id INTEGER PRIMARY KEY, faction TEXT, hp INTEGER, x REAL)");
  const insert = database.prepare("INSERT INTO units VALUES (?, ?, ?, ?)");
  database.transaction(() => {
    for (let i = 1; i <= ENTITIES; i++) insert.run(i - 1, factionOf(i), hpOf(i), xOf(i));
  })();
  database.exec("CREATE INDEX by_faction_hp ON units (faction, hp)");
  const first = database.prepare<[], { id: number }>(FIRST);
  const total = database.prepare<[], { total: number }>(TOTAL);
  return inRounds(1, () => {
    const start = now();
    const rows = first.all();
    const all = total.get();
    const ns = now() - start;
    check(rows.reduce((sum, { id }) => sum + id, all?.total ?? 0));
    return ns;
  });
};

const duckdb = async (): Promise<Work> => {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  await connection.run(`CREATE TABLE units AS SELECT (i - 1)::INTEGER AS id,
    'f' || ((h // 32) % 20) AS faction, ((h // 1024) % 1000)::INTEGER AS hp, (g // 256)::FLOAT AS x
    FROM (SELECT i, (i * 2654435761) % 4294967296 AS h, (i * 2246822519) % 4294967296 AS g
    FROM range(1, ${ENTITIES + 1}) AS numbers(i))`);
  const first = await connection.prepare(FIRST);
  const total = await connection.prepare(TOTAL);
  return inRounds(1, async () => {
    const start = now();
    const rows = (await first.runAndReadAll()).getRows();
    const [[all]] = (await total.runAndReadAll()).getRows();
    const ns = now() - start;
    check(rows.reduce((sum, [id]) => sum + Number(id), Number(all)));
    return ns;
  });
};

/** What the store's thousand rows are asked for: all, ordered by x, hp and x of each. */
const SMALL = 1000;
const SMALL_ALL = "SELECT id, hp, x FROM small ORDER BY x, id";
const checkSmall = (count: number, first: number, last: number): void => {
  if (count !== SMALL || !(first < last)) throw new Error(`${count} rows from ${first} to ${last}`);
};

const sqliteSmall = async (): Promise<Work> => {
  const { default: Database } = await import("better-sqlite3");
  const database = new Database(":memory:");
  database.exec("CREATE TABLE small (id INTEGER PRIMARY KEY, hp INTEGER, x REAL)");
  const insert = database.prepare("INSERT INTO small VALUES (?, ?, ?)");
  for (let i = 1; i <= SMALL; i++) insert.run(i - 1, hpOf(i), xOf(i));
  database.exec("CREATE INDEX by_x ON small (x, id, hp)");
  const all = database.prepare<[], [number, number, number]>(SMALL_ALL).raw();
  return inRounds(1, () => {
    const start = now();
    const rows = all.all();
    const ns = now() - start;
    checkSmall(rows.length, rows[0]![2], rows.at(-1)![2]);
    return ns;
  });
};

const duckdbSmall = async (): Promise<Work> => {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  const values = Array.from({ length: SMALL }, (_, i) => `(${i}, ${hpOf(i + 1)}, ${xOf(i + 1)})`);
  await connection.run("CREATE TABLE small (id INTEGER, hp INTEGER, x FLOAT)");
  await connection.run(`INSERT INTO small VALUES ${values.join(", ")}`);
  const all = await connection.prepare(SMALL_ALL);
  return inRounds(1, async () => {
    const start = now();
    const columns = (await all.runAndReadAll()).getColumns();
    const ns = now() - start;
    const xs = columns[2] as number[];
    checkSmall(xs.length, xs[0]!, xs.at(-1)!);
    return ns;
  });
};

/** What the process keeps more of, in and outside of V8's heap. */
const grown = async (make: () => Promise<unknown>): Promise<number> => {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const made = await make();
  const after = held();
  return made === undefined ? 0 : after - before;
};

const bitecsMemory = async (): Promise<Work> => {
  await import("bitecs");
  const bytes = await grown(async () => {
    const made = await bitecsWorld();
    made.create();
    return made;
  });
  return async (count) => bytes * count;
};

/** Pages of the database: an id of 64 bits and four floats a row. */
const sqliteMemory = async (): Promise<Work> => {
  const { default: Database } = await import("better-sqlite3");
  const database = new Database(":memory:");
  database.exec("CREATE TABLE moving (id INTEGER PRIMARY KEY, px REAL, py REAL, vx REAL, vy REAL)");
  const insert = database.prepare("INSERT INTO moving VALUES (?, ?, ?, ?, ?)");
  database.transaction(() => {
    for (let i = 0; i < ENTITIES; i++) insert.run((1n << 32n) | BigInt(i), i % 1000, i % 1000, i % 1000, i % 1000);
  })();
  const number = (pragma: string): number => Number(database.pragma(pragma, { simple: true }));
  const bytes = number("page_count") * number("page_size");
  return async (count) => bytes * count;
};

export const PEER_CASES: Readonly<Record<string, () => Promise<Work>>> = {
  "bitecs/create": async () =>
    inRounds(ENTITIES, async () => {
      const { create } = await bitecsWorld();
      const start = now();
      create();
      return now() - start;
    }),
  "bitecs/iterate2": async () => {
    const { world, position, velocity, create, query } = await bitecsWorld();
    create();
    return inRounds(ENTITIES, () => {
      const start = now();
      for (const id of query(world, [position, velocity])) position.x[id] += velocity.x[id] * STEP;
      return now() - start;
    });
  },
  "bitecs/add_remove": async () => {
    const { world, tag, create, addComponent, removeComponent } = await bitecsWorld();
    create();
    return inRounds(1000, () => {
      const start = now();
      for (let id = 1; id <= 1000; id++) addComponent(world, id, tag);
      for (let id = 1; id <= 1000; id++) removeComponent(world, id, tag);
      return now() - start;
    });
  },
  "sqlite/query1m": sqlite,
  "duckdb/query1m": duckdb,
  "sqlite/query1000": sqliteSmall,
  "duckdb/query1000": duckdbSmall,
  "sqlite/snapshot1m": async () => inRounds(1, await sqliteSnapshot()),
  "apache-arrow/snapshot1m": async () => inRounds(1, await arrowSnapshot()),
  "bitecs/memory_ratio": bitecsMemory,
  "sqlite/memory_ratio": sqliteMemory,
};
