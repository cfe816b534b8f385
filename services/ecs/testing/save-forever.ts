/** For the test of kill -9: writes a snapshot file and says so after some rows, with its transaction open. Then it waits to be killed. */
import { openBetterSqlite3 } from "../store/better-sqlite3.ts";
import { SnapshotWriter } from "../store/write-file.ts";

const [path, rows] = process.argv.slice(2);
const count = Number(rows);
const writer = new SnapshotWriter(openBetterSqlite3, path!);
writer.meta({
  format: 1,
  step: 1n,
  turn: 0,
  faction: "",
  version: 1n,
  hash: 1n,
  components: [{ name: "A", fields: [{ name: "x", type: "f64", nullable: false, index: "none" }] }],
  archetypes: [],
  indexes: count,
  freeIndex: new Uint32Array(0),
  freeGeneration: new Uint32Array(0),
  tables: [{ components: ["A"], rows: count }],
});
const ids = BigUint64Array.from({ length: count }, (_, i) => (1n << 32n) | BigInt(i));
const values = Float64Array.from({ length: count }, (_, i) => i);
const column = {
  path: "A.x",
  kind: "f64",
  nullable: false,
  length: count,
  values,
  validity: undefined,
  dictionary: [],
} as const;
writer.rows({ table: 0, first: 0, ids, columns: [column] });
process.stdout.write("writing\n");
setInterval(() => {}, 1000);
