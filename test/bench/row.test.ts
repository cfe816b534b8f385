import fc from "fast-check";
import { expect, test } from "vitest";
import { type MeasureFacts, median, quantile, ratioOf, rounded, rowOf } from "./row.ts";

const facts: MeasureFacts = { suite: "unix", measure: "oneway64", unit: "1/s", transport: "unix", size: 64 };
const samples = fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 21 });

test("the median has half of the samples on either side", () => {
  expect(median([3])).toBe(3);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([1, 2, 10, 11])).toBe(6);
  expect(() => median([])).toThrow(RangeError);
  fc.assert(
    fc.property(samples, (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
    }),
  );
});

test("a quantile is one of the samples and never past the end", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  expect(quantile([7], 0)).toBe(7);
});

test("a ratio above one says that ours is better, whatever the unit", () => {
  expect(ratioOf("1/s", 400, 100)).toBe(4);
  expect(ratioOf("ns", 25, 100)).toBe(4);
  expect(ratioOf("B", 25, 100)).toBe(4);
  expect(ratioOf("share", 0.02, 0.01)).toBe(0.5);
});

test("a row holds medians, extremes and the number of rounds", () => {
  const row = rowOf(facts, [300, 100, 200], { name: "zeromq-ipc", samples: [10, 30, 20], note: "msgpackr" });
  expect(row).toEqual({
    suite: "unix",
    measure: "oneway64",
    value: 200,
    unit: "1/s",
    min: 100,
    max: 300,
    rounds: 3,
    peer: "zeromq-ipc",
    peer_value: 20,
    ratio: 10,
    transport: "unix",
    size: 64,
    note: "msgpackr",
  });
});

test("a row without a peer has none of the peer's fields", () => {
  expect(Object.keys(rowOf({ suite: "s", measure: "m", unit: "B" }, [1]))).toEqual([
    "suite",
    "measure",
    "value",
    "unit",
    "min",
    "max",
    "rounds",
  ]);
});

test("a missing peer is null with the reason, and has no ratio", () => {
  const row = rowOf({ ...facts, note: "pinned" }, [5], { name: "nats", samples: "no nats-server in PATH" });
  expect(row).toMatchObject({ peer: "nats", peer_value: null, note: "pinned; no nats-server in PATH" });
  expect(row).not.toHaveProperty("ratio");
});

test("a growth that is zero or negative makes no ratio that JSON cannot hold", () => {
  const row = rowOf({ suite: "s", measure: "m", unit: "B" }, [0], { name: "p", samples: [4096] });
  expect(row).not.toHaveProperty("ratio");
  expect(JSON.parse(JSON.stringify(row))).toEqual(row);
});

test("every row survives JSON with its order of values", () => {
  fc.assert(
    fc.property(samples, samples, fc.constantFrom("ns", "1/s", "B", "share"), (own, theirs, unit) => {
      const row = rowOf({ suite: "s", measure: "m", unit }, own, { name: "p", samples: theirs });
      expect(JSON.parse(JSON.stringify(row))).toEqual(row);
      expect(row.min).toBeLessThanOrEqual(row.value);
      expect(row.value).toBeLessThanOrEqual(row.max);
      expect(row.ratio).toBeGreaterThan(0);
    }),
  );
});

test("numbers keep four digits or their whole part", () => {
  expect(rounded(12.34567)).toBe(12.35);
  expect(rounded(123456.7)).toBe(123457);
  expect(rounded(-0.00012348)).toBe(-0.0001235);
});
