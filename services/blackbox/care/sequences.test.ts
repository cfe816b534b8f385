/** Runs held against a plain set of the same numbers, in any order, small and beyond what a number holds exactly. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { halves } from "../file/halves.ts";
import { Sequences } from "./sequences.ts";

function holesOf(numbers: readonly bigint[]): [bigint, bigint][] {
  const sorted = [...new Set(numbers)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const holes: [bigint, bigint][] = [];
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i]! > sorted[i - 1]! + 1n) holes.push([sorted[i - 1]! + 1n, sorted[i]! - 1n]);
  return holes;
}

const near = (middle: bigint): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: middle < 12n ? 0n : middle - 12n, max: middle + 12n < 2n ** 64n ? middle + 12n : 2n ** 64n - 1n });
const number = fc.constantFrom(0n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n).chain(near);

test("what was not seen between the first and the last number is a hole", () => {
  fc.assert(
    fc.property(fc.array(fc.array(number, { maxLength: 40 }), { maxLength: 4 }), (chunks) => {
      const sequences = new Sequences();
      for (const chunk of chunks) {
        for (const one of chunk) sequences.add(...halves(one));
        sequences.settle();
      }
      const all = chunks.flat();
      expect(sequences.holes).toEqual(holesOf(all));
      expect(sequences.first).toBe(all.length === 0 ? undefined : all.reduce((a, b) => (a < b ? a : b)));
    }),
  );
});

test("two publishers that take turns leave two runs, not one a message", () => {
  const sequences = new Sequences();
  for (let i = 0; i < 150_000; i++) {
    sequences.add(0, i);
    sequences.add(7, i);
    if (i % 500 === 0) sequences.settle();
  }
  expect(sequences.scattered).toBe(false);
  expect(sequences.holes).toEqual([[150_000n, 7n * 2n ** 32n - 1n]]);
});

test("numbers that are scattered are given up, not kept", () => {
  const sequences = new Sequences();
  for (let i = 0; i < 100_001; i++) sequences.add(0, 2 * i);
  sequences.settle();
  expect(sequences.scattered).toBe(true);
});
