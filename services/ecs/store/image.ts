/** A snapshot as it goes to a file and comes from one: the meta part first, then rows table by table. Plain data, so that it crosses threads. */
import type { SnapshotMeta, SnapshotMetaInit, SnapshotRows } from "#generated/ecs";
import type { ComponentDefinition } from "../components/define.ts";
import type { ColumnData } from "../frame/column.ts";
import { definitionFromWire, definitionToWire, fromWire } from "../frame/wire.ts";
import type { PathField } from "./layout.ts";

export interface ImageTable {
  readonly components: readonly string[];
  readonly rows: number;
}

export interface ImageMeta {
  readonly format: number;
  readonly step: bigint;
  readonly turn: number;
  readonly faction: string;
  readonly version: bigint;
  readonly hash: bigint;
  readonly components: readonly ComponentDefinition[];
  readonly archetypes: readonly { readonly name: string; readonly components: readonly string[] }[];
  /** Indexes ever given out. */
  readonly indexes: number;
  /** Those that no entity has, ascending, and the generation of their next entity. */
  readonly freeIndex: Uint32Array;
  readonly freeGeneration: Uint32Array;
  readonly tables: readonly ImageTable[];
}

/** Rows of one table, from row `first` on. Codes of utf8 columns count over the texts of the snapshot. */
export interface ImageRows {
  readonly table: number;
  readonly first: number;
  readonly ids: BigUint64Array;
  readonly columns: readonly ColumnData[];
}

/** What comes after the meta part: texts, then rows. */
export type ImagePart = { readonly texts: readonly string[] } | { readonly rows: ImageRows };

/** Layout of snapshot parts that this version knows. */
export const PARTS_FORMAT = 1;

export const metaFromWire = (meta: SnapshotMeta): ImageMeta => ({
  format: meta.format,
  step: meta.step,
  turn: meta.turn,
  faction: meta.faction ?? "",
  version: meta.version,
  hash: meta.hash,
  components: meta.components.map(definitionFromWire),
  archetypes: meta.archetypes.map(({ name, components }) => ({ name, components })),
  indexes: meta.indexes,
  freeIndex: meta.freeIndex,
  freeGeneration: meta.freeGeneration,
  tables: meta.tables.map(({ components, rows }) => ({ components, rows: Number(rows) })),
});

export const metaToWire = ({ components, tables, ...meta }: ImageMeta): SnapshotMetaInit => ({
  ...meta,
  components: components.map(definitionToWire),
  tables: tables.map(({ rows, ...table }) => ({ ...table, rows: BigInt(rows) })),
});

/** @param texts of all parts before; codes of utf8 count over them */
export const rowsFromWire = (
  { table, first, ids, columns }: SnapshotRows,
  texts: { readonly length: number },
): ImageRows => ({
  table,
  first: Number(first),
  ids,
  columns: columns.map((column) => fromWire(column, ids.length, texts)),
});

/** Fields of a table in the order of its columns. */
export function fieldsOf(
  { components }: Pick<ImageMeta, "components">,
  { components: names }: Pick<ImageTable, "components">,
): PathField[] {
  const byName = new Map(components.map((component) => [component.name, component]));
  return names.flatMap((name) =>
    (byName.get(name)?.fields ?? []).map((field) => ({ path: `${name}.${field.name}`, field })),
  );
}
