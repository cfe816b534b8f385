// Method: random genomes through both halves; what the TypeScript half accepts, the native half plays.
import { expect, test } from "vitest";
import type { Agreement } from "./testing/agreement.ts";
import { besideCards } from "./testing/beside-cards.ts";

/** Depends on effects and sets together, and is counted by the native half only. */
const TOO_MANY_MOVES = "706 ";

test("what validation accepts is played, in both formats", { timeout: 180_000 }, async () => {
  const { seed, version, played, refused } = await besideCards<Agreement>("services/cards/testing/agreement.js");
  expect({ seed, refused: refused.filter((text) => !text.startsWith(TOO_MANY_MOVES)) }).toEqual({ seed, refused: [] });
  expect(played).toBeGreaterThan(700);
  expect(version).toBe("1.2");
});
