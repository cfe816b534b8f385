/** Where the files of black box benches go: folders of the run, gone with it on every way out. */
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";

export type Place = "memory" | "disk";

/** What a contestant is told, as its variant. */
export interface Task {
  /** Of the program that measures itself. */
  readonly mode?: string;
  /** Exists; belongs to the run. */
  readonly folder: string;
  /** More members of the recorder's config, as JSON without braces. */
  readonly config?: string;
}

export const taskOf = (variant: string): Task => JSON.parse(variant);

export const memoryMissing = (): string | undefined => {
  try {
    accessSync(MEMORY, constants.W_OK);
    return undefined;
  } catch {
    return `${MEMORY} is not there`;
  }
};

/**
 * A folder in memory for as long as `work` runs; undefined where the machine has none.
 * The name tells the process, so that it can be seen whether that one left something.
 */
export const withMemory = async (work: (folder: string | undefined) => Promise<void>): Promise<void> => {
  if (memoryMissing() !== undefined) return await work(undefined);
  const folder = mkdtempSync(join(MEMORY, `busbar-bench-${process.pid}-`));
  // Programs that were ended this instant may still be writing: try again where a folder has just got another file.
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  process.once("exit", remove);
  try {
    await work(folder);
  } finally {
    process.off("exit", remove);
    remove();
  }
};
