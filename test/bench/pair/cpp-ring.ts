/** The floor: native/core/ring with nothing above it, two processes of C++ that never sleep. It measures itself. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { resultsFolder } from "../results.ts";
import type { Contestant, Driver, SideOptions } from "./contestant.ts";
import { workloadOf } from "./workloads.ts";

const root = (): string => dirname(dirname(dirname(resultsFolder())));
const program = (): string => join(root(), ".build", "native", "release", "native", "core", "ring_bench");

/** Why it cannot take part; undefined when it can. */
export const floorMissing = (): string | undefined =>
  existsSync(program()) ? undefined : "ring_bench is not built: npm run build:native";

interface Line {
  readonly oneway_ns: number;
  readonly rtt_ns: number;
}

export const cppRing: Contestant = {
  async drive(options: SideOptions): Promise<Driver> {
    const { bytes } = workloadOf(options.workload);
    const [first, second] = options.cpus ?? [0, 1];
    let sent = 0;
    const run = async (messages: number, pings: number): Promise<Line> => {
      const args = [bytes, messages, pings, first, second].map(String);
      return JSON.parse((await promisify(execFile)(program(), args)).stdout);
    };
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        const { oneway_ns } = await run(count, 0);
        sent += count;
        driver.burstNs = oneway_ns * count;
        driver.answered(sent);
      },
      ping: () => undefined,
      pings: async (count) => (await run(1, count)).rtt_ns,
    };
    return driver;
  },
};
