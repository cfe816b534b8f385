/** Makes one genome of a generation, from its own random stream: the same wherever and in whatever order it is made. */
import { CLASSICS, compile, type Genome, type GenomeInput, parseGenome, validate } from "../../services/cards/index.ts";
import { Stream } from "../common/streams.ts";
import { crossed } from "./crossover.ts";
import { freshGenome } from "./fresh.ts";
import { mutated } from "./mutate.ts";
import { type Individual, tournament } from "./population.ts";

const FROM_CLASSICS = 0.7;
const CROSSOVER = 0.7;
const TOURNAMENT = 3;
/** So often a child that makes no sense is made anew; then it is its parent. */
const TRIES = 30;

export interface BreedTask {
  readonly seed: bigint;
  readonly generation: number;
  /** Places in the new generation. */
  readonly indices: readonly number[];
  readonly size: number;
  /** The generation before; empty for the first. */
  readonly parents: readonly Individual[];
  /** Changes of a child at most. */
  readonly changesMax: number;
}
export interface Candidate {
  readonly index: number;
  readonly genome: Genome;
  readonly program: Uint8Array;
}

export const breed = (task: BreedTask): Candidate[] => task.indices.map((index) => breedOne(task, index));

function breedOne(task: BreedTask, index: number): Candidate {
  const { seed, generation, parents } = task;
  const stream = Stream.of(seed, `evolve/${generation}`, index);
  const child = parents.length === 0 ? founder(task, index, stream) : offspring(task, stream);
  const genome = parseGenome({ ...child, genome_id: `g${generation}-${index}`, generation });
  return { index, genome, program: compile(genome) };
}

/** The first of each classic as it is, then changed ones, then games out of nothing. */
function founder({ size, changesMax }: BreedTask, index: number, stream: Stream): GenomeInput {
  const classics = [...CLASSICS.values()];
  const classic = classics[index % classics.length]!;
  if (index < size * FROM_CLASSICS) {
    return index < classics.length ? classic : changed(classic, changesMax, stream, () => classic);
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const fresh = freshGenome(stream);
    if (validate(fresh).length === 0) return fresh;
  }
  return classic;
}

function offspring({ parents, changesMax }: BreedTask, stream: Stream): GenomeInput {
  const first = tournament(parents, TOURNAMENT, stream).genome;
  const second = tournament(parents, TOURNAMENT, stream).genome;
  const cross = stream.chance(CROSSOVER);
  return changed(first, changesMax, stream, () => (cross ? crossed(first, second, stream) : first));
}

/** From what `begin` gives, by one to `changesMax` changes; the parent when nothing valid comes out. */
function changed(parent: Genome, changesMax: number, stream: Stream, begin: () => GenomeInput): GenomeInput {
  for (let tries = 0; tries < TRIES; tries++) {
    const start = begin();
    if (validate(start).length > 0) continue;
    let genome = parseGenome(start);
    for (let left = stream.between(1, changesMax); left > 0; left--) {
      const next = mutated(genome, stream);
      if (validate(next).length === 0) genome = parseGenome(next);
    }
    if (JSON.stringify(genome) !== JSON.stringify(parent)) return genome;
  }
  return parent;
}
