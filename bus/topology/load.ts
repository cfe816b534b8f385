/** The one file of this room that touches the system: reads the topology and the schema lock beside it. */
import { readFile, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Plan } from "#generated/busbar/plan";
import { parseLock, type SchemaLock } from "#schema";
import { BusError } from "#wire";
import { CAPABILITIES, type Capabilities } from "./carrier.ts";
import { checkTopology } from "./check.ts";
import { parseTopology } from "./parse.ts";
import { planOf } from "./plan.ts";
import type { Overrides } from "./resolve.ts";
import { runtimeDirOf } from "./runtime-dir.ts";
import type { Topology } from "./topology.ts";

export interface LoadOptions {
  /** Default: what this version can do. */
  readonly capabilities?: Capabilities;
  readonly overrides?: Overrides;
  /** Default: process.env, for XDG_RUNTIME_DIR only. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * @param path of topology.toml, absolute or relative to the working folder; messages name it as it is given
 * @throws BusError topology/not-found, schema/missing, schema/bad-json, and all of `compilePlan`
 */
export async function loadPlan(path: string, options: LoadOptions = {}): Promise<Plan> {
  const { realPath, topology } = await loadTopology(path);
  const lock = await readLock(topology, realPath);
  const runtimeDir = runtimeDirOf({
    busName: topology.bus.name,
    realPath,
    configured: topology.bus.runtimeDir,
    env: options.env ?? process.env,
    tmpdir: tmpdir(),
    uid: process.getuid?.(),
  });
  const { capabilities = CAPABILITIES, overrides = {} } = options;
  return planOf(topology, { lock, capabilities, overrides, realPath, runtimeDir });
}

/** Reads and checks the file alone, without its schema. */
export async function loadTopology(path: string): Promise<{ realPath: string; topology: Topology }> {
  let text: string;
  let realPath: string;
  try {
    realPath = await realpath(path);
    text = await readFile(realPath, "utf8");
  } catch (cause) {
    throw new BusError("topology/not-found", { details: { path }, cause });
  }
  return { realPath, topology: checkTopology(parseTopology(text, path)) };
}

async function readLock(topology: Topology, realPath: string): Promise<SchemaLock> {
  const path = join(resolve(dirname(realPath), topology.bus.schema), "schema.lock");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    const problems = topology.problems();
    problems.add("schema/missing", ["bus", "schema"], "value", { path });
    problems.throwIfAny();
    throw new BusError("schema/missing", { details: { path } });
  }
  return parseLock(text, path);
}
