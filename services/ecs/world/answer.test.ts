import { expect, test } from "vitest";
import type { Rows } from "#generated/ecs";
import { Frame } from "./answer.ts";

const rowsOf = (archetype: readonly number[]): Rows => ({
  ids: BigUint64Array.of(11n, 12n, 13n),
  archetype: Uint32Array.from(archetype),
  archetypes: [{ components: ["Owner", "Position"] }, { components: ["Position"] }],
  columns: [],
});

test("rows say which components each has; without numbers all have those of the first", () => {
  const each = new Frame(rowsOf([1, 0, 1]));
  expect([0, 1, 2].map((row) => each.componentsOf(row).length)).toEqual([1, 2, 1]);
  const same = new Frame(rowsOf([]));
  expect([0, 1, 2].map((row) => same.componentsOf(row))).toEqual(Array(3).fill(["Owner", "Position"]));
  expect(same.isGone(2)).toBe(false);
});

test("a row without an entity, and one beyond the last, have no components", () => {
  const frame = new Frame(rowsOf([0, 4294967295, 1]));
  expect([0, 1, 2, 3].map((row) => frame.isGone(row))).toEqual([false, true, false, true]);
  expect(frame.componentsOf(1)).toEqual([]);
  expect(new Frame(rowsOf([])).componentsOf(3)).toEqual([]);
  expect(new Frame(null).componentsOf(0)).toEqual([]);
});

test("numbers for other than all rows are refused", () => {
  expect(() => new Frame(rowsOf([0, 1]))).toThrowError(
    expect.objectContaining({ code: "ecs/malformed", details: expect.objectContaining({ path: "archetype" }) }),
  );
});
