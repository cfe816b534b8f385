/**
 * Contestants in C++, which measure themselves: native/core/telemetry/telemetry_bench.cc, one process, and
 * services/telemetry/native/read_bench.cc, a reader and a writer.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { resultsFolder } from "../results.ts";

const release = (): string => join(dirname(dirname(dirname(resultsFolder()))), ".build", "native", "release");
const telemetryBench = (): string => join(release(), "native", "core", "telemetry_bench");
const readBench = (): string => join(release(), "services", "telemetry", "telemetry_read_bench");

/** Why they cannot take part; undefined when they can. */
export const nativeMissing = (): string | undefined =>
  [telemetryBench(), readBench()].every(existsSync)
    ? undefined
    : "telemetry_bench or telemetry_read_bench is not built: npm run build:native";

/** A program that answers lines with numbers. */
const asking = (program: string, args: readonly string[]): ((question: string) => Promise<number>) => {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (question) => {
    child.stdin.write(`${question}\n`);
    const { value } = await lines.next();
    const number = Number(value);
    if (!(number >= 0)) throw new Error(`${program} ${args.join(" ")}: ${question} was answered with ${value}`);
    return number;
  };
};

export const telemetryNative: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const ask = asking(telemetryBench(), [variant]);
    return drivenBy((count) => ask(String(count)));
  },
};

/** Variant "scheme pace what". A burst says what it found in so many reads; that is no time when `what` is none. */
export const telemetryBeside: Contestant = {
  async drive({ variant, cpus }: SideOptions): Promise<Driver> {
    const [scheme, pace, what] = variant.split(" ");
    const ask = asking(readBench(), [scheme, pace, ...(cpus ?? []).map(String)]);
    return drivenBy((count) => ask(`${what} ${count}`));
  },
};
