import fc from "fast-check";
import { expect, test } from "vitest";
import { suggest, suggestion } from "./suggest.ts";

const NAMES = ["galaxy.TurnStart", "galaxy.TurnEnd", "cards.Genome", "orchestrator"];

test("a slip of the keys finds the name that was meant", () => {
  expect(suggest("orchestrater", NAMES)).toBe("orchestrator");
  expect(suggest("orchestartor", NAMES)).toBe("orchestrator");
  expect(suggest("galaxy.TurnStrat", NAMES)).toBe("galaxy.TurnStart");
  expect(suggest("GALAXY.turnend", NAMES)).toBe("galaxy.TurnEnd");
});

test("a name without its namespace is found", () => {
  expect(suggest("Genom", NAMES)).toBe("cards.Genome");
});

test("nothing is suggested for a name that resembles none", () => {
  expect(suggest("zebra", NAMES)).toBeUndefined();
  expect(suggest("x", [])).toBeUndefined();
  expect(suggestion("zebra", NAMES)).toBe("");
  expect(suggestion("orchestratr", NAMES)).toBe("; did you mean 'orchestrator'?");
});

test("a name is always closest to itself, and long input is not compared", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 60 }),
      (name) => suggest(name, [...NAMES, name])?.toLowerCase() === name.toLowerCase(),
    ),
  );
  expect(suggest("a".repeat(100_000), ["a".repeat(100_001)])).toBeUndefined();
});
