import type { BreedTask } from "./breed.ts";
import { breed } from "./breed.ts";
import { type JudgeTask, judge } from "./tasks.ts";

export type Task = { readonly breed: BreedTask } | { readonly judge: JudgeTask };

/** One task on a worker thread of the pool. */
export default function work(task: Task): unknown {
  return "breed" in task ? breed(task.breed) : judge(task.judge);
}
