import { beforeAll, beforeEach, expect, test } from "vitest";
import { Memory } from "#wire";
import { encodeJson } from "./reflect-encode.ts";
import { compileSchema } from "./testing/compile-schema.ts";
import { makeVerifier, type Verifier } from "./verify.ts";

// Method: two rows with one vtable; one before them, which the builder gave another, is left out. The second is moved, or
// what it leads to is forged: what was found of the first must not speak for it.
const SCHEMA = `
namespace shared;
table Row { big: long; small: int; other: int; name: string; }
table Rows { spare: string; rows: [Row]; }
root_type Rows;
`;
const BIG = 0;
const NAME = 3;
const FIRST = 1;
const SECOND = 2;
let verify: Verifier;
let sound: Uint8Array;
beforeAll(async () => {
  const schema = await compileSchema(SCHEMA);
  verify = makeVerifier(schema, "shared.Rows");
  const rows = ["z", "a", "b"].map((name, i) => ({ big: String(i + 1), small: i + 1, other: 7, name }));
  sound = encodeJson(schema, "shared.Rows", { spare: "x".repeat(200), rows });
});

let m: Memory;
beforeEach(() => {
  m = Memory.copyOf(sound);
  m.i32[slotOf(0) >> 2] = follow(slotOf(FIRST)) - slotOf(0);
});
const verdict = (): string | undefined => verify(m, 0, sound.length);

const follow = (at: number): number => at + m.i32[at >> 2];
const vtableOf = (table: number): number => table - m.i32[table >> 2];
const entryOf = (table: number, id: number): number => vtableOf(table) + 4 + 2 * id;
const fieldOf = (table: number, id: number): number => table + m.u16[entryOf(table, id) >> 1];
const spare = (): number => follow(fieldOf(follow(0), 0)) + 4;
/** Where the vector says that the row is. */
const slotOf = (row: number): number => follow(fieldOf(follow(0), 1)) + 4 + 4 * row;

/** Makes the second row one at `at`, of the vtable of the first. */
function moveTo(at: number): void {
  const vtable = vtableOf(follow(slotOf(FIRST)));
  m.i32[slotOf(SECOND) >> 2] = at - slotOf(SECOND);
  m.i32[at >> 2] = at - vtable;
}

/** The first place in the spare bytes where a row lies as the first one does by 8, or `off` bytes beside. */
function placeLikeFirst(off: number): number {
  const wanted = (follow(slotOf(FIRST)) + off) & 7;
  return [...Array(8).keys()].map((i) => spare() + i).find((at) => (at & 7) === wanted) as number;
}

test("both are sound, and share a vtable", () => {
  expect(verdict()).toBeUndefined();
  expect(vtableOf(follow(slotOf(SECOND)))).toBe(vtableOf(follow(slotOf(FIRST))));
});

test("a second row elsewhere is sound where its fields lie well, and not where they do not", () => {
  moveTo(placeLikeFirst(0));
  const name = fieldOf(follow(slotOf(SECOND)), NAME);
  m.i32[name >> 2] = follow(fieldOf(follow(slotOf(FIRST)), NAME)) - name;
  expect(verdict()).toMatch(/an offset out of bounds/);
  // Offsets only count forward, and the first row's name lies before the place that the second one has now.
  const text = name + 64 - (name & 3);
  m.u32[text >> 2] = 1;
  m.u8.set([98, 0], text + 4);
  m.i32[name >> 2] = text - name;
  expect(verdict()).toBeUndefined();
});

test("a second row of another alignment is refused", () => {
  moveTo(placeLikeFirst(4));
  expect(verdict()).toMatch(/a field out of place at byte \d+ in shared\.Row\.big/);
});

test("a second row that reaches beyond the message is refused", () => {
  m.u32[(spare() - 4) >> 2] = 100;
  m.u8[spare() + 100] = 0;
  const end = sound.length & ~7;
  // Its name is inside: a text of one byte in the last eight. What follows the name is not.
  const at = end - ((end + follow(slotOf(FIRST))) & 7) - 16;
  moveTo(at);
  const name = fieldOf(at, NAME);
  const text = name + 4;
  m.i32[name >> 2] = text - name;
  m.u32[text >> 2] = 1;
  m.u8.set([98, 0], text + 4);
  expect(verdict()).toMatch(/leaves the message/);
  moveTo(end - 4);
  expect(verdict()).toBeDefined();
});

test("what a second row leads to is looked at", () => {
  const name = fieldOf(follow(slotOf(SECOND)), NAME);
  for (const offset of [0, -4, 0x7fffffff, sound.length]) {
    m.i32[name >> 2] = offset;
    expect(verdict()).toMatch(/an offset out of bounds at byte \d+ in shared\.Row\.name/);
  }
});

test("a second row with a vtable of its own is held to that", () => {
  const row = follow(slotOf(SECOND));
  const own = (spare() + 8) & ~7;
  m.u8.copyWithin(own, vtableOf(row), vtableOf(row) + 12);
  m.i32[row >> 2] = row - own;
  expect(verdict()).toBeUndefined();
  m.u16[entryOf(row, BIG) >> 1] = 0xfff0;
  expect(verdict()).toMatch(/a field out of place at byte \d+ in shared\.Row\.big/);
});

test("what was found in one message says nothing of the next, which lies at the same place", () => {
  expect(verdict()).toBeUndefined();
  m.u16[entryOf(follow(slotOf(FIRST)), BIG) >> 1] = 0xfff0;
  expect(verdict()).toMatch(/a field out of place/);
  expect(verdict()).toMatch(/a field out of place/);
});
