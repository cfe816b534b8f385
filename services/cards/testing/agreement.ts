/** As a service beside `cards`: lets it play random genomes that `validate` accepts, and announces what it refused. */
import fc from "fast-check";
import { BusError, defineService, type ServiceModule } from "#bus";
import { Cards } from "#generated/cardsim";
import { checkVersion } from "../../recovery/index.ts";
import { compile, parseGenome } from "../index.ts";
import { genomes } from "./genomes.ts";

const GENOMES = 400;
const PER_BATCH = 50;

export interface Agreement {
  readonly seed: number;
  /** Of the requests that `cards` speaks. */
  readonly version: string;
  readonly played: number;
  /** Error and the beginning of the genome; the seed gives the rest. */
  readonly refused: readonly string[];
}

const service: ServiceModule = defineService({
  start(bus, context) {
    const cards = bus.client(Cards);
    const run = async (): Promise<Agreement> => {
      // Another one looks elsewhere: BUSBAR_SEED=n.
      const seed = Number(process.env.BUSBAR_SEED ?? 1);
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
      return { seed, version, played, refused };
    };
    void run().then(
      (result) => context.finish(result),
      (error: unknown) => context.finish({ error: BusError.from(error).toJSON() }),
    );
  },
});

export default service;
