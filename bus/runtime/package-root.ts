import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { BusError } from "#wire";

let root: string | undefined;

/** Folder of this package: above bus/ in the sources, one further up when compiled. */
export function packageRoot(): string {
  if (root !== undefined) return root;
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name === "busbar") return (root = folder);
    if (dirname(folder) === folder)
      throw new BusError("core/internal", { details: { reason: "busbar has no package.json" } });
  }
}

/** Version of this package. */
export const libraryVersion = (): string =>
  String(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")).version);
