/** Systems in TypeScript: a function over the columns of a query, whose changes are written back in one request. */
import type { Client } from "#bus";
import type { Ecs, UpdateGroupInit } from "#generated/ecs";
import type { Components } from "../components/define.ts";
import type { ArrayOf, ComponentSpecs, TypedArray } from "../components/fields.ts";
import { mismatch } from "../frame/check.ts";
import { type ColumnData, columnOf, isThere, valueAt } from "../frame/column.ts";
import { toWire } from "../frame/wire.ts";
import type { TypedColumn } from "./answer.ts";
import { failuresOf, type ItemFailure } from "./errors.ts";
import type { Names, Paths, SpecAt, Where } from "./types.ts";

export interface System<S extends ComponentSpecs, Read extends Paths<S>, Write extends Paths<S>> {
  readonly all: readonly Names<S>[];
  readonly where?: Where<S>;
  readonly reads?: readonly Read[];
  /** Columns that `run` may change in place. Not utf8: codes belong to one answer. */
  readonly writes: readonly Write[];
  /** Pure: columns and `dt` (seconds) decide everything, so that a run can be repeated. */
  readonly run: (view: SystemView<S, Read | Write, Write>, dt: number) => void;
}

export interface SystemView<S extends ComponentSpecs, Read extends Paths<S>, Write extends Paths<S>> {
  readonly ids: BigUint64Array;
  readonly length: number;
  read<P extends Read>(path: P): TypedColumn<SpecAt<S, P>>;
  /** The column's own array: what it holds after `run` is written. Rows that are null stay null. */
  write<P extends Write>(path: P): ArrayOf<SpecAt<S, P>>;
}

export interface SystemReport {
  readonly rowsVisited: number;
  readonly rowsChanged: number;
  /** ecs/conflict: somebody wrote these rows' table since they were read; run again. */
  readonly failures: readonly ItemFailure[];
  readonly version: bigint;
}

/** An answer whose columns the types of the system have checked. */
export interface SystemAnswer {
  readonly ids: BigUint64Array;
  readonly length: number;
  readonly version: bigint;
  // biome-ignore lint/suspicious/noExplicitAny: any field
  column(path: string): TypedColumn<any>;
}

/** Runs, and writes the rows that changed. `answer` has all of `reads` and `writes`. */
export async function runSystem<S extends ComponentSpecs, Read extends Paths<S>, Write extends Paths<S>>(
  ecs: Client<typeof Ecs>,
  components: Components<S>,
  answer: SystemAnswer,
  { reads = [], writes, run }: System<S, Read, Write>,
  dt: number,
): Promise<SystemReport> {
  const before = new Map(writes.map((path) => [path as string, writableCopy(answer.column(path).data)]));
  run(
    {
      ids: answer.ids,
      length: answer.length,
      read: (path) => answer.column(path),
      write: (path) => answer.column(path).values as never,
    },
    dt,
  );
  const changed = changedRows(writes, before, answer);
  const report = { rowsVisited: answer.length, rowsChanged: changed.length };
  if (changed.length === 0) return { ...report, failures: [], version: answer.version };
  const columns = writes.map((path) => {
    const { data } = answer.column(path);
    return toWire(columnOf(path, components.field(path), changed.length, (row) => valueAt(data, changed[row]!)));
  });
  const ids = BigUint64Array.from(changed, (row) => answer.ids[row]!);
  const group: UpdateGroupInit = { ids, columns, readVersion: answer.version, reads: [...reads, ...writes] };
  const { errors, version } = await ecs.updateEntities({ groups: [group] });
  return { ...report, failures: failuresOf(errors, (item) => changed[item]!), version };
}

function writableCopy(column: ColumnData): TypedArray {
  if (column.kind === "utf8" || column.kind === "bool")
    throw mismatch(column.path, "a system that writes it in place", `${column.kind} (which has no numbers to write)`);
  return column.values.slice();
}

function changedRows(
  paths: readonly string[],
  before: ReadonlyMap<string, TypedArray>,
  answer: SystemAnswer,
): number[] {
  const columns = paths.map((path) => {
    const { data } = answer.column(path);
    return { data, old: before.get(path)!, width: answer.length === 0 ? 1 : data.values.length / answer.length };
  });
  const rows: number[] = [];
  for (let row = 0; row < answer.length; row++) {
    const differs = columns.some(({ data, old, width }) => {
      if (!isThere(data, row)) return false;
      for (let i = row * width; i < (row + 1) * width; i++) if (!Object.is(data.values[i], old[i])) return true;
      return false;
    });
    if (differs) rows.push(row);
  }
  return rows;
}
