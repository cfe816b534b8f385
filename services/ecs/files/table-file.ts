/** Tables of columns in files: what one is written to (beside its place, and renamed), and what one is when it was read. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { BusError, suggestion } from "#bus";
import type { FieldKind } from "../components/fields.ts";
import { checkValue } from "../frame/check.ts";
import { type ColumnData, columnOf } from "../frame/column.ts";

/** A column of the file. */
export interface FileColumn {
  readonly path: string;
  readonly kind: FieldKind;
  /** Rows may be without a value: the field is nullable, or entities may lack its component. */
  readonly nullable: boolean;
}

/** Parts come in order, each with all columns; the first column is "id". */
export interface TableFile {
  write(columns: readonly ColumnData[], rows: number): void | Promise<void>;
  finish(): void | Promise<void>;
}

/** A whole file. */
export interface ReadTable {
  readonly rows: number;
  readonly columns: readonly ColumnData[];
}

/** @throws BusError ecs/unknown-name for a column that is no field */
export function fieldFor(file: string, name: string, fields: readonly FileColumn[]): FileColumn {
  const field = fields.find(({ path }) => path === name);
  if (field !== undefined) return field;
  const near = suggestion(
    name,
    fields.map(({ path }) => path),
  );
  throw new BusError("ecs/unknown-name", {
    details: { kind: `field for a column of ${file}`, name, suggestion: near },
  });
}

/** A column of checked values. @throws BusError ecs/type-mismatch naming file, column and row */
export function listColumn(
  file: string,
  { path, kind }: FileColumn,
  rows: number,
  at: (row: number) => unknown,
): ColumnData {
  return columnOf(path, { type: kind, nullable: true }, rows, (row) => {
    const value = at(row) ?? null;
    if (value !== null) checkValue(`${file}: row ${row} of '${path}'`, kind, true, value);
    return value;
  });
}

let files = 0;
export const besideOf = (path: string): string => `${path}.${process.pid}-${files++}.writing`;

/** Puts a finished file in its place. */
export function place(beside: string, path: string): void {
  const file = openSync(beside, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
}

export const discard = (beside: string): void => rmSync(beside, { force: true });
