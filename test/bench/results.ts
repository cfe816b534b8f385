import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Machine } from "./machine.ts";
import type { Pace } from "./options.ts";
import type { MeasureFacts, Row } from "./row.ts";

/** Raw values of one contestant in one measure, a value per round. */
export interface Recorded extends MeasureFacts {
  readonly contestant: string;
  /** A text says why there are none. */
  readonly samples: readonly number[] | string;
}

export interface Results {
  readonly suite: string;
  readonly date: string;
  readonly machine: Machine;
  readonly pace: Pace;
  /** Running and waiting threads of the whole machine, mean of the minute before the run and of its last one. */
  readonly load: readonly [before: number, after: number];
  readonly rows: readonly Row[];
  readonly raw: readonly Recorded[];
}

/** Writes `<folder>/<suite>.json`, a line per row, so that differences read well. @returns its name */
export const saveResults = (folder: string, results: Results): string => {
  mkdirSync(folder, { recursive: true });
  const name = `${results.suite}.json`;
  const lines = (items: readonly unknown[]): string => items.map((item) => `    ${JSON.stringify(item)}`).join(",\n");
  const { suite, date, machine, pace, load, rows, raw } = results;
  const head = Object.entries({ suite, date, machine, pace, load }).map(
    ([key, value]) => `  "${key}": ${JSON.stringify(value)}`,
  );
  const body = [...head, `  "rows": [\n${lines(rows)}\n  ]`, `  "raw": [\n${lines(raw)}\n  ]`];
  writeFileSync(join(folder, name), `{\n${body.join(",\n")}\n}\n`);
  return name;
};

/** `test/bench/results` of the repository, also when this runs from its build. */
export const resultsFolder = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("no package.json above this file: run the benches inside the repository");
    folder = parent;
  }
  return join(folder, "test", "bench", "results");
};
