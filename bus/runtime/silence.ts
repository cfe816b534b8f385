/** Processes that are there and do not answer. */
import { statOf } from "./lock-file.ts";

export interface SilentProcess {
  /** Of the plan. */
  readonly process: string;
  readonly pid: number;
  /** What the plan has in it. */
  readonly services: readonly string[];
  /** By a signal or a debugger. Else its event loop is busy or held up, which from outside is one. */
  readonly stopped: boolean;
}

/** Why it does not answer, in words that are true of it. */
export const silenceOf = ({ stopped }: Pick<SilentProcess, "stopped">): string =>
  stopped
    ? "does not answer: it is stopped, and goes on with SIGCONT"
    : "does not answer: its event loop is busy or held up";

/** Linux: T and t, stopped by a signal or by a debugger. Elsewhere nobody is. */
export const isStopped = (pid: number): boolean => ["T", "t"].includes(statOf(pid)?.[0] ?? "");
