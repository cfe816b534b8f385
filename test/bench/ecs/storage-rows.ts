/** What every contestant of storage writes: units with a faction of 20, hp and a place, in columns as the service hands them out. */
import { FACTIONS, factionOf, hpOf, xOf } from "./workload.ts";

export const STORED = 100_000;
/** Rows of a part: a row group, a record batch. */
const PART = 65_536;

export const NAMES: readonly string[] = Array.from({ length: FACTIONS }, (_, i) => `f${i}`);

/** A part of the rows. Codes count over NAMES. */
export interface StoredPart {
  readonly first: number;
  readonly rows: number;
  readonly ids: BigUint64Array;
  readonly codes: Int32Array;
  readonly hp: Int32Array;
  readonly x: Float32Array;
}

export const storedParts = (): StoredPart[] =>
  Array.from({ length: Math.ceil(STORED / PART) }, (_, part) => {
    const first = part * PART;
    const rows = Math.min(STORED - first, PART);
    const numbers = Array.from({ length: rows }, (_, i) => first + i + 1);
    return {
      first,
      rows,
      ids: BigUint64Array.from(numbers, (i) => (1n << 32n) | BigInt(i - 1)),
      codes: Int32Array.from(numbers, (i) => NAMES.indexOf(factionOf(i))),
      hp: Int32Array.from(numbers, hpOf),
      x: Float32Array.from(numbers, xOf),
    };
  });
