/** The cards service called through the bus; the variant names game, how it is played, and threads. */
import type { Client } from "#bus";
import { Cards } from "#generated/cardsim";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { openCaller } from "./rig.ts";
import { BATCH, ITERATIONS, programOf, SEARCH } from "./workload.ts";

type Core = Client<typeof Cards>;

/** Does work worth `count` units. @returns ns of it */
type Work = (count: number) => Promise<number>;

const TIMEOUT = { timeout: "120s" };
/** Requests under way at a time: one is played while others are encoded and decoded. */
const UNDER_WAY = 3;
/** Small requests after which V8 has compiled what a request runs through. */
const WARM_UP = 10_000;
const now = (): number => performance.now() * 1e6;

interface Played {
  readonly games: number;
  readonly playoutMoves: number;
}

const play = async (
  core: Core,
  genomeBytecode: Uint8Array,
  numGames: number,
  seed: number,
  code = 0,
): Promise<Played> => {
  const request = {
    genomeBytecode,
    numGames,
    randomSeed: BigInt(seed),
    aiPlayerType: code,
    mctsIterations: ITERATIONS,
  };
  const { results } = await core.simulate({ requests: [request] }, TIMEOUT);
  const [stats] = results;
  if (stats.error !== 0 || stats.totalGames !== numGames) throw new Error(stats.errorText ?? "games are missing");
  return { games: stats.totalGames, playoutMoves: Number(stats.playoutMoves) };
};

/** Unit: a game. Requests overlap, so that neither side waits for the other. */
const rate =
  (core: Core, program: Uint8Array): Work =>
  async (count) => {
    let left = count;
    let seed = 0;
    const start = now();
    const lane = async (): Promise<void> => {
      while (left > 0) {
        const games = Math.min(BATCH, left);
        left -= games;
        await play(core, program, games, seed++);
      }
    };
    await Promise.all(Array.from({ length: UNDER_WAY }, lane));
    return now() - start;
  };

/** Unit: a request of 1,000 games, one after another. */
const batch =
  (core: Core, program: Uint8Array): Work =>
  async (count) => {
    const start = now();
    for (let seed = 0; seed < count; seed++) await play(core, program, BATCH, seed);
    return now() - start;
  };

/** Unit: a playout move. */
const search =
  (core: Core, program: Uint8Array): Work =>
  async (count) => {
    let moves = 0;
    const start = now();
    for (let seed = 0; moves < count; seed++) moves += (await play(core, program, 1, seed, SEARCH)).playoutMoves;
    return ((now() - start) * count) / moves;
  };

/**
 * A request of 1,000 games takes milliseconds, so that few are made while others warm up: the caller's code would still be
 * interpreted, which takes longer than all else that the bus adds.
 */
const warmUp = async (core: Core, program: Uint8Array): Promise<void> => {
  for (let seed = 0; seed < WARM_UP; seed++) await play(core, program, 1, seed);
};

const WORK: Record<string, (core: Core, program: Uint8Array) => Work> = { rate, batch, search };

const partsOf = (variant: string): { game: string; how: string; threads: number } => {
  const [game, how, threads] = variant.split("/");
  return { game, how, threads: Number(threads) };
};

export const cards: Contestant = {
  async drive({ folder, variant }: SideOptions): Promise<Driver> {
    const { game, how, threads } = partsOf(variant);
    const core = (await openCaller(folder, threads, `${game}-${how}`)).client(Cards, "cards");
    const work = WORK[how](core, programOf(game));
    if (how === "batch") await warmUp(core, programOf(game));
    let done = 0;
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        driver.burstNs = await work(count);
        done += count;
        driver.answered(done);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
