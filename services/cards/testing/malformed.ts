/**
 * As a service beside `cards`: reads damaged genomes, lets it play those that still make sense, and announces what was neither
 * refused by name and place nor played to its end.
 */
import fc from "fast-check";
import { BusError, defineService, type ServiceModule } from "#bus";
import { Cards, type SimulationRequestInit } from "#generated/cardsim";
import { readGenome } from "../answers.ts";
import { CLASSICS, compile } from "../index.ts";
import { damagedTexts } from "./damage.ts";

const TEXTS = 2500;
const PER_BATCH = 20;
/** cards/limit-exceeded: how many captures there are, only the table shows. */
const LIMIT_EXCEEDED = 706;

export interface Malformed {
  readonly seed: number;
  readonly refused: number;
  readonly played: number;
  /** What happened and the beginning of the text; the seed gives the rest. */
  readonly wrong: readonly string[];
}

/** What is wrong with a refusal, "" for one that names code, place and problem. */
function faultOf(thrown: unknown): string {
  if (!(thrown instanceof BusError)) return `${thrown}`;
  if (thrown.code === "cards/limit-exceeded") return "";
  if (thrown.code !== "cards/bad-genome") return `${thrown.message} is no error of genomes`;
  const { path, problem } = thrown.details as { path?: unknown; problem?: unknown };
  const named = typeof path === "string" && path !== "" && typeof problem === "string" && problem !== "";
  return named && thrown.message === `cards/bad-genome: ${path}: ${problem}` ? "" : `${thrown.message} names no place`;
}

const service: ServiceModule = defineService({
  start(bus, context) {
    const cards = bus.client(Cards);
    const run = async (): Promise<Malformed> => {
      const seed = Number(context.config.seed);
      const wrong: string[] = [];
      const sound: { text: string; request: SimulationRequestInit }[] = [];
      const texts = fc.sample(damagedTexts([...CLASSICS.values()]), { numRuns: TEXTS, seed });
      for (const text of texts) {
        try {
          sound.push({ text, request: { genomeBytecode: compile(readGenome(text)), numGames: 1, randomSeed: 1n } });
        } catch (error) {
          const fault = faultOf(error);
          if (fault !== "") wrong.push(`${fault}: ${text.slice(0, 300)}`);
        }
      }
      const refused = TEXTS - sound.length;
      for (let i = 0; i < sound.length; i += PER_BATCH) {
        const batch = sound.slice(i, i + PER_BATCH);
        const requests = batch.map(({ request }) => request);
        const { results } = await cards.simulate({ requests }, { timeout: "60s" });
        for (const [at, { error, errorText, totalGames }] of results.entries()) {
          if (error === LIMIT_EXCEEDED && errorText?.includes("moves at once")) continue;
          if (error !== 0 || totalGames !== 1) wrong.push(`${error} ${errorText}: ${batch[at]!.text.slice(0, 300)}`);
        }
      }
      const polluted = Object.keys(Object.prototype);
      if (polluted.length > 0) wrong.push(`every object has now ${polluted.join(", ")}`);
      return { seed, refused, played: sound.length, wrong };
    };
    void run().then(
      (result) => context.finish(result),
      (error: unknown) => context.finish({ error: BusError.from(error).toJSON() }),
    );
  },
});

export default service;
