/** For tests: a caller and the combat service, in one process or in two, from a topology written for the occasion. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Bus, type Client, MessageBus } from "#bus";
import { Combat } from "#generated/combat";

/** From the sources and from what is compiled into dist alike. */
const rootAbove = (folder: string): string =>
  existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
const ROOT = rootAbove(import.meta.dirname);
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");

/** In this process; in one that `busbar up` starts, over shared memory, Unix sockets or TCP. */
export type Placement = "local" | "isolated" | "unix" | "tcp";

export interface RigOptions {
  readonly threads?: number;
  /** Inline TOML table of the service's config. */
  readonly config?: string;
  /** Default: the folder for temporary files. */
  readonly parent?: string;
}

export interface Rig extends AsyncDisposable {
  readonly bus: Bus;
  readonly combat: Client<typeof Combat>;
}

const topologyOf = (folder: string, placement: Placement, threads: number, config: string): string => `[bus]
name = "combat"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "combat"]

[services.caller]
${placement === "local" ? 'run = "ts:caller.ts"\n' : ""}calls = ["Combat"]

[services.combat]
run = "native:combat"
serves = ["Combat"]
threads = ${threads}
${placement === "local" ? "" : "isolate = true\n"}${config === "" ? "" : `config = ${config}\n`}
[[edges]]
from = "*"
to = "*"
max_message = "16MiB"
${placement === "unix" || placement === "tcp" ? `transport = "${placement}"\n` : ""}`;

/**
 * Opens a bus as `caller`. "local": the plugin is loaded into this process; else `busbar up` starts a process for it.
 * All its files are in a folder of its own inside `parent`, which closing removes.
 */
export async function openRig(placement: Placement, options: RigOptions = {}): Promise<Rig> {
  const { threads = 1, config = "", parent = tmpdir() } = options;
  const folder = mkdtempSync(join(parent, "c-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, placement, threads, config));
  let up: ChildProcess | undefined;
  try {
    if (placement !== "local") up = await startUp(topology);
    const bus = await MessageBus.fromTopology(topology, { service: "caller", signals: false });
    return {
      bus,
      combat: bus.client(Combat, "combat"),
      async [Symbol.asyncDispose]() {
        await bus.close();
        await stop(up);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop(up);
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startUp(topology: string): Promise<ChildProcess> {
  if (!existsSync(CLI)) throw new Error("the command line runs compiled: npm run build");
  const child = spawn(process.execPath, [CLI, "up", "--topology", topology], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", resolve);
  });
  return child;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await gone;
}
