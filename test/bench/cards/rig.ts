/** A caller with the cards plugin on a thread of its own, over rings in the memory of the process. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, MessageBus } from "#bus";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

const topologyOf = (folder: string, threads: number): string => `[bus]
name = "cards-bench"
runtime_dir = ${JSON.stringify(join(folder, "run"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

[[nodes]]
name = "main"
services = ["caller", "cards"]

[services.caller]
run = "ts:caller.ts"
calls = ["Cards"]

[services.cards]
run = "native:cards"
serves = ["Cards"]
threads = ${threads}
`;

/** @param folder of this run; one file per contestant, since several open theirs at once */
export const openCaller = (folder: string, threads: number, name: string): Promise<Bus> => {
  const topology = join(folder, `cards-${name}-${threads}.toml`);
  writeFileSync(topology, topologyOf(folder, threads));
  return MessageBus.fromTopology(topology, { service: "caller", signals: false });
};
