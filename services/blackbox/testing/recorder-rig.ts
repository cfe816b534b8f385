/** For tests: a publisher and a black box, in one process or in two, from a topology written for the occasion. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Bus, type Client, MessageBus } from "#bus";
import { Blackbox } from "#generated/blackbox";

/** From the sources and from what is compiled into dist alike. */
const rootAbove = (folder: string): string =>
  existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
const ROOT = rootAbove(import.meta.dirname);
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");

export interface RecorderRigOptions {
  /** "local": the plugin is loaded into this process; "isolated": `busbar up` starts a process for it. */
  readonly placement: "local" | "isolated";
  /** Keys of the config besides `dir`, as TOML: `journal = true, chunk_ms = 50`. */
  readonly config?: string;
  /** Default: every event of the black box. */
  readonly types?: readonly string[];
  /** Where the recordings go. Default: a folder of the rig, removed with it. */
  readonly dir?: string;
}

export interface RecorderRig extends AsyncDisposable {
  readonly bus: Bus;
  readonly blackbox: Client<typeof Blackbox>;
  readonly dir: string;
  /** Paths of the recordings, in order. */
  files(): string[];
}

const list = (types: readonly string[]): string => JSON.stringify(types);

const topologyOf = (folder: string, dir: string, options: RecorderRigOptions): string => {
  const { placement, config = "", types = ["blackbox.*"] } = options;
  return `[bus]
name = "recorder"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["world", "blackbox"]

[services.world]
${placement === "local" ? 'run = "ts:world.ts"\n' : ""}publishes = ${list(types)}
calls = ["Blackbox"]

[services.blackbox]
run = "native:blackbox"
subscribes = ${list(types)}
serves = ["Blackbox"]
${placement === "isolated" ? "isolate = true\n" : ""}config = { dir = ${JSON.stringify(dir)}${config === "" ? "" : `, ${config}`} }
`;
};

export async function openRecorder(options: RecorderRigOptions): Promise<RecorderRig> {
  const folder = mkdtempSync(join(tmpdir(), "bb-"));
  const dir = options.dir ?? join(folder, "recordings");
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, dir, options));
  let up: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    await stop(up);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (options.placement === "isolated") up = await startUp(topology);
    const bus = await MessageBus.fromTopology(topology, { service: "world", signals: false });
    return {
      bus,
      blackbox: bus.client(Blackbox, "blackbox"),
      dir,
      files: () => recordings(dir),
      async [Symbol.asyncDispose]() {
        await bus.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

export const recordings = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith(".mcap"))
    .sort()
    .map((name) => join(dir, name));

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
