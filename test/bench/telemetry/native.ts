/** Contestants in C++: native/core/telemetry/telemetry_bench.cc, one process that measures itself. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { resultsFolder } from "../results.ts";

const root = (): string => dirname(dirname(dirname(resultsFolder())));
const program = (): string => join(root(), ".build", "native", "release", "native", "core", "telemetry_bench");

/** Why they cannot take part; undefined when they can. */
export const nativeMissing = (): string | undefined =>
  existsSync(program()) ? undefined : "telemetry_bench is not built: npm run build:native";

export const telemetryNative: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const child = spawn(program(), [variant], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return drivenBy(async (count) => {
      child.stdin.write(`${count}\n`);
      const { value } = await lines.next();
      const ns = Number(value);
      if (!(ns >= 0)) throw new Error(`telemetry_bench ${variant} answered ${value}`);
      return ns;
    });
  },
};
