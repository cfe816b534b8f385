/** From a config and lists of values to the simulations of a sweep: every combination, each with every seed. */
import { BusError } from "#bus";
import { badConfig, checkConfig } from "../config/load.ts";
import { type Locate, nowhere, type PathSegment, type Problem } from "../config/problem.ts";

/** A config as it is written: plain values, nothing checked yet. */
export type PlainConfig = { readonly [key: string]: unknown };

export interface Parameter {
  /** "cost_rates.split_friction_cost", "agents.*.opening_balance", "agents.0.policy" */
  readonly path: string;
  readonly values: readonly unknown[];
}

export interface SweepPlan {
  readonly base: PlainConfig;
  readonly parameters: readonly Parameter[];
  readonly seeds: readonly bigint[];
  /** Folder of policy files that the config names. */
  readonly root?: string | undefined;
  /** What messages call the base, such as the path of its file. Default "the base config". */
  readonly name?: string | undefined;
  /** Where its values stand in that file. */
  readonly locate?: Locate | undefined;
}

export interface Point {
  /** One value per parameter, in their order. */
  readonly values: readonly unknown[];
  /** Canonical config. */
  readonly canonical: string;
}

export const POINTS_MAX = 10_000;

/**
 * The last parameter changes fastest.
 * @throws BusError payments/bad-config naming the base, the place in its file, and the combination where that is what is wrong;
 *   payments/limit-exceeded
 */
export function pointsOf(plan: SweepPlan): Point[] {
  const { base, parameters, root, name = "the base config", locate = nowhere } = plan;
  const count = parameters.reduce((product, { values }) => product * values.length, 1);
  if (count > POINTS_MAX)
    throw new BusError("payments/limit-exceeded", { details: { path: "parameters", value: count, limit: POINTS_MAX } });
  let combinations: unknown[][] = [[]];
  for (const { values } of parameters)
    combinations = combinations.flatMap((head) => values.map((value) => [...head, value]));
  const own = (): readonly Problem[] => checkConfig(base, { root }, locate).problems;
  if (typeof base !== "object" || base === null || Array.isArray(base)) throw badConfig(own(), name);
  return combinations.map((values) => {
    const config = structuredClone(base) as Record<string, unknown>;
    for (const [index, { path }] of parameters.entries()) assign(config, path, values[index]);
    const { problems, loaded } = checkConfig(config, { root }, outside(parameters, locate));
    if (loaded !== undefined) return { values, canonical: loaded.canonical };
    // What is wrong without the combination is not its fault.
    const before = new Set(own().map(({ path, problem }) => `${path}: ${problem}`));
    const isOld = problems.every(({ path, problem }) => before.has(`${path}: ${problem}`));
    const texts = parameters.map(({ path }, index) => `${path} = ${JSON.stringify(values[index], digits)}`);
    throw badConfig(problems, isOld || texts.length === 0 ? name : `${name} with ${texts.join(", ")}`);
  });
}

/** Values that a parameter gave stand in no file. */
function outside(parameters: readonly Parameter[], locate: Locate): Locate {
  const patterns = parameters.map(({ path }) => path.split("."));
  const fits = (path: readonly PathSegment[]): boolean =>
    patterns.some((steps) => steps.every((step, i) => i < path.length && (step === "*" || step === String(path[i]))));
  return (path, key) => (fits(path) ? undefined : locate(path, key));
}

const digits = (_: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);

/** `*` stands for every entry of a list. Steps that are not there are made, except in lists. */
function assign(config: Record<string, unknown>, path: string, value: unknown): void {
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  const refuse = (problem: string): BusError =>
    new BusError("payments/bad-config", { details: { name: path, problem } });
  if (last === "" || steps.includes("") || [...steps, last].includes("__proto__"))
    throw refuse("is no path of a config");
  let places: Record<string, unknown>[] = [config];
  for (const step of steps) {
    places = places.flatMap((place) => {
      if (Array.isArray(place) && step === "*") return place as Record<string, unknown>[];
      if (Array.isArray(place) && place[Number(step)] === undefined)
        throw refuse(`the list has ${place.length} entries, and no '${step}'`);
      return [(place[step] ??= {}) as Record<string, unknown>];
    });
    if (places.some((place) => typeof place !== "object" || place === null))
      throw refuse(`'${step}' holds no other keys`);
  }
  for (const place of places) place[last] = structuredClone(value);
}

/** Values of a parameter as text: JSON where it is JSON, else words. "1000,2000", "true,false", "fifo,priority_deadline" */
export const valuesOf = (text: string): unknown[] =>
  text.split(",").map((word) => {
    if (/^-?\d+$/.test(word)) return BigInt(word);
    try {
      return JSON.parse(word) as unknown;
    } catch {
      return word;
    }
  });
