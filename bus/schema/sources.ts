import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BusError } from "#wire";
import { readLock } from "./lock.ts";
import type { SchemaLock } from "./lock-types.ts";

/** Texts of schema files by path below the schema folder, with "/", in order. */
export type Sources = ReadonlyMap<string, string>;

/**
 * All .fbs files below `folder`.
 * @throws BusError schema/missing when there is none
 */
export function readSources(folder: string): Sources {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (cause) {
    throw new BusError("schema/missing", { details: { path: folder }, cause });
  }
  const files = names
    .filter((name) => name.endsWith(".fbs"))
    .map((name) => name.replaceAll("\\", "/"))
    .sort();
  if (files.length === 0) throw new BusError("schema/missing", { details: { path: folder } });
  return new Map(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Digest over names and texts of schema files, 64 hex digits. */
export function digestOf(sources: Sources): string {
  const hash = createHash("sha256");
  for (const [name, text] of sources) hash.update(`${name}\0${text}\0`);
  return hash.digest("hex");
}

/**
 * The lock of a schema folder, after a look whether the files are still those it was made of. Needs no compiler.
 * @param lockFile `folder`/schema.lock by default
 * @throws BusError schema/missing, schema/bad-json; schema/stale when a schema file changed since
 */
export function checkFresh(folder: string, lockFile: string = join(folder, "schema.lock")): SchemaLock {
  const lock = readLock(lockFile);
  if (lock.digest !== digestOf(readSources(folder)))
    throw new BusError("schema/stale", { details: { path: lockFile } });
  return lock;
}
