/** Writes the tables of docs/performance.md from the results files: `npm run bench:page`. The words around them are written by hand. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Results, resultsFolder } from "./results.ts";
import type { Row } from "./row.ts";
import { readable } from "./table.ts";

const FIGURES = ["measure", "Busbar", "peer", "the peer's", "times better"];
const RUNS = ["suite", "date", "processor", "rounds", "load of the machine"];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");

const figuresOf = (row: Row): string[] => [
  `\`${row.measure}\``,
  readable(row.value, row.unit),
  row.peer ?? "",
  typeof row.peer_value === "number" ? readable(row.peer_value, row.unit) : "",
  row.ratio === undefined ? "" : `${Number(row.ratio.toPrecision(3))}×`,
];

const runOf = ({ suite, date, machine, pace, load }: Results): string[] => [
  `\`${suite}\``,
  date,
  machine.cpu,
  `${pace.rounds} × ${pace.roundMs} ms`,
  `${load[0].toFixed(1)} → ${load[1].toFixed(1)}`,
];

/** Replaces the first table behind `mark`. @throws Error when the page has no such mark with a table behind it */
const replaceTable = (page: string, mark: string, made: string): string => {
  const at = page.indexOf(mark);
  const start = at < 0 ? -1 : page.indexOf("\n|", at) + 1;
  if (start <= 0) throw new Error(`docs/performance.md has no table behind "${mark.trim()}"`);
  const end = /\n(?!\|)/.exec(page.slice(start));
  return page.slice(0, start) + made + page.slice(end === null ? page.length : start + end.index + 1);
};

/** In the order in which the page shows them. */
export const readResults = (folder: string, page: string): Results[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Results)
    .sort((a, b) => page.indexOf(headingOf(a)) - page.indexOf(headingOf(b)));

const headingOf = ({ suite }: Results): string => `### \`${suite}\`\n`;

/** The page with the tables that `results` say: each measured row, and each run. A row whose peer is missing is left out. */
export const renderPage = (page: string, results: readonly Results[]): string => {
  let made = replaceTable(page, "<!-- runs -->", table(RUNS, results.map(runOf)));
  for (const result of results) {
    const rows = result.rows.filter((row) => row.peer_value !== null);
    made = replaceTable(made, headingOf(result), table(FIGURES, rows.map(figuresOf)));
  }
  return made;
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resultsFolder();
  const path = join(folder, "..", "..", "..", "docs", "performance.md");
  const page = readFileSync(path, "utf8");
  writeFileSync(path, renderPage(page, readResults(folder, page)));
}
