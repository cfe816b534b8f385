/**
 * A million entities to bytes and back, as `snapshot1m`: an id of 64 bits and four f32 each, from columns in memory to columns
 * in memory of their own, by what a TypeScript program would take. Nothing goes to a disk.
 */
import { now } from "./timed.ts";
import { ENTITIES } from "./workload.ts";

interface Moving {
  readonly ids: BigUint64Array<ArrayBuffer>;
  /** x, y, dx, dy. */
  readonly floats: readonly Float32Array<ArrayBuffer>[];
}

const FLOATS = ["x", "y", "dx", "dy"] as const;
const empty = (): Moving => ({
  ids: new BigUint64Array(ENTITIES),
  floats: FLOATS.map(() => new Float32Array(ENTITIES)),
});
const made = (): Moving => {
  const moving = empty();
  for (let i = 0; i < ENTITIES; i++) {
    moving.ids[i] = (1n << 32n) | BigInt(i);
    for (const floats of moving.floats) floats[i] = i % 1000;
  }
  return moving;
};

/** Compares all of it. @throws Error when something else came back */
const check = (wanted: Moving, found: Moving): void => {
  const same = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
    Buffer.compare(
      Buffer.from(a.buffer, a.byteOffset, a.byteLength),
      Buffer.from(b.buffer, b.byteOffset, b.byteLength),
    ) === 0;
  if (!same(wanted.ids, found.ids) || !wanted.floats.every((floats, i) => same(floats, found.floats[i]!)))
    throw new Error("other values came back");
};

/** ns of writing and reading. @param once returns what it has read */
const timedRound = async (wanted: Moving, once: () => Moving | Promise<Moving>): Promise<number> => {
  const start = now();
  const found = await once();
  const ns = now() - start;
  check(wanted, found);
  return ns;
};

/** Rows of one transaction into a database in memory, its bytes, and all rows of the database of these bytes. */
export const sqliteSnapshot = async (): Promise<() => Promise<number>> => {
  const { default: Database } = await import("better-sqlite3");
  const moving = made();
  const [x, y, dx, dy] = moving.floats as [Float32Array, Float32Array, Float32Array, Float32Array];
  return () =>
    timedRound(moving, () => {
      const written = new Database(":memory:");
      written.exec("CREATE TABLE moving (id INTEGER PRIMARY KEY, x REAL, y REAL, dx REAL, dy REAL)");
      const insert = written.prepare("INSERT INTO moving VALUES (?, ?, ?, ?, ?)");
      written.transaction(() => {
        for (let i = 0; i < ENTITIES; i++) insert.run(moving.ids[i], x[i], y[i], dx[i], dy[i]);
      })();
      const bytes = written.serialize();
      written.close();
      const read = new Database(bytes);
      const found = empty();
      let row = 0;
      // Ids have 64 bits, so that integers have to come as bigint.
      const all = read.prepare<[], [bigint, number, number, number, number]>("SELECT * FROM moving ORDER BY id");
      for (const one of all.raw().safeIntegers().iterate() as IterableIterator<
        [bigint, number, number, number, number]
      >) {
        found.ids[row] = one[0];
        for (let k = 0; k < FLOATS.length; k++) found.floats[k]![row] = one[k + 1] as number;
        row++;
      }
      read.close();
      return found;
    });
};

/** An IPC stream of one batch, read and its columns copied out. */
export const arrowSnapshot = async (): Promise<() => Promise<number>> => {
  const arrow = await import("apache-arrow");
  const moving = made();
  const types = [new arrow.Uint64(), ...FLOATS.map(() => new arrow.Float32())];
  const schema = new arrow.Schema(["id", ...FLOATS].map((name, i) => new arrow.Field(name, types[i]!, false)));
  const columnOf = <A>(table: InstanceType<typeof arrow.Table>, name: string): A => {
    const [data] = table.getChild(name)!.data;
    return data!.values.slice(0, data!.length) as A;
  };
  return () =>
    timedRound(moving, () => {
      const children = [
        arrow.makeData({ type: new arrow.Uint64(), length: ENTITIES, data: moving.ids }),
        ...moving.floats.map((data) => arrow.makeData({ type: new arrow.Float32(), length: ENTITIES, data })),
      ];
      const type = new arrow.Struct(schema.fields);
      const batch = new arrow.RecordBatch(schema, arrow.makeData({ type, length: ENTITIES, nullCount: 0, children }));
      const table = arrow.tableFromIPC(arrow.tableToIPC(new arrow.Table(schema, [batch]), "stream"));
      return { ids: columnOf(table, "id"), floats: FLOATS.map((name) => columnOf(table, name)) };
    });
};
