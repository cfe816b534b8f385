import { existsSync } from "node:fs";
import { join } from "node:path";
import { BusError } from "#wire";
import { loadBinarySchema } from "../bfbs.ts";
import { diffSchemas } from "../compat.ts";
import { placeOf, refuseFaults, refuseUnreadable } from "../lint.ts";
import { lockText, makeLock, readLock } from "../lock.ts";
import type { SchemaLock } from "../lock-types.ts";
import type { BinarySchema } from "../model.ts";
import { digestOf, readSources } from "../sources.ts";
import { compileSources } from "./compile.ts";
import { cpp } from "./cpp/index.ts";
import { cppFaults } from "./cpp/names.ts";
import { errorsCpp, errorsTypeScript, origin, readErrors } from "./errors.ts";
import { errorsPage } from "./errors-page.ts";
import { dropOrphans, type Material, putFile } from "./output.ts";
import { type TypeScriptOptions, typescript } from "./typescript/index.ts";

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
  /** List of errors; `schemaDir`/bus/errors.toml by default, when it is there. */
  readonly errorsFile?: string;
  /** Where the reference page of the errors goes; none when left out. */
  readonly errorsPage?: string;
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
  /** Generated files that no schema file stands behind any longer. */
  readonly removed: readonly string[];
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
  refuseUnreadable(sources, schemaDir);
  const schema = loadBinarySchema(bfbs);
  const names = options.cppDir === undefined ? { faults: [], renamed: [] } : cppFaults(schema);
  refuseFaults(schema, sources, schemaDir, names.faults);
  const lockFile = options.lockFile ?? join(schemaDir, "schema.lock");
  const before = existsSync(lockFile) ? readLock(lockFile) : undefined;
  const { breaking, warnings, compatible } = compareLock(before, schema, options.allowBreaking ?? false);
  const renamed = names.renamed.map(
    (fault) => `${placeOf(schema, fault, sources, schemaDir)}: ${fault.reason}; ${fault.cure}`,
  );
  const lock = makeLock(schema, bfbs, digestOf(sources), before, compatible);
  const outputs = await outputsOf({ schema, lock, sources }, options);
  // Last, so that a run that was cut short is seen as stale by the next check.
  outputs.set(lockFile, lockText(lock));
  const written: string[] = [];
  const unchanged: string[] = [];
  for (const [path, text] of outputs) (putFile(path, text, check) ? written : unchanged).push(path);
  const folders = [options.typescriptDir, options.cppDir].filter((folder) => folder !== undefined);
  const removed = folders.flatMap((folder) => dropOrphans(folder, new Set(outputs.keys()), check));
  return { written, unchanged, removed, types: Object.keys(lock.types), warnings: [...renamed, ...warnings], breaking };
}

async function outputsOf(material: Material, options: GenOptions): Promise<Map<string, string>> {
  const { schemaDir, typescriptDir, cppDir } = options;
  const outputs = new Map<string, string>();
  const add = (folder: string, files: ReadonlyMap<string, string>): void => {
    for (const [name, text] of files) outputs.set(join(folder, name), text);
  };
  // One line per language; a new one is a folder beside these.
  if (typescriptDir !== undefined) add(typescriptDir, await typescript.files(material, typescriptOptions(options)));
  if (cppDir !== undefined) add(cppDir, await cpp.files(material, undefined));
  const ours = join(schemaDir, "bus", "errors.toml");
  const errorsFile = options.errorsFile ?? (existsSync(ours) ? ours : undefined);
  if (errorsFile !== undefined) {
    const list = readErrors(errorsFile);
    const { errors } = list;
    const file = (text: string, name: string): ReadonlyMap<string, string> => new Map([[name, text]]);
    if (typescriptDir !== undefined) {
      add(typescriptDir, file(errorsTypeScript(errors, errorsFile, schemaDir), "errors.ts"));
    }
    if (cppDir !== undefined) add(cppDir, file(errorsCpp(errors, errorsFile, schemaDir), "errors.h"));
    if (options.errorsPage !== undefined)
      outputs.set(options.errorsPage, errorsPage(list, origin(errorsFile, schemaDir)));
  }
  return outputs;
}

const typescriptOptions = (options: GenOptions): TypeScriptOptions => ({
  importPath: options.typescriptImport ?? "busbar/schema",
  extension: options.typescriptExtension ?? ".js",
});

/** Types that reasons are about, each once: "galaxy.Fleet.hp: ..." is about galaxy.Fleet. */
function changed(old: BinarySchema, reasons: readonly string[]): string {
  const names = [...old.object.keys(), ...old.enum.keys(), ...old.service.keys()].sort((a, b) => b.length - a.length);
  const owner = (reason: string): string | undefined =>
    names.find((name) => reason.startsWith(`${name}.`) || reason.startsWith(`${name}:`));
  return [...new Set(reasons.map((reason) => owner(reason) ?? reason.slice(0, reason.indexOf(":"))))].join(", ");
}

/**
 * What changed since the lock was written.
 * @throws BusError schema/breaking with every reason, unless `allow`
 */
function compareLock(
  before: SchemaLock | undefined,
  schema: BinarySchema,
  allow: boolean,
): { breaking: readonly string[]; warnings: readonly string[]; compatible: (typeName: string) => boolean } {
  if (before === undefined) return { breaking: [], warnings: [], compatible: () => true };
  const old = loadBinarySchema(Buffer.from(before.bfbs, "base64"));
  const { breaking } = diffSchemas(old, schema);
  if (breaking.length > 0 && !allow) {
    const type = changed(old, breaking);
    const details = { type, reasons: breaking.join("; "), services: "all services that use it" };
    throw new BusError("schema/breaking", { details });
  }
  const warnings = breaking.length === 0 ? [] : [`redeploy all services that use ${changed(old, breaking)} together`];
  return { breaking, warnings, compatible: (typeName) => diffSchemas(old, schema, typeName).breaking.length === 0 };
}
