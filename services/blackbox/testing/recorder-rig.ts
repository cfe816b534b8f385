/** For tests: a publisher and a black box, in one process or in two, from a topology written for the occasion. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  /** `busbar up` starts a recorder that was killed again, as often as it takes. Default: its rule of restarts. */
  readonly restarts?: boolean;
  /** Keys of the edge from the publisher to the recorder, as TOML. */
  readonly edges?: string;
}

export interface RecorderRig extends AsyncDisposable {
  readonly bus: Bus;
  readonly blackbox: Client<typeof Blackbox>;
  readonly dir: string;
  /** Process of the recorder that lives; undefined: it is this one, or none does at the moment. Linux only. */
  pid(): number | undefined;
  /** Ends `busbar up`, so that files are closed. The bus of this process stays, with its accounts. */
  down(): Promise<void>;
  /** Paths of the recordings, in order. */
  files(): string[];
}

const RESTART = 'restart = { policy = "on-failure", max = 100, window = "60s", backoff = "20ms..20ms" }\n';

const list = (types: readonly string[]): string => JSON.stringify(types);

const topologyOf = (folder: string, dir: string, options: RecorderRigOptions): string => {
  const { placement, config = "", types = ["blackbox.*"], restarts = false, edges } = options;
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
${placement === "isolated" ? "isolate = true\n" : ""}${restarts ? RESTART : ""}config = { dir = ${JSON.stringify(dir)}${config === "" ? "" : `, ${config}`} }
${edges === undefined ? "" : `[[edges]]\nfrom = "world"\nto = "blackbox"\n${edges}\n`}`;
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
      pid: () => (up?.pid === undefined ? undefined : nodeOf(up.pid)),
      down: () => stop(up),
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

/** The process that `busbar up` has started for the one service that it runs. */
function nodeOf(up: number): number | undefined {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return ""; // it has ended meanwhile
    }
  };
  const lists = readdirSync(`/proc/${up}/task`).map((thread) => read(`/proc/${up}/task/${thread}/children`));
  const pids = lists.flatMap((list) => list.split(" ")).filter((word) => word.trim() !== "");
  return pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes("node-main")).map(Number)[0];
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
