import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadBinarySchema } from "../bfbs.ts";
import { lockText, makeLock, readLock } from "../lock.ts";
import { compileSources, readSources, type Sources } from "./compile.ts";
import { type Material, putFile } from "./output.ts";
import { typescript } from "./typescript/index.ts";

export interface GenOptions {
  /** Folder of the .fbs files, read with all below it. */
  readonly schemaDir: string;
  /** Where TypeScript bindings go; none when left out. */
  readonly typescriptDir?: string;
  /** Module that TypeScript bindings import; "busbar/schema" by default. */
  readonly typescriptImport?: string;
  /** How generated TypeScript files name each other; ".js" by default, which every bundler and compiler resolves. */
  readonly typescriptExtension?: ".ts" | ".js";
  /** Where C++ headers go; none when left out. */
  readonly cppDir?: string;
  /** schema/bus/errors.toml; error lists are made when it is given. */
  readonly errorsFile?: string;
  /** `schemaDir`/schema.lock by default. */
  readonly lockFile?: string;
  /** Begins a new lineage for types whose change breaks readers, instead of stopping. */
  readonly allowBreaking?: boolean;
  /** Writes nothing; fails when a file is not what it would write. */
  readonly check?: boolean;
}

export interface GenReport {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** Full names of all tables. */
  readonly types: readonly string[];
  readonly warnings: readonly string[];
  /** Reasons why changes break readers; only with `allowBreaking`. */
  readonly breaking: readonly string[];
}

/**
 * Makes bindings, binary schema and schema.lock from the schema files of a folder.
 * @throws BusError schema/missing, schema/compile, schema/lint, schema/breaking, schema/collision, schema/stale
 */
export async function gen(options: GenOptions): Promise<GenReport> {
  const { schemaDir, check = false } = options;
  const sources = readSources(schemaDir);
  const bfbs = await compileSources(sources, schemaDir);
  const schema = loadBinarySchema(bfbs);
  const lockFile = options.lockFile ?? join(schemaDir, "schema.lock");
  const before = existsSync(lockFile) ? readLock(lockFile) : undefined;
  const lock = makeLock(schema, bfbs, digestOf(sources), before, () => true);
  const material: Material = { schema, lock, sources };
  const outputs = new Map<string, string>();
  if (options.typescriptDir !== undefined) {
    const importPath = options.typescriptImport ?? "busbar/schema";
    const extension = options.typescriptExtension ?? ".js";
    const files = await typescript.files(material, { importPath, extension });
    for (const [name, text] of files) outputs.set(join(options.typescriptDir, name), text);
  }
  outputs.set(lockFile, lockText(lock));
  const written: string[] = [];
  const unchanged: string[] = [];
  for (const [path, text] of outputs) (putFile(path, text, check) ? written : unchanged).push(path);
  return { written, unchanged, types: Object.keys(lock.types), warnings: [], breaking: [] };
}

/** Digest over names and texts of schema files. */
export function digestOf(sources: Sources): string {
  const hash = createHash("sha256");
  for (const [name, text] of sources) hash.update(`${name}\0${text}\0`);
  return hash.digest("hex");
}
