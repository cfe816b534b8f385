import { Tinypool } from "tinypool";
import { BusError } from "#bus";
import type { Compiled } from "./compile-worker.ts";
import type { CompiledGame, GenomeFile } from "./genomes.ts";

export type CompileAll = (files: readonly GenomeFile[]) => Promise<CompiledGame[]>;

/**
 * Checks and compiles genomes on worker threads, so that the event loop of the bus stays free. Results keep the order.
 * @throws (rejects) BusError of the first file that is refused
 */
export const compileOnPool: CompileAll = async (files) => {
  const pool = new Tinypool({
    filename: new URL("./compile-worker.js", import.meta.url).href,
    minThreads: 1,
    maxThreads: Math.min(2, files.length),
  });
  try {
    const results: Compiled[] = await Promise.all(files.map((file) => pool.run(file) as Promise<Compiled>));
    return results.map((result) => {
      if ("game" in result) return result.game;
      const { code, message, details } = result.error;
      throw new BusError(code, { message, details });
    });
  } finally {
    await pool.destroy();
  }
};
