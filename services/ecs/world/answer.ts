/** What a query answers: typed rows made when they are asked for, and typed columns over the arrays that came. */
import { BusError, suggestion } from "#bus";
import type { QueryResult, Rows } from "#generated/ecs";
import type { ArrayOf, ComponentSpecs, ValueOf } from "../components/fields.ts";
import { type ColumnData, isThere, valueAt } from "../frame/column.ts";
import { fromWire } from "../frame/wire.ts";
import type { Row, SelectedPaths, SpecAt } from "./types.ts";

/** A column of an answer. */
export interface TypedColumn<Spec> {
  readonly path: string;
  readonly length: number;
  /** The values as they came, not copied: yours to keep and to change. Codes for utf8, bits for bool, vectors side by side. */
  readonly values: ArrayOf<Spec>;
  /** Arrow's bitmap of the rows that have a value; undefined when all have. */
  readonly validity: Uint8Array | undefined;
  readonly dictionary: readonly string[];
  readonly data: ColumnData;
  /** Value of a row; null also where the entity lacks the component. */
  at(row: number): ValueOf<Spec> | null;
  isNull(row: number): boolean;
}

/** Archetype of a row that has no entity. */
const GONE = 4294967295;

/** Entities as columns: of an answer, of a part of a scan, of a delta. */
export class Frame<S extends ComponentSpecs, All = never, Sel = never> {
  readonly ids: BigUint64Array;
  readonly columns: readonly ColumnData[];
  /** Empty when all rows have that of the first. */
  readonly #archetype: Uint32Array;
  readonly #archetypes: readonly (readonly string[])[];
  #rows: readonly Row<S, All, Sel>[] | undefined;

  /** @throws BusError ecs/malformed when the vectors do not fit together */
  constructor(rows: Rows | null) {
    this.ids = rows?.ids ?? new BigUint64Array(0);
    this.columns = (rows?.columns ?? []).map((column) => fromWire(column, this.length));
    this.#archetype = rows?.archetype ?? new Uint32Array(0);
    this.#archetypes = (rows?.archetypes ?? []).map(({ components }) => components);
    const { length } = this.#archetype;
    if (length !== 0 && length !== this.length) {
      const problem = `is refused: ${length} numbers came for ${this.length} rows`;
      throw new BusError("ecs/malformed", { details: { path: "archetype", problem } });
    }
  }

  get length(): number {
    return this.ids.length;
  }

  /** Made once, at first use. */
  get rows(): readonly Row<S, All, Sel>[] {
    return (this.#rows ??= Array.from(this.ids, (_, row) => this.row(row)));
  }

  row(row: number): Row<S, All, Sel> {
    const made: Record<string, unknown> = { id: this.ids[row] };
    for (const column of this.columns) {
      const [component, field] = column.path.split(".") as [string, string];
      const fields = (made[component] ??= {}) as Record<string, unknown>;
      fields[field] = valueAt(column, row);
    }
    return made as Row<S, All, Sel>;
  }

  /** Whether the row has no entity: of ids that were asked for. */
  isGone(row: number): boolean {
    return this.#archetypeOf(row) === GONE;
  }

  /** Names of the components that a row has, sorted. */
  componentsOf(row: number): readonly string[] {
    return this.#archetypes[this.#archetypeOf(row)] ?? [];
  }

  #archetypeOf(row: number): number {
    if (row >= this.length) return GONE;
    return this.#archetype[row] ?? 0;
  }

  /** @throws BusError ecs/unknown-name for a field that was not selected */
  column<P extends SelectedPaths<S, Sel>>(path: P): TypedColumn<SpecAt<S, P>> {
    const data = this.columns.find((column) => column.path === path);
    if (data === undefined) {
      const known = this.columns.map((column) => column.path);
      const details = { kind: "selected field", name: path, suggestion: suggestion(path, known) };
      throw new BusError("ecs/unknown-name", { details });
    }
    return {
      path,
      length: data.length,
      values: data.values as ArrayOf<SpecAt<S, P>>,
      validity: data.validity,
      dictionary: data.dictionary,
      data,
      at: (row) => valueAt(data, row) as ValueOf<SpecAt<S, P>> | null,
      isNull: (row) => !isThere(data, row),
    };
  }

  [Symbol.iterator](): Iterator<Row<S, All, Sel>> {
    return this.rows[Symbol.iterator]();
  }
}

export class Answer<S extends ComponentSpecs, All = never, Sel = never> extends Frame<S, All, Sel> {
  /** Matches before limit and offset; undefined unless the query has `wantTotal`. */
  readonly total: number | undefined;
  readonly hasMore: boolean;
  /** Whether the service remembered the result. */
  readonly cached: boolean;
  /** ns in the service, by the wall clock. */
  readonly durationNs: number;
  /** State that was read; `readVersion` of updates that are computed from it. */
  readonly version: bigint;

  /** @throws BusError ecs/* when the service refused the query */
  constructor(result: QueryResult, version: bigint, wantTotal: boolean) {
    if (result.error !== 0) throw BusError.ofNumber(result.error, result.errorText, { path: result.errorPath });
    super(result.rows);
    this.total = wantTotal ? Number(result.totalCount) : undefined;
    this.hasMore = result.hasMore;
    this.cached = result.cached;
    this.durationNs = Number(result.durationNs);
    this.version = version;
  }
}
