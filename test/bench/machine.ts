import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** Enough to judge a number by, and nothing that names the machine. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly kernel: string;
  readonly node: string;
  /** Whether any process of the run was tied to a CPU. */
  readonly pinned: boolean;
}

export const machineOf = (pinned: boolean): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  platform: `${process.platform} ${process.arch}`,
  kernel: release().split("-")[0],
  node: process.version,
  pinned,
});

/** Two CPUs that `taskset` of util-linux lets us use, or undefined. */
export const pinnableCpus = (): readonly [number, number] | undefined => {
  if (process.platform !== "linux") return undefined;
  const result = spawnSync("taskset", ["-c", "-p", String(process.pid)], { encoding: "utf8" });
  if (result.error !== undefined || result.status !== 0) return undefined;
  const list = result.stdout.slice(result.stdout.lastIndexOf(":") + 1).trim();
  const allowed = list.split(",").flatMap((part) => {
    const [first, last] = part.split("-").map(Number);
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
  });
  return allowed.length >= 2 ? [allowed[0], allowed[1]] : undefined;
};
