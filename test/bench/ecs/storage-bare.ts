/** The libraries alone, with the rows, types and transaction of `storage.ts`. Without a sync at the end. */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { NAMES, STORED, storedParts } from "./storage-rows.ts";
import { checkRows, type Once, timed } from "./timed.ts";

const SCHEMA = `CREATE TABLE units (row INTEGER PRIMARY KEY, id INTEGER NOT NULL, faction TEXT NOT NULL, hp INTEGER NOT NULL,
  x ANY NOT NULL) STRICT`;

const bareSqliteWriter = async (path: string): Promise<Once> => {
  const { default: Database } = await import("better-sqlite3");
  const parts = storedParts();
  return () => {
    rmSync(path, { force: true });
    return timed(() => {
      const database = new Database(path);
      database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE");
      database.exec(SCHEMA);
      const insert = database.prepare("INSERT INTO units VALUES (?, ?, ?, ?, ?)");
      database.transaction(() => {
        for (const { first, rows, ids, codes, hp, x } of parts)
          for (let i = 0; i < rows; i++) insert.run(first + i, ids[i], NAMES[codes[i]!], hp[i], x[i]);
      })();
      database.close();
    });
  };
};

const bareSqliteReader = async (path: string): Promise<Once> => {
  await (await bareSqliteWriter(path))();
  const { default: Database } = await import("better-sqlite3");
  return () =>
    timed(() => {
      const database = new Database(path, { readonly: true });
      const codeOf = new Map(NAMES.map((name, code) => [name, code]));
      const [ids, codes, hp, x] = [
        new BigUint64Array(STORED),
        new Int32Array(STORED),
        new Int32Array(STORED),
        new Float32Array(STORED),
      ];
      let row = 0;
      // Ids have 64 bits, so that integers have to come as bigint.
      const all = database.prepare<[], [bigint, string, bigint, number]>(
        "SELECT id, faction, hp, x FROM units ORDER BY row",
      );
      for (const one of all.raw().safeIntegers().iterate() as IterableIterator<[bigint, string, bigint, number]>) {
        ids[row] = one[0];
        codes[row] = codeOf.get(one[1])!;
        hp[row] = Number(one[2]);
        x[row++] = one[3];
      }
      database.close();
      checkRows(row);
    });
};

const FIELDS = ["id", "Unit.faction", "Unit.hp", "Unit.x"];

const bareArrow = async (path: string): Promise<Once> => {
  const arrow = await import("apache-arrow");
  const parts = storedParts();
  return () =>
    timed(() => {
      const dictionary = arrow.vectorFromArray(NAMES, new arrow.Utf8());
      const types = [
        new arrow.Uint64(),
        new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 1),
        new arrow.Int32(),
        new arrow.Float32(),
      ] as const;
      const schema = new arrow.Schema(types.map((type, i) => new arrow.Field(FIELDS[i]!, type, false)));
      const batches = parts.map(({ rows: length, ids, codes, hp, x }) => {
        const children = [
          arrow.makeData({ type: types[0], length, data: ids }),
          arrow.makeData({ type: types[1], length, data: codes, dictionary }),
          arrow.makeData({ type: types[2], length, data: hp }),
          arrow.makeData({ type: types[3], length, data: x }),
        ];
        const type = new arrow.Struct(schema.fields);
        return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
      });
      const file = openSync(path, "w");
      writeSync(file, arrow.tableToIPC(new arrow.Table(schema, batches), "file"));
      closeSync(file);
    });
};

const bareParquet = async (path: string): Promise<Once> => {
  const { parquetWriteFile } = await import("hyparquet-writer");
  const parts = storedParts();
  const join = <T>(of: (part: (typeof parts)[number]) => Iterable<T>): T[] => parts.flatMap((part) => [...of(part)]);
  const columnData = [
    {
      name: FIELDS[0]!,
      type: "INT64" as const,
      data: BigInt64Array.from(
        join(({ ids }) => ids),
        BigInt,
      ),
    },
    { name: FIELDS[1]!, type: "STRING" as const, data: join(({ codes }) => codes).map((code) => NAMES[code]!) },
    { name: FIELDS[2]!, type: "INT32" as const, data: Int32Array.from(join(({ hp }) => hp)) },
    { name: FIELDS[3]!, type: "FLOAT" as const, data: Float32Array.from(join(({ x }) => x)) },
  ];
  return () => timed(() => parquetWriteFile({ filename: path, columnData, rowGroupSize: parts[0]!.rows }));
};

export const BARE: Readonly<Record<string, (path: string) => Promise<Once>>> = {
  sqlite_save: bareSqliteWriter,
  sqlite_load: bareSqliteReader,
  arrow_export: bareArrow,
  parquet_export: bareParquet,
};
