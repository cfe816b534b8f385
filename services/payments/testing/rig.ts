/** For tests: the plugin, the TypeScript half and a caller, in one process or in two, from a topology written for the occasion. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, type Client, MessageBus } from "#bus";
import { Payments, PaymentsConfig, PaymentsReport, PaymentsStore } from "#generated/payments";
import { serveDesk } from "../service.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const CLI = join(ROOT, "dist", "bus", "cli", "main.js");

export interface Rig extends AsyncDisposable {
  readonly folder: string;
  readonly bus: Bus;
  readonly core: Client<typeof Payments>;
  readonly config: Client<typeof PaymentsConfig>;
  readonly store: Client<typeof PaymentsStore>;
  readonly report: Client<typeof PaymentsReport>;
}

/** "local": the plugin is loaded into this process; "isolated": `busbar up` starts a process for it. */
export type Placement = "local" | "isolated";

const topologyOf = (placement: Placement, threads: number, config: string): string => `[bus]
name = "payments-test"
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "desk", "payments"]

[services.caller]
${placement === "local" ? 'run = "ts:caller.ts"\n' : ""}calls = ["Payments", "PaymentsConfig", "PaymentsStore", "PaymentsReport"]

[services.desk]
${placement === "local" ? 'run = "ts:desk.ts"\n' : ""}serves = ["PaymentsConfig", "PaymentsStore", "PaymentsReport"]
calls = ["Payments"]

[services.payments]
run = "native:payments"
serves = ["Payments"]
threads = ${threads}
config = ${config}
${placement === "isolated" ? "isolate = true\n" : ""}
[[edges]]
from = "*"
to = "*"
max_message = "16MiB"
`;

/**
 * @param store file of checkpoints; default: one that goes with the rig
 * @param config of the plugin, an inline TOML table
 */
export async function openRig(
  threads = 1,
  store?: string,
  placement: Placement = "local",
  config = "{}",
): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "busbar-payments-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(placement, threads, config));
  const up = placement === "isolated" ? startUp(topology) : undefined;
  const desk = await MessageBus.fromTopology(topology, { service: "desk", signals: false });
  const serving = serveDesk(desk, { core: "payments", store: store ?? join(folder, "store.sqlite"), root: folder });
  const bus = await MessageBus.fromTopology(topology, { service: "caller", signals: false });
  return {
    folder,
    bus,
    core: bus.client(Payments, "payments"),
    config: bus.client(PaymentsConfig, "desk"),
    store: bus.client(PaymentsStore, "desk"),
    report: bus.client(PaymentsReport, "desk"),
    async [Symbol.asyncDispose]() {
      await bus.close();
      serving[Symbol.dispose]();
      await desk.close();
      if (up !== undefined) await stop(up);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startUp(topology: string): ChildProcess {
  if (!existsSync(CLI)) throw new Error("the command line runs compiled: npm run build");
  return spawn(process.execPath, [CLI, "up", "--topology", topology], { stdio: ["ignore", "ignore", "inherit"] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await gone;
}

/** All pieces of a streamed text. */
export async function textOf(parts: AsyncIterable<{ readonly text: string | null }>): Promise<string> {
  let text = "";
  for await (const part of parts) text += part.text;
  return text;
}
