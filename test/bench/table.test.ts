import { expect, test } from "vitest";
import { rowOf } from "./row.ts";
import { readable, tableOf } from "./table.ts";

test("values are readable at every size", () => {
  expect(readable(46.2, "ns")).toBe("46.2 ns");
  expect(readable(88_123, "ns")).toBe("88.1 us");
  expect(readable(5_200_000, "ns")).toBe("5.2 ms");
  expect(readable(2_710_000, "1/s")).toBe("2.71 M/s");
  expect(readable(950, "1/s")).toBe("950 /s");
  expect(readable(-2 * 1048576, "B")).toBe("-2 MiB");
  expect(readable(0.0123, "share")).toBe("1.23 %");
});

test("a table has a line per row, and says when a peer is missing", () => {
  const facts = { suite: "s", measure: "m", unit: "ns" } as const;
  const rows = [
    rowOf(facts, [10], { name: "a", samples: [20] }),
    rowOf(facts, [10], { name: "b", samples: "none here" }),
  ];
  const lines = tableOf(rows).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/a +20 ns +2.00x/);
  expect(lines[2]).toMatch(/b +missing +none here$/);
});
