/** A caller and the payments plugin over a ring, in two processes or in one. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, MessageBus } from "#bus";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

/** `keeper` only stands for its process, which loads the plugin. */
const APART = `[[nodes]]
name = "a"
services = ["caller"]

[[nodes]]
name = "b"
services = ["keeper", "payments"]

[services.keeper]
run = "ts:keeper.ts"
publishes = []
`;
/** One process, and neither thread sleeps (`wait` below): what takes microseconds is not measured by how long a sleeping processor takes to wake. */
const NEAR = `[[nodes]]
name = "a"
services = ["caller", "payments"]
`;

const topologyOf = (folder: string, threads: number, near: boolean): string => `[bus]
name = "payments-bench"
runtime_dir = ${JSON.stringify(join(folder, "r"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

${near ? NEAR : APART}
[services.caller]
run = "ts:caller.ts"
calls = ["Payments"]
${near ? 'wait = "spin"\n' : ""}
[services.payments]
run = "native:payments"
serves = ["Payments"]
threads = ${threads}
${near ? 'wait = "spin"\n' : ""}
[[edges]]
from = "*"
to = "*"
max_message = "16MiB"
`;

/**
 * Both sides write the same file; the keeper has read it when the caller begins.
 * @param near one process, which the caller opens alone
 */
export const openAs = (service: "caller" | "keeper", folder: string, threads: number, near = false): Promise<Bus> => {
  const topology = join(folder, "topology.toml");
  writeFileSync(topology, topologyOf(folder, threads, near));
  return MessageBus.fromTopology(topology, { service, signals: false });
};
