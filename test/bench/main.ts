/**
 * The benches. `npm run bench -- <suite...> [--json] [--quick] [--rounds n] [--save]`
 * Exit codes: 0 measured, 1 a suite failed, 2 wrong arguments.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Children } from "./children.ts";
import { machineOf, pinnableCpus } from "./machine.ts";
import { type BenchOptions, parseOptions, UsageError } from "./options.ts";
import { type Recorded, resultsFolder, saveResults } from "./results.ts";
import type { Row } from "./row.ts";
import type { Bench, Suite } from "./suite.ts";
import { SUITES } from "./suites.ts";
import { tableOf } from "./table.ts";

const SIGNAL_EXITS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const help = (): string => `Usage: npm run bench -- <suite...> [options]

Measures Busbar and its peers in the same run, in interleaved rounds.

Suites:
${SUITES.map((suite) => `  ${suite.name.padEnd(12)}${suite.about}`).join("\n")}

Options:
  --json       one JSON object per row on standard output, nothing else there
  --quick      within 60 s per suite
  --only m     only this measure; may be repeated
  --rounds n   rounds of each measure (default: 11, with --quick 3)
  --save       raw rounds and a description of the machine to test/bench/results/<suite>.json
  --smoke      tiny counts: shows that everything runs, the numbers mean nothing
  --help       this text
`;

const progress = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const runSuite = async (suite: Suite, options: BenchOptions, children: Children, folder: string): Promise<void> => {
  const cpus = pinnableCpus();
  const rows: Row[] = [];
  const raw: Recorded[] = [];
  const bench: Bench = {
    pace: options.pace,
    children,
    folder,
    cpus,
    wants: (measure) => options.only.length === 0 || options.only.includes(measure),
    progress: (text) => progress(`${suite.name}: ${text}`),
    emit(row) {
      rows.push(row);
      if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
    },
    record: (facts, contestant, samples) => raw.push({ ...facts, contestant, samples }),
  };
  const [before] = loadavg();
  const pinned = children.pinned;
  await suite.run(bench);
  if (rows.length === 0) throw new UsageError(`suite '${suite.name}' has no measure ${options.only.join(", ")}`);
  if (!options.json) process.stdout.write(`\n${suite.name}\n${tableOf(rows)}\n`);
  if (options.save) {
    const machine = machineOf(children.pinned > pinned);
    const date = new Date().toISOString().slice(0, 10);
    const load = [before, loadavg()[0]] as const;
    const saved = { suite: suite.name, date, machine, pace: options.pace, load, rows, raw };
    const name = saveResults(resultsFolder(), saved);
    progress(`${suite.name}: saved as test/bench/results/${name}`);
  }
};

const main = async (): Promise<number> => {
  const options = parseOptions(
    process.argv.slice(2),
    SUITES.map((suite) => suite.name),
  );
  if (options.help) {
    process.stdout.write(help());
    return 0;
  }
  const children = new Children();
  const folder = mkdtempSync(join(tmpdir(), "busbar-bench-"));
  // Every way out but SIGKILL passes here; after that the children end by their closed channels.
  process.once("exit", () => {
    children.endAll();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, code] of Object.entries(SIGNAL_EXITS)) process.once(signal, () => process.exit(code));
  for (const suite of SUITES) {
    if (options.suites.includes(suite.name)) await runSuite(suite, options, children, folder);
  }
  return 0;
};

try {
  process.exit(await main());
} catch (error) {
  const usage = error instanceof UsageError;
  progress(usage ? `bench: ${error.message}` : `bench: ${(error as Error).stack ?? error}`);
  process.exit(usage ? 2 : 1);
}
