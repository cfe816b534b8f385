/** Lets the cards service play what was bred: each genome by random players, then with a greedy and a searching one per seat. */
import { BusError, type Client } from "#bus";
import type { AggregatedStats, Cards, SimulationRequestInit } from "#generated/cardsim";
import { type Measures, measuresOf, type Played } from "../../services/cards/index.ts";
import { type Effects, type Recovery, retry } from "../../services/recovery/index.ts";
import { derive } from "../common/streams.ts";
import type { Candidate } from "./breed.ts";
import type { Options } from "./options.ts";

/** Codes of players in `aiTypes`: code + 1. */
const RANDOM = 1;
const GREEDY = 2;
const SEARCH_100 = 3;
const GENOMES_PER_BATCH = 4;
const IN_FLIGHT = 4;
/** A batch of long games with thinking players on a busy machine. */
const BATCH_TIMEOUT = "300s";

/** What became of one genome: its games, or why it has none. */
export type Outcome = { readonly played: Played } | { readonly refused: string };

export interface PlayTools {
  readonly cards: Client<typeof Cards>;
  readonly effects: Effects;
  readonly signal: AbortSignal;
  readonly onRecovery: (recovery: Recovery) => void;
}

/** In the order of the candidates. A genome that the service does not play is no error of the run. */
export async function play(
  candidates: readonly Candidate[],
  generation: number,
  options: Options,
  tools: PlayTools,
): Promise<Outcome[]> {
  const groups: Candidate[][] = [];
  for (let i = 0; i < candidates.length; i += GENOMES_PER_BATCH)
    groups.push(candidates.slice(i, i + GENOMES_PER_BATCH));
  const outcomes: Outcome[][] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < groups.length) {
      const at = next++;
      outcomes[at] = await playGroup(groups[at]!, generation, options, tools);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, groups.length) }, lane));
  return outcomes.flat();
}

async function playGroup(
  group: readonly Candidate[],
  generation: number,
  options: Options,
  { cards, effects, signal, onRecovery }: PlayTools,
): Promise<Outcome[]> {
  const items = group.map((candidate) => requestsOf(candidate, generation, options));
  const { results } = await retry(
    () => cards.simulate({ batchId: BigInt(generation), requests: items.flat() }, { timeout: BATCH_TIMEOUT, signal }),
    effects,
    { signal, onRecovery },
  );
  const expected = items.flat().length;
  if (results.length !== expected) {
    const problem = `${results.length} results for ${expected} items`;
    throw new BusError("plugin/bad-answer", { details: { name: "cards", problem } });
  }
  let at = 0;
  return group.map(({ genome }, i) => {
    const mine = results.slice(at, (at += items[i]!.length));
    return outcomeOf(mine, genome.player_count, options);
  });
}

function requestsOf(
  { index, genome, program }: Candidate,
  generation: number,
  options: Options,
): SimulationRequestInit[] {
  const seats = Array.from({ length: genome.player_count }, (_, seat) => seat);
  const seed = BigInt(options.seed);
  const request = (games: number, kinds: readonly number[], number: number): SimulationRequestInit => ({
    genomeBytecode: program,
    numGames: games,
    aiTypes: kinds,
    randomSeed: derive(seed, `games/${generation}/${index}`, number),
  });
  const against = (games: number, kind: number, from: number): SimulationRequestInit[] =>
    games === 0
      ? []
      : seats.map((one) =>
          request(
            games,
            seats.map((seat) => (seat === one ? kind : RANDOM)),
            from + one,
          ),
        );
  return [
    request(
      options.games,
      seats.map(() => RANDOM),
      0,
    ),
    ...against(options.greedyGames, GREEDY, 1),
    ...against(options.searchGames, SEARCH_100, 5),
  ];
}

function outcomeOf(results: readonly AggregatedStats[], players: number, options: Options): Outcome {
  const bad = results.find(({ error }) => error !== 0);
  if (bad !== undefined) return { refused: bad.errorText ?? `error ${bad.error}` };
  const [random, ...others] = results.map(measuresOf) as [Measures, ...Measures[]];
  const seated = (from: number, games: number) =>
    games === 0 ? [] : others.slice(from, from + players).map((measures, seat) => ({ seat, measures }));
  const greedy = seated(0, options.greedyGames);
  return { played: { random, greedy, search: seated(greedy.length, options.searchGames) } };
}
