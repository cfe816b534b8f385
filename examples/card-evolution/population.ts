/** A population and what is read off it: order, parents, diversity. Pure functions. */
import type { Fitness, Genome } from "../../services/cards/index.ts";
import type { Stream } from "../common/streams.ts";

export interface Individual {
  readonly genome: Genome;
  readonly fitness: Fitness;
  /** Why it has no games of its own; empty for one that was played. */
  readonly refused: string;
}

/** Best first; equal totals keep their order, so the same individuals give the same order everywhere. */
export const ranked = (population: readonly Individual[]): Individual[] =>
  [...population].sort((a, b) => b.fitness.total - a.fitness.total);

/** The best of `size` drawn by lot, drawn again being allowed. */
export function tournament(population: readonly Individual[], size: number, stream: Stream): Individual {
  let best = stream.pick(population);
  for (let i = 1; i < size; i++) {
    const other = stream.pick(population);
    if (other.fitness.total > best.fitness.total) best = other;
  }
  return best;
}

/** "turn_structure.phases.0.source=deck": every leaf of the genome but its name and generation. */
function features(value: unknown, path: string, out: Set<string>): void {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (path === "" && (key === "genome_id" || key === "generation")) continue;
      features(inner, `${path}.${key}`, out);
    }
    return;
  }
  out.add(`${path}=${String(value)}`);
}

/** Share of leaves that two genomes do not have in common. */
function distance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const feature of a) if (b.has(feature)) common += 1;
  return 1 - common / (a.size + b.size - common);
}

/** Mean distance over all pairs, 0 (all equal) to 1. */
export function diversity(genomes: readonly Genome[]): number {
  const sets = genomes.map((genome) => {
    const out = new Set<string>();
    features(genome, "", out);
    return out;
  });
  let sum = 0;
  let pairs = 0;
  for (const [i, a] of sets.entries()) {
    for (const b of sets.slice(i + 1)) {
      sum += distance(a, b);
      pairs += 1;
    }
  }
  return pairs === 0 ? 0 : sum / pairs;
}
