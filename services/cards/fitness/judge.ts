/**
 * Plays and judges every classic and every degenerate game once, as a service beside `cards`: what the falsification suite
 * looks at. Its result has a line for each game.
 */
import { type Bus, BusError, defineService, type ServiceModule } from "#bus";
import { type AggregatedStats, Cards, type SimulationRequestInit } from "#generated/cardsim";
import { compile } from "../compile.ts";
import { CLASSICS } from "../games/index.ts";
import type { Genome } from "../genome.ts";
import { DEGENERATE } from "./degenerate.ts";
import { type Fitness, fitnessOf } from "./fitness.ts";
import { measuresOf } from "./measures.ts";

const RANDOM_GAMES = 200;
const GREEDY_GAMES = 40;
const SEED = 2024n;
const RANDOM = 1;
const GREEDY = 2;

export interface Verdict {
  readonly name: string;
  readonly degenerate: boolean;
  readonly fitness: Fitness;
  /** Of the random players' games, in hex. */
  readonly resultHash: string;
  /** Of the games that are judged. */
  readonly wins: readonly number[];
  readonly draws: number;
  /** Who played the games that are judged. */
  readonly players: "random" | "greedy";
}

async function judge(bus: Bus, name: string, genome: Genome, degenerate: boolean): Promise<Verdict> {
  const genomeBytecode = compile(genome);
  const seats = Array.from({ length: genome.player_count }, (_, seat) => seat);
  const request = (numGames: number, aiTypes: number[]): SimulationRequestInit => ({
    genomeBytecode,
    numGames,
    aiTypes,
    randomSeed: SEED,
  });
  const simulate = async (requests: SimulationRequestInit[]): Promise<AggregatedStats[]> => {
    const { results } = await bus.client(Cards).simulate({ requests }, { timeout: "120s" });
    const bad = results.find(({ error }) => error !== 0);
    if (bad !== undefined) throw BusError.ofNumber(bad.error, `${name}: ${bad.errorText}`);
    return [...results];
  };
  const everywhere = (player: number): number[] => seats.map(() => player);
  const [random, ...greedy] = (await simulate([
    request(RANDOM_GAMES, everywhere(RANDOM)),
    ...seats.map((one) =>
      request(
        GREEDY_GAMES,
        seats.map((seat) => (seat === one ? GREEDY : RANDOM)),
      ),
    ),
  ])) as [AggregatedStats, ...AggregatedStats[]];
  // Games that random players only draw say nothing of the rules: then those of players who want to win are looked at.
  const players = random.draws > RANDOM_GAMES / 2 ? "greedy" : "random";
  const judged = players === "random" ? random : (await simulate([request(GREEDY_GAMES, everywhere(GREEDY))]))[0]!;
  const measures = measuresOf(judged);
  const fitness = fitnessOf(genome, {
    random: measures,
    greedy: greedy.map((stats, seat) => ({ seat, measures: measuresOf(stats) })),
    search: [],
  });
  const resultHash = random.resultHash.toString(16).padStart(16, "0");
  return { name, degenerate, fitness, resultHash, wins: measures.wins, draws: measures.draws, players };
}

const service: ServiceModule = defineService({
  start(bus, context) {
    const all = async (): Promise<{ verdicts: Verdict[] }> => {
      const verdicts: Verdict[] = [];
      for (const [name, genome] of CLASSICS) verdicts.push(await judge(bus, name, genome, false));
      for (const [name, genome] of DEGENERATE) verdicts.push(await judge(bus, name, genome, true));
      return { verdicts };
    };
    void all().then(
      (result) => context.finish(result),
      (error: unknown) => context.finish({ error: BusError.from(error).toJSON() }),
    );
  },
});

export default service;
