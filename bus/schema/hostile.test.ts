import fc from "fast-check";
import { Builder } from "flatbuffers";
import { beforeAll, expect, test } from "vitest";
import { BusError, Memory } from "#wire";
import type { JsonValue } from "./json.ts";
import type { BinarySchema } from "./model.ts";
import { decodeJson, decodeJsonAt, verifierOf } from "./reflect-decode.ts";
import { encodeJson } from "./reflect-encode.ts";
import { ALL_FEATURES } from "./testing/all-features.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";
import { compileSchema } from "./testing/compile-schema.ts";
import { guardedMemory, OutOfRange } from "./testing/guarded-memory.ts";
import type { Verifier } from "./verify.ts";

// Method: sound payloads are damaged by a seeded generator that prefers the values which break readers, and read inside a
// memory full of other bytes. A failing case names its seed.
const TYPE = "test.all.Everything";
const SEED = 20_011;
let schema: BinarySchema;
let verify: Verifier;
let payloads: Uint8Array[];
beforeAll(async () => {
  schema = await compileSchema(ALL_FEATURES);
  verify = verifierOf(schema, TYPE);
  payloads = fc
    .sample(arbitraryJson(schema, TYPE), { numRuns: 40, seed: SEED })
    .map((json) => encodeJson(schema, TYPE, json));
});

function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * sides);
  };
}

const OFFSET = 4096;
const EVIL = [
  0, 1, 2, 3, 4, 5, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff,
];

/** Puts a damaged copy of a payload at OFFSET. @returns its end */
function damage(m: Memory, payload: Uint8Array, roll: (sides: number) => number): number {
  m.u8.fill(roll(2) === 0 ? 0 : 0xff, OFFSET, OFFSET + payload.length + 64);
  m.u8.set(payload, OFFSET);
  const bytes = new DataView(m.buffer, OFFSET, payload.length);
  for (let n = 1 + roll(4); n > 0; n--) {
    const at = roll(payload.length);
    const value = roll(3) === 0 ? roll(65536) * 65536 + roll(65536) : EVIL[roll(EVIL.length)] + roll(3) - 1;
    const width = [1, 2, 4][roll(3)];
    if (at + width > payload.length) continue;
    if (width === 1) bytes.setUint8(at, value);
    else if (width === 2) bytes.setUint16(at & ~1, value, true);
    else bytes.setUint32(Math.min(at & ~3, (payload.length - 4) & ~3), value, true);
  }
  return OFFSET + (roll(8) === 0 ? roll(payload.length + 1) : payload.length);
}

/** Values of a JSON tree; a bound on what decoding made. */
function countOf(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + countOf(item), 1);
}

test("60,000 damaged payloads are refused or decoded, never thrown at, and never become much larger than they were", () => {
  const roll = dice(SEED);
  const m = Memory.allocate(OFFSET + 65536);
  let accepted = 0;
  for (let i = 0; i < 60_000; i++) {
    const end = damage(m, payloads[i % payloads.length], roll);
    const reason = verify(m, OFFSET, end);
    if (reason !== undefined) {
      expect(reason.length).toBeGreaterThan(5);
      continue;
    }
    accepted++;
    if (accepted % 4 !== 0) continue;
    const json = decodeJsonAt(schema, TYPE, m, OFFSET);
    expect(countOf(json)).toBeLessThan(100 + 64 * (end - OFFSET));
  }
  // Both outcomes have to happen, or the damage tests nothing.
  expect(accepted).toBeGreaterThan(3_000);
  expect(accepted).toBeLessThan(57_000);
});

test("a verdict never depends on what lies around the payload", () => {
  const a = Memory.allocate(OFFSET + 65536);
  const b = Memory.allocate(OFFSET + 65536);
  b.u8.fill(0xcc);
  for (let i = 0; i < 10_000; i++) {
    const end = damage(a, payloads[i % payloads.length], dice(SEED + i));
    b.u8.set(a.u8.subarray(OFFSET, end), OFFSET);
    b.u8.fill(0xcc, end, end + 64);
    expect(verify(b, OFFSET, end), `seed ${SEED + i}`).toBe(verify(a, OFFSET, end));
  }
});

