import { lstatSync, type Stats } from "node:fs";
import { makeFolders } from "#schema";
import { BusError } from "#wire";

/**
 * Makes sure that `path` is a folder that only this user can enter; whoever can reach a Unix socket inside may connect.
 * @throws BusError transport/runtime-dir
 */
export const ensureRuntimeDir = (path: string): void => {
  const refuse = (reason: string, cause?: unknown): BusError =>
    new BusError("transport/runtime-dir", { details: { path, reason }, cause });
  let stats: Stats;
  try {
    makeFolders(path);
    stats = lstatSync(path);
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  // A link could be turned to another folder between this check and the bind.
  if (!stats.isDirectory()) throw refuse("it is not a folder");
  const uid = process.getuid?.();
  if (uid !== undefined && stats.uid !== uid) throw refuse(`it belongs to user ${stats.uid}, not ${uid}`);
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) !== 0) throw refuse(`others may enter it (mode ${mode.toString(8)}; run chmod 700 on it)`);
};
