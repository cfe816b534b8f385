import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root.ts";

/** The busbar-guard program of this computer, when the native part has been built. */
export function findGuard(): string | undefined {
  const path = join(packageRoot(), "dist", "native", `${process.platform}-${process.arch}`, "busbar-guard");
  return existsSync(path) ? path : undefined;
}
