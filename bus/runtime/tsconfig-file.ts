import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";

/** What decides where the JavaScript of a source file goes. Paths are absolute. */
export interface TsProject {
  readonly config: string;
  readonly folder: string;
  readonly outDir: string | undefined;
  readonly rootDir: string | undefined;
  readonly buildInfo: string | undefined;
  /** Has to be built with `tsc -b`. */
  readonly composite: boolean;
  readonly noEmit: boolean;
}

/**
 * The project that a source file belongs to: the nearest folder upwards with a tsconfig.build.json (which emits where
 * tsconfig.json is for the editor) or a tsconfig.json.
 */
export function findProject(source: string): TsProject | undefined {
  for (let folder = dirname(source); ; folder = dirname(folder)) {
    for (const name of ["tsconfig.build.json", "tsconfig.json"]) {
      const config = join(folder, name);
      if (existsSync(config)) return readProject(config);
    }
    if (dirname(folder) === folder || existsSync(join(folder, "package.json"))) return undefined;
  }
}

export function readProject(config: string): TsProject {
  const options = mergedOptions(config, 0);
  return {
    config,
    folder: dirname(config),
    outDir: options.outDir as string | undefined,
    rootDir: options.rootDir as string | undefined,
    buildInfo: options.tsBuildInfoFile as string | undefined,
    composite: options.composite === true || hasReferences(config),
    noEmit: options.noEmit === true,
  };
}

/** Where the compiler may have put the JavaScript of `source`, likeliest first. */
export function emittedCandidates(project: TsProject, source: string): string[] {
  const script = source.replace(/\.([mc]?)tsx?$/, ".$1js");
  const { outDir, rootDir, folder } = project;
  if (outDir === undefined) return [script];
  const below = (root: string): string | undefined =>
    script.startsWith(`${root}/`) ? join(outDir, script.slice(root.length + 1)) : undefined;
  // Without rootDir older compilers take the deepest folder that all sources share, which we cannot know: try all.
  const roots = [rootDir ?? folder];
  if (rootDir === undefined)
    for (let root = dirname(script); root.startsWith(`${folder}/`); root = dirname(root)) roots.splice(1, 0, root);
  return [...new Set(roots.map(below).filter((path) => path !== undefined))];
}

const PATH_OPTIONS = ["outDir", "rootDir", "tsBuildInfoFile"];
const DEPTH_MAX = 16;

function mergedOptions(config: string, depth: number): Record<string, unknown> {
  const file = readJsonWithComments(config);
  const own = { ...(file.compilerOptions as Record<string, unknown> | undefined) };
  for (const name of PATH_OPTIONS) {
    const value = own[name];
    if (typeof value === "string")
      own[name] = resolve(dirname(config), value.replace(/^\$\{configDir\}/, dirname(config)));
  }
  const parents = file.extends === undefined ? [] : [file.extends].flat();
  let merged: Record<string, unknown> = {};
  for (const parent of parents) {
    const path = depth < DEPTH_MAX && typeof parent === "string" ? resolveExtends(parent, config) : undefined;
    if (path !== undefined) merged = { ...merged, ...mergedOptions(path, depth + 1) };
  }
  return { ...merged, ...own };
}

function hasReferences(config: string): boolean {
  const { references } = readJsonWithComments(config);
  return Array.isArray(references) && references.length > 0;
}

function resolveExtends(parent: string, config: string): string | undefined {
  if (parent.startsWith(".") || isAbsolute(parent)) {
    const path = resolve(dirname(config), parent);
    return [path, `${path}.json`].find((candidate) => candidate.endsWith(".json") && existsSync(candidate));
  }
  const require = createRequire(config);
  for (const name of [parent, `${parent}.json`, `${parent}/tsconfig.json`])
    try {
      return require.resolve(name);
    } catch {
      // the next spelling
    }
  return undefined;
}

function readJsonWithComments(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(stripComments(readFileSync(path, "utf8")));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // the compiler says it better
  }
}

/** Comments and commas before a closing bracket go; what stands in strings stays. */
export const stripComments = (text: string): string =>
  text
    .replace(/^\uFEFF/, "")
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_all, string: string | undefined) => string ?? "")
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_all, string: string | undefined) => string ?? "");
