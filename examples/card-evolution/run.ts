/** The run: generation after generation, each wholly or not at all. Everything outside is handed in. */
import { createHash } from "node:crypto";
import { type Effects, type Recovery, turn } from "../../services/recovery/index.ts";
import type { BreedTask, Candidate } from "./breed.ts";
import type { Options } from "./options.ts";
import type { Outcome } from "./play.ts";
import { diversity, type Individual, ranked } from "./population.ts";
import type { Pool } from "./tasks.ts";

const ELITES = 0.1;
const PLATEAU = 0.005;
const DIVERSITY_LOW = 0.1;
const CHANGES_MAX = 2;
const CHANGES_MAX_STRONG = 6;
/** Tasks have one size whatever the number of workers is. */
const TASK_SIZE = 10;

type Parts = Individual["fitness"]["parts"];

/** One generation in numbers. */
export interface Chapter {
  readonly generation: number;
  readonly best: number;
  readonly mean: number;
  readonly diversity: number;
  /** Changes of a child at most. */
  readonly changesMax: number;
  /** Genomes that the service does not play. */
  readonly refused: number;
  readonly bestParts: Parts;
  readonly meanParts: Parts;
  /** SHA-256 over genomes and totals. */
  readonly hash: string;
}
export interface State {
  /** Best first. */
  readonly population: readonly Individual[];
  readonly history: readonly Chapter[];
}
/** stopped: from outside; the state is that of the last whole generation. */
export type Stop = "generations" | "plateau" | "stopped";

export interface RunTools {
  readonly pool: Pool;
  play(candidates: readonly Candidate[], generation: number): Promise<Outcome[]>;
  /** After every generation. */
  save(state: State): Promise<void>;
  progress(chapter: Chapter): void;
  readonly effects: Effects;
  readonly signal: AbortSignal;
  readonly onRecovery: (recovery: Recovery) => void;
}

/**
 * @param begin of a checkpoint; undefined: from the first generation
 * @returns the last state and why it is the last
 * @throws (rejects) what neither a retry nor a new try of the generation cures; the signal's reason before the first generation
 */
export async function evolve(options: Options, tools: RunTools, begin?: State): Promise<{ state: State; stop: Stop }> {
  let state: State = begin ?? { population: [], history: [] };
  const { signal, effects, onRecovery } = tools;
  const rewind = {
    snapshot: async () => state,
    restore: async (old: State) => {
      state = old;
    },
  };
  while (state.history.length <= options.generations) {
    if (onPlateau(state.history, options.plateau)) return { state, stop: "plateau" };
    try {
      await turn(
        async () => {
          signal.throwIfAborted();
          state = await nextGeneration(state, options, tools);
          await tools.save(state);
        },
        rewind,
        effects,
        { signal, onRecovery, triesMax: 3 },
      );
    } catch (error) {
      if (signal.aborted && state.history.length > 0) return { state, stop: "stopped" };
      throw error;
    }
    tools.progress(state.history.at(-1)!);
  }
  return { state, stop: onPlateau(state.history, options.plateau) ? "plateau" : "generations" };
}

async function nextGeneration(state: State, options: Options, { pool, play }: RunTools): Promise<State> {
  const generation = state.history.length;
  const elites = state.population.slice(0, Math.floor(options.population * ELITES));
  const changesMax = (state.history.at(-1)?.diversity ?? 1) < DIVERSITY_LOW ? CHANGES_MAX_STRONG : CHANGES_MAX;
  const common = {
    seed: BigInt(options.seed),
    generation,
    size: options.population,
    parents: state.population,
    changesMax,
  };
  const places = Array.from({ length: options.population - elites.length }, (_, i) => elites.length + i);
  const candidates = await pool.breed(chunks(places).map((indices): BreedTask => ({ ...common, indices })));
  const outcomes = await play(candidates, generation);
  const items = candidates.map(({ genome }, i) => ({ genome, outcome: outcomes[i]! }));
  const judged = await pool.judge(chunks(items).map((part) => ({ style: options.style, items: part })));
  const population = ranked([...elites, ...judged]);
  return { population, history: [...state.history, chapterOf(generation, population, changesMax)] };
}

const chunks = <T>(of: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(of.length / TASK_SIZE) }, (_, i) => of.slice(i * TASK_SIZE, (i + 1) * TASK_SIZE));

function chapterOf(generation: number, population: readonly Individual[], changesMax: number): Chapter {
  const [best] = population;
  const names = Object.keys(best!.fitness.parts) as (keyof Parts)[];
  const mean = (of: (each: Individual) => number): number =>
    population.reduce((sum, each) => sum + of(each), 0) / population.length;
  const hash = createHash("sha256");
  for (const { genome, fitness, refused } of population) {
    hash.update(`${JSON.stringify([genome, fitness.total, refused])}\n`);
  }
  return {
    generation,
    best: best!.fitness.total,
    mean: mean(({ fitness }) => fitness.total),
    diversity: diversity(population.map(({ genome }) => genome)),
    changesMax,
    refused: population.filter(({ refused }) => refused !== "").length,
    bestParts: best!.fitness.parts,
    meanParts: Object.fromEntries(names.map((name) => [name, mean(({ fitness }) => fitness.parts[name])])) as never,
    hash: hash.digest("hex"),
  };
}

/** Whether the best grew by no more than 0.5 % in the last `generations`. */
export function onPlateau(history: readonly Pick<Chapter, "best">[], generations: number): boolean {
  if (generations === 0 || history.length <= generations) return false;
  const [then, now] = [history.at(-1 - generations)!.best, history.at(-1)!.best];
  return now <= then * (1 + PLATEAU);
}

/** SHA-256 over the generations and their hashes. */
export function runHash(history: readonly Pick<Chapter, "generation" | "hash">[]): string {
  const hash = createHash("sha256");
  for (const chapter of history) hash.update(`${chapter.generation} ${chapter.hash}\n`);
  return hash.digest("hex");
}
