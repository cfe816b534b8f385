// Method: every classic and seven games that are none are played by the native service and judged alike.
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { readGolden } from "../golden/read.ts";
import { besideCards } from "../testing/beside-cards.ts";
import { DEGENERATE } from "./degenerate.ts";
import type { Verdict } from "./judge.ts";

let verdicts: Verdict[] = [];
beforeAll(async () => {
  ({ verdicts } = await besideCards<{ verdicts: Verdict[] }>("services/cards/fitness/judge.js"));
}, 180_000);

const totals = (degenerate: boolean): [string, number][] =>
  verdicts.filter((each) => each.degenerate === degenerate).map(({ name, fitness }) => [name, fitness.total]);

test("every classic scores above every degenerate game", () => {
  expect(totals(true)).toHaveLength(7);
  expect(totals(false).length).toBeGreaterThanOrEqual(10);
  const [worst, best] = [
    Math.min(...totals(false).map(([, total]) => total)),
    Math.max(...totals(true).map(([, total]) => total)),
  ];
  expect(worst, `${JSON.stringify(totals(false))} against ${JSON.stringify(totals(true))}`).toBeGreaterThan(best);
});

test("the degenerate games are what they are called", () => {
  const of = (name: string): Verdict => verdicts.find((each) => each.name === name)!;
  expect([...DEGENERATE.keys()].filter((name) => of(name) === undefined)).toEqual([]);
  expect(of("always forced").fitness.parts.skill).toBeLessThan(0.25);
  expect(of("never ending").wins).toEqual([0, 0]);
  expect(of("seat 0 always wins").wins[1]).toBe(0);
  expect(of("first card decides").fitness.parts.skill).toBeLessThan(0.25);
  expect(of("no interaction").fitness.gates).toContain("one seat wins");
  expect(of("always drawn").wins).toEqual([0, 0]);
  expect(of("score without effect").fitness.parts.skill).toBe(0);
});

test("classics play the games they always played", () => {
  const golden = readGolden(readFileSync(new URL("../golden/classics.txt", import.meta.url), "utf8"));
  for (const { name, degenerate, resultHash } of verdicts) {
    if (!degenerate) expect([name, resultHash]).toEqual([name, golden.get(name)?.[1]]);
  }
});

test("somebody wins most of the games by which a classic is judged", () => {
  const drawn = verdicts.filter(({ degenerate, wins, draws }) => !degenerate && draws > wins.reduce((a, b) => a + b));
  expect(drawn.map(({ name, wins, draws }) => [name, wins, draws])).toEqual([]);
});

test("only gin is beyond random players: they hardly ever get down to ten points of deadwood", () => {
  const byGreedy = verdicts.filter(({ degenerate, players }) => !degenerate && players === "greedy");
  expect(byGreedy.map(({ name }) => name)).toEqual(["gin"]);
});
