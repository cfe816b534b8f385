/** The one table of where native files are. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BusError } from "#wire";

/** Root of this package: the folder of its package.json, above the sources as above dist. */
function packageRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, "utf8")) as { name?: string }).name === "busbar") {
      return folder;
    }
    if (folder === dirname(folder)) return process.cwd();
  }
}

/** Folder name as CMake's busbar_dist has it. */
export const nativePlatform = (): string => `${process.platform}-${process.arch}`;

/**
 * Folders that may hold native files, best first: BUSBAR_NATIVE_DIR (one folder laid out like dist/native/<platform>, for
 * builds with sanitizers and for packagers), what the package carries, what was built last.
 */
export function nativeFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const root = packageRoot();
  const folders = [join(root, "dist", "native", nativePlatform()), join(root, ".build", "native", "release")];
  return env.BUSBAR_NATIVE_DIR ? [resolve(env.BUSBAR_NATIVE_DIR), ...folders] : folders;
}

const first = (tried: string[]): string | undefined => tried.find((path) => existsSync(path));

/** @throws BusError transport/unavailable naming what was tried */
export function findAddon(): string {
  const tried = nativeFolders().map((folder) => join(folder, "busbar.node"));
  const path = first(tried);
  if (path !== undefined) return path;
  const reason = `the native addon is not built (looked at ${tried.join(", ")}); run \`cmake --preset release && cmake --build --preset dist\``;
  throw new BusError("transport/unavailable", { details: { transport: "ring", reason } });
}

/**
 * Path of a plugin. `name` is a bare name, which is looked up as plugins/lib<name>.so, or a path to the library, relative
 * to `folder`.
 * @throws BusError plugin/not-found naming what was tried
 */
export function findPlugin(name: string, folder: string = process.cwd()): string {
  const isPath = name.includes("/") || name.includes("\\") || /\.(so|dylib|dll)$/.test(name);
  const tried = isPath
    ? [isAbsolute(name) ? name : resolve(folder, name)]
    : nativeFolders().map((native) => join(native, "plugins", `lib${name}.so`));
  const path = first(tried);
  if (path !== undefined) return path;
  throw new BusError("plugin/not-found", { details: { name, tried: tried.join(", ") } });
}

/** busbar-guard, which ends a child with its parent; undefined where it is not built (or the system has no such thing). */
export const findGuard = (): string | undefined =>
  first(
    nativeFolders().flatMap((folder) => [
      join(folder, "busbar-guard"),
      join(folder, "native", "guard", "busbar-guard"),
    ]),
  );
