/**
 * The job of this example: compiles the genomes of examples/genomes on a pool, lets the native cards service
 * play them, several batches in flight, publishes each result, shows the table, and stays live.
 */
import { type Bus, BusError, type Client, defineService, type ServiceContext, type ServiceModule } from "#bus";
import { Cards } from "#generated/cardsim";
import { Finished, GameResult, type GameResultInit, Scoreboard } from "#generated/tournament";
import { type CompileAll, compileOnPool } from "./compile-pool.ts";
import { readConfig } from "./config.ts";
import { readGenomes } from "./genomes.ts";
import { type LineUp, lineUps } from "./line-ups.ts";
import { hashOf } from "./result-hash.ts";
import { tableOf } from "./table.ts";

/** What `finish` announces; plain JSON. */
export interface TournamentResult {
  readonly hash: string;
  readonly games: number;
  readonly genomes: number;
  readonly results: number;
  readonly seconds: number;
  readonly standings: readonly { player: string; games: number; wins: number }[];
}

/** Longest that one batch may take; a batch of many greedy games on a busy machine takes seconds. */
const BATCH_TIMEOUT = "120s";

export async function runTournament(
  bus: Bus,
  context: ServiceContext,
  compileAll: CompileAll,
): Promise<TournamentResult> {
  const started = performance.now();
  const config = readConfig(context.service, context.config);
  context.progress(0, "compiling genomes");
  const games = await compileAll(readGenomes(config.genomes));
  const plan = lineUps(games, config);
  context.log.info({ genomes: games.length, batches: plan.length }, "tournament begins");

  const cards = bus.client(Cards, "cards");
  const publisher = bus.publisher(GameResult);
  const results: GameResultInit[] = [];
  let played = 0;
  for await (const result of inOrder(plan, config.inFlight, (lineUp) => play(cards, lineUp, context.signal))) {
    await publisher.publish(result);
    results.push(result);
    played += result.games ?? 0;
    context.progress(results.length / plan.length, `${result.genome}: ${(result.players ?? []).join(", ")}`);
  }
  const hash = hashOf(results);
  const finished = bus.publisher(Finished);
  await finished.publish({ hash, results: results.length, games: BigInt(played) });
  // Delivered before the request is sent: messages and requests travel on lanes of their own.
  await publisher.flush();
  await finished.flush();
  const { standings } = await bus
    .client(Scoreboard, "scoreboard")
    .standings({}, { timeout: "10s", signal: context.signal });
  for (const line of tableOf(results)) context.log.info(line);
  return {
    hash,
    games: played,
    genomes: games.length,
    results: results.length,
    seconds: Math.round(performance.now() - started) / 1000,
    standings: standings.map((each) => ({ player: each.player, games: Number(each.games), wins: Number(each.wins) })),
  };
}

async function play(cards: Client<typeof Cards>, lineUp: LineUp, signal: AbortSignal): Promise<GameResultInit> {
  const { index, game, players, request } = lineUp;
  const response = await cards.simulate(
    { batchId: BigInt(index), requests: [request] },
    { timeout: BATCH_TIMEOUT, signal },
  );
  const stats = response.results[0];
  if (stats === undefined) {
    throw new BusError("plugin/bad-answer", {
      details: { name: "cards", problem: "no result for a batch of one item" },
    });
  }
  return {
    index,
    genome: game.name,
    players: [...players],
    games: stats.totalGames,
    wins: stats.wins,
    draws: stats.draws,
    avgTurns: stats.avgTurns,
    medianTurns: stats.medianTurns,
    resultHash: stats.resultHash,
    gamesPerSecond: stats.avgDurationNs > 0n ? 1e9 / Number(stats.avgDurationNs) : 0,
    error: stats.error === 0 ? null : stats.errorText,
  };
}

/** Runs `work` on all items, at most `limit` at a time, and yields the results in the order of the items. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  const start = (item: Item): void => {
    const result = work(item);
    result.catch(() => {}); // seen by whoever awaits it in its turn
    running.push(result);
  };
  for (const item of items) {
    if (running.length >= limit) yield await running.shift()!;
    start(item);
  }
  for (const result of running) yield await result;
}

const service: ServiceModule = defineService({
  start(bus, context) {
    // Ready at once: the job runs beside the service, which stays live after it.
    void runTournament(bus, context, compileOnPool).then(
      (result) => context.finish(result),
      (thrown: unknown) => {
        if (context.signal.aborted) return;
        const error = BusError.from(thrown);
        context.log.error({ code: error.code }, error.message);
        context.finish({ error: error.toJSON() });
      },
    );
  },
});

export default service;
