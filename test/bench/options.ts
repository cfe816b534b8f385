/** The command line of the benches. */
export interface BenchOptions {
  readonly suites: readonly string[];
  readonly json: boolean;
  readonly save: boolean;
  readonly help: boolean;
  /** Measures; none = all. */
  readonly only: readonly string[];
  readonly pace: Pace;
}

/** How much work a run does. */
export interface Pace {
  readonly name: "full" | "quick" | "smoke";
  readonly rounds: number;
  /** Each contestant's share of a round, ms. */
  readonly roundMs: number;
  /** Of each contestant before the first round, ms. */
  readonly warmUpMs: number;
  /** For one measure with all its contestants; rounds that would go beyond are left out. ms */
  readonly measureMs: number;
}

const PACES: Record<Pace["name"], Pace> = {
  full: { name: "full", rounds: 11, roundMs: 500, warmUpMs: 2000, measureMs: 75_000 },
  quick: { name: "quick", rounds: 3, roundMs: 150, warmUpMs: 600, measureMs: 9000 },
  smoke: { name: "smoke", rounds: 1, roundMs: 2, warmUpMs: 2, measureMs: 2000 },
};
const ROUNDS_MAX = 1000;

/** What the caller of the program got wrong; the text is for them. */
export class UsageError extends Error {}

/** @throws UsageError */
export const parseOptions = (args: readonly string[], known: readonly string[]): BenchOptions => {
  const suites: string[] = [];
  const only: string[] = [];
  let json = false;
  let save = false;
  let help = false;
  let pace: Pace["name"] = "full";
  let rounds: number | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--json") json = true;
    else if (arg === "--save") save = true;
    else if (arg === "--help" || arg === "-h") help = true;
    else if (arg === "--quick") pace = "quick";
    else if (arg === "--smoke") pace = "smoke";
    else if (arg === "--only") only.push(textOf(arg, args[++i]));
    else if (arg === "--rounds") rounds = roundsOf(args[++i]);
    else if (arg.startsWith("--rounds=")) rounds = roundsOf(arg.slice("--rounds=".length));
    else if (arg.startsWith("-")) throw new UsageError(`unknown option '${arg}'; see --help`);
    else if (!known.includes(arg)) throw new UsageError(`unknown suite '${arg}'; suites: ${known.join(", ")}`);
    else if (!suites.includes(arg)) suites.push(arg);
  }
  if (!help && suites.length === 0) throw new UsageError(`name at least one suite: ${known.join(", ")}`);
  if (save && only.length > 0)
    throw new UsageError(
      "--save keeps a suite as a whole, so the rows of its other measures would be gone; leave --only out",
    );
  return { suites, json, save, help, only, pace: { ...PACES[pace], ...(rounds === undefined ? {} : { rounds }) } };
};

const textOf = (option: string, text: string | undefined): string => {
  if (text === undefined || text === "") throw new UsageError(`${option} needs a value; see --help`);
  return text;
};

const roundsOf = (text: string | undefined): number => {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= ROUNDS_MAX) return rounds;
  throw new UsageError(`--rounds takes a whole number from 1 to ${ROUNDS_MAX}, not '${text ?? ""}'`);
};
