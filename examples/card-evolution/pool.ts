import { availableParallelism } from "node:os";
import { Tinypool } from "tinypool";
import type { Candidate } from "./breed.ts";
import type { Individual } from "./population.ts";
import type { Pool } from "./tasks.ts";
import type { Task } from "./worker.ts";

/** @param workers threads; 0: one per core. Their number enters no result */
export function createPool(workers: number): Pool {
  const threads = workers === 0 ? availableParallelism() : workers;
  const pool = new Tinypool({
    filename: new URL("./worker.js", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
  });
  const all = async <Result>(tasks: readonly Task[]): Promise<Result[]> =>
    (await Promise.all(tasks.map((task) => pool.run(task) as Promise<Result[]>))).flat();
  return {
    breed: (tasks) => all<Candidate>(tasks.map((task) => ({ breed: task }))),
    judge: (tasks) => all<Individual>(tasks.map((task) => ({ judge: task }))),
    close: () => pool.destroy(),
  };
}
