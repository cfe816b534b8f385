import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makeFolders } from "#schema";
import { BusError } from "#wire";
import { acquireLock, type LockHolder, liveHolder, releaseLock } from "./lock-file.ts";

/**
 * The folder of a running bus: inbox and control sockets, locks, the compiled plan, epochs. Mode 0700: who may enter it
 * may take part in the bus.
 */
export class RunFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder, or checks the one that is there.
   * @throws BusError transport/runtime-dir when it is not a folder, not ours, or open to others
   */
  static open(path: string): RunFolder {
    try {
      makeFolders(dirname(path));
      const parent = lstatSync(dirname(path));
      const uid = process.getuid?.() ?? parent.uid;
      if (parent.uid !== uid && parent.uid !== 0)
        throw refused(path, `the folder around it belongs to user ${parent.uid}, who could replace it`);
      try {
        mkdirSync(path, { mode: 0o700 });
        chmodSync(path, 0o700);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const stat = lstatSync(path);
      if (!stat.isDirectory()) throw refused(path, "it is not a folder");
      if (stat.uid !== uid) throw refused(path, `it belongs to user ${stat.uid}`);
      if ((stat.mode & 0o077) !== 0)
        throw refused(path, `its mode is ${(stat.mode & 0o777).toString(8)}, so others may enter; run chmod 700 on it`);
      // The write permission of the folder says nothing about a read-only or full file system.
      const probe = join(path, `.probe-${process.pid}`);
      writeFileSync(probe, "");
      rmSync(probe, { force: true }); // a thread of ours may probe too
      return new RunFolder(path);
    } catch (error) {
      if (error instanceof BusError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw refused(path, REASONS[code ?? ""] ?? message, error);
    }
  }

  /** The folder if it is there already; makes nothing. */
  static find(path: string): RunFolder | undefined {
    try {
      return lstatSync(path).isDirectory() ? new RunFolder(path) : undefined;
    } catch {
      return undefined;
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Compiled plan of an `up`: of the whole bus, or of one node. */
  planFile(node?: string): string {
    return this.file(node === undefined ? "plan.bin" : `plan-${node}.bin`);
  }

  /** Control socket of a process of the plan. */
  controlSocket(process: string): string {
    return this.file(`${fileName(process)}.ctl`);
  }

  /** Where readers of telemetry ask a process of the plan. */
  telemetrySocket(process: string, suffix: string): string {
    return this.file(`${fileName(process)}${suffix}`);
  }

  /** Control socket of an `up`. */
  upSocket(node?: string): string {
    return this.file(node === undefined ? "up.upctl" : `up-${node}.upctl`);
  }

  /** Where the chosen port of a process stands when its plan says 0. */
  portFile(process: string): string {
    return this.file(`${fileName(process)}.port`);
  }

  // One `up` per bus, or one per node

  /** @returns the `up` that is in the way, undefined when the bus is ours to run */
  lockUp(node: string | undefined, values: Readonly<Record<string, unknown>>): LockHolder | undefined {
    for (const other of this.ups())
      if (node === undefined || other.node === undefined || other.node === node) return other;
    return acquireLock(this.#upFile(node), { ...values, ...(node === undefined ? {} : { node }) });
  }

  unlockUp(node: string | undefined): void {
    rmSync(this.planFile(node), { force: true });
    releaseLock(this.#upFile(node));
  }

  /** The `up` processes that are alive. */
  ups(): LockHolder[] {
    return this.#names()
      .filter((name) => /^up(-.+)?\.json$/.test(name))
      .flatMap((name) => liveHolder(this.file(name)) ?? []);
  }

  // One holder per process of the plan

  /** @returns who hosts that process already, undefined when it is ours now */
  lockProcess(process: string): LockHolder | undefined {
    return acquireLock(this.#processFile(process));
  }

  unlockProcess(process: string): void {
    releaseLock(this.#processFile(process));
  }

  hostOf(process: string): LockHolder | undefined {
    return liveHolder(this.#processFile(process));
  }

  /** Next epoch of a service: the Unix time in seconds, or one more than the last where clocks or restarts are too quick. */
  nextEpoch(service: string, unixSeconds: number): number {
    const file = this.file(`${service}.epoch`);
    const epoch = Math.max(Math.floor(unixSeconds), readNumber(file) + 1);
    writeFileSync(`${file}.${process.pid}`, String(epoch), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
    return epoch;
  }

  /**
   * Removes what dead processes left behind: sockets, ports, locks, plans, and epochs that the clock has passed (the time
   * of day is the larger number from then on). The folder itself goes when it is empty.
   * @param alone all nodes of the bus are on this computer: epochs that nobody alive can remember go at once
   */
  sweep(alone = false, unixSeconds: number = Date.now() / 1000): void {
    const names = this.#names();
    const alive = new Set<string>();
    for (const name of names)
      if (name.startsWith("host-") && name.endsWith(".json") && liveHolder(this.file(name)) !== undefined)
        alive.add(name.slice("host-".length, -".json".length));
    const ups = this.ups();
    const planKept = new Set(ups.map((up) => this.planFile(typeof up.node === "string" ? up.node : undefined)));
    for (const name of names) {
      const file = this.file(name);
      const [, owner, kind] = /^(.*)\.(sock|sock\.lock|ring|tele|ctl|port|epoch|json|bin)$/.exec(name) ?? [];
      const dead =
        kind === "epoch"
          ? (alone && alive.size === 0 && ups.length === 0) || readNumber(file) < Math.floor(unixSeconds)
          : kind === "json"
            ? liveHolder(file) === undefined
            : kind === "bin"
              ? !planKept.has(file)
              : UP_SOCKET.test(name)
                ? ups.length === 0
                : kind !== undefined && !alive.has(owner);
      if (dead) rmSync(file, { force: true });
    }
    try {
      rmdirSync(this.path);
    } catch {
      // somebody still lives here
    }
  }

  #upFile(node: string | undefined): string {
    return this.file(node === undefined ? "up.json" : `up-${node}.json`);
  }

  #processFile(process: string): string {
    return this.file(`host-${fileName(process)}.json`);
  }

  #names(): string[] {
    try {
      return readdirSync(this.path);
    } catch {
      return [];
    }
  }
}

/** The "#" of an instance stays out of file names; "~" cannot stand in the name of a service. */
const fileName = (process: string): string => process.replaceAll("#", "~");

/** "up.upctl" or "up-NODE.upctl": the control socket of `up` itself carries another ending than those of processes. */
const UP_SOCKET = /^up(-.+)?\.upctl$/;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "its file system is read-only",
  ENOSPC: "its file system is full",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a part of the path is a file",
};

const refused = (path: string, reason: string, cause?: unknown): BusError =>
  new BusError("transport/runtime-dir", { details: { path, reason }, cause });

function readNumber(file: string): number {
  try {
    const value = Number(readFileSync(file, "utf8"));
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  } catch {
    return 0;
  }
}
