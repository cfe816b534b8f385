/** The one file of this room that touches the system: reads the topology and the schema lock beside it. */
import { isUtf8 } from "node:buffer";
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
 * @throws BusError topology/not-found, runtime/file, schema/missing, schema/bad-json, and all of `compilePlan`
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
  let bytes: Buffer;
  let realPath: string;
  try {
    realPath = await realpath(path);
    bytes = await readFile(realPath);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new BusError("topology/not-found", { details: { path }, cause });
    const reason = UNREADABLE[code] ?? message;
    throw new BusError("runtime/file", { details: { path, reason }, cause });
  }
  return { realPath, topology: checkTopology(parseTopology(textOf(bytes, path), path)) };
}

const UNREADABLE: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EISDIR: "it is a folder; name the topology in it",
};

/**
 * Bytes that are no text: some other file was named, most likely, and what a parser says of its first byte would tell nobody.
 * @throws BusError topology/bad-toml
 */
function textOf(bytes: Buffer, path: string): string {
  const text = bytes.toString("utf8");
  const sound = isUtf8(bytes);
  const at = text.search(sound ? /\0/ : /[\0\uFFFD]/);
  if (at < 0) return text;
  const lines = text.slice(0, at).split("\n");
  const what = text[at] === "\0" ? "it has a zero byte" : "it is not UTF-8";
  const reason = `this file is no text (${what} here); is it the topology that you mean?`;
  const details = { path, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, reason };
  throw new BusError("topology/bad-toml", { details });
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
