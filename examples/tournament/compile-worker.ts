import { BusError } from "#bus";
import { type CompiledGame, compileGenome, type GenomeFile } from "./genomes.ts";

/** Errors lose their class between threads, so they travel as plain JSON. */
export type Compiled = { readonly game: CompiledGame } | { readonly error: ReturnType<BusError["toJSON"]> };

/** One genome on a worker thread of the pool. */
export default function compileOnWorker(file: GenomeFile): Compiled {
  try {
    return { game: compileGenome(file) };
  } catch (error) {
    return { error: BusError.from(error).toJSON() };
  }
}
