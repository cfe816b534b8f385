// Method: every row of the page's tables of figures is looked up in the results files; nothing is measured here.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Results } from "./results.ts";
import type { Row } from "./row.ts";
import { readable } from "./table.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const page = readFileSync(join(ROOT, "docs", "performance.md"), "utf8");
const folder = join(import.meta.dirname, "results");
const results = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Results);
const SUITES = ["local", "unix", "tcp", "transports", "codec"];

/** Tables whose head starts with "measure", each under a heading "### <suite>"; cells: measure, ours, peer, peer's, ratio. */
const figures = [...page.matchAll(/^### `(\w+)`\n([\s\S]*?)(?=^##|(?![\s\S]))/gm)].flatMap(([, suite, text]) =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => [suite, ...line.split("|").slice(1, 6)].map((cell) => cell.trim())),
);

const cellsOf = (row: Row): string[] => [
  `\`${row.measure}\``,
  readable(row.value, row.unit),
  row.peer ?? "",
  typeof row.peer_value === "number" ? readable(row.peer_value, row.unit) : "",
  row.ratio === undefined ? "" : `${Number(row.ratio.toPrecision(3))}×`,
];

test("every suite has its raw rounds beside its rows", () => {
  expect(results.map(({ suite }) => suite).sort()).toEqual([...SUITES].sort());
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

test("every figure in the page's tables is the one of a results file, and no measured row is left out", () => {
  const measured = results
    .flatMap(({ suite, rows }) => rows.filter((row) => row.peer_value !== null).map((row) => [suite, ...cellsOf(row)]))
    .map((cells) => cells.join(" | "));
  const shown = figures.map((cells) => cells.join(" | "));
  expect(shown.filter((line) => !measured.includes(line))).toEqual([]);
  expect(measured.filter((line) => !shown.includes(line))).toEqual([]);
});

test("the page names the machine and the load of each run as the results files have them", () => {
  for (const { suite, date, machine, load, pace } of results) {
    expect(page, suite).toContain(machine.cpu);
    expect(page, suite).toContain(machine.node);
    expect(page, suite).toContain(
      `| \`${suite}\` | ${date} | ${pace.rounds} × ${pace.roundMs} ms | ${load[0].toFixed(1)} → ${load[1].toFixed(1)} |`,
    );
  }
});
