import { expect, test } from "vitest";
import { CASES, readBack, verifiedBytes } from "./cases.ts";
import { orders, TEN_TABLES } from "./samples.ts";

test("ours and the stock runtime read each other's bytes to the same values, so both sides do equal work", () => {
  for (const levels of [0, TEN_TABLES]) {
    const { ours, byStock, stockByOurs } = readBack(levels);
    expect(ours).toEqual(orders(levels));
    expect(byStock).toEqual(orders(levels));
    expect(stockByOurs).toEqual(orders(levels));
  }
});

test("the messages to be verified are near 480 bytes", () => {
  const { own, foreign } = verifiedBytes();
  for (const bytes of [own, foreign]) {
    expect(bytes).toBeGreaterThan(400);
    expect(bytes).toBeLessThan(560);
  }
});

test("every case gives a number for every message", () => {
  for (const [name, make] of Object.entries(CASES)) {
    const operation = make();
    for (let i = 0; i < 200; i++) expect(Number.isFinite(operation(i)), name).toBe(true);
  }
});
