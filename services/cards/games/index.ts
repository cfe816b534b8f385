/** The classic games, with the variant of their rules that is played here. */
import type { Genome, GenomeInput } from "../genome.ts";
import { parseGenome } from "../validate.ts";
import { blackjack } from "./blackjack.ts";
import { cheat } from "./cheat.ts";
import { crazyEights, crazyEights3, crazyEights4 } from "./crazy-eights.ts";
import { drawPoker } from "./draw-poker.ts";
import { gin } from "./gin.ts";
import { goFish } from "./go-fish.ts";
import { hearts } from "./hearts.ts";
import { scopa } from "./scopa.ts";
import { spades } from "./spades.ts";
import { war } from "./war.ts";

const all: readonly GenomeInput[] = [
  war,
  crazyEights,
  crazyEights3,
  crazyEights4,
  cheat,
  goFish,
  gin,
  hearts,
  spades,
  scopa,
  drawPoker,
  blackjack,
];

/** By their `genome_id`, in a fixed order; all are V3 programs. */
export const CLASSICS: ReadonlyMap<string, Genome> = new Map(
  all.map((input) => {
    const genome = parseGenome(input);
    return [genome.genome_id, genome];
  }),
);
