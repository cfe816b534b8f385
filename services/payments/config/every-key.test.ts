// Method: the schema is walked for every key there is; configs that together say them all are changed in one key at a time,
// and the canonical text must become another one each time.
import { expect, test } from "vitest";
import { EVERY_KIND } from "../testing/configs.ts";
import { leavesOf, singleChanges } from "../testing/every-key.ts";
import { checkConfig } from "./load.ts";
import { configModel } from "./model.ts";
import { problemText } from "./problem.ts";

/** Keys with one value only. */
const FIXED = ["priority_escalation.curve"];
/** Said by files, which have tests of their own. */
const ELSEWHERE = ["agents[].policy<FromJson>.json_path", "agents[].policy<FromJson>.params"];

test("the configs together say every key of the model", () => {
  const said = new Set(EVERY_KIND.flatMap((config) => singleChanges(configModel, config).map(({ key }) => key)));
  const missing = leavesOf(configModel).filter((key) => ![...said, ...FIXED, ...ELSEWHERE].includes(key));
  expect(missing).toEqual([]);
  expect(said.size).toBeGreaterThan(150);
});

test("each key, changed alone, changes the canonical config", () => {
  const silent: string[] = [];
  const seen = new Set<string>();
  for (const base of EVERY_KIND) {
    const before = checkConfig(base).loaded!.canonical;
    for (const { key, config } of singleChanges(configModel, base)) {
      if (seen.has(key)) continue;
      seen.add(key);
      const { problems, loaded } = checkConfig(config);
      if (loaded === undefined || loaded.canonical === before) silent.push(`${key}: ${problems.map(problemText)}`);
    }
  }
  expect(silent).toEqual([]);
});
