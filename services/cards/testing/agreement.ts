/**
 * As a service beside `cards`: lets it play random genomes that `validate` accepts, and announces what it refused. Of
 * crowded genomes both halves count the moves by themselves, and must come to the same number.
 */
import fc from "fast-check";
import { BusError, defineService, type ServiceModule } from "#bus";
import { Cards } from "#generated/cardsim";
import { checkVersion } from "../../recovery/index.ts";
import { compile, parseGenome, validate } from "../index.ts";
import { GENOME } from "../shape.ts";
import { crowdedGenomes, genomes } from "./genomes.ts";

const GENOMES = 400;
const PER_BATCH = 50;
const CROWDED = 150;
/** cards/limit-exceeded */
const LIMIT_EXCEEDED = 706;

export interface Agreement {
  readonly seed: number;
  /** Of the requests that `cards` speaks. */
  readonly version: string;
  readonly played: number;
  /** Error and the beginning of the genome; the seed gives the rest. */
  readonly refused: readonly string[];
  /** Crowded genomes that `validate` accepted, and such as it refused for too many moves. */
  readonly fits: number;
  readonly tooMany: number;
  /** Those of them of which `cards` thought otherwise. */
  readonly disagreed: readonly string[];
}

const service: ServiceModule = defineService({
  start(bus, context) {
    const cards = bus.client(Cards);
    const run = async (): Promise<Agreement> => {
      const seed = Number(context.config.seed);
      const version = await checkVersion(cards, "1.0");
      const refused: string[] = [];
      let played = 0;
      for (const later of [false, true]) {
        const inputs = fc.sample(genomes(later), { numRuns: GENOMES, seed });
        for (let i = 0; i < inputs.length; i += PER_BATCH) {
          const batch = inputs.slice(i, i + PER_BATCH).map((input) => parseGenome({ ...input, max_turns: 200 }));
          const requests = batch.map((genome) => ({ genomeBytecode: compile(genome), numGames: 2, randomSeed: 1n }));
          const { results } = await cards.simulate({ requests }, { timeout: "60s" });
          for (const [at, { error, errorText, totalGames }] of results.entries()) {
            if (error === 0 && totalGames === 2) played += 1;
            else refused.push(`${error} ${errorText}: ${JSON.stringify(batch[at]).slice(0, 400)}`);
          }
        }
      }
      const crowded = fc.sample(crowdedGenomes(), { numRuns: CROWDED, seed });
      const problems = crowded.map((genome) => validate(genome).map(({ problem }) => problem));
      const requests = crowded.map((genome) => ({ genomeBytecode: compile(GENOME.parse(genome)), numGames: 1 }));
      const { results } = await cards.simulate({ requests }, { timeout: "60s" });
      const disagreed = results.flatMap(({ error, errorText }, at) => {
        const tooMany = error === LIMIT_EXCEEDED ? [/could have \d+ moves at once.*/.exec(errorText ?? "")?.[0]] : [];
        const agreed = error === 0 || error === LIMIT_EXCEEDED;
        if (agreed && JSON.stringify(tooMany) === JSON.stringify(problems[at])) return [];
        return [`${error} ${errorText} ${problems[at]}: ${JSON.stringify(crowded[at]).slice(0, 400)}`];
      });
      const fits = problems.filter(({ length }) => length === 0).length;
      return { seed, version, played, refused, fits, tooMany: CROWDED - fits, disagreed };
    };
    void run().then(
      (result) => context.finish(result),
      (error: unknown) => context.finish({ error: BusError.from(error).toJSON() }),
    );
  },
});

export default service;
