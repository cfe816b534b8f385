/**
 * What generated decoders and readers call: `at` is the place of a field that holds an offset, in a verified payload.
 * Everything returned is a copy of its own, but for what is named unsafe.
 */
import type { Memory } from "#wire";
import type { Utf8 } from "./text.ts";

const fromCodes = String.fromCharCode;
/** Above this the call into utf8Slice is cheaper. */
const SHORT_STRING = 32;

const sliceText = (m: Memory, from: number, to: number): string => (m.text as unknown as Utf8).utf8Slice(from, to);

export function getString(m: Memory, at: number): string {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = start + 4;
  if (n > SHORT_STRING) return sliceText(m, from, from + n);
  const u = m.u8;
  let text = "";
  let i = from;
  // Eight characters a call: a call each would cost most of the time, and longer argument lists gain nothing.
  for (const last = from + n - 8; i <= last; i += 8) {
    const a = u[i];
    const b = u[i + 1];
    const c = u[i + 2];
    const d = u[i + 3];
    const e = u[i + 4];
    const f = u[i + 5];
    const g = u[i + 6];
    const h = u[i + 7];
    if ((a | b | c | d | e | f | g | h) > 127) return sliceText(m, from, from + n);
    text += fromCodes(a, b, c, d, e, f, g, h);
  }
  const rest = from + n - i;
  if (rest === 0) return text;
  const tail = fewCodes(u, i, rest);
  if (tail === undefined) return sliceText(m, from, from + n);
  return text === "" ? tail : text + tail;
}

/** One to seven characters in one call, as a call and a joined string for each would cost more. @returns undefined when not ASCII */
function fewCodes(u: Uint8Array, i: number, n: number): string | undefined {
  const a = u[i];
  if (n === 1) return a > 127 ? undefined : fromCodes(a);
  const b = u[i + 1];
  if (n === 2) return (a | b) > 127 ? undefined : fromCodes(a, b);
  const c = u[i + 2];
  if (n === 3) return (a | b | c) > 127 ? undefined : fromCodes(a, b, c);
  const d = u[i + 3];
  if (n === 4) return (a | b | c | d) > 127 ? undefined : fromCodes(a, b, c, d);
  const e = u[i + 4];
  if (n === 5) return (a | b | c | d | e) > 127 ? undefined : fromCodes(a, b, c, d, e);
  const f = u[i + 5];
  if (n === 6) return (a | b | c | d | e | f) > 127 ? undefined : fromCodes(a, b, c, d, e, f);
  const g = u[i + 6];
  return (a | b | c | d | e | f | g) > 127 ? undefined : fromCodes(a, b, c, d, e, f, g);
}

export function getStrings(m: Memory, at: number): string[] {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const list = new Array<string>(n);
  for (let i = 0, slot = start + 4; i < n; i++, slot += 4) list[i] = getString(m, slot);
  return list;
}

export function getTables<T>(m: Memory, at: number, get: (m: Memory, t: number) => T): T[] {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const list = new Array<T>(n);
  for (let i = 0, slot = start + 4; i < n; i++, slot += 4) list[i] = get(m, slot + m.i32[slot >> 2]);
  return list;
}

export function getStructs<T>(m: Memory, at: number, get: (m: Memory, from: number) => T, bytes: number): T[] {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const list = new Array<T>(n);
  for (let i = 0, from = start + 4; i < n; i++, from += bytes) list[i] = get(m, from);
  return list;
}

export function getBools(m: Memory, at: number): boolean[] {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const list = new Array<boolean>(n);
  for (let i = 0; i < n; i++) list[i] = m.u8[start + 4 + i] !== 0;
  return list;
}

/** The bytes of a [ubyte] field in place: valid as long as the payload is, and not to be written. */
export function unsafeU8s(m: Memory, at: number): Uint8Array {
  const start = at + m.i32[at >> 2];
  return m.u8.subarray(start + 4, start + 4 + m.i32[start >> 2]);
}

export function getU8s(m: Memory, at: number): Uint8Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  return n === 0 ? noU8s() : m.u8.slice(start + 4, start + 4 + n);
}

export function getI8s(m: Memory, at: number): Int8Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  return n === 0 ? noI8s() : m.i8.slice(start + 4, start + 4 + n);
}

export function getU16s(m: Memory, at: number): Uint16Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 1;
  return n === 0 ? noU16s() : m.u16.slice(from, from + n);
}

export function getI16s(m: Memory, at: number): Int16Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 1;
  return n === 0 ? noI16s() : m.i16.slice(from, from + n);
}

export function getU32s(m: Memory, at: number): Uint32Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 2;
  return n === 0 ? noU32s() : m.u32.slice(from, from + n);
}

export function getI32s(m: Memory, at: number): Int32Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 2;
  return n === 0 ? noI32s() : m.i32.slice(from, from + n);
}

export function getF32s(m: Memory, at: number): Float32Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 2;
  return n === 0 ? noF32s() : m.f32.slice(from, from + n);
}

export function getF64s(m: Memory, at: number): Float64Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 3;
  return n === 0 ? noF64s() : m.f64.slice(from, from + n);
}

export function getI64s(m: Memory, at: number): BigInt64Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 3;
  return n === 0 ? noI64s() : m.i64.slice(from, from + n);
}

export function getU64s(m: Memory, at: number): BigUint64Array {
  const start = at + m.i32[at >> 2];
  const n = m.i32[start >> 2];
  const from = (start + 4) >> 3;
  return n === 0 ? noU64s() : m.u64.slice(from, from + n);
}

/** Empty arrays to copy: that costs V8 an eighth of `new Uint8Array(0)`, and a table of a column has a dozen of them. */
const NONE = {
  u8: new Uint8Array(0),
  i8: new Int8Array(0),
  u16: new Uint16Array(0),
  i16: new Int16Array(0),
  u32: new Uint32Array(0),
  i32: new Int32Array(0),
  f32: new Float32Array(0),
  f64: new Float64Array(0),
  i64: new BigInt64Array(0),
  u64: new BigUint64Array(0),
};
/** What an absent or empty vector reads as: each time an array of its own. */
export const noU8s = (): Uint8Array => new Uint8Array(NONE.u8);
export const noI8s = (): Int8Array => new Int8Array(NONE.i8);
export const noU16s = (): Uint16Array => new Uint16Array(NONE.u16);
export const noI16s = (): Int16Array => new Int16Array(NONE.i16);
export const noU32s = (): Uint32Array => new Uint32Array(NONE.u32);
export const noI32s = (): Int32Array => new Int32Array(NONE.i32);
export const noF32s = (): Float32Array => new Float32Array(NONE.f32);
export const noF64s = (): Float64Array => new Float64Array(NONE.f64);
export const noI64s = (): BigInt64Array => new BigInt64Array(NONE.i64);
export const noU64s = (): BigUint64Array => new BigUint64Array(NONE.u64);
