import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

/** Who holds a lock; further plain JSON values may stand beside it. */
export interface LockHolder {
  readonly pid: number;
  /** Start time of that process in clock ticks, where the system tells; a reused pid has another one. */
  readonly startTicks?: string;
  readonly [key: string]: unknown;
}

const TAKEOVER_STALE_MS = 5000;

/**
 * Makes `path` ours. The file appears whole (hard link), so a reader never sees half of it. A lock whose process is gone
 * is taken over; a second file makes sure that two starters do not take over each other's fresh lock.
 * @returns the holder when somebody else lives in it, undefined when it is ours now
 */
export function acquireLock(path: string, values: Readonly<Record<string, unknown>> = {}): LockHolder | undefined {
  const own = `${path}.${process.pid}`;
  const startTicks = startTimeOf(process.pid);
  const holder = { pid: process.pid, ...values, ...(startTicks === undefined ? {} : { startTicks }) };
  writeFileSync(own, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt++) {
      if (tryLink(own, path)) return undefined;
      const other = readLock(path);
      if (other !== undefined && isAlive(other)) return other;
      if (attempt === 100) return other ?? { pid: 0 };
      takeOver(path);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** Removes a lock that this process holds; somebody else's stays. */
export function releaseLock(path: string): void {
  if (readLock(path)?.pid === process.pid) rmSync(path, { force: true });
}

/** @returns undefined when there is none or it cannot be read */
export function readLock(path: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value)) return undefined;
    return Number.isSafeInteger(value.pid) && (value.pid as number) > 0 ? (value as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

/** The holder, if its process still runs. */
export function liveHolder(path: string): LockHolder | undefined {
  const holder = readLock(path);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

export function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startTimeOf(holder.pid);
  return started === undefined || holder.startTicks === undefined || started === holder.startTicks;
}

/** Field 22 of /proc/PID/stat. Zombies count as gone. */
function startTimeOf(pid: number): string | undefined {
  const fields = statOf(pid);
  return fields?.[0] === "Z" || fields?.[0] === "X" ? "gone" : fields?.[19];
}

/** Linux: fields of /proc/PID/stat from the third on, the state; the second, the command's name, may hold spaces. */
export function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function tryLink(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function takeOver(path: string): void {
  const right = `${path}.takeover`;
  try {
    writeFileSync(right, "", { flag: "wx", mode: 0o600 });
  } catch {
    // Somebody else is at it. One that died in these few lines is recognised by its age.
    try {
      if (Date.now() - statSync(right).mtimeMs > TAKEOVER_STALE_MS) rmSync(right, { force: true });
    } catch {
      // it has just finished
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return;
  }
  try {
    const holder = readLock(path);
    if (holder === undefined || !isAlive(holder)) rmSync(path, { force: true });
  } finally {
    rmSync(right, { force: true });
  }
}
