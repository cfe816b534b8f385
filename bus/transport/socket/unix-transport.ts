import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import type { Router } from "zeromq";
import type { Address, ListenOptions, Transport } from "#transport";
import { BusError } from "#wire";
import { lockInbox } from "./inbox-lock.ts";
import type { SocketOptions } from "./options.ts";
import { ensureRuntimeDir } from "./runtime-dir.ts";
import type { Binding, Scheme, Target } from "./scheme.ts";
import { SocketTransport } from "./socket-transport.ts";

/** sun_path of Linux has 108 bytes, one of them the final zero. */
const PATH_BYTES_MAX = 107;

/** Links between processes of one computer and one user, over Unix sockets in a folder that only that user can enter. */
export const createUnixTransport = (options: SocketOptions = {}): Transport => new SocketTransport(scheme, options);

type UnixAddress = Extract<Address, { transport: "unix" }>;

const scheme: Scheme = {
  name: "unix",
  features: { byReference: false, crossesProcess: true, strangers: true, encrypted: false },

  async prepare({ address, log }: ListenOptions): Promise<Binding> {
    const { path } = requireUnix(address);
    ensureRuntimeDir(dirname(path));
    const lock = await lockInbox(path, log);
    return {
      options: {},
      label: path,
      bindAttempts: 1,
      bind: (router) => bindPrivately(router, path),
      bound: () => address,
      release: () => lock.release(),
    };
  },

  async target(address: Address): Promise<Target> {
    const { path } = requireUnix(address);
    return { endpoint: `ipc://${path}`, label: path, options: {} };
  },

  async close(): Promise<void> {},
};

const requireUnix = (address: Address): UnixAddress => {
  if (address.transport !== "unix") {
    throw new BusError("core/internal", { details: { reason: `a ${address.transport} address for unix` } });
  }
  const bytes = Buffer.byteLength(address.path);
  if (bytes > PATH_BYTES_MAX) {
    throw new BusError("transport/path-too-long", { details: { path: address.path, bytes } });
  }
  return address;
};

const bindPrivately = (router: Router, path: string): void => {
  // Worker threads cannot set the umask; there the 0700 folder alone protects until the chmod.
  let umask: number | undefined;
  try {
    umask = process.umask(0o177);
  } catch {}
  try {
    router.bindSync(`ipc://${path}`);
    chmodSync(path, 0o600);
  } catch (error) {
    throw new BusError("transport/runtime-dir", {
      details: { path: dirname(path), reason: (error as Error).message },
      cause: error,
    });
  } finally {
    if (umask !== undefined) process.umask(umask);
  }
};
