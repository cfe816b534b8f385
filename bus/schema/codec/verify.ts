/**
 * Bounds checks of generated verifiers, for the layout their own encoder makes. `at` is the place of a field that holds
 * an offset and was found to lie inside [low, end). False means "not ours": the verifier of the binary schema decides.
 */
import type { Memory } from "#wire";
import { schemaFromBase64 } from "../bfbs.ts";
import { makeVerifier, type Verifier } from "../verify.ts";

const OFFSET_MAX = 0x7fffffff;

/** Larger payloads are left to the verifier of the binary schema, which counts their tables. */
const FAST_BYTES_MAX = 800_000;

/**
 * Whether [offset, end) may be looked at by the fast verifier; sets the budget. Our encoder shares nothing, so the bytes
 * of all tables, strings and vectors together are at most those of the payload: a message that points to the same part
 * again and again runs out of budget, and so cannot become an object much larger than itself.
 */
export function openVerify(m: Memory, offset: number, end: number): boolean {
  const bytes = end - offset;
  if ((offset & 7) !== 0 || offset < 0 || end > m.size || bytes < 8 || bytes > FAST_BYTES_MAX) return false;
  m.budget = bytes;
  return true;
}

export function okString(m: Memory, at: number, end: number): boolean {
  const to = m.u32[at >> 2];
  if (to === 0 || to > OFFSET_MAX) return false;
  const start = at + to;
  if ((start & 3) !== 0 || start + 5 > end) return false;
  const n = m.u32[start >> 2];
  return (m.budget -= n + 5) >= 0 && n <= end - start - 5 && m.u8[start + 4 + n] === 0;
}

/** Start of the vector at `at`, or -1. */
function vectorAt(m: Memory, at: number, end: number, bytes: number, align: number): number {
  const to = m.u32[at >> 2];
  if (to === 0 || to > OFFSET_MAX) return -1;
  const start = at + to;
  if ((start & 3) !== 0 || start + 4 > end || ((start + 4) & (align - 1)) !== 0) return -1;
  const size = m.u32[start >> 2] * bytes;
  return size <= end - start - 4 && (m.budget -= size + 4) >= 0 ? start : -1;
}

export function okVector(m: Memory, at: number, end: number, bytes: number, align: number): boolean {
  return vectorAt(m, at, end, bytes, align) >= 0;
}

export function okStrings(m: Memory, at: number, end: number): boolean {
  const start = vectorAt(m, at, end, 4, 4);
  if (start < 0) return false;
  for (let n = m.u32[start >> 2], slot = start + 4; n > 0; n--, slot += 4) if (!okString(m, slot, end)) return false;
  return true;
}

/** A struct that a union's offset leads to. */
export function okStruct(m: Memory, at: number, end: number, bytes: number, align: number): boolean {
  const start = tableAt(m, at, end);
  return (start & (align - 1)) === 0 && start + Math.max(4, bytes) <= end && (m.budget -= bytes) >= 0;
}

type OkTable = (m: Memory, t: number, low: number, end: number, depth: number) => boolean;

/** Position of the table that the offset at `at` names; `end` when there is none, which no table check accepts. */
export function tableAt(m: Memory, at: number, end: number): number {
  const to = m.u32[at >> 2];
  return to === 0 || to > OFFSET_MAX ? end : at + to;
}

export function okTables(m: Memory, at: number, low: number, end: number, ok: OkTable, depth: number): boolean {
  const start = vectorAt(m, at, end, 4, 4);
  if (start < 0) return false;
  for (let n = m.u32[start >> 2], slot = start + 4; n > 0; n--, slot += 4) {
    if (!ok(m, tableAt(m, slot, end), low, end, depth)) return false;
  }
  return true;
}

/** The verifier of the binary schema for `name`, made when a payload of a foreign layout first asks for it. */
export function foreignVerifier(schema: string, name: string): (m: Memory, offset: number, end: number) => boolean {
  let verify: Verifier | undefined;
  return (m, offset, end) => {
    verify ??= makeVerifier(schemaFromBase64(schema), name);
    return verify(m, offset, end) === undefined;
  };
}
