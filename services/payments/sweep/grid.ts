/** From a config and lists of values to the simulations of a sweep: every combination, each with every seed. */
import { BusError } from "#bus";
import { loadConfig } from "../config/load.ts";

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
}

export interface Point {
  /** One value per parameter, in their order. */
  readonly values: readonly unknown[];
  /** Canonical config. */
  readonly canonical: string;
}

export const POINTS_MAX = 10_000;

/** The last parameter changes fastest. @throws BusError payments/bad-config naming the combination; payments/limit-exceeded */
export function pointsOf({ base, parameters, root }: SweepPlan): Point[] {
  const count = parameters.reduce((product, { values }) => product * values.length, 1);
  if (count > POINTS_MAX)
    throw new BusError("payments/limit-exceeded", { details: { path: "parameters", value: count, limit: POINTS_MAX } });
  let combinations: unknown[][] = [[]];
  for (const { values } of parameters)
    combinations = combinations.flatMap((head) => values.map((value) => [...head, value]));
  return combinations.map((values) => {
    const config = structuredClone(base) as Record<string, unknown>;
    for (const [index, { path }] of parameters.entries()) assign(config, path, values[index]);
    const name = parameters.map(({ path }, index) => `${path} = ${JSON.stringify(values[index], digits)}`).join(", ");
    return { values, canonical: loadConfig(config, { root, name: name || "the base config" }).canonical };
  });
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
