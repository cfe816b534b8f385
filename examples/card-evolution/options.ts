/** What a run is told: keys of `config` in the topology, and flags of the command line. */
import { BusError } from "#bus";
import { isStyle, STYLES, type Style } from "../../services/cards/index.ts";

export interface Options {
  /** Of everything random. */
  readonly seed: number;
  readonly population: number;
  /** Generations after the first. */
  readonly generations: number;
  readonly style: Style;
  /** Games of random players per genome. */
  readonly games: number;
  /** Games of a greedy player per seat. */
  readonly greedyGames: number;
  /** Games of a searching player (100 iterations) per seat; 0: skill is the greedy player's alone. */
  readonly searchGames: number;
  /** Stops when the best grew by less than 0.5 % in so many generations; 0: never. */
  readonly plateau: number;
  /** Worker threads that breed and judge; 0: one per core. */
  readonly workers: number;
  /** File of the checkpoint; "": none. Relative to where the run was started. */
  readonly checkpoint: string;
  /** Goes on from the checkpoint instead of beginning anew. */
  readonly resume: boolean;
  /** File of the report (HTML); "": none. */
  readonly report: string;
}

interface NumberKey {
  readonly key: "seed" | "population" | "generations" | "games" | "greedyGames" | "searchGames" | "plateau" | "workers";
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
  readonly help: string;
}
const u32 = 2 ** 32 - 1;
export const NUMBERS: readonly NumberKey[] = [
  { key: "seed", min: 0, max: u32, fallback: 1, help: "of everything random" },
  { key: "population", min: 4, max: 10_000, fallback: 100, help: "genomes of a generation" },
  { key: "generations", min: 0, max: 100_000, fallback: 30, help: "generations after the first" },
  { key: "games", min: 1, max: 100_000, fallback: 100, help: "games of random players per genome" },
  { key: "greedyGames", min: 0, max: 10_000, fallback: 10, help: "games of a greedy player per genome and seat" },
  { key: "searchGames", min: 0, max: 10_000, fallback: 0, help: "games of a searching player per genome and seat" },
  { key: "plateau", min: 0, max: 1000, fallback: 10, help: "generations without 0.5 % of progress that end the run" },
  { key: "workers", min: 0, max: 256, fallback: 0, help: "worker threads; 0: one per core" },
];
interface TextKey {
  readonly key: "style" | "checkpoint" | "report";
  readonly fallback: string;
  readonly help: string;
}
export const TEXTS: readonly TextKey[] = [
  { key: "style", fallback: "balanced", help: Object.keys(STYLES).join(", ") },
  { key: "checkpoint", fallback: "", help: "file that is written after each generation" },
  { key: "report", fallback: "", help: "file of the report (HTML)" },
];

/** greedyGames to greedy_games, as the topology writes it. */
export const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** greedyGames to greedy-games, as the command line writes it. */
export const kebab = (key: string): string => snake(key).replaceAll("_", "-");

/**
 * @param config snake_case keys; what is absent has its default
 * @throws BusError runtime/bad-service naming the key, its value and what is allowed
 */
export function readOptions(service: string, config: Readonly<Record<string, unknown>>): Options {
  const refuse = (reason: string): BusError => new BusError("runtime/bad-service", { details: { service, reason } });
  const known: string[] = [...NUMBERS.map(({ key }) => snake(key)), ...TEXTS.map(({ key }) => key), "resume"];
  for (const key of Object.keys(config)) {
    if (!known.includes(key)) throw refuse(`config has an unknown key '${key}'; known are ${known.join(", ")}`);
  }
  const options: Record<string, unknown> = {};
  for (const { key, min, max, fallback } of NUMBERS) {
    const value = config[snake(key)] ?? fallback;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw refuse(`config.${snake(key)} is ${JSON.stringify(value)}; write a whole number from ${min} to ${max}`);
    }
    options[key] = value;
  }
  for (const { key, fallback } of TEXTS) {
    const value = config[key] ?? fallback;
    if (typeof value !== "string") throw refuse(`config.${key} is ${JSON.stringify(value)}; write a text`);
    options[key] = value;
  }
  if (!isStyle(options.style as string)) {
    throw refuse(`config.style is "${options.style}"; it is one of ${Object.keys(STYLES).join(", ")}`);
  }
  const { resume = false } = config;
  if (typeof resume !== "boolean") throw refuse(`config.resume is ${JSON.stringify(resume)}; write true or false`);
  if (resume && options.checkpoint === "")
    throw refuse("config.resume needs config.checkpoint, the file to go on from");
  return { ...options, resume } as unknown as Options;
}

/** What enters the result: a checkpoint goes on only with equal values of these. */
export const DECISIVE: readonly (keyof Options)[] = [
  "seed",
  "population",
  "style",
  "games",
  "greedyGames",
  "searchGames",
];
