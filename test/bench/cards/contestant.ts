/** The cards service called through the bus; the variant names game, how it is played, threads of a plugin, and how many are in processes of their own. */
import type { Client } from "#bus";
import { Cards } from "#generated/cardsim";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { coresOf, openSide, type Place } from "./rig.ts";
import { BATCH, ITERATIONS, programOf, SEARCH } from "./workload.ts";

type Core = Client<typeof Cards>;

/** Does work worth `count` units. @returns ns of it */
type Work = (count: number) => Promise<number>;

const TIMEOUT = { timeout: "120s" };
/** Requests under way at a time and plugin: one is played while others are encoded and decoded. */
const UNDER_WAY = 3;
/** Small requests after which V8 has compiled what a request runs through. */
const WARM_UP = 10_000;
const now = (): number => performance.now() * 1e6;

interface Played {
  readonly games: number;
  readonly playoutMoves: number;
  /** ns that the plugin took for the games, by its own clock. */
  readonly inside: number;
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
  const { results, totalDurationNs } = await core.simulate({ requests: [request] }, TIMEOUT);
  const [stats] = results;
  if (stats.error !== 0 || stats.totalGames !== numGames) throw new Error(stats.errorText ?? "games are missing");
  return { games: stats.totalGames, playoutMoves: Number(stats.playoutMoves), inside: Number(totalDurationNs) };
};

/** Unit: a game. Requests overlap, so that neither side waits for the other. */
const rate =
  (cores: readonly Core[], program: Uint8Array): Work =>
  async (count) => {
    let left = count;
    let seed = 0;
    const start = now();
    const lane = async (core: Core): Promise<void> => {
      while (left > 0) {
        const games = Math.min(BATCH, left);
        left -= games;
        await play(core, program, games, seed++);
      }
    };
    await Promise.all(cores.flatMap((core) => Array.from({ length: UNDER_WAY }, () => lane(core))));
    return now() - start;
  };

/** What of a request of 1,000 games is not the games themselves, in parts of 1e9: the middle of `count` requests in a row. */
const overhead =
  ([core]: readonly Core[], program: Uint8Array): Work =>
  async (count) => {
    const shares: number[] = [];
    for (let seed = 0; seed < count; seed++) {
      const start = now();
      const { inside } = await play(core, program, BATCH, seed);
      shares.push(1 - inside / (now() - start));
    }
    return shares.sort((a, b) => a - b)[count >> 1] * 1e9;
  };

/** Unit: a playout move. */
const search =
  ([core]: readonly Core[], program: Uint8Array): Work =>
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

const WORK: Record<string, (cores: readonly Core[], program: Uint8Array) => Work> = { rate, overhead, search };

const partsOf = ({ folder, variant }: SideOptions): { game: string; how: string; place: Place } => {
  const [game, how, threads, apart = "0"] = variant.split("/");
  return {
    game,
    how,
    place: { folder, threads: Number(threads), name: `${game}-${how}`, apart: Number(apart) },
  };
};

export const cards: Contestant = {
  async serve(options) {
    await openSide(partsOf(options).place, `host${options.server ?? 1}`);
    return "";
  },
  async drive(options: SideOptions): Promise<Driver> {
    const { game, how, place } = partsOf(options);
    const bus = await openSide(place, "caller");
    const cores = coresOf(place).map((name) => bus.client(Cards, name));
    const work = WORK[how](cores, programOf(game));
    if (how === "overhead") await warmUp(cores[0], programOf(game));
    return drivenBy(async (count) => {
      return await work(count);
    });
  },
};
