// Method: the classics as JSON with random faults; each is refused with its place, or is a game that is played to its end.
import { expect, test } from "vitest";
import { validateItem } from "./answers.ts";
import { besideCards } from "./testing/beside-cards.ts";
import type { Malformed } from "./testing/malformed.ts";

test("a damaged genome is refused by name and place, or played to its end", { timeout: 120_000 }, async () => {
  // BUSBAR_SEED=n looks elsewhere.
  const config = { seed: Number(process.env.BUSBAR_SEED ?? 1) };
  const found = await besideCards<Malformed>("services/cards/testing/malformed.js", config);
  expect({ seed: found.seed, wrong: found.wrong }).toEqual({ seed: config.seed, wrong: [] });
  expect(found.refused).toBeGreaterThan(500);
  expect(found.played).toBeGreaterThan(500);
});

test("a key that is there twice is refused with its place", () => {
  const twice: [string, string][] = [
    ['{"max_turns": 1, "max_turns": 2}', "max_turns"],
    ['{"a": {"x": 1}, "b": {"x": 1}, "setup": {"x": "x", "y": ["x", {"x": 1}], "\\u0078": 2}}', "setup.x"],
    ['{"p": [[], {"\\"": ",}]", "k": 1, "\\"": 2}]}', 'p[1]."'],
    ['{"__proto__": 1, "__proto__": 1}', "__proto__"],
  ];
  for (const [text, path] of twice) expect(validateItem(text).problems).toEqual([{ path, problem: "is there twice" }]);
  expect(validateItem('{"a": "b", "c": ["a", "a", "a"], "b": {"a": 1}}').problems!.length).toBeGreaterThan(0);
  expect(validateItem('{"a": "b", "c": ["a", "a", "a"], "b": {"a": 1}}').problems).not.toContainEqual({
    path: "a",
    problem: "is there twice",
  });
});
