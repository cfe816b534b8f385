/** For tests: the plugin, the TypeScript half and a caller in this process, from a topology written for the occasion. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, type Client, MessageBus } from "#bus";
import { Payments, PaymentsConfig, PaymentsReport, PaymentsStore } from "#generated/payments";
import { serveDesk } from "../service.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

export interface Rig extends AsyncDisposable {
  readonly folder: string;
  readonly bus: Bus;
  readonly core: Client<typeof Payments>;
  readonly config: Client<typeof PaymentsConfig>;
  readonly store: Client<typeof PaymentsStore>;
  readonly report: Client<typeof PaymentsReport>;
}

const topologyOf = (threads: number): string => `[bus]
name = "payments-test"
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "desk", "payments"]

[services.caller]
run = "ts:caller.ts"
calls = ["Payments", "PaymentsConfig", "PaymentsStore", "PaymentsReport"]

[services.desk]
run = "ts:desk.ts"
serves = ["PaymentsConfig", "PaymentsStore", "PaymentsReport"]
calls = ["Payments"]

[services.payments]
run = "native:payments"
serves = ["Payments"]
threads = ${threads}

[[edges]]
from = "*"
to = "*"
max_message = "16MiB"
`;

/** @param store file of checkpoints; default: one that goes with the rig */
export async function openRig(threads = 1, store?: string): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "busbar-payments-"));
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(threads));
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
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** All pieces of a streamed text. */
export async function textOf(parts: AsyncIterable<{ readonly text: string | null }>): Promise<string> {
  let text = "";
  for await (const part of parts) text += part.text;
  return text;
}
