/** For tests: a caller and the ecs service in several placements, from a topology written for the occasion. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Bus, type Client, MessageBus } from "#bus";
import { Ecs } from "#generated/ecs";
import { serveModel } from "./model-service.ts";

/** From the sources and from what is compiled into dist alike. */
const rootAbove = (folder: string): string =>
  existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
const ROOT = rootAbove(import.meta.dirname);
/** Compiled. */
export const CLI: string = join(ROOT, "dist", "bus", "cli", "main.js");

/**
 * "model": the reference model in this process; "local": the plugin in this process; else the plugin in a process of its own that
 * `busbar up` starts, over shared memory, Unix sockets or TCP.
 */
export type Placement = "model" | "local" | "ring" | "unix" | "tcp";

export interface RigOptions {
  readonly threads?: number;
  /** Inline TOML table of the service's config. */
  readonly config?: string;
  /** Default: the folder for temporary files. */
  readonly parent?: string;
  /** The service's process is started again as often as it ends. Default false. */
  readonly restarts?: boolean;
  /** Messages as large as an edge may carry, and rings for them: answers with a million rows. Default true; else what a topology has that does not say. */
  readonly largeMessages?: boolean;
}

export interface Rig extends AsyncDisposable {
  /** Removed with the rig. */
  readonly folder: string;
  readonly bus: Bus;
  readonly ecs: Client<typeof Ecs>;
  /** Of `busbar up`; undefined where the service lives in this process. */
  readonly up: number | undefined;
}

const typesOf = (names: string): string =>
  `[${names
    .split(" ")
    .map((name) => `"ecs.${name}"`)
    .join(", ")}]`;
const EVENTS = typesOf(
  "EntitiesCreated EntitiesUpdated EntitiesDeleted EntityMoved EntityArrived QueryDelta CombatRelayed",
);
const FOLLOWED = typesOf("FactionTurnStart FactionTurnEnd CombatEvent");

const RESTART = 'restart = { policy = "always", max = 10000, window = "60s", backoff = "10ms..50ms" }\n';

function topologyOf(
  folder: string,
  placement: Placement,
  { threads = 1, config = "", restarts = false, largeMessages = true }: RigOptions,
): string {
  const here = placement === "model" || placement === "local";
  const native = placement !== "model";
  return `[bus]
name = "ecs"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "ecs"]

[services.caller]
${here ? 'run = "ts:caller.ts"\n' : ""}calls = ["Ecs"]
publishes = ${FOLLOWED}
subscribes = ${EVENTS}

[services.ecs]
run = "${native ? "native:ecs" : "ts:ecs.ts"}"
serves = ["Ecs"]
publishes = ${EVENTS}
subscribes = ${FOLLOWED}
${native ? `threads = ${threads}\n` : ""}${here ? "" : "isolate = true\n"}${restarts ? RESTART : ""}${config === "" ? "" : `config = ${config}\n`}
[[edges]]
from = "*"
to = "*"
${largeMessages ? 'max_message = "16MiB"\n' : ""}${placement === "unix" || placement === "tcp" ? `transport = "${placement}"\n` : ""}`;
}

/** Opens a bus as `caller`. All its files are in a folder of its own inside `parent`, which closing removes. */
export async function openRig(placement: Placement, options: RigOptions = {}): Promise<Rig> {
  const { parent = tmpdir() } = options;
  const folder = mkdtempSync(join(parent, "e-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, placement, options));
  let up: ChildProcess | undefined;
  const closers: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    if (placement !== "model" && placement !== "local") {
      up = await startUp(topology);
      closers.push(() => stop(up));
    }
    if (placement === "model") {
      const server = await MessageBus.fromTopology(topology, { service: "ecs", signals: false });
      closers.push(() => server.close());
      serveModel(server);
    }
    const bus = await MessageBus.fromTopology(topology, { service: "caller", signals: false });
    closers.push(() => bus.close());
    return { folder, bus, ecs: bus.client(Ecs, "ecs"), up: up?.pid, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
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
