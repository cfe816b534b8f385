/** The store without plugin, host and bus, and bare columns in C++: a program that times itself. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { expectedSum } from "./workload.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const PROGRAM = join(ROOT, ".build", "native", "release", "services", "ecs", "ecs_bench");

/** Why it cannot take part; undefined when it can. */
export const nativeMissing = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : "ecs_bench is not built: npm run build:native";

export const ecsNative: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    return drivenBy(async (count) => {
      const { stdout } = await promisify(execFile)(PROGRAM, [variant, String(count)]);
      const { ns, sum } = JSON.parse(stdout) as { ns: number; sum: number };
      if (variant.startsWith("query1m") && sum !== expectedSum()) throw new Error(`${variant} found something else`);
      return ns;
    });
  },
};
