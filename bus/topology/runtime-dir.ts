import { createHash } from "node:crypto";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { BusError } from "#wire";

/** Bytes of `sun_path` without the NUL at its end. */
export const SOCKET_PATH_BYTES_MAX = 107;

export interface RuntimeDirOptions {
  readonly busName: string;
  /** Of the topology file, links resolved. */
  readonly realPath: string;
  /** [bus] runtime_dir; "auto" and undefined are the same. */
  readonly configured?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tmpdir: string;
  /** Undefined on systems without user ids. */
  readonly uid?: number;
}

/**
 * Folder of a bus, semantics 1.8: two checkouts of one topology have different ones, two users share none.
 * Only the name; whoever makes it gives it mode 0700.
 */
export function runtimeDirOf(options: RuntimeDirOptions): string {
  const digest = createHash("sha256").update(options.realPath).digest("hex").slice(0, 8);
  return join(baseOf(options), `${options.busName}-${digest}`);
}

function baseOf({ configured, realPath, env, tmpdir, uid }: RuntimeDirOptions): string {
  if (configured !== undefined && configured !== "auto") return resolve(dirname(realPath), configured);
  const session = env.XDG_RUNTIME_DIR;
  if (session !== undefined && isAbsolute(session)) return join(session, "busbar");
  return join(tmpdir, uid === undefined ? "busbar" : `busbar-${uid}`);
}

/** @throws BusError transport/path-too-long for the first socket that the system would refuse */
export function checkSocketPaths(runtimeDir: string, sockets: Iterable<string>): void {
  for (const socket of sockets) {
    const path = join(runtimeDir, socket);
    const bytes = Buffer.byteLength(path);
    if (bytes > SOCKET_PATH_BYTES_MAX) throw new BusError("transport/path-too-long", { details: { path, bytes } });
  }
}
