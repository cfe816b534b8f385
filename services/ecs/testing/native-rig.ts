/** For tests: the plugin `ecs` on a bus with a caller and a watcher, in one process or with the plugin in another. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Bus, type Client, MessageBus } from "#bus";
import { type ColumnInit, Ecs, FieldType } from "#generated/ecs";

/** From the sources and from what is compiled into dist alike. */
const rootAbove = (folder: string): string =>
  existsSync(join(folder, "package.json")) ? folder : rootAbove(dirname(folder));
const ROOT = rootAbove(import.meta.dirname);
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");

export interface NativeRigOptions {
  /** "isolated": `busbar up` starts a process for the plugin. Default: it is loaded into this one. */
  readonly placement?: "local" | "isolated";
  readonly threads?: number;
  /** Inline TOML table of the service's config. */
  readonly config?: string;
  /** Bytes of an edge, as the topology writes them. */
  readonly capacity?: string;
}

export interface NativeRig extends AsyncDisposable {
  readonly folder: string;
  readonly bus: Bus;
  readonly watcher: Bus;
  readonly ecs: Client<typeof Ecs>;
  /** Of the process that `busbar up` runs in; isolated only. */
  readonly up: ChildProcess | undefined;
}

const topologyOf = (folder: string, options: NativeRigOptions): string => {
  const { placement = "local", threads = 1, config = "", capacity = "1MiB" } = options;
  const run = (name: string): string => (placement === "local" ? `run = "ts:${name}.ts"\n` : "");
  return `[bus]
name = "ecs"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "watcher", "ecs"]

[services.caller]
${run("caller")}calls = ["Ecs"]
publishes = ["ecs.FactionTurnStart", "ecs.FactionTurnEnd", "ecs.CombatEvent"]

[services.watcher]
${run("watcher")}calls = ["Ecs"]
subscribes = ["ecs.Entit*", "ecs.QueryDelta", "ecs.CombatRelayed"]

[services.ecs]
run = "native:ecs"
serves = ["Ecs"]
publishes = ["ecs.Entit*", "ecs.QueryDelta", "ecs.CombatRelayed"]
subscribes = ["ecs.FactionTurnStart", "ecs.FactionTurnEnd", "ecs.CombatEvent"]
threads = ${threads}
${placement === "isolated" ? "isolate = true\n" : ""}${config === "" ? "" : `config = ${config}\n`}
[[edges]]
from = "*"
to = "*"
max_message = "1MiB"
capacity = "${capacity}"
`;
};

/** All its files are in a folder of its own, which closing removes. */
export async function openNativeRig(options: NativeRigOptions = {}): Promise<NativeRig> {
  const folder = mkdtempSync(join(tmpdir(), "e-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, options));
  let up: ChildProcess | undefined;
  const buses: Bus[] = [];
  const close = async (): Promise<void> => {
    for (const bus of buses) await bus.close();
    await stop(up);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (options.placement === "isolated") up = await startUp(topology);
    for (const service of ["caller", "watcher"]) {
      buses.push(await MessageBus.fromTopology(topology, { service, signals: false }));
    }
    const [bus, watcher] = buses as [Bus, Bus];
    return { folder, bus, watcher, ecs: bus.client(Ecs, "ecs"), up, [Symbol.asyncDispose]: close };
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

/** Position and Velocity of two f64 each, and Owner with the name of a faction. */
export async function defineShips(ecs: Client<typeof Ecs>): Promise<void> {
  const axes = (type: FieldType) => [
    { name: "x", type },
    { name: "y", type },
  ];
  await ecs.defineComponent({
    components: [
      { name: "Position", fields: axes(FieldType.f64) },
      { name: "Velocity", fields: axes(FieldType.f64) },
      { name: "Owner", fields: [{ name: "faction", type: FieldType.utf8, nullable: true }] },
    ],
  });
}

export const f64 = (field: string, values: readonly number[]): ColumnInit => ({
  field,
  type: FieldType.f64,
  f64: values,
});
