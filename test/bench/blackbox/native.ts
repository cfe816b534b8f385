/** The recorder behind its ring and plugin host, and a bare write(): programs that time themselves (blackbox_bench.cc). */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Contestant, Driver, SideOptions } from "../pair/contestant.ts";
import { drivenBy } from "../pair/driven-by.ts";
import { taskOf } from "./scratch.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const PROGRAMS = join(ROOT, ".build", "native", "release", "services", "blackbox");
const PROGRAM = join(PROGRAMS, "blackbox_bench");
const FILL = join(PROGRAMS, "blackbox_fill");

/** Why it cannot take part; undefined when it can. */
export const nativeMissing = (): string | undefined =>
  existsSync(PROGRAM) && existsSync(FILL) ? undefined : "blackbox_bench is not built: npm run build:native";

/** Events of `blackbox_fill.cc`, in equal turns from 1, through the native writer. `config`: more members of the recorder's config. */
export const fill = async (folder: string, events: number, turns: number, config = ""): Promise<void> => {
  await promisify(execFile)(FILL, [folder, String(events), String(turns), config]);
};

/** `variant`: a task whose mode is one of the program's. Unit: an event of 200 bytes. */
export const blackboxNative: Contestant = {
  async drive({ variant }: SideOptions): Promise<Driver> {
    const { mode, folder, config } = taskOf(variant);
    return drivenBy(async (count) => {
      const args = [`--${mode}`, folder, String(count), ...(config === undefined ? [] : [config])];
      return JSON.parse((await promisify(execFile)(PROGRAM, args)).stdout).ns;
    });
  },
};
