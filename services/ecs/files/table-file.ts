/** What a table of columns is written to: a file that is made beside its place and renamed. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import type { FieldKind } from "../components/fields.ts";
import type { ColumnData } from "../frame/column.ts";

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
