import { linkSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TransportLog } from "#transport";
import { BusError } from "#wire";

/** A take-over that lasts longer was interrupted by the death of its process. */
const TAKEOVER_STALE_MS = 5000;
const ATTEMPTS = 100;

/** Holds a socket path for the life of a listener. */
export interface InboxLock {
  /** Removes the socket file and gives the path free. Safe to call twice. */
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** Clock ticks since boot at which the process started; tells it from a later one with the same id. "" when unknown. */
  readonly started: string;
}

/**
 * Takes `<path>.lock`, so that a second process cannot bind a live path: ZeroMQ would let it, and it would steal the clients.
 * @throws BusError transport/address-in-use with the holder's process id
 */
export const lockInbox = async (path: string, log: TransportLog): Promise<InboxLock> => {
  const lock = `${path}.lock`;
  const mine = `${process.pid} ${startOf(process.pid)} ${uniqueNumber++}\n`;
  const draft = `${lock}.${process.pid}.${uniqueNumber++}`;
  writeFileSync(draft, mine, { mode: 0o600, flag: "wx" });
  try {
    await acquire(lock, draft, path, log);
  } finally {
    rmSync(draft, { force: true });
  }
  const release = (): void => {
    if (read(lock) !== mine) return;
    rmSync(path, { force: true });
    rmSync(lock, { force: true });
  };
  try {
    await removeStale(path, log);
  } catch (error) {
    rmSync(lock, { force: true });
    throw error;
  }
  return { release };
};

let uniqueNumber = 1;

const acquire = async (lock: string, draft: string, path: string, log: TransportLog): Promise<void> => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (tryLink(draft, lock)) return;
    const text = read(lock);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder !== undefined && isAlive(holder)) throw inUse(path, ` by process ${holder.pid}`);
    if (takeOver(lock, draft, text)) {
      log.debug({ path, pid: holder?.pid }, "took over the inbox of a process that is gone");
      return;
    }
    await sleep(20);
  }
  throw inUse(path, "; its lock file keeps changing");
};

/**
 * Replaces a dead holder's lock. Removing and creating are two steps, so starters that saw the same dead holder take turns
 * by making a folder; whoever creates the lock first has it.
 */
const takeOver = (lock: string, draft: string, seen: string): boolean => {
  const turn = `${lock}.takeover`;
  try {
    mkdirSync(turn, { mode: 0o700 });
  } catch {
    const since = statSync(turn, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > TAKEOVER_STALE_MS) rmdirSync(turn);
    return false;
  }
  try {
    if (read(lock) !== seen) return false;
    rmSync(lock, { force: true });
    return tryLink(draft, lock);
  } finally {
    rmdirSync(turn);
  }
};

/** A hard link appears with its whole content or not at all, and never replaces one. */
const tryLink = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new BusError("transport/runtime-dir", {
      details: { path: to, reason: (error as Error).message },
      cause: error,
    });
  }
};

/** With the lock in hand, a socket that still answers belongs to a process in another container, or to other software. */
const removeStale = async (path: string, log: TransportLog): Promise<void> => {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw inUse(path, " by a file that is not a socket");
  if (await answers(path)) throw inUse(path, " by a process that holds no lock");
  rmSync(path, { force: true });
  log.debug({ path }, "removed the socket file of a process that is gone");
};

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const end = (live: boolean): void => {
      socket.destroy();
      resolve(live);
    };
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "EAGAIN"));
  });

const inUse = (path: string, holder: string): BusError =>
  new BusError("transport/address-in-use", { details: { address: path, holder } });

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

const parse = (text: string): Holder | undefined => {
  const match = /^(\d{1,10}) (\d*) \d+\n$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), started: match[2] };
};

const isAlive = ({ pid, started }: Holder): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return started === "" || startOf(pid) === "" || startOf(pid) === started;
};

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold anything, so counting starts behind its last parenthesis. */
const startOf = (pid: number): string => {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return "";
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie is gone, though its number is not free yet.
  return fields[0] === "Z" ? "gone" : (fields[19] ?? "");
};
