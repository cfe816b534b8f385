import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BusError } from "#wire";
import type { SchemaLock } from "../lock-types.ts";
import type { BinarySchema } from "../model.ts";
import type { Sources } from "./compile.ts";

/** What every language makes its bindings from. */
export interface Material {
  readonly schema: BinarySchema;
  readonly lock: SchemaLock;
  readonly sources: Sources;
}

export interface Language<Options = undefined> {
  readonly name: string;
  /** Texts of its files by path below its output folder. */
  files(material: Material, options: Options): Promise<ReadonlyMap<string, string>> | ReadonlyMap<string, string>;
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

/**
 * Writes a file when its content differs, so that builds by time stamp stay quiet.
 * @param check only compare
 * @returns whether it was (or would be) written
 * @throws BusError schema/stale under `check`
 */
export function putFile(path: string, text: string, check: boolean): boolean {
  if (read(path) === text) return false;
  if (check) throw new BusError("schema/stale", { details: { path } });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return true;
}
