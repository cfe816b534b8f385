/**
 * What generated encoders call. All write at `e`, a multiple of 4, and put the offset to it into the field at `at`; they
 * return the new end (a multiple of 4, padding zeroed), STOP_FULL when that lies beyond `limit`, STOP_UNFIT when the value
 * is not of its type. Nothing at or beyond `limit` is touched.
 */
import type { Memory } from "#wire";
import type { Utf8 } from "./text.ts";

export const STOP_FULL = -1;
export const STOP_UNFIT = -2;

/** Up to here a loop over characters beats the call into utf8Write. */
const SHORT_STRING = 32;

export function putString(m: Memory, at: number, e: number, limit: number, text: string): number {
  if (typeof text !== "string") return STOP_UNFIT;
  m.i32[at >> 2] = e - at;
  return writeString(m, e, limit, text);
}

/** A string at `e`: length, bytes, NUL, padding. */
function writeString(m: Memory, e: number, limit: number, text: string): number {
  const n = text.length;
  if (n > SHORT_STRING) return writeText(m, e, limit, text);
  const end = (e + 8 + n) & ~3;
  if (end > limit) return STOP_FULL;
  const u8 = m.u8;
  // The last word first: it holds the NUL and the padding.
  m.i32[(end - 4) >> 2] = 0;
  m.i32[e >> 2] = n;
  for (let i = 0, to = e + 4; i < n; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return writeText(m, e, limit, text);
    u8[to++] = code;
  }
  return end;
}

function writeText(m: Memory, e: number, limit: number, text: string): number {
  // 3 bytes a UTF-16 unit is the worst case; only when that does not fit is it worth counting.
  if (e + 8 + 3 * text.length > limit) {
    const bytes = Buffer.byteLength(text);
    if (e + 5 + bytes > limit) return STOP_FULL;
  }
  const n = (m.text as unknown as Utf8).utf8Write(text, e + 4);
  const end = (e + 8 + n) & ~3;
  const u8 = m.u8;
  for (let i = e + 4 + n; i < end; i++) u8[i] = 0;
  m.i32[e >> 2] = n;
  return end;
}

const lengthOf = (list: ArrayLike<unknown>): number => {
  const n = typeof list === "object" && list !== null ? list.length : -1;
  return Number.isInteger(n) && n >= 0 ? n : -1;
};

/** Room for a vector of `n` elements; returns where its length lies, or a STOP. Zeroes padding on both sides. */
function openVector(m: Memory, at: number, e: number, limit: number, n: number, bytes: number): number {
  if (n < 0) return STOP_UNFIT;
  const start = bytes === 8 && (e & 4) === 0 ? e + 4 : e;
  const size = n * bytes;
  if (size > limit || ((start + 7 + size) & ~3) > limit) return STOP_FULL;
  const i32 = m.i32;
  if (start !== e) i32[e >> 2] = 0;
  if ((size & 3) !== 0) i32[(start + 4 + size) >> 2] = 0;
  i32[at >> 2] = start - at;
  i32[start >> 2] = n;
  return start;
}

type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

function fill(to: Numbers, index: number, list: ArrayLike<number>, n: number): void {
  if (n > 16 && ArrayBuffer.isView(list)) to.set(list, index);
  else for (let i = 0; i < n; i++) to[index + i] = list[i];
}

const endOf = (start: number, bytes: number): number => (start + 7 + bytes) & ~3;

export function putU8s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<number>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 1);
  if (start < 0) return start;
  fill(m.u8, start + 4, list, n);
  return endOf(start, n);
}

export const putI8s: typeof putU8s = putU8s;

export function putU16s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<number>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 2);
  if (start < 0) return start;
  fill(m.u16, (start + 4) >> 1, list, n);
  return endOf(start, 2 * n);
}

export const putI16s: typeof putU16s = putU16s;

export function putI32s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<number>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 4);
  if (start < 0) return start;
  fill(m.i32, (start + 4) >> 2, list, n);
  return start + 4 + 4 * n;
}

export function putU32s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<number>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 4);
  if (start < 0) return start;
  fill(m.u32, (start + 4) >> 2, list, n);
  return start + 4 + 4 * n;
}

