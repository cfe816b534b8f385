/**
 * The large counts: `npm run soak -- kills|litmus|fuzz|seqlock|telemetry [--seconds n] [--count n] [--seed n] [--json]`. One JSON line on
 * standard output, progress on standard error; exit code 1 when something was found.
 */
import { parseArgs } from "node:util";
import { runKills } from "../chaos/kills.ts";
import { runFuzz } from "./fuzz.ts";
import { runLitmus } from "./litmus.ts";
import { runSeqlock, runTelemetry } from "./seqlock.ts";

const KILLS = 10_000;
const TRIALS = 2_000_000;
const READS = 100_000_000;
const SECONDS = 600;

const USAGE = `Usage: npm run soak -- <kills|litmus|fuzz|seqlock|telemetry> [options]

  kills    processes killed at every step of the ring protocol (${KILLS} by default)
  litmus   the store-buffering test of the processor's memory order (${TRIALS} trials by default)
  fuzz     damaged bytes for every decoder (${SECONDS} s by default)
  seqlock  whole values read beside a writer, and a wrong scheme that must be caught (${READS} reads by default)
  telemetry  the same over telemetry records, mapped from another process, with and without CRC (${READS} reads by default)

  --count n, --seconds n   how many, or how long
  --seed n                 repeats a run
  --json                   (always: one JSON line on standard output)
`;

const read = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: "string" },
        count: { type: "string" },
        seed: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    process.stderr.write(`${(error as Error).message.split(". To specify")[0]}\n`);
    process.exit(2);
  }
};
const { values, positionals } = read();
if (values.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const [suite] = positionals;
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
const count = values.count === undefined ? undefined : Number(values.count);
for (const [name, value] of Object.entries({ seed, seconds, count })) {
  if (value !== undefined && !(value > 0)) {
    process.stderr.write(`--${name} must be a number above 0\n`);
    process.exit(2);
  }
}

const kills = async (): Promise<boolean> => {
  const wanted = count ?? (seconds === undefined ? KILLS : 1e9);
  const result = await runKills({
    count: wanted,
    seed,
    ...(seconds === undefined ? {} : { seconds }),
    progress: (done, faults) => process.stderr.write(`${done} kills, ${faults} faults\n`),
    onFault: (text) => process.stderr.write(`${text}\n`),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.faults.length === 0;
};

const litmus = async (): Promise<boolean> => {
  const result = await runLitmus(count ?? TRIALS, seconds ?? SECONDS);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.atomics === 0 && result.trials > 0;
};

const fuzz = async (): Promise<boolean> => {
  const result = await runFuzz(seconds ?? SECONDS, seed, count ?? Number.POSITIVE_INFINITY);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.faults.length === 0;
};

/** A slow machine that ran out of time has not shown what it was asked for; who asks for a time asks for no count. */
const isEnough = (reads: number): boolean =>
  count === undefined && seconds !== undefined ? reads > 0 : reads >= (count ?? READS);

const seqlock = async (): Promise<boolean> => {
  const result = await runSeqlock(count ?? READS, seconds ?? SECONDS);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.torn === 0 && result.misplaced === 0 && isEnough(result.reads) && result.control_torn > 0;
};

const telemetry = async (): Promise<boolean> => {
  const result = await runTelemetry(count ?? READS, seconds ?? SECONDS);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  const faults = result.torn + result.misplaced + result.refused + result.crc_torn + result.crc_refused;
  return faults === 0 && isEnough(result.reads) && result.crc_reads > 0 && result.control_torn > 0;
};

const suites: Record<string, (() => Promise<boolean>) | undefined> = {
  kills,
  litmus,
  fuzz,
  seqlock,
  telemetry,
};
const run = suites[suite ?? ""];
if (run === undefined) {
  process.stderr.write("soak -- kills|litmus|fuzz|seqlock|telemetry [--seconds n] [--count n] [--seed n] [--json]\n");
  process.exitCode = 2;
} else {
  process.exitCode = (await run()) ? 0 : 1;
}
process.exit();
