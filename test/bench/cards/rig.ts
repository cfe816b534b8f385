/** The cards plugin on a thread of its own: in the caller's process, over rings in its memory, or in others, over shared ones. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, MessageBus } from "#bus";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
const nodeOf = (name: string, services: readonly string[]): string =>
  `[[nodes]]\nname = "${name}"\nservices = [${quoted(services)}]\n`;
const named = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i + 1}`);

/** Names of the services that play: as many as processes, or one in the caller's. */
export const coresOf = ({ apart }: Pick<Place, "apart">): readonly string[] => named("cards", Math.max(apart, 1));

/** Each process of a plugin has a service that does nothing, by which it is opened. */
const nodesOf = (place: Place): string => {
  const cores = coresOf(place);
  if (place.apart === 0) return nodeOf("main", ["caller", ...cores]);
  const hosts = named("host", place.apart);
  return [
    nodeOf("main", ["caller"]),
    ...hosts.map((host, i) => nodeOf(`other${i + 1}`, [host, cores[i]])),
    ...hosts.map((host) => `[services.${host}]\nrun = "ts:host.ts"\n`),
  ].join("");
};

const topologyOf = (place: Place): string => `[bus]
name = "cards-bench"
runtime_dir = ${JSON.stringify(join(place.folder, "run"))}
schema = ${JSON.stringify(join(ROOT, "schema"))}
log = "error"

${nodesOf(place)}
[services.caller]
run = "ts:caller.ts"
calls = ["Cards"]

${coresOf(place)
  .map((core) => `[services.${core}]\nrun = "native:cards"\nserves = ["Cards"]\nthreads = ${place.threads}\n`)
  .join("\n")}
${place.apart > 0 ? '[[edges]]\nfrom = "*"\nto = "*"\ntransport = "ring"\n' : ""}`;

export interface Place {
  /** Of this run; one file per contestant, since several open theirs at once. */
  readonly folder: string;
  readonly threads: number;
  readonly name: string;
  /** Processes that play, beside the caller's. 0: it plays in its own. */
  readonly apart: number;
}

/**
 * All sides write the same file: by its path they find each other.
 * @param service whose process is opened here: "caller", or "host1" and so on for one with a plugin
 */
export const openSide = (place: Place, service: string): Promise<Bus> => {
  const topology = join(place.folder, `cards-${place.name}-${place.threads}.toml`);
  writeFileSync(topology, topologyOf(place));
  return MessageBus.fromTopology(topology, { service, signals: false });
};
