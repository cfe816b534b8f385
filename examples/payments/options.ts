/** What is said on the command line. */
import { parseArgs } from "node:util";
import { type Parameter, valuesOf } from "../../services/payments/index.ts";

export const HELP = `A laboratory for payment systems, over the bus.

Usage: npm run payments -- [sweep] [options]     every combination of values, each with many seeds
       npm run payments -- run [options]         one run, printed event by event, and recorded
       npm run payments -- replay <id>           prints a recorded run again, byte for byte
       npm run payments -- life <payment>        one payment of the scenario's run, from arrival to settlement

Options:
  --scenario <file>       config, YAML or JSON (default: examples/payments/scenario.yaml)
  --seed <n>              first seed (default: that of the scenario)
  --out <folder>          where results and recordings go (default: payments-out)
  --json                  one JSON object on standard output instead of text
  --help                  this text

Options of run:
  --pace <ticks>          ticks a second, such as 10 (default: as fast as it goes)

Options of sweep:
  --vary <path>=<values>  a key of the config and its values; may be given several times. "agents.*.liquidity_pool=1000,2000"
                          (default: agents.*.liquidity_pool, and liquidity saving on and off)
  --seeds <n>             seeds per combination (default: 20)
  --floor <share>         settlement rate below which a combination is not accepted (default: 0.95)
  --fresh                 begin again instead of going on with what --out holds

A sweep that is stopped with Ctrl-C keeps what it has; the same command goes on from there. It writes results.jsonl,
table.txt and plot.svg. Exit codes: 0 done, 1 error, 2 wrong words, 130 stopped.
`;

export interface Options {
  readonly command: "sweep" | "run" | "replay" | "life";
  readonly ids: readonly number[];
  readonly scenario: string;
  readonly seed: bigint | undefined;
  readonly out: string;
  readonly json: boolean;
  readonly help: boolean;
  readonly vary: readonly Parameter[];
  readonly seeds: number;
  readonly floor: number;
  readonly fresh: boolean;
  /** Ticks a second; 0 = as fast as it goes. */
  readonly pace: number;
}

interface Parsed {
  readonly positionals: readonly string[];
  readonly values: {
    readonly scenario?: string | undefined;
    readonly seed?: string | undefined;
    readonly out: string;
    readonly json: boolean;
    readonly help: boolean;
    readonly vary?: readonly string[] | undefined;
    readonly seeds: string;
    readonly floor: string;
    readonly fresh: boolean;
    readonly pace: string;
  };
}

/** Wrong words, with a sentence that says which. */
export class Usage extends Error {}

const DEFAULT_VARY = ["agents.*.liquidity_pool=100000,200000,300000,400000,500000,600000,800000", "lsm_config=on,off"];
const LSM = {
  on: { enable_bilateral: true, enable_cycles: true },
  off: { enable_bilateral: false, enable_cycles: false },
} as const;

export function readOptions(args: readonly string[], scenario: string): Options {
  const { values, positionals } = parse(args);
  const [command = "sweep", ...rest] = positionals;
  const wanted = { sweep: 0, run: 0, replay: 1, life: 1 }[command];
  if (wanted === undefined) throw new Usage(`there is no command '${command}'; there are sweep, run, replay, life`);
  if (rest.length !== wanted) throw new Usage(`${command} takes ${wanted} numbers, ${rest.length} are given`);
  const natural = (name: string, text: string, max: number): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= max) return value;
    throw new Usage(`${name} is '${text}'; write a whole number up to ${max}`);
  };
  const seeds = natural("--seeds", values.seeds, 10_000);
  const floor = Number(values.floor);
  if (seeds === 0) throw new Usage("--seeds is 0; write at least 1");
  if (!(floor >= 0 && floor <= 1)) throw new Usage(`--floor is '${values.floor}'; write a share from 0 to 1`);
  if (values.seed !== undefined && !/^\d{1,19}$/.test(values.seed))
    throw new Usage(`--seed is '${values.seed}'; write a whole number`);
  return {
    command: command as Options["command"],
    ids: rest.map((text) => natural("a number", text, 2 ** 32 - 1)),
    scenario: values.scenario ?? scenario,
    seed: values.seed === undefined ? undefined : BigInt(values.seed),
    out: values.out,
    json: values.json,
    help: values.help,
    vary: (values.vary ?? DEFAULT_VARY).map(parameterOf),
    seeds,
    floor,
    fresh: values.fresh,
    pace: natural("--pace", values.pace, 1000),
  };
}

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        scenario: { type: "string" },
        seed: { type: "string" },
        out: { type: "string", default: "payments-out" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        vary: { type: "string", multiple: true },
        seeds: { type: "string", default: "20" },
        floor: { type: "string", default: "0.95" },
        fresh: { type: "boolean", default: false },
        pace: { type: "string", default: "0" },
      },
    });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message.split("\n")[0] : String(error));
  }
}

/** `lsm_config=on,off` is short for both kinds of liquidity saving together. */
function parameterOf(text: string): Parameter {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new Usage(`--vary is '${text}'; write a path, = and values with commas`);
  const path = text.slice(0, at);
  const values = valuesOf(text.slice(at + 1));
  if (path !== "lsm_config") return { path, values };
  return {
    path,
    values: values.map((value) => {
      if (value === "on" || value === "off") return LSM[value];
      throw new Usage(`--vary lsm_config takes on and off, not ${JSON.stringify(value)}`);
    }),
  };
}

/** A value of a parameter in tables and plots. */
export function valueText(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  const known = Object.entries(LSM).find(([, each]) => JSON.stringify(each) === JSON.stringify(value));
  return known?.[0] ?? (typeof value === "string" ? value : JSON.stringify(value));
}
