/** Work of the pool: everything of a generation but the games. */
import { fitnessOf, type Genome, type Style } from "../../services/cards/index.ts";
import { type BreedTask, breed, type Candidate } from "./breed.ts";
import type { Outcome } from "./play.ts";
import type { Individual } from "./population.ts";

export interface JudgeTask {
  readonly style: Style;
  readonly items: readonly { readonly genome: Genome; readonly outcome: Outcome }[];
}

const NOTHING = {
  density: 0,
  comeback: 0,
  tension: 0,
  interaction: 0,
  skill: 0,
  simplicity: 0,
  bluffing: 0,
  betting: 0,
} as const;

export const judge = ({ style, items }: JudgeTask): Individual[] =>
  items.map(({ genome, outcome }) => {
    if ("refused" in outcome) {
      const fitness = { total: 0, parts: NOTHING, invalid: "it was not played", gates: [] };
      return { genome, fitness, refused: outcome.refused };
    }
    return { genome, fitness: fitnessOf(genome, outcome.played, style), refused: "" };
  });

/** Where tasks are done: on worker threads, or at once in a test. Results keep the order. */
export interface Pool {
  breed(tasks: readonly BreedTask[]): Promise<Candidate[]>;
  judge(tasks: readonly JudgeTask[]): Promise<Individual[]>;
  close(): Promise<void>;
}

/** Everything on this thread. */
export const ownThread: Pool = {
  breed: async (tasks) => tasks.flatMap(breed),
  judge: async (tasks) => tasks.flatMap(judge),
  close: async () => {},
};
