/** A caller and the payments plugin in two processes, over a ring. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, MessageBus } from "#bus";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

/** `keeper` only stands for its process, which loads the plugin. */
const topologyOf = (folder: string, threads: number): string => `[bus]
name = "payments-bench"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "a"
services = ["caller"]

[[nodes]]
name = "b"
services = ["keeper", "payments"]

[services.caller]
run = "ts:caller.ts"
calls = ["Payments"]

[services.keeper]
run = "ts:keeper.ts"
publishes = []

[services.payments]
run = "native:payments"
serves = ["Payments"]
threads = ${threads}

[[edges]]
from = "*"
to = "*"
max_message = "16MiB"
`;

/** Both sides write the same file; the keeper has read it when the caller begins. */
export const openAs = (service: "caller" | "keeper", folder: string, threads: number): Promise<Bus> => {
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, threads));
  return MessageBus.fromTopology(topology, { service, signals: false });
};
