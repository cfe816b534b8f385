// Method: random genomes through both halves; what the TypeScript half accepts, the native half plays, and what one refuses for
// too many moves, the other does.
import { expect, test } from "vitest";
import type { Agreement } from "./testing/agreement.ts";
import { besideCards } from "./testing/beside-cards.ts";

test("what validation accepts is played, in both formats", { timeout: 180_000 }, async () => {
  // BUSBAR_SEED=n looks elsewhere.
  const config = { seed: Number(process.env.BUSBAR_SEED ?? 1) };
  const found = await besideCards<Agreement>("services/cards/testing/agreement.js", config);
  const { seed, version, played, refused, fits, tooMany, disagreed } = found;
  expect({ seed, refused, disagreed }).toEqual({ seed, refused: [], disagreed: [] });
  expect(played).toBe(800);
  expect(Math.min(fits, tooMany)).toBeGreaterThan(10);
  expect(version).toBe("1.2");
});
