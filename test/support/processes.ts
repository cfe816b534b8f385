/** Real processes for tests: started, watched, and ended whatever happens. */
import { type ChildProcess, spawn } from "node:child_process";

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Ended with SIGKILL after this long; the test then fails on its exit code. Default 120 s. */
  timeoutMs?: number;
}

export const runToEnd = (command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    const watchdog = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 120_000);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(watchdog);
      running.delete(child);
      resolve({ code, stdout, stderr });
    });
  });

/** Runs to the end and expects success; the error shows what the program printed. */
export const runOk = async (command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> => {
  const result = await runToEnd(command, args, options);
  if (result.code === 0) return result;
  throw new Error(`${command} ${args.join(" ")} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
};
