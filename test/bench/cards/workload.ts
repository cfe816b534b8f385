/** The games of the cards suite, as the programs that the compiler writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CLASSICS, compile, type Genome, parseGenome } from "../../../services/cards/index.ts";

/** Games of one request that does not search. */
export const BATCH = 1000;
/** Player code of a search with `mctsIterations`, and how many it makes. */
export const SEARCH = 6;
export const ITERATIONS = 1000;

const GENOMES = join(import.meta.dirname, "..", "..", "..", "..", "examples", "genomes");
const shipped = (name: string): Genome => parseGenome(JSON.parse(readFileSync(join(GENOMES, `${name}.json`), "utf8")));
const classic = (name: string): Genome => {
  const genome = CLASSICS.get(name);
  if (genome === undefined) throw new Error(`there is no classic ${name}`);
  return genome;
};

const GAMES: Record<string, () => Genome> = {
  war: () => shipped("war"),
  crazy: () => shipped("crazy-eights"),
  trick: () => classic("hearts"),
};

/** War with ties in turn, crazy eights for two (both V2), hearts to 100 (V3). */
export const programOf = (game: string): Uint8Array => compile(GAMES[game]());
