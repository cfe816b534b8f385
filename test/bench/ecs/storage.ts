/**
 * Files of a hundred thousand units: written and read by the classes that saves and exports use, beside the bare library with the same
 * rows, types and transaction; and the whole call, with the service, the bus and the thread that writes. Without the sync at the end.
 */
import { join } from "node:path";
import { arrowFile } from "../../../services/ecs/files/arrow.ts";
import { parquetFile } from "../../../services/ecs/files/parquet.ts";
import type { ColumnData } from "../../../services/ecs/frame/column.ts";
import {
  defineComponents,
  exportArrow,
  exportParquet,
  loadSnapshot,
  openWorld,
  saveSnapshot,
} from "../../../services/ecs/index.ts";
import { openBetterSqlite3 } from "../../../services/ecs/store/better-sqlite3.ts";
import type { ImageMeta } from "../../../services/ecs/store/image.ts";
import { SnapshotReader } from "../../../services/ecs/store/read-file.ts";
import { SnapshotWriter } from "../../../services/ecs/store/write-file.ts";
import { openRig } from "../../../services/ecs/testing/rig.ts";
import type { Contestant } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { BARE } from "./storage-bare.ts";
import { NAMES, STORED, type StoredPart, storedParts } from "./storage-rows.ts";
import { checkRows, type Once, timed } from "./timed.ts";

const components = defineComponents({ Unit: { faction: "utf8", hp: "i32", x: "f32" } });
const FIELDS = components.list[0]!.fields;
const QUERY = { all: ["Unit"] } as const;

const columnsOf = ({ rows, codes, hp, x }: StoredPart): ColumnData[] => {
  const rest = { nullable: false, length: rows, validity: undefined, dictionary: [] };
  return [
    { path: "Unit.faction", kind: "utf8", ...rest, values: codes, dictionary: NAMES },
    { path: "Unit.hp", kind: "i32", ...rest, values: hp },
    { path: "Unit.x", kind: "f32", ...rest, values: x },
  ];
};
const META: ImageMeta = {
  format: 1,
  step: 0n,
  turn: 0,
  faction: "",
  version: 0n,
  hash: 0n,
  components: components.list,
  archetypes: [],
  indexes: STORED,
  freeIndex: new Uint32Array(0),
  freeGeneration: new Uint32Array(0),
  tables: [{ components: ["Unit"], rows: STORED }],
};

const sqliteWriter = async (path: string): Promise<Once> => {
  const parts = storedParts();
  return () =>
    timed(() => {
      const writer = new SnapshotWriter(openBetterSqlite3, path);
      writer.meta(META);
      writer.texts(NAMES);
      for (const part of parts) writer.rows({ table: 0, first: part.first, ids: part.ids, columns: columnsOf(part) });
      writer.finish();
    });
};

const sqliteReader = async (path: string): Promise<Once> => {
  await (await sqliteWriter(path))();
  return () =>
    timed(() => {
      const reader = new SnapshotReader(openBetterSqlite3, path);
      let rows = 0;
      for (const part of reader.parts(reader.meta())) if ("rows" in part) rows += part.rows.ids.length;
      reader.close();
      checkRows(rows);
    });
};

const FILE = [
  { path: "id", kind: "entity", nullable: false },
  ...FIELDS.map(({ name, type }) => ({ path: `Unit.${name}`, kind: type, nullable: false })),
] as const;

const tableWriter =
  (open: typeof arrowFile | typeof parquetFile) =>
  async (path: string): Promise<Once> => {
    const parts = storedParts();
    return () =>
      timed(async () => {
        const file = await open(path, FILE);
        for (const part of parts) {
          const id: ColumnData = {
            ...FILE[0],
            length: part.rows,
            values: part.ids,
            validity: undefined,
            dictionary: [],
          };
          await file.write([id, ...columnsOf(part)], part.rows);
        }
        await file.finish();
      });
  };

const FILES: typeof BARE = {
  sqlite_save: sqliteWriter,
  sqlite_load: sqliteReader,
  arrow_export: tableWriter(arrowFile),
  parquet_export: tableWriter(parquetFile),
};

/** The whole call: the plugin on a thread of its own, the bus, and the thread that reads or writes the file. */
const whole = async (measure: string, folder: string, path: string): Promise<Once> => {
  const rig = await openRig("local", { parent: folder });
  const world = await openWorld(rig.bus, components);
  for (const { rows, codes, hp, x } of storedParts())
    await world.createColumns(rows, { Unit: { faction: Array.from(codes, (code) => NAMES[code]!), hp, x } });
  if (measure === "sqlite_load") await saveSnapshot(world.ecs, path);
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    sqlite_save: () => saveSnapshot(world.ecs, path),
    sqlite_load: () => loadSnapshot(world.ecs, path),
    arrow_export: () => exportArrow(world, QUERY, path),
    parquet_export: () => exportParquet(world, QUERY, path),
  };
  return () => timed(calls[measure]!);
};

/** The variant is "who/measure": "file" (ours without service and bus), "bare", "service". */
export const ecsStorage: Contestant = {
  async drive({ folder, variant }) {
    const [who, measure] = variant.split("/") as [string, string];
    const path = join(folder, `${who}-${measure}-${process.pid}`);
    const once =
      who === "service" ? await whole(measure, folder, path) : await (who === "bare" ? BARE : FILES)[measure]!(path);
    return drivenBy(async (count) => {
      const rounds = Math.max(1, Math.round(count / STORED));
      let ns = 0;
      for (let i = 0; i < rounds; i++) ns += await once();
      return (ns / (rounds * STORED)) * count;
    });
  },
};
