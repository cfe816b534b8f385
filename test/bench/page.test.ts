// Method: the page is made again from the results files; nothing is measured here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readResults, renderPage } from "./page.ts";
import { SUITES } from "./suites.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "performance.md"), "utf8");
const results = readResults(join(import.meta.dirname, "results"), page);

test("every suite has its raw rounds beside its rows", () => {
  expect(results.map(({ suite }) => suite).sort()).toEqual(SUITES.map(({ name }) => name).sort());
  for (const { suite, rows, raw } of results) {
    for (const row of rows) expect(row.suite).toBe(suite);
    for (const { measure } of rows) {
      // "oneway64_bare" is another view of the rounds of "oneway64".
      expect(
        raw.some((one) => one.measure === measure || measure.startsWith(one.measure)),
        measure,
      ).toBe(true);
    }
  }
});

test("the page's tables are those of the results files: every measured row, and no other", () => {
  expect(renderPage(page, results)).toBe(page);
});

test("a changed figure, or a suite without a table, does not pass", () => {
  const [first, ...rest] = results;
  const changed = { ...first, rows: first.rows.map((row) => ({ ...row, value: row.value * 2 })) };
  expect(renderPage(page, [changed, ...rest])).not.toBe(page);
  expect(() => renderPage(page, [{ ...first, suite: "unheard" }])).toThrow("no table behind");
});

test("the page names the machine of each run", () => {
  for (const { suite, machine } of results) {
    expect(page, suite).toContain(machine.cpu);
    expect(page, suite).toContain(machine.node);
  }
});