export function putF32s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<number>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 4);
  if (start < 0) return start;
  fill(m.f32, (start + 4) >> 2, list, n);
  return start + 4 + 4 * n;
}

export function putF64s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<number>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 8);
  if (start < 0) return start;
  fill(m.f64, (start + 4) >> 3, list, n);
  return start + 4 + 8 * n;
}

export function putI64s(m: Memory, at: number, e: number, limit: number, list: ArrayLike<bigint>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 8);
  if (start < 0) return start;
  const i64 = m.i64;
  // Both kinds hold the same bytes; elements of others must be looked at one by one.
  if (n > 16 && (list instanceof BigUint64Array || list instanceof BigInt64Array)) {
    i64.set(list, (start + 4) >> 3);
    return start + 4 + 8 * n;
  }
  for (let i = 0, to = (start + 4) >> 3; i < n; i++) {
    const value = list[i];
    if (typeof value !== "bigint") return STOP_UNFIT;
    i64[to++] = value;
  }
  return start + 4 + 8 * n;
}

export const putU64s: typeof putI64s = putI64s;

export function putBools(m: Memory, at: number, e: number, limit: number, list: ArrayLike<boolean>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 1);
  if (start < 0) return start;
  const u8 = m.u8;
  for (let i = 0; i < n; i++) {
    const value = list[i];
    if (typeof value !== "boolean") return STOP_UNFIT;
    u8[start + 4 + i] = value ? 1 : 0;
  }
  return endOf(start, n);
}

export function putStrings(m: Memory, at: number, e: number, limit: number, list: ArrayLike<string>): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 4);
  if (start < 0) return start;
  let end = start + 4 + 4 * n;
  for (let i = 0, slot = start + 4; i < n; i++, slot += 4) {
    end = putString(m, slot, end, limit, list[i]);
    if (end < 0) return end;
  }
  return end;
}

/** Writes a table at `e`, leaves its position in `m.table`. */
type PutTable<T> = (m: Memory, e: number, limit: number, value: T, depth: number) => number;

export function putTables<T>(
  m: Memory,
  at: number,
  e: number,
  limit: number,
  list: ArrayLike<T>,
  put: PutTable<T>,
  depth: number,
): number {
  const n = lengthOf(list);
  const start = openVector(m, at, e, limit, n, 4);
  if (start < 0) return start;
  let end = start + 4 + 4 * n;
  for (let i = 0, slot = start + 4; i < n; i++, slot += 4) {
    end = put(m, end, limit, list[i], depth);
    if (end < 0) return end;
    m.i32[slot >> 2] = m.table - slot;
  }
  return end;
}

export function putStructs<T>(
  m: Memory,
  at: number,
  e: number,
  limit: number,
  list: ArrayLike<T>,
  put: (m: Memory, to: number, value: T) => void,
  bytes: number,
  align: number,
): number {
  const n = lengthOf(list);
  if (n < 0) return STOP_UNFIT;
  const start = align === 8 && (e & 4) === 0 ? e + 4 : e;
  const size = n * bytes;
  if (size > limit || endOf(start, size) > limit) return STOP_FULL;
  if (start !== e) m.i32[e >> 2] = 0;
  if ((size & 3) !== 0) m.i32[(start + 4 + size) >> 2] = 0;
  m.i32[at >> 2] = start - at;
  m.i32[start >> 2] = n;
  for (let i = 0, to = start + 4; i < n; i++, to += bytes) put(m, to, list[i]);
  return endOf(start, size);
}

/** A string as the value of a union; its position is left in `m.table`, as that of a table would be. */
export function putMemberString(m: Memory, e: number, limit: number, text: string): number {
  if (typeof text !== "string") return STOP_UNFIT;
  m.table = e;
  return writeString(m, e, limit, text);
}

export function putMemberStruct<T>(
  m: Memory,
  e: number,
  limit: number,
  value: T,
  put: (m: Memory, to: number, value: T) => void,
  bytes: number,
  align: number,
): number {
  const start = align === 8 && (e & 4) !== 0 ? e + 4 : e;
  const end = (start + bytes + 3) & ~3;
  if (end > limit) return STOP_FULL;
  if (start !== e) m.i32[e >> 2] = 0;
  m.i32[(end - 4) >> 2] = 0;
  put(m, start, value);
  m.table = start;
  return end;
}
