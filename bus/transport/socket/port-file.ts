import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;

/** Publishes a port that the system chose; a reader sees the whole number or no file. */
export const writePort = (path: string, port: number): void => {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${port}\n`, { mode: 0o600 });
  renameSync(draft, path);
};

/** Forgets the port, unless a successor has already written its own. */
export const removePort = (path: string, port: number): void => {
  if (readPort(path) === port) rmSync(path, { force: true });
};

export const readPort = (path: string): number | undefined => {
  try {
    const text = readFileSync(path, "utf8");
    const port = /^\d{1,5}\n$/.test(text) ? Number(text) : 0;
    return port > 0 && port < 65536 ? port : undefined;
  } catch {
    return undefined;
  }
};

/** Waits until a port is written. @returns undefined when time is up or the signal aborts */
export const awaitPort = async (path: string, signal: AbortSignal, ms: number): Promise<number | undefined> => {
  for (let waited = 0; ; waited += POLL_MS) {
    const port = readPort(path);
    if (port !== undefined || waited >= ms || signal.aborted) return port;
    await sleep(POLL_MS);
  }
};
