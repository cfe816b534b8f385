import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder, and those above it that are missing; one that exists stays as it is. By default only this user can enter them.
 * Not mkdir's own `recursive`: where a folder exists and takes none (below /proc), that of Node 20 tries for ever.
 * @throws Error of the file system
 */
export const makeFolders = (path: string, mode = 0o700): void => {
  if (existsSync(path)) return;
  makeFolders(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process made it meanwhile
  }
};