test("neither the verifier nor the decoder behind it reads a byte outside the payload", () => {
  const m = Memory.allocate(OFFSET + 65536);
  for (let i = 0; i < 4_000; i++) {
    const end = damage(m, payloads[i % payloads.length], dice(SEED + i));
    const guarded = guardedMemory(m, OFFSET, end);
    expect(
      () => verify(guarded, OFFSET, end) ?? decodeJsonAt(schema, TYPE, guarded, OFFSET),
      `seed ${SEED + i}`,
    ).not.toThrow();
  }
});

test("the guard of these tests notices a reader that skips the verifier", () => {
  const m = Memory.allocate(OFFSET + 65536);
  let noticed = 0;
  for (let i = 0; i < 300; i++) {
    const end = damage(m, payloads[i % payloads.length], dice(SEED + i));
    try {
      decodeJsonAt(schema, TYPE, guardedMemory(m, OFFSET, end), OFFSET);
    } catch (error) {
      if (error instanceof OutOfRange) noticed++;
    }
  }
  expect(noticed).toBeGreaterThan(10);
});

test("a tower of shared parts costs work in proportion to its bytes, not to what it stands for", () => {
  // 40 nodes, each with 30 references to the next: 30^40 tables when unfolded.
  const builder = new Builder(1 << 16);
  const name = builder.createString("n");
  let child = 0;
  for (let level = 0; level < 40; level++) {
    let children = 0;
    if (child !== 0) {
      builder.startVector(4, 30, 4);
      for (let i = 0; i < 30; i++) builder.addOffset(child);
      children = builder.endVector();
    }
    builder.startObject(4);
    builder.addFieldOffset(0, name, 0);
    builder.addFieldOffset(3, children, 0);
    child = builder.endObject();
  }
  builder.finish(child);
  const bytes = builder.asUint8Array();
  const count = { reads: 0 };
  const m = guardedMemory(Memory.copyOf(bytes), 0, bytes.length, count);
  expect(verifierOf(schema, "test.all.Node")(m, 0, bytes.length)).toContain("more tables than its size allows");
  expect(count.reads).toBeLessThan(16 * bytes.length);
});

test("a message of empty tables cannot become millions of defaults", async () => {
  const fields = Array.from({ length: 200 }, (_, i) => `f${i}: int;`).join(" ");
  const wide = await compileSchema(`table Wide { ${fields} } table Many { items: [Wide]; }`);
  const many = (count: number): Uint8Array => {
    const builder = new Builder(1 << 19);
    builder.startObject(0);
    const empty = builder.endObject();
    builder.startVector(4, count, 4);
    for (let i = 0; i < count; i++) builder.addOffset(empty);
    const items = builder.endVector();
    builder.startObject(1);
    builder.addFieldOffset(0, items, 0);
    builder.finish(builder.endObject());
    return builder.asUint8Array();
  };
  expect(decodeJson(wide, "Many", many(10)).items).toHaveLength(10);
  expect(() => decodeJson(wide, "Many", many(60_000))).toThrow("it stands for more than 4000000 fields");
});

test("random JSON is encoded or refused with a BusError", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.jsonValue(),
        fc.record({
          title: fc.jsonValue(),
          part: fc.jsonValue(),
          nodes: fc.jsonValue(),
          grid: fc.jsonValue(),
          bytes: fc.jsonValue(),
        }),
      ),
      (json) => {
        try {
          const bytes = encodeJson(schema, TYPE, json);
          expect(verify(Memory.copyOf(bytes), 0, bytes.length)).toBeUndefined();
        } catch (error) {
          expect(error).toBeInstanceOf(BusError);
        }
      },
    ),
    { numRuns: 2_000, seed: SEED },
  );
});
