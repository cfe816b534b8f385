/** The cards plugin on a thread of its own: in the caller's process, over rings in its memory, or in another, over shared ones. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, MessageBus } from "#bus";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

/** The process of the plugin has a service that does nothing, by which it is opened. */
const nodesOf = (apart: boolean): string =>
  apart
    ? '[[nodes]]\nname = "main"\nservices = ["caller"]\n[[nodes]]\nname = "other"\nservices = ["host", "cards"]\n[services.host]\nrun = "ts:host.ts"\n'
    : '[[nodes]]\nname = "main"\nservices = ["caller", "cards"]\n';

const topologyOf = (folder: string, threads: number, apart: boolean): string => `[bus]
name = "cards-bench"
runtime_dir = ${JSON.stringify(join(folder, "run"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

${nodesOf(apart)}
[services.caller]
run = "ts:caller.ts"
calls = ["Cards"]

[services.cards]
run = "native:cards"
serves = ["Cards"]
threads = ${threads}

${apart ? '[[edges]]\nfrom = "*"\nto = "*"\ntransport = "ring"\n' : ""}`;

export interface Place {
  /** Of this run; one file per contestant, since several open theirs at once. */
  readonly folder: string;
  readonly threads: number;
  readonly name: string;
  readonly apart: boolean;
}

/** Both sides write the same file: by its path they find each other. @param service whose process is opened here: "caller", or "host" for the one with the plugin */
export const openSide = ({ folder, threads, name, apart }: Place, service: "caller" | "host"): Promise<Bus> => {
  const topology = join(folder, `cards-${name}-${threads}.toml`);
  writeFileSync(topology, topologyOf(folder, threads, apart));
  return MessageBus.fromTopology(topology, { service, signals: false });
};
