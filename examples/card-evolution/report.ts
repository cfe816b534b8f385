/** The report of a run: one HTML page without scripts, its plots as SVG. */
import { type Fitness, type Genome, STYLES } from "../../services/cards/index.ts";
import type { Options } from "./options.ts";
import type { Chapter, State } from "./run.ts";

interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

const COLOURS = ["#1769aa", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0f766e", "#be123c", "#4b5563"];
const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 44;
const BOTTOM = 28;

export const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** Lines over generations, 0 to 1 upwards. */
export function plot(title: string, lines: readonly Line[]): string {
  const count = Math.max(1, ...lines.map(({ values }) => values.length - 1));
  const x = (i: number): string => (LEFT + (i / count) * (WIDTH - LEFT - 12)).toFixed(1);
  const y = (value: number): string => (HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - 12)).toFixed(1);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(value)}" y2="${y(value)}" stroke="#d1d5db"/>` +
      `<text x="${LEFT - 6}" y="${y(value)}" text-anchor="end" dominant-baseline="middle">${value}</text>`,
  );
  const marks = [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * count)))].map(
    (i) => `<text x="${x(i)}" y="${HEIGHT - 8}" text-anchor="middle">${i}</text>`,
  );
  const paths = lines.map(({ values }, i) => {
    const points = values.map((value, at) => `${x(at)},${y(value)}`).join(" ");
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2" points="${points}"/>`;
  });
  const legend = lines.map(
    ({ name }, i) => `<span style="color:${COLOURS[i % COLOURS.length]}">&#9632; ${escaped(name)}</span>`,
  );
  return `<figure><figcaption>${escaped(title)} <small>${legend.join(" ")}</small></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${[...grid, ...marks, ...paths].join("\n")}</svg></figure>`;
}

export interface ReportInput {
  readonly options: Options;
  readonly state: State;
  readonly hash: string;
  readonly stop: string;
}

/** @returns the whole page */
export function reportOf({ options, state, hash, stop }: ReportInput): string {
  const { history, population } = state;
  const [best] = population;
  const first = history[0]!;
  const last = history.at(-1)!;
  const names = Object.keys(STYLES[options.style]) as (keyof Chapter["bestParts"])[];
  const weights = STYLES[options.style];
  const parts = (of: "bestParts" | "meanParts"): Line[] =>
    names.map((name) => ({ name: `${name} (${weights[name]})`, values: history.map((chapter) => chapter[of][name]) }));
  const column = (name: string, of: (chapter: Chapter) => number): Line => ({ name, values: history.map(of) });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evolution of card games, ${hash.slice(0, 12)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2em auto; padding: 0 1em; color: #111827 }
svg { width: 100% } svg text { font-size: 11px; fill: #6b7280 } figure { margin: 2em 0 } figcaption { font-weight: 600 }
table { border-collapse: collapse } td, th { padding: .2em .7em; text-align: left; border-bottom: 1px solid #e5e7eb }
pre { background: #f3f4f6; padding: 1em; overflow: auto }
</style></head><body>
<h1>Evolution of card games</h1>
<p>Style <b>${options.style}</b>, ${options.population} genomes, ${history.length} generations (ended by ${stop}), seed
${options.seed}. The best grew from ${first.best.toFixed(4)} to <b>${last.best.toFixed(4)}</b>, the mean from
${first.mean.toFixed(4)} to ${last.mean.toFixed(4)}. Run hash <code>${hash}</code>.</p>
${plot("Fitness per generation", [column("best", (c) => c.best), column("mean", (c) => c.mean), column("diversity", (c) => c.diversity)])}
${plot("Parts of the best game, with their weights", parts("bestParts"))}
${plot("Parts of the mean game", parts("meanParts"))}
<h2>The ten best</h2>
${table(population.slice(0, 10))}
<h2>The best game</h2>
<pre>${escaped(JSON.stringify(best!.genome, null, 2))}</pre>
</body></html>
`;
}

function table(population: readonly { readonly genome: Genome; readonly fitness: Fitness }[]): string {
  const names = Object.keys(population[0]!.fitness.parts) as (keyof Fitness["parts"])[];
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  const lines = population.map(({ genome, fitness }) =>
    row(
      [
        genome.genome_id,
        fitness.total.toFixed(4),
        ...names.map((name) => fitness.parts[name].toFixed(2)),
        fitness.gates.join(", "),
      ],
      "td",
    ),
  );
  return `<table>${row(["genome", "total", ...names, "gates"], "th")}${lines.join("\n")}</table>`;
}
