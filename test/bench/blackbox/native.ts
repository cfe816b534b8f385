/** The recorder behind its ring and plugin host, and a bare write(): programs that time themselves (blackbox_bench.cc). */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const PROGRAM = join(ROOT, ".build", "native", "release", "services", "blackbox", "blackbox_bench");
const MEMORY = "/dev/shm";

/** Where files go: memory when the machine has such a folder, or what temporary files lie on. */
export const folderOf = (where: string): string => (where === "memory" ? MEMORY : tmpdir());

export const memoryMissing = (): string | undefined => {
  try {
    accessSync(MEMORY, constants.W_OK);
    return undefined;
  } catch {
    return `${MEMORY} is not there`;
  }
};

/** Why it cannot take part; undefined when it can. */
export const nativeMissing = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : "blackbox_bench is not built: npm run build:native";

/** `variant`: mode/where[/members of the config]. Unit: an event of 200 bytes. */
export const blackboxNative: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const [mode, where, members = ""] = variant.split("/");
    let done = 0;
    const driver: Driver = {
      answered: () => undefined,
      async burst(count) {
        const args = [`--${mode}`, folderOf(where), String(count), ...(members === "" ? [] : [members])];
        driver.burstNs = JSON.parse((await promisify(execFile)(PROGRAM, args)).stdout).ns;
        done += count;
        driver.answered(done);
      },
      ping: () => undefined,
    };
    return driver;
  },
};
