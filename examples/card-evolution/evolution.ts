/** The service `evolution`: breeds and judges on worker threads, lets `cards` play over the bus, announces the best game. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bus, BusError, defineService, type ServiceContext, type ServiceModule } from "#bus";
import { Genomes } from "#generated/busbar/genomes";
import { Cards } from "#generated/cardsim";
import { checkVersion, type Effects, type Recovery, retry } from "../../services/recovery/index.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { type Options, readOptions } from "./options.ts";
import { play } from "./play.ts";
import { createPool } from "./pool.ts";
import { reportOf } from "./report.ts";
import { type Chapter, evolve, runHash } from "./run.ts";
import type { Pool } from "./tasks.ts";

/** Options of the command line, as JSON; they win over `config`. */
export const OPTIONS_VARIABLE = "CARD_EVOLUTION_OPTIONS";
/** Version of `Genomes` that this program was written for. */
const GENOMES_API = "1.0";

/** What `finish` announces; plain JSON. */
export interface EvolutionResult {
  /** SHA-256 over all generations: equal options give an equal hash, wherever and with how many workers it runs. */
  readonly hash: string;
  readonly generations: number;
  readonly stop: string;
  /** Total of the best game of the first and of the last generation. */
  readonly first: number;
  readonly best: number;
  readonly mean: number;
  readonly genome: unknown;
  readonly report: string;
  readonly seconds: number;
}

const effects: Effects = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await pause(ms, undefined, signal === undefined ? {} : { signal });
  },
  random: Math.random, // jitter of pauses only; no result depends on it
};

export const lineOf = ({ generation, best, mean, diversity, refused }: Chapter): string =>
  `generation ${generation}: best ${best.toFixed(4)}, mean ${mean.toFixed(4)}, diversity ${diversity.toFixed(2)}` +
  (refused > 0 ? `, ${refused} not played` : "");

export async function runEvolution(
  bus: Bus,
  context: ServiceContext,
  options: Options,
  pool: Pool,
): Promise<EvolutionResult> {
  const started = performance.now();
  const { signal, log } = context;
  const onRecovery = ({ strategy, error, tries, pauseMs }: Recovery): void =>
    log.warn(`${strategy} ${tries} in ${Math.round(pauseMs)} ms: ${(error as Error).message}`);
  const recovery = { signal, onRecovery };
  const genomes = bus.client(Genomes, "genomes");
  await retry(() => checkVersion(genomes, GENOMES_API), effects, recovery);
  const path = (file: string): string => resolve(file);
  const begin = options.resume ? loadCheckpoint(path(options.checkpoint), options) : undefined;
  if (begin !== undefined) log.info(`going on after generation ${begin.history.length - 1}`);
  const cards = bus.client(Cards, "cards");
  const { state, stop } = await evolve(
    options,
    {
      pool,
      effects,
      ...recovery,
      play: (candidates, generation) => play(candidates, generation, options, { cards, effects, ...recovery }),
      save: async (current) => {
        if (options.checkpoint !== "") saveCheckpoint(path(options.checkpoint), options, current);
      },
      progress: (chapter) => {
        log.info(lineOf(chapter));
        context.progress(chapter.generation / Math.max(1, options.generations), `best ${chapter.best.toFixed(4)}`);
      },
    },
    begin,
  );
  const { history, population } = state;
  const hash = runHash(history);
  if (options.report !== "") {
    mkdirSync(dirname(path(options.report)), { recursive: true });
    writeFileSync(path(options.report), reportOf({ options, state, hash, stop }));
  }
  return {
    hash,
    generations: history.length,
    stop,
    first: history[0]!.best,
    best: history.at(-1)!.best,
    mean: history.at(-1)!.mean,
    genome: population[0]!.genome,
    report: options.report === "" ? "" : path(options.report),
    seconds: Math.round(performance.now() - started) / 1000,
  };
}

/** The run of this process, with what it holds. */
let running: { readonly pool: Pool; readonly done: Promise<void> } | undefined;

const service: ServiceModule = defineService({
  start(bus, context) {
    const flags = JSON.parse(process.env[OPTIONS_VARIABLE] ?? "{}") as Record<string, unknown>;
    const options = readOptions(context.service, { ...context.config, ...flags });
    const pool = createPool(options.workers);
    // Ready at once: the run goes on beside the service.
    const done = runEvolution(bus, context, options, pool).then(
      (result) => context.finish(result),
      (thrown: unknown) => {
        if (context.signal.aborted) return;
        const error = BusError.from(thrown);
        context.log.error({ code: error.code }, error.message);
        context.finish({ error: error.toJSON() });
      },
    );
    running = { pool, done };
  },
  async stop() {
    await running?.done;
    await running?.pool.close();
  },
});

export default service;
