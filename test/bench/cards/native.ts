/** The interpreter without plugin, host and bus, and a War written by hand in C++: programs that time themselves. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { ITERATIONS, programOf, SEARCH } from "./workload.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const PROGRAM = join(ROOT, ".build", "native", "release", "services", "cards", "cards_bench");

/** Why it cannot take part; undefined when it can. */
export const nativeMissing = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : "cards_bench is not built: npm run build:native";

const run = async (...args: readonly (string | number)[]): Promise<{ ns: number; playout_moves: number }> =>
  JSON.parse((await promisify(execFile)(PROGRAM, args.map(String))).stdout);

const hex = (game: string): string => Buffer.from(programOf(game)).toString("hex");

/** ns of `count` units, by variant; a process of its own each time. */
const WORK: Record<string, (count: number) => Promise<number>> = {
  /** Unit: a game. */
  "hand-war": async (count) => (await run("--hand-war", count)).ns,
  /** Unit: a playout move. */
  search: async (count) => {
    const { ns, playout_moves } = await run("--loop", hex("crazy"), 1, 4, SEARCH, ITERATIONS);
    return (ns * count) / playout_moves;
  },
  /** Unit: a playout move. */
  playouts: async (count) => {
    const { ns, playout_moves } = await run("--playouts", hex("crazy"), 4, ITERATIONS);
    return (ns * count) / playout_moves;
  },
};

export const cardsNative: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    return drivenBy(async (count) => {
      return await WORK[variant](count);
    });
  },
};
